"""Has texts read in the sandbox, many in one call: what is in the way of the main job is the calls, not the reading.

Rules kept here:
- a text that its reader crashes or hangs over costs itself only: the batch is read again, one by one, by fresh readers;
- what cannot be read is recorded as it would be without its text, with a note that says so.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from safelight.casework.check.parcel import Parcel
from safelight.evidence.names import line_of
from safelight.sandbox import BadReplyError, Job, Nursery, Outcome, Pool, SandboxError, SealedContent
from safelight.writing.batch import MOST_TEXTS, READER, Part, decode_batch, encode_parts
from safelight.writing.types import Written

_BATCH_BYTES = 1 << 20
_BATCH_SECONDS = 2.0
_NOTE_CHARACTERS = 200


@dataclass(frozen=True)
class Text:
    """A parcel that waits for its text, and the beginning of its file; `cut` where the file is longer.

    `charset` is what a mail says of it.
    """

    parcel: Parcel
    raw: bytes
    cut: bool
    charset: str = ""


class Texts:
    """Gathers texts from the reading threads; `deliver` gets each parcel once what is written in it is known."""

    def __init__(self, nursery: Nursery, deliver: Callable[[Parcel], None], *, workers: int) -> None:
        self._nursery, self._deliver, self._workers = nursery, deliver, workers
        self._lock = threading.Lock()
        self._batch: list[Text] = []
        self._bytes = 0
        self._begun = 0.0
        self._pool: Pool | None = None

    def read(self, text: Text) -> None:
        """Have a text read; waits while the reader has too many."""
        with self._lock:
            if not self._batch:
                self._begun = time.monotonic()
            self._batch.append(text)
            self._bytes += len(text.raw)
            waited = time.monotonic() - self._begun
            full = self._bytes >= _BATCH_BYTES or len(self._batch) >= MOST_TEXTS or waited >= _BATCH_SECONDS
            batch = self._taken() if full else []
        self._submit(batch)

    def check(self) -> None:
        """Raise what ended the reader, where something did."""
        if self._pool is not None:
            self._pool.check()

    def close(self, *, drop: bool = False) -> None:
        """Read what was gathered (or drop it), deliver every parcel, and end the reader."""
        with self._lock:
            batch = self._taken()
        if not drop:
            self._submit(batch)
        if self._pool is not None:
            self._pool.close(drop=drop)

    @property
    def crashes(self) -> int:
        """How often a reader crashed."""
        return self._pool.crashes if self._pool is not None else 0

    def _taken(self) -> list[Text]:
        batch, self._batch, self._bytes = self._batch, [], 0
        return batch

    def _submit(self, batch: list[Text]) -> None:
        if not batch:
            return
        with self._lock:
            if self._pool is None:
                self._pool = Pool(self._nursery, self._read, workers=self._workers, task=READER)
        self._pool.submit(Job(_sealed(batch), _parts(batch), batch))

    def _read(self, outcome: Outcome) -> None:
        outcome.job.close()
        batch: list[Text] = outcome.job.tag
        for text, written in zip(batch, self._answers(outcome, batch), strict=True):
            draft = text.parcel.draft
            if draft.content is not None:
                draft.content = replace(draft.content, written=written)
            self._deliver(text.parcel)

    def _answers(self, outcome: Outcome, batch: list[Text]) -> list[Written]:
        if outcome.reply is not None:
            try:
                return _checked(outcome.reply, len(batch))
            except SandboxError:
                pass
        return [self._alone(text) for text in batch]

    def _alone(self, text: Text) -> Written:
        worker = self._nursery.spawn(READER)
        try:
            with _sealed([text]) as content:
                return _checked(worker.call(content, _parts([text])), 1)[0]
        except SandboxError as error:
            return Written("", "", [], [f"its text could not be read: {line_of(error.message)[:_NOTE_CHARACTERS]}"])
        finally:
            worker.end()


def _checked(untrusted_reply: bytes, count: int) -> list[Written]:
    """The reply's answers, one for each text.

    Raises:
        BadReplyError: it is something else.
    """
    answers = decode_batch(untrusted_reply)
    if len(answers) != count:
        raise BadReplyError(f"{len(answers)} answers to {count} texts")
    return answers


def _sealed(batch: list[Text]) -> SealedContent:
    return SealedContent.of(text.raw for text in batch)


def _parts(batch: list[Text]) -> bytes:
    return encode_parts([Part(len(text.raw), text.cut, text.charset) for text in batch])
