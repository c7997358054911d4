"""ZIP (APPNOTE 6.3, WinZip's AE-1 and AE-2): entries in the order of the central directory, names as exact bytes.

What a password locks is opened by pyzipper, which knows both ways: PKWARE's own, and AES.
"""

import calendar
import zipfile
from collections.abc import Generator, Iterator
from typing import IO, Any, BinaryIO

import pyzipper

from safelight.evidence.archives.copying import BROKEN, copy, say
from safelight.evidence.archives.directory import PatchedFile
from safelight.evidence.archives.messages import DATA_BYTES, End, Entry, Message, Working, told_size
from safelight.evidence.archives.passwords import Passwords

_ENCRYPTED = 0x1
_UTF8 = 0x800
_UNIX_LINK, _UNIX_FORMAT = 0o120000, 0o170000


def walk(content: BinaryIO, passwords: Passwords) -> Iterator[Message]:
    """Yield every entry that is not a folder. What no password opens is locked; a broken one says so."""
    file = PatchedFile(content)
    locked = _Locked(file, passwords)
    with _open(file) as archive:
        for number, info in enumerate(archive.infolist()):
            if info.orig_filename.endswith("/") and not info.file_size:
                continue
            name, size = _name(info), told_size(info.file_size)
            if info.flag_bits & _ENCRYPTED:
                yield from locked.entry(number, name, size, _modified(info))
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


class _Locked:
    """The entries of an archive that need a password."""

    def __init__(self, file: PatchedFile, passwords: Passwords) -> None:
        self._file, self._passwords = file, passwords
        self._archive: Any = None

    def entry(self, number: int, name: bytes, size: int | None, modified: int | None) -> Iterator[Message]:
        """Yield one entry: what it holds, or that it is locked."""
        try:
            password = yield from self._password(number)
        except BROKEN as error:
            yield Entry(number, name, size, modified)
            yield End(f"cannot be unpacked: {say(error)}")
            return
        if password is None:
            yield Entry(number, name, size, modified, locked=True, reason=self._passwords.refusal)
            yield End()
            return
        self._passwords.fitted(password)
        yield Entry(number, name, size, modified)
        with self._opened(number, password) as stream:
            yield from copy(stream)

    def _password(self, number: int) -> Generator[Message, None, bytes | None]:
        """The password under which the entry is whole. A wrong one may pass the short test of its beginning."""
        for password in self._passwords:
            yield Working()
            try:
                with self._opened(number, password) as stream:
                    while stream.read(DATA_BYTES):
                        yield Working()
            except NotImplementedError:
                raise
            except BROKEN:
                continue
            return password
        return None

    def _opened(self, number: int, password: bytes) -> IO[bytes]:
        if self._archive is None:
            self._archive = pyzipper.AESZipFile(self._file)
        found: IO[bytes] = self._archive.open(self._archive.infolist()[number], pwd=password)
        return found


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
