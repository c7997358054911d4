"""Receives what walkers say, checks it and makes entries with digests of it: the parent of `archives` and `images`."""

import os
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

from safelight.errors import CannotRunError
from safelight.evidence.archives.messages import (
    ArchiveLimits,
    Data,
    End,
    Entry,
    Message,
    Problem,
    WalkOrder,
    Working,
    decode,
    encode,
)
from safelight.evidence.images import order
from safelight.evidence.imaging import Verification, limits_for
from safelight.evidence.names import line_of
from safelight.evidence.reading import HEAD_BYTES, HELD_OPEN, Reading, read_content
from safelight.evidence.segments import segments_in_archive
from safelight.evidence.walk import reason_of
from safelight.media.sniff import sniff
from safelight.media.types import IMAGES, Kind
from safelight.sandbox import Limits, Nursery, SandboxError, WorkerCrashedError, WorkerTimedOutError
from safelight.sandbox.ahead import in_batches, read_ahead

_OUT_OF_TURN = "the walker spoke out of turn: the rest was not read"
_LAST_NUMBER = (1 << 63) - 2
"""Behind all entries; the number above it is that of the container's own end."""
_AHEAD, _BATCH, _BATCH_BYTES = 4, 256, 1 << 20
"""What an image's walker sends while the message before is digested: so many lists, of so many messages and bytes."""
_MOST_CRASHES = 10
"""Each costs another walk to where the last one ended."""
_GOES_ON: dict[Kind, tuple[type[SandboxError], ...]] = {
    **dict.fromkeys(IMAGES, (WorkerCrashedError,)),
    Kind.PDF: (WorkerCrashedError, WorkerTimedOutError),
}
"""After what another walker goes on. Other archives are one stream: who falls over it falls again."""
_FILES = frozenset({"file", "deleted"})
"""What an entry may be that has content."""
WALKER = "safelight.evidence.archives.reader:read"


@dataclass
class Unpacked:
    """One entry: its message, what was read of it (None where it is locked, a link or no file), `problem` in words."""

    entry: Entry
    reading: Reading | None
    problem: str | None


@dataclass
class Allowance:
    """What an archive may still unfold to, in bytes and entries: shared with every archive inside it, however deep."""

    content: int
    entries: int

    @classmethod
    def of(cls, limits: ArchiveLimits, size: int) -> Self:
        """The allowance of an archive of `size` bytes that stands in no other."""
        return cls(min(limits.total_bytes, limits.free_bytes + limits.ratio * size), limits.entries)

    def take(self, message: Message) -> str | None:
        """Count a message; says what is exceeded once it is."""
        self.entries -= isinstance(message, Entry)
        self.content -= len(message.content) if isinstance(message, Data) else 0
        if self.content < 0:
            return "unfolds too far for its size: taken for a bomb, the rest was not read"
        return "holds too many entries: the rest was not read" if self.entries < 0 else None


@dataclass
class Unpacking:
    """An archive or a disk image being walked, in one open file or, an image, in several.

    After iteration `problem` says what was wrong with it as a whole.
    """

    nursery: Nursery
    fds: Sequence[int]
    kind: Kind
    allowance: Allowance
    spool: Path
    passwords: tuple[bytes, ...] = ()
    verify: bool = False
    """Whether digests that an EnCase image stores are compared with its medium."""
    problem: str | None = None

    def __iter__(self) -> Iterator[Unpacked]:
        """Yield the entries in their order, last what came of stored digests; never raises for what is in there."""
        if self.kind is not Kind.EWF or not self.verify:
            yield from self._entries()
            return
        verification = Verification(self.nursery, self.fds, self._limits())
        try:
            yield from self._entries()
            verified = verification.result()
            what = "differs" if verified.differs else "note"
            yield Unpacked(Entry(_LAST_NUMBER, b"", None, None, what), None, verified.words)
        finally:
            verification.close()

    def _entries(self) -> Iterator[Unpacked]:
        messages = self._messages()
        last = -1
        for message in messages:
            if isinstance(message, Problem):
                self.problem = line_of(message.reason)
                return
            if not isinstance(message, Entry) or message.number <= last:
                self.problem = _OUT_OF_TURN
                return
            last = message.number
            yield self._entry(message, messages)

    def _entry(self, entry: Entry, messages: Iterator[Message]) -> Unpacked:
        body = _Body(messages, self.spool)
        reading = read_content(body)
        if isinstance(body.last, Problem):
            self.problem = line_of(body.last.reason)
        if entry.locked or entry.what not in _FILES:
            body.discard(reading)
            return Unpacked(entry, None, line_of(entry.reason or body.problem or "") or None)
        reading.charset = entry.charset
        reading.fd = body.take_spool() if reading.kind in HELD_OPEN else None
        if reading.fd is not None:
            reading.segments = segments_in_archive(reading.kind, reading.fd)
        return Unpacked(entry, reading, line_of(body.problem or "") or None)

    def _messages(self) -> Iterator[Message]:
        """What the walker says. Where one crashes over a file of a disk image, or a page, another goes on behind it."""
        last, within, begun = -1, False, 0
        for crashes in count(1):
            try:
                with closing(self._stream(begun)) as payloads:
                    for payload in payloads:
                        message = decode(payload)
                        if isinstance(message, Working):
                            last = max(last, message.at)
                            continue
                        exceeded = self.allowance.take(message)
                        if exceeded is not None:
                            yield Problem(exceeded)
                            return
                        if isinstance(message, Entry):
                            last = message.number
                        within = isinstance(message, Entry | Data)
                        yield message
            except SandboxError as error:
                said = self._said(error)
                again = isinstance(error, _GOES_ON.get(self.kind, ())) and crashes < _MOST_CRASHES
                if not again or last < begun:
                    yield Problem(f"{said}: the rest was not read")
                    return
                if within:
                    yield End(said)
                begun, within = last + 1, False
            else:
                return

    def _stream(self, begun: int) -> Generator[bytes, None, None]:
        if self.kind not in IMAGES:
            asked = encode(WalkOrder(self.kind.value, self.passwords, begun))
            return self.nursery.stream(self.fds[0], asked, WALKER)
        walk = order.encode(order.ImageOrder(self.kind.value, begun))
        stream = self.nursery.stream_parts(self.fds, walk, order.WALKER, self._limits())
        return _flat(read_ahead(in_batches(stream, most=_BATCH, size=_BATCH_BYTES), _AHEAD))

    def _limits(self) -> Limits:
        size = sum(os.fstat(fd).st_size for fd in self.fds)
        return limits_for(self.nursery.limits, size, len(self.fds), packed=self.kind is Kind.EWF)

    def _said(self, error: SandboxError) -> str:
        said = " ".join(str(error).split())[:400]
        walker = "disk image walker" if self.kind in IMAGES else "archive walker"
        return f"the {walker} crashed ({said})" if isinstance(error, WorkerCrashedError) else said


def _flat(batches: Generator[list[bytes], None, None]) -> Generator[bytes, None, None]:
    with closing(batches):
        for batch in batches:
            yield from batch


class _Body:
    """The bytes of one entry as chunks; spooled to an unnamed file beside where they are an archive or a video."""

    def __init__(self, messages: Iterator[Message], spool: Path) -> None:
        self._messages = messages
        self._folder = spool
        self._fd = -1
        self.problem: str | None = None
        self.last: Message | None = None

    def __iter__(self) -> Iterator[bytes]:
        first = True
        for message in self._messages:
            if isinstance(message, Data):
                if first:
                    first = False
                    self._begin(message.content)
                if self._fd >= 0:
                    self._spool(message.content)
                yield message.content
            else:
                self.last = message
                self.problem = message.problem if isinstance(message, End) else _reason(message)
                return
        self.problem = self.problem or "the archive ended in the middle of this entry"

    def take_spool(self) -> int | None:
        """The spooled bytes as an open file, the receiver's to close."""
        fd, self._fd = self._fd, -1
        return fd if fd >= 0 else None

    def discard(self, reading: Reading) -> None:
        """Let go of everything that was read."""
        if reading.content:
            reading.content.close()
        fd = self.take_spool()
        if fd is not None:
            os.close(fd)

    def _begin(self, head: bytes) -> None:
        if sniff(head[:HEAD_BYTES]) in HELD_OPEN:
            with _spooling(self._folder), tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
                self._fd = os.dup(file.fileno())

    def _spool(self, content: bytes) -> None:
        view = memoryview(content)
        with _spooling(self._folder):
            while view:
                view = view[os.write(self._fd, view) :]


@contextmanager
def _spooling(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotRunError(
            f"What lies in an archive or a disk image cannot be laid aside in {folder}: {reason_of(error)}. Make room,"
            " then run the same command again; what was acknowledged is kept."
        ) from error


def _reason(message: Message) -> str:
    return message.reason if isinstance(message, Problem) else _OUT_OF_TURN
