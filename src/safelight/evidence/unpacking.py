"""Receives what an archive walker says, checks it, and turns it into entries with digests: the parent's side of `archives`."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from safelight.evidence.archives.messages import ArchiveLimits, Data, End, Entry, Message, Problem, Task, decode
from safelight.evidence.reading import HEAD_BYTES, Reading, read_content
from safelight.media.sniff import sniff
from safelight.media.types import ARCHIVES, Kind
from safelight.sandbox import Nursery, SandboxError, WorkerCrashedError

WALKER = "safelight.evidence.archives.reader:read"


@dataclass
class Unpacked:
    """One entry: its message, and what was read of it (None where it is locked, a link or no file); `problem` in words."""

    entry: Entry
    reading: Reading | None
    problem: str | None


@dataclass
class Unpacking:
    """An archive being walked. After iteration `problem` says what was wrong with the archive as a whole."""

    nursery: Nursery
    fd: int
    kind: Kind
    size: int
    limits: ArchiveLimits
    spool: Path
    problem: str | None = None

    def __iter__(self) -> Iterator[Unpacked]:
        """Yield the entries in their order; never raises for what is in the archive."""
        allowance = min(self.limits.total_bytes, self.limits.free_bytes + self.limits.ratio * self.size)
        task = Task(self.kind.value, self.size, allowance, self.limits.entries)
        messages = self._messages(msgspec.msgpack.encode(task))
        for message in messages:
            if isinstance(message, Problem):
                self.problem = message.reason
                return
            if not isinstance(message, Entry):
                self.problem = "the archive walker spoke out of turn: the rest was not read"
                return
            yield self._entry(message, messages)

    def _entry(self, entry: Entry, messages: Iterator[Message]) -> Unpacked:
        body = _Body(messages, self.spool)
        reading = read_content(body)
        if entry.locked or entry.what != "file":
            body.discard(reading)
            return Unpacked(entry, None, entry.reason or body.problem)
        reading.fd = body.take_spool() if reading.kind in ARCHIVES else None
        return Unpacked(entry, reading, body.problem)

    def _messages(self, argument: bytes) -> Iterator[Message]:
        try:
            for payload in self.nursery.stream(self.fd, argument, WALKER):
                yield decode(payload)
        except WorkerCrashedError as error:
            yield Problem(f"the archive walker crashed ({error.message}): the rest was not read")
        except (SandboxError, msgspec.DecodeError) as error:
            yield Problem(f"{' '.join(str(error).split())[:400]}: the rest was not read")


class _Body:
    """The bytes of one entry as chunks; spooled to an unnamed file beside where they are an archive themselves."""

    def __init__(self, messages: Iterator[Message], spool: Path) -> None:
        self._messages = messages
        self._folder = spool
        self._fd = -1
        self.problem: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        first = True
        for message in self._messages:
            if isinstance(message, Data):
                if first:
                    first = False
                    self._begin(message.content)
                if self._fd >= 0:
                    _write(self._fd, message.content)
                yield message.content
            else:
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
        if sniff(head[:HEAD_BYTES]) in ARCHIVES:
            self._fd = os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)


def _write(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def _reason(message: Message) -> str:
    return message.reason if isinstance(message, Problem) else "the archive walker spoke out of turn"
