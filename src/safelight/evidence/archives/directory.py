"""The central directory of a ZIP (APPNOTE 4.3.12 to 4.3.16), read where the standard library cannot."""

import io
import os
import struct
import zipfile
from typing import BinaryIO

_END, _END_BYTES = b"PK\x05\x06", 22
_LONGEST_COMMENT = 0xFFFF
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_END64, _END64_BYTES = b"PK\x06\x06", 56
_ENTRY, _ENTRY_BYTES = b"PK\x01\x02", 46
_UTF8_BYTE, _LOCAL_UTF8_BYTE, _UTF8_BIT = 9, 7, 0x08
_LARGEST = 1 << 30


class PatchedFile(io.RawIOBase):
    """A ZIP that reads as it stands, but for UTF-8 flags in its records: the standard library trusts them too far.

    One name that is not the UTF-8 it claims to be would hide all others, and one that claims it in one of its two
    records only would hide its own entry.
    """

    def __init__(self, content: BinaryIO) -> None:
        self._content = content
        self._directory = self._local = (0, b"")

    def clear_utf8_flags(self) -> None:
        """Let no entry of the central directory claim to have a UTF-8 name.

        Raises:
            zipfile.BadZipFile: There is no central directory.
        """
        start, size = _place(self._content)
        self._content.seek(start)
        data = bytearray(self._content.read(size))
        at = 0
        while data[at : at + 4] == _ENTRY and at + _ENTRY_BYTES <= len(data):
            data[at + _UTF8_BYTE] &= ~_UTF8_BIT & 0xFF
            at += _ENTRY_BYTES + sum(struct.unpack_from("<HHH", data, at + 28))
        self._directory = start, bytes(data)

    def agree_on_utf8(self, info: zipfile.ZipInfo) -> None:
        """Let an entry's local record claim what its entry in the directory does."""
        self._local = (0, b"")
        at = info.header_offset + _LOCAL_UTF8_BYTE
        self._content.seek(at)
        found = self._content.read(1)
        if found:
            self._local = at, bytes([found[0] & ~_UTF8_BIT | info.flag_bits >> 8 & _UTF8_BIT])

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, as in the file."""
        return self._content.seek(offset, whence)

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # the stub asks for a wider type
        """Read what the file holds here, patched."""
        at = self._content.tell()
        data = self._content.read(len(buffer))
        buffer[: len(data)] = data
        for start, part in (self._directory, self._local):
            first, last = max(at, start), min(at + len(data), start + len(part))
            if first < last:
                buffer[first - at : last - at] = part[first - start : last - start]
        return len(data)


def _place(content: BinaryIO) -> tuple[int, int]:
    """Where the directory begins, and its size: as the standard library has it, it ends where the end record begins."""
    length = content.seek(0, os.SEEK_END)
    tail_at = max(0, length - _END_BYTES - _LONGEST_COMMENT - _LOCATOR_BYTES - _END64_BYTES)
    content.seek(tail_at)
    tail = content.read()
    at = tail.rfind(_END)
    if at < 0 or at + _END_BYTES > len(tail):
        raise zipfile.BadZipFile("no end of the central directory")
    (size,) = struct.unpack_from("<I", tail, at + 12)
    wide = at - _LOCATOR_BYTES - _END64_BYTES
    if wide >= 0 and tail[at - _LOCATOR_BYTES :][:4] == _LOCATOR and tail[wide:][:4] == _END64:
        (size,) = struct.unpack_from("<Q", tail, wide + 40)
        at = wide
    if size > min(tail_at + at, _LARGEST):
        raise zipfile.BadZipFile("the central directory does not fit")
    return tail_at + at - size, size
