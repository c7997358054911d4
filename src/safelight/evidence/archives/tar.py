"""TAR (ustar, GNU, pax): entries in the order of the stream, names as exact bytes, sparse and linked ones named."""

import tarfile
from collections.abc import Iterator
from typing import IO, BinaryIO

from safelight.evidence.archives.copying import copy
from safelight.evidence.archives.messages import End, Entry, Message, Problem


def walk(content: BinaryIO | IO[bytes]) -> Iterator[Message]:
    """Yield every member that is not a folder. Links are named, not followed; devices and pipes are named, not made."""
    # Latin-1 turns every byte into one character and back, so that names stay exact.
    with tarfile.open(
        fileobj=content, mode="r|", encoding="latin-1", errors="surrogateescape", ignore_zeros=False
    ) as archive:
        number = 0
        for member in archive:
            if member.isdir():
                continue
            name = _bytes(member, "path", member.name)
            modified = int(member.mtime * 1_000_000_000) if abs(member.mtime) < 1 << 33 else None
            if member.isreg():
                yield Entry(number, name, member.size, modified)
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
                yield Entry(number, name, None, modified, "special", reason="a device or pipe, not made")
                yield End()
            number += 1
        if number == 0 and not archive.offset:
            yield Problem("broken tar archive: it holds nothing that can be read")


def _bytes(member: tarfile.TarInfo, key: str, name: str) -> bytes:
    """The exact bytes of a name: a pax header is UTF-8 by its standard, everything else was read as Latin-1."""
    encoding = "utf-8" if key in member.pax_headers else "latin-1"
    return name.encode(encoding, "surrogateescape")
