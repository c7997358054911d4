"""7z (7zFormat.txt of the LZMA SDK), read by py7zr: entries in the archive's order, one solid block after the other.

py7zr's own way out writes files, or hands over whole ones under names that it has made safe. Here its decompressors are
asked for piece after piece, and names stay what they are.
"""

import codecs
import struct
import zlib
from collections.abc import Generator, Iterator
from itertools import count
from typing import Any, BinaryIO

import brotli  # comes with py7zr, and so does zstd
import py7zr
import py7zr.exceptions
from backports import zstd
from py7zr.compressor import SupportedMethods

from safelight.evidence.archives.copying import BROKEN, say
from safelight.evidence.archives.messages import DATA_BYTES, Data, End, Entry, Message, Working, told_size
from safelight.evidence.archives.passwords import Passwords

PRELOADED = tuple(map(codecs.lookup, ("utf-16LE", "utf-16-le", "utf_8", "latin-1")))
"""Codecs that py7zr asks for by name, when no file can be opened any more."""
FAULTS = (
    *BROKEN,
    py7zr.exceptions.ArchiveError,
    zstd.ZstdError,
    brotli.error,
    zlib.error,
    AssertionError,
    SystemError,
)
"""What py7zr throws on broken archives and wrong passwords."""
LISTING = b"(list of entries)"
_LISTING_LOCKED = "its list of entries is encrypted: "
_EPOCH = 116_444_736_000_000_000  # 1970 in units of 100 ns since 1601
_PIECES = 16
"""Pieces read of a file, to see whether a password fits, between two signs of life."""


def walk(content: BinaryIO, passwords: Passwords) -> Iterator[Message]:
    """Yield every entry that is not a folder. What needs a password that is not there is locked.

    An archive whose list of entries is encrypted begins with an entry that stands for the list.
    """
    archive = _open(content, None)
    number = 0
    if archive is None:
        for password in passwords:
            yield Working()
            archive = _open(content, password)
            if archive is not None:
                passwords.fitted(password)
                break
        said = "opened with a password" if archive is not None else passwords.refusal
        yield Entry(0, LISTING, None, None, "special", locked=archive is None, reason=f"{_LISTING_LOCKED}{said}")
        yield End()
        number = 1
    if archive is not None:
        yield from _Walk(archive, content, passwords).entries(number)


def _open(content: BinaryIO, password: bytes | None) -> py7zr.SevenZipFile | None:
    """The archive, or None where this is not the password of its list of entries."""
    content.seek(0)
    try:
        return py7zr.SevenZipFile(content, "r", password=_text(password) if password is not None else None)
    except py7zr.exceptions.PasswordRequired:
        return None
    except FAULTS:
        if password is None:
            raise
        return None


def _text(password: bytes) -> str:
    """7z takes passwords as UTF-16; bytes that are no UTF-8 are taken for Latin-1."""
    try:
        return password.decode()
    except UnicodeDecodeError:
        return password.decode("latin-1")


class _Walk:
    """One archive that is open, and how far its solid blocks (py7zr's folders) have come."""

    def __init__(self, archive: py7zr.SevenZipFile, content: BinaryIO, passwords: Passwords) -> None:
        self._archive, self._content, self._passwords = archive, content, passwords
        streams = archive.header.main_streams
        folders = streams.unpackinfo.folders if streams is not None else []
        places = streams.packinfo.packpositions if streams is not None else []
        self._starts = {id(folder): _start(archive, streams, at, places) for at, folder in enumerate(folders)}
        self._at: dict[int, int] = {}
        self._closed: dict[int, str] = {}
        self._locked: set[int] = set()

    def entries(self, number: int) -> Iterator[Message]:
        """The entries, numbered from `number` on."""
        for file in self._archive.files:
            if file.is_directory:
                continue
            name = file.filename.encode("utf-8", "surrogatepass")
            size, modified = told_size(file.uncompressed or 0), _modified(file)
            if file.emptystream:
                yield Entry(number, name, 0, modified)
                yield End()
            else:
                yield from self._streamed(number, name, size, modified, file)
            number += 1

    def _streamed(
        self, number: int, name: bytes, size: int | None, modified: int | None, file: Any
    ) -> Iterator[Message]:
        folder = file.folder
        if id(folder) not in self._at:
            self._at[id(folder)] = self._starts[id(folder)]
            if _is_encrypted(folder):
                yield from self._unlock(folder, file)
        if id(folder) in self._locked:
            yield Entry(number, name, size, modified, locked=True, reason=self._passwords.refusal)
            yield End()
            return
        what = "link" if file.is_symlink or file.is_junction else "special" if file.is_socket else "file"
        reason = None if what == "file" else f"a {what} entry, not followed"
        yield Entry(number, name, size, modified, what, reason=reason)
        problem = self._closed.get(id(folder))
        if problem is None:
            problem = yield from self._copy(file)
        yield End(problem)

    def _copy(self, file: Any) -> Generator[Message, None, str | None]:
        """Yield a file's bytes; returns what is wrong with it. What follows a fault in a solid block is lost."""
        folder, left, crc = file.folder, int(file.uncompressed), 0
        try:
            while left > 0:
                piece = self._piece(folder, file, min(left, DATA_BYTES))
                left -= len(piece)
                crc = zlib.crc32(piece, crc)
                yield Data(bytes(piece))
        except FAULTS as error:
            self._closed[id(folder)] = f"lies in a solid block that is broken before it: {say(error)}"
            return f"broken off: {say(error)}"
        return "broken: its checksum differs" if file.crc32 is not None and file.crc32 != crc else None

    def _piece(self, folder: Any, file: Any, most: int) -> bytes:
        """The next bytes of a block, `most` or fewer, at least one.

        Raises:
            EOFError: there are none.
        """
        decompressor = folder.get_decompressor(file.compressed)
        while True:
            self._content.seek(self._at[id(folder)])
            piece: bytes = decompressor.decompress(self._content, most)
            moved = self._content.tell() != self._at[id(folder)]
            self._at[id(folder)] = self._content.tell()
            if piece:
                return piece
            if not moved:
                raise EOFError("no more data")

    def _unlock(self, folder: Any, first: Any) -> Iterator[Message]:
        """Find the password of a block: the one under which its first file has its checksum."""
        for password in self._passwords:
            yield Working()
            self._begin(folder, password)
            fits = yield from self._fits(first)
            if fits:
                self._passwords.fitted(password)
                self._begin(folder, password)
                return
        self._locked.add(id(folder))

    def _begin(self, folder: Any, password: bytes) -> None:
        folder.password, folder.decompressor = _text(password), None
        self._at[id(folder)] = self._starts[id(folder)]

    def _fits(self, first: Any) -> Generator[Message, None, bool]:
        left, crc = int(first.uncompressed), 0
        try:
            for number in count(1):
                if left <= 0:
                    break
                piece = self._piece(first.folder, first, min(left, DATA_BYTES))
                left, crc = left - len(piece), zlib.crc32(piece, crc)
                if number % _PIECES == 0:
                    yield Working()
        except FAULTS:
            return False
        return first.crc32 is None or bool(first.crc32 == crc)


def _start(archive: Any, streams: Any, at: int, places: list[int]) -> int:
    """Where a block's packed bytes begin; a block of several packed streams begins with its first."""
    folders = streams.unpackinfo.folders
    stream = sum(len(folder.packed_indices) for folder in folders[:at])
    return int(archive.worker.src_start + places[min(stream, len(places) - 1)])


def _is_encrypted(folder: Any) -> bool:
    return bool(SupportedMethods.needs_password(folder.coders))


def _modified(file: Any) -> int | None:
    try:
        return None if file.lastwritetime is None else (int(file.lastwritetime) - _EPOCH) * 100
    except (ValueError, OverflowError, TypeError, struct.error):
        return None
