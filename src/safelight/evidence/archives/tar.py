"""TAR (ustar, GNU, pax): entries in the order of the stream, names as exact bytes, sparse and linked ones named.

What stands behind an end mark or a damaged header is read, too: nothing is hidden by one false block.
"""

import tarfile
from collections.abc import Iterator
from typing import IO, BinaryIO, Self

from safelight.evidence.archives.copying import copy, say
from safelight.evidence.archives.messages import End, Entry, Message, Problem, told_size

_LATEST_SECOND = 1 << 33
_EXACT = "surrogateescape"
"""Bytes that are no UTF-8 become single surrogates, and these the same bytes again."""


def walk(content: BinaryIO | IO[bytes]) -> Iterator[Message]:
    """Yield every member that is not a folder. Links are named, not followed; devices and pipes are named, not made."""
    header = _watched()
    with tarfile.open(
        fileobj=content, mode="r|", encoding="utf-8", errors=_EXACT, ignore_zeros=True, tarinfo=header
    ) as archive:
        number = 0
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # not in the stub; they are not needed again, and an archive may hold millions
            if member.isdir():
                continue
            for message in _member(archive, member, number):
                yield message
                if isinstance(message, End) and message.problem:
                    yield Problem("the tar archive is cut off in the middle of an entry")
                    return
            number += 1
    if header.damaged:
        yield Problem(f"broken tar archive: damaged blocks where entries should begin, the first: {header.damaged}")
    elif not header.ended:
        yield Problem("the tar archive has no end mark: it may be cut off")


class _Header(tarfile.TarInfo):
    """A header as the standard library reads it, and a note of the blocks that it steps over without a word."""

    ended = False
    damaged: str | None = None

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read one block; called for each place where an entry should begin."""
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if buf and not any(buf):
                cls.ended = True
            elif buf:
                cls.damaged = cls.damaged or say(error)
            raise


def _watched() -> type[_Header]:
    """A class of its own for one archive: the standard library makes the headers, and only their class is ours."""
    return type("Header", (_Header,), {})


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo, number: int) -> Iterator[Message]:
    name = member.name.encode("utf-8", _EXACT)
    modified = int(member.mtime * 1_000_000_000) if abs(member.mtime) < _LATEST_SECOND else None
    if member.isreg():
        yield Entry(number, name, told_size(member.size), modified)
        stream = archive.extractfile(member)
        if stream is None:
            yield End("cannot be unpacked")
        else:
            yield from copy(stream)
    elif member.issym() or member.islnk():
        target = ascii(member.linkname)[:300]
        yield Entry(number, name, None, modified, "link", reason=f"a link to {target}, not followed")
        yield End()
    else:
        yield Entry(number, name, None, modified, "special", reason="a device, pipe or other special entry, not made")
        yield End()
