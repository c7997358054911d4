"""Takes what a worker sends while whoever wants it is busy: a socket holds little, and a full one stops the worker."""

import threading
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from queue import Empty
from typing import TypeVar

from safelight.sandbox.handover import Handover

T = TypeVar("T")
_LOOK_AGAIN_SECONDS = 1.0
_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class _End:
    """The stream is over: by itself, or by what it raised."""

    error: BaseException | None


def read_ahead(stream: Generator[T, None, None], most: int) -> Generator[T, None, None]:
    """What comes from `stream`, of which about `most` are kept ready; what it raises is raised after them.

    A thread of its own runs the stream, and closes it. Close this one where it is not read to its end: the thread then
    ends with what it is waiting for, at the latest when the worker does.
    """
    way: Handover[T | _End] = Handover(most)
    stopped = threading.Event()
    thread = threading.Thread(target=_fetch, args=(stream, way, stopped), name="reading-ahead", daemon=True)
    thread.start()
    try:
        while True:
            try:
                thing = way.take(_LOOK_AGAIN_SECONDS)
            except Empty:
                continue
            if not isinstance(thing, _End):
                yield thing
            elif thing.error is None:
                return
            else:
                raise thing.error
    finally:
        stopped.set()
        thread.join(_PATIENCE_SECONDS)


def in_batches(stream: Generator[bytes, None, None], *, most: int, size: int) -> Generator[list[bytes], None, None]:
    """Messages in lists of at most `most`, and of about `size` bytes: small ones are not worth a way each.

    What came before the stream raised something is yielded before that goes on.
    """
    batch: list[bytes] = []
    held = 0
    with closing(stream):
        try:
            for message in stream:
                batch.append(message)
                held += len(message)
                if len(batch) >= most or held >= size:
                    yield batch
                    batch, held = [], 0
        except Exception:
            yield batch
            raise
        yield batch


def _fetch(stream: Generator[T, None, None], way: Handover[T | _End], stopped: threading.Event) -> None:
    error: BaseException | None = None
    try:
        with closing(stream):
            for thing in stream:
                if stopped.is_set() or not way.put(thing, stopped.is_set):
                    break
    except BaseException as raised:  # noqa: BLE001 - the border of the thread: whoever reads is told
        error = raised
    way.put(_End(error), stopped.is_set)
