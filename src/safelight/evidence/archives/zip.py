"""ZIP (APPNOTE 6.3): entries in the order of the central directory, names as the exact bytes that stand there."""

import calendar
import io
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from safelight.evidence.archives.copying import BROKEN, copy, say
from safelight.evidence.archives.messages import End, Entry, Message

_ENCRYPTED = 0x1
_UTF8 = 0x800
_CENTRAL_ENTRY = b"PK\x01\x02"
_UNIX_LINK, _UNIX_FORMAT = 0o120000, 0o170000


def walk(content: BinaryIO) -> Iterator[Message]:
    """Yield every entry that is not a folder; an entry that needs a password is locked, a broken one says so."""
    archive, utf8 = _open(content)
    with archive:
        for number, info in enumerate(archive.infolist()):
            if info.is_dir() and not info.file_size:
                continue
            name = _name(info, utf8=utf8)
            if info.flag_bits & _ENCRYPTED:
                yield Entry(number, name, info.file_size, _modified(info), locked=True, reason="a password is needed")
                yield End()
                continue
            link = (info.external_attr >> 16) & _UNIX_FORMAT == _UNIX_LINK
            yield Entry(number, name, info.file_size, _modified(info), "link" if link else "file")
            yield from _content(archive, info)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[Message]:
    try:
        stream = archive.open(info)
    except BROKEN as error:
        yield End(f"cannot be unpacked: {say(error)}")
        return
    with stream:
        yield from copy(stream)


def _open(content: BinaryIO) -> tuple[zipfile.ZipFile, bool]:
    """Open the archive; where a name that claims to be UTF-8 is not, read all names as plain bytes instead."""
    try:
        return zipfile.ZipFile(content), True
    except UnicodeDecodeError:
        content.seek(0)
        return zipfile.ZipFile(_WithoutUtf8Flags(content)), False


def _name(info: zipfile.ZipInfo, *, utf8: bool) -> bytes:
    """The exact bytes of a name: the standard library read them as UTF-8 or code page 437, both of which turn back."""
    return info.orig_filename.encode("utf-8" if utf8 and info.flag_bits & _UTF8 else "cp437")


def _modified(info: zipfile.ZipInfo) -> int | None:
    """The time of an entry, which has no zone, taken as UTC; None where it is no date."""
    try:
        return calendar.timegm((*info.date_time, 0, 0, 0)) * 1_000_000_000
    except (ValueError, OverflowError):
        return None


class _WithoutUtf8Flags(io.BytesIO):
    """The archive with the UTF-8 flag of every central entry cleared, so that one false name does not hide the others."""

    def __init__(self, content: BinaryIO) -> None:
        data = bytearray(content.read(_IN_MEMORY_BYTES + 1))
        if len(data) > _IN_MEMORY_BYTES:
            raise zipfile.BadZipFile(
                "a name is not the UTF-8 it claims to be, in an archive too large to be mended in memory"
            )
        at = data.find(_CENTRAL_ENTRY)
        while at >= 0:
            if at + 10 <= len(data):
                data[at + 9] &= ~(_UTF8 >> 8) & 0xFF
            at = data.find(_CENTRAL_ENTRY, at + 4)
        super().__init__(data)


_IN_MEMORY_BYTES = 1 << 30
