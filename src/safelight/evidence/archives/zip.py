"""ZIP (APPNOTE 6.3): entries in the order of the central directory, names as the exact bytes that stand there."""

import calendar
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from safelight.evidence.archives.copying import BROKEN, copy, say
from safelight.evidence.archives.directory import PatchedFile
from safelight.evidence.archives.messages import End, Entry, Message, told_size

_ENCRYPTED = 0x1
_UTF8 = 0x800
_UNIX_LINK, _UNIX_FORMAT = 0o120000, 0o170000


def walk(content: BinaryIO) -> Iterator[Message]:
    """Yield every entry that is not a folder; an entry that needs a password is locked, a broken one says so."""
    file = PatchedFile(content)
    with _open(file) as archive:
        for number, info in enumerate(archive.infolist()):
            if info.orig_filename.endswith("/") and not info.file_size:
                continue
            name, size = _name(info), told_size(info.file_size)
            if info.flag_bits & _ENCRYPTED:
                yield Entry(number, name, size, _modified(info), locked=True, reason="a password is needed")
                yield End()
                continue
            link = (info.external_attr >> 16) & _UNIX_FORMAT == _UNIX_LINK
            yield Entry(number, name, size, _modified(info), "link" if link else "file")
            file.agree_on_utf8(info)
            yield from _content(archive, info)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[Message]:
    try:
        stream = archive.open(info)
    except BROKEN as error:
        yield End(f"cannot be unpacked: {say(error)}")
        return
    with stream:
        yield from copy(stream)


def _open(file: PatchedFile) -> zipfile.ZipFile:
    """Open the archive; where a name that claims to be UTF-8 is not, read all names as plain bytes instead."""
    try:
        return zipfile.ZipFile(file)
    except UnicodeDecodeError:
        file.clear_utf8_flags()
        return zipfile.ZipFile(file)


def _name(info: zipfile.ZipInfo) -> bytes:
    """The exact bytes of a name: the standard library read them as UTF-8 or code page 437, both of which turn back."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")


def _modified(info: zipfile.ZipInfo) -> int | None:
    """The time of an entry, which has no zone, taken as UTC; None where it is no date."""
    try:
        return calendar.timegm((*info.date_time, 0, 0, 0)) * 1_000_000_000
    except (ValueError, OverflowError):
        return None
