"""The parent's side of disk images: how long their walker may take, and whether the digests that they store hold."""

import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from safelight.evidence.images.order import VERIFIER, Progress, Stored, decode_stored
from safelight.evidence.names import line_of
from safelight.sandbox import Limits, Nursery, SandboxError

_LEAST_WALL, _LEAST_CPU = 900.0, 600
_SLOWEST = 10 << 20
"""Bytes a second: looking for orphaned files, The Sleuth Kit reads a whole volume before it names the first one."""
_SLOWEST_PACKED = 256 << 10
"""The same of an EnCase image, which may hold six hundred times its size: 32 KiB of zeros are packed in 50 bytes."""
_OWN_FILES = 16


def limits_for(limits: Limits, size: int, files: int, *, packed: bool) -> Limits:
    """The limits of a worker that reads a disk image of `size` bytes in so many files."""
    slowest = size / (_SLOWEST_PACKED if packed else _SLOWEST)
    return replace(
        limits,
        wall_seconds=max(limits.wall_seconds, _LEAST_WALL + slowest),
        cpu_seconds=_LEAST_CPU + int(slowest),
        open_files=_OWN_FILES + files,
    )


@dataclass(frozen=True)
class Verified:
    """What came of the digests that an image has stored of its medium, in words; `differs` where they do not hold."""

    words: str
    differs: bool = False


class Verification:
    """Digests the medium of an EnCase image in a worker of its own, while its files are walked.

    Close it: the worker then ends soon, however far it is.
    """

    def __init__(self, nursery: Nursery, fds: Sequence[int], limits: Limits) -> None:
        self._stream = nursery.stream_parts(fds, b"", VERIFIER, limits)
        self._stopped = threading.Event()
        self._said: Stored | None = None
        self._error: SandboxError | None = None
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="verifying", daemon=True)
        self._thread.start()

    def result(self) -> Verified:
        """Wait for what comes of it."""
        self._thread.join()
        if self._failed is not None:
            raise self._failed
        if self._said is None or self._error is not None:
            reason = " ".join(str(self._error).split())[:400] if self._error else "its reader said nothing"
            return Verified(f"its stored digests could not be compared: {line_of(reason)}", differs=True)
        return judge(self._said)

    def close(self) -> None:
        """End it."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with closing(self._stream) as stream:
                self._said = _last(stream, self._stopped)
        except SandboxError as error:
            self._error = error
        except BaseException as error:  # noqa: BLE001 - the border of the thread: `result` raises it again
            self._failed = error


def _last(stream: Generator[bytes, None, None], stopped: threading.Event) -> Stored | None:
    for untrusted_message in stream:
        message = decode_stored(untrusted_message)
        if not isinstance(message, Progress):
            return message  # type: ignore[no-any-return]  # the decoder lets through nothing else
        if stopped.is_set():
            return None
    return None


def judge(said: Stored) -> Verified:
    """Compare the digests stored in an image with those of its medium."""
    if said.problem is not None:
        return Verified(f"its stored digests could not be compared: {line_of(said.problem)}", differs=True)
    if not said.claimed:
        return Verified("no digest of the medium is stored in it: nothing says that it is as it was made")
    words, differs = [], False
    for name, claimed in sorted(said.claimed.items()):
        computed = said.computed.get(name)
        holds = computed == claimed
        differs |= not holds
        words.append(
            f"stored {name.upper()} {claimed} " + ("agrees" if holds else f"DIFFERS: the medium has {computed}")
        )
    return Verified("; ".join(words), differs)
