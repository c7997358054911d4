"""Reads content once: digests are taken here, outside the sandbox, while pictures are sealed for the way into it."""

import errno
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from safelight.errors import CannotRunError
from safelight.evidence.errors import ChangedError, ReadingError, VanishedError
from safelight.evidence.walk import reason_of
from safelight.media.sniff import sniff
from safelight.media.types import ARCHIVES, PICTURES, Kind
from safelight.sandbox import SealedContent
from safelight.signatures.digests import Digester
from safelight.signatures.types import Digests

CHUNK_BYTES = 1 << 20
HEAD_BYTES = 4096
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
    """An archive, open for its walker; closed by the receiver."""


def read_file(path: bytes, listed: os.stat_result) -> Reading:
    """Read one file of a source to its end; an archive stays open for its walker.

    Raises:
        VanishedError: it is gone, or another thing stands in its place.
        ChangedError: its size or time changed while it was read.
        ReadingError: the system refuses to open or read it.
        CannotRunError: there is no memory, or no open file left, to read anything with.
    """
    fd = _open(path)
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
        if reading.kind in ARCHIVES:
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
    first = True
    try:
        for chunk in chunks:
            if first:
                first = False
                kind = sniff(bytes(chunk[:HEAD_BYTES]))
                content = SealedContent() if kind in PICTURES else None
            digester.update(chunk)
            if content is not None:
                content.write(chunk)
                if content.size > PICTURE_BYTES:
                    content.close()
                    content = None
    except BaseException:
        if content is not None:
            content.close()
        raise
    return Reading(digester.finish(), kind, content.seal() if content else None)


def _open(path: bytes) -> int:
    """Open for reading without following a link, without touching the access time where the system allows it."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        return os.open(path, flags | os.O_NOATIME)
    except PermissionError:
        pass
    except OSError as error:
        raise _refusal(error) from error
    try:
        return os.open(path, flags)
    except OSError as error:
        raise _refusal(error) from error


def _refusal(error: OSError) -> ReadingError | CannotRunError:
    if error.errno in _OURS:
        return CannotRunError(
            f"no file can be read here any more: {reason_of(error)}. Free some, run the command again"
        )
    if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO):
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
