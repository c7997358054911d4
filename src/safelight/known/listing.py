"""A foreign list as it is read: its file, once opened, and its messages out of the sandbox, each checked."""

import hashlib
import os
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from safelight.errors import SafelightError, UsageError
from safelight.known.formats.reader import ReadOptions
from safelight.known.formats.text import NotKnownGoodError, UnreadableListError, UntoldColumnsError
from safelight.known.rows import FileEnd, FileHead, Message, Told
from safelight.sandbox import Limits, Nursery, SandboxError, TaskFailedError, reply_decoder
from safelight.sandbox.ahead import read_ahead

READER = "safelight.known.formats.reader:read"
LIMITS = Limits(wall_seconds=300.0, cpu_seconds=24 * 3600, memory_bytes=1 << 30, reply_bytes=8 << 20)
_AHEAD = 16
"""Replies of the reader that are kept ready: what it parses while some thousand rows are sealed and indexed."""
_PIECE = 1 << 20
_FAULTS: dict[str, type[SafelightError]] = {
    fault.__name__: fault for fault in (UnreadableListError, UntoldColumnsError, NotKnownGoodError)
}

decode_rows: Callable[[bytes], list[Message]] = reply_decoder(list[Message])


@dataclass(frozen=True)
class ListFile:
    """The list as it lies on the disk."""

    fd: int
    path: Path
    size: int
    sha256: str


@contextmanager
def opened(path: Path) -> Iterator[ListFile]:
    """Open a list, for as long as the block lasts.

    Raises:
        UsageError: it cannot be opened, or is no file.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be opened: {getattr(error, 'strerror', None) or error}") from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"{path} is no file: name the list itself")
        digest = hashlib.sha256()
        at = 0
        while piece := os.pread(fd, _PIECE, at):
            digest.update(piece)
            at += len(piece)
        yield ListFile(fd, path, found.st_size, digest.hexdigest())
    finally:
        os.close(fd)


class Reading:
    """The messages of one file as they come out of the sandbox, each checked against its type, and how it ended."""

    def __init__(self, nursery: Nursery, file: ListFile, options: ReadOptions) -> None:
        self._file = file
        self._batches = self._read(nursery, msgspec.msgpack.encode(options))
        self.end = FileEnd(complete=False, reason="the reader ended without a word")
        first = next(self._batches, [])
        if not first or not isinstance(first[0], FileHead):
            raise UnreadableListError(f"{file.path}: {self.end.reason}")
        self.head = first[0]
        self._first = first[1:]

    def close(self) -> None:
        """Read no further."""
        self._batches.close()

    def rows(self) -> Iterator[list[Told]]:
        """The rows and refusals, batch by batch; `end` is right when they are through."""
        yield self._plain(self._first)
        for batch in self._batches:
            yield self._plain(batch)

    def _plain(self, batch: list[Message]) -> list[Told]:
        plain: list[Told] = []
        for message in batch:
            if isinstance(message, FileEnd):
                self.end = message
            elif not isinstance(message, FileHead):
                plain.append(message)
        return plain

    def _read(self, nursery: Nursery, argument: bytes) -> Generator[list[Message], None, None]:
        try:
            with closing(read_ahead(nursery.stream(self._file.fd, argument), _AHEAD)) as replies:
                for untrusted in replies:
                    yield decode_rows(untrusted)
        except TaskFailedError as error:
            fault = _FAULTS.get(error.code, UnreadableListError)
            raise fault(f"{self._file.path}: {error.message}") from error
        except SandboxError as error:
            self.end = FileEnd(complete=False, reason=f"reading broke off: {error.message}")
