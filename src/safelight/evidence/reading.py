"""Reads content once: digests are taken here, outside the sandbox, while pictures are sealed for the way into it."""

import errno
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from safelight.errors import CannotRunError
from safelight.evidence.errors import ChangedError, ReadingError, VanishedError
from safelight.evidence.segments import Segments, segments_of
from safelight.evidence.walk import reason_of
from safelight.media.sniff import FAR_HEAD, HEAD, sniff
from safelight.media.types import CONTAINERS, PICTURES, VIDEOS, Kind
from safelight.media.unread import TAIL, words_for, words_for_end
from safelight.sandbox import SealedContent
from safelight.signatures.digests import Digester
from safelight.signatures.types import Digests
from safelight.writing.characters import is_writing
from safelight.writing.types import READ_BYTES

HELD_OPEN = CONTAINERS | VIDEOS
"""What is read in the sandbox from the open file, piece by piece, for it may be larger than memory."""
CHUNK_BYTES = 1 << 20
HEAD_BYTES = FAR_HEAD
_MAYBE_TEXT = frozenset({Kind.DOCUMENT, Kind.UNKNOWN})
_OURS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC)
"""What is lacking on this machine, and no fault of the file."""
PICTURE_BYTES = 512 << 20
"""Above this a picture is digested and named, not decoded."""


@dataclass
class Reading:
    """A content read to its end: its digests, what it is, and its sealed bytes where the sandbox needs them."""

    digests: Digests
    kind: Kind
    content: SealedContent | None
    fd: int | None = None
    """An archive, a disk image or a video, open for its reader; closed by the receiver."""
    segments: Segments = field(default_factory=Segments)
    told: str | None = None
    """What it is, in words, where it is of a kind that is not looked into."""
    text: bytes | None = None
    """The beginning of a text (`READ_BYTES`), for its reader."""
    charset: str = ""
    """What a mail says of the characters of its part."""

    @property
    def whole_size(self) -> int:
        """Bytes of the content, with those of the other segments of a disk image."""
        return self.digests.size + self.segments.size()

    def close(self) -> None:
        """Let go of the bytes and of the open file; harmless when done twice."""
        if self.content is not None:
            self.content.close()
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None
        self.segments.close()


def read_again(root: bytes, name: bytes, size: int | None) -> Reading:
    """Read a recorded file of a source once more; `size` is the one recorded. No link that leads to it is followed.

    Raises:
        ReadingError, CannotRunError: as for `read_file`; a file of another size is not read at all.
    """
    *folders, last = name.split(b"/") if name else [root]
    folder = None
    try:
        for step in (root, *folders) if name else ():
            inner = os.open(step, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            if folder is not None:
                os.close(folder)
            folder = inner
        status = os.stat(last, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISREG(status.st_mode) and status.st_size != size:
            raise ChangedError(f"it changed since it was recorded: then {size} bytes, now {status.st_size}")
        return read_file(last, status, folder=folder)
    except OSError as error:
        raise _refusal(error) from error
    finally:
        if folder is not None:
            os.close(folder)


def read_file(path: bytes, listed: os.stat_result, *, folder: int | None = None) -> Reading:
    """Read one file of a source to its end; an archive or a video stays open for its reader.

    `folder` is the open folder that `path` starts from.

    Raises:
        VanishedError: it is gone, or another thing stands in its place.
        ChangedError: its size or time changed while it was read.
        ReadingError: the system refuses to open or read it.
        CannotRunError: there is no memory, or no open file left, to read anything with.
    """
    fd = _open(path, folder)
    try:
        opened = os.fstat(fd)
        if not stat.S_ISREG(opened.st_mode) or (opened.st_ino, opened.st_dev) != (listed.st_ino, listed.st_dev):
            raise VanishedError("another thing stands in its place since the folder was listed")
        reading = read_content(_chunks(fd, listed.st_size))
        after = os.fstat(fd)
        if (after.st_size, after.st_mtime_ns) != (
            listed.st_size,
            listed.st_mtime_ns,
        ) or reading.digests.size != after.st_size:
            if reading.content:
                reading.content.close()
            raise ChangedError("it changed while it was read: read it again when nothing writes to it")
        reading.segments = segments_of(path, reading.kind, fd, lambda name: _open_segment(name, folder))
        if reading.kind in HELD_OPEN:
            reading.fd, fd = fd, -1
    except OSError as error:
        raise _refusal(error) from error
    finally:
        if fd >= 0:
            os.close(fd)
    return reading


def read_content(chunks: Iterable[bytes | memoryview]) -> Reading:
    """Digest chunks to their end and seal them where they are a picture.

    A content of which the chunks break off with an error is not kept: the error goes through.
    """
    digester = Digester()
    content: SealedContent | None = None
    kind = Kind.EMPTY
    told: str | None = None
    first = True
    tail = b""
    text: bytearray | None = None
    try:
        for chunk in chunks:
            if first:
                first = False
                kind = sniff(chunk[:HEAD_BYTES])
                told = words_for(bytes(chunk[:HEAD]))
                content = SealedContent() if kind in PICTURES else None
                text = bytearray() if kind in _MAYBE_TEXT and is_writing(bytes(chunk[:HEAD])) else None
            digester.update(chunk)
            if text is not None and len(text) < READ_BYTES:
                text += chunk[: READ_BYTES - len(text)]
            if kind is Kind.UNKNOWN:
                tail = (tail + bytes(chunk[-TAIL:]))[-TAIL:]
            if content is not None:
                content.write(chunk)
                if content.size > PICTURE_BYTES:
                    content.close()
                    content = None
    except BaseException:
        if content is not None:
            content.close()
        raise
    if kind is Kind.UNKNOWN and (known := words_for_end(tail)) is not None:
        kind, told, text = *known, None
    sealed = content.seal() if content else None
    return Reading(digester.finish(), kind, sealed, told=told, text=bytes(text) if text is not None else None)


def _open(path: bytes, folder: int | None) -> int:
    """Open for reading without following a link, without touching the access time where the system allows it."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        return os.open(path, flags | os.O_NOATIME, dir_fd=folder)
    except PermissionError:
        pass
    except OSError as error:
        raise _refusal(error) from error
    try:
        return os.open(path, flags, dir_fd=folder)
    except OSError as error:
        raise _refusal(error) from error


def _open_segment(name: bytes, folder: int | None) -> int:
    """Open another segment of a disk image, as its first one is opened.

    Raises:
        OSError: it is not there, is no file, or the system refuses.
    """
    try:
        fd = _open(name, folder)
    except ReadingError as error:
        raise FileNotFoundError(error.message) from error
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise FileNotFoundError("no file")


def _refusal(error: OSError) -> ReadingError | CannotRunError:
    if error.errno in _OURS:
        return CannotRunError(
            f"no file can be read here any more: {reason_of(error)}. Free some, run the command again"
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
        return VanishedError("it was gone when it was opened")
    return ReadingError(reason_of(error))


def _chunks(fd: int, size: int) -> Iterator[memoryview]:
    """What a file holds, in a buffer that is used again; little more than `size` bytes of one that keeps growing."""
    view = _buffer()
    while size >= 0 and (count := os.readv(fd, [view])):
        size -= count
        yield view[:count]


def _buffer() -> memoryview:
    """The reading thread's own buffer: making one for each file would cost more than reading a small file."""
    if not hasattr(_own, "buffer"):
        _own.buffer = memoryview(bytearray(CHUNK_BYTES))
    return cast("memoryview", _own.buffer)


_own = threading.local()
