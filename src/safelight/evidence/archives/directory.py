"""The central directory of a ZIP (APPNOTE 4.3.12 to 4.3.16), read where the standard library cannot."""

import os
import struct
import zipfile
from typing import BinaryIO

_END, _END_BYTES = b"PK\x05\x06", 22
_LONGEST_COMMENT = 0xFFFF
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_END64, _END64_BYTES = b"PK\x06\x06", 56
_ENTRY, _ENTRY_BYTES = b"PK\x01\x02", 46
_UTF8_BYTE, _UTF8_BIT = 9, 0x08
_LARGEST = 1 << 30


def without_utf8_flags(content: BinaryIO) -> tuple[int, bytes]:
    """Return where the central directory begins, and its bytes with the UTF-8 flag of every entry cleared.

    So one name that is not the UTF-8 it claims to be does not hide the others. Nothing else of the file changes.

    Raises:
        zipfile.BadZipFile: There is no central directory.
    """
    start, size = _place(content)
    content.seek(start)
    data = bytearray(content.read(size))
    at = 0
    while data[at : at + 4] == _ENTRY and at + _ENTRY_BYTES <= len(data):
        data[at + _UTF8_BYTE] &= ~_UTF8_BIT & 0xFF
        at += _ENTRY_BYTES + sum(struct.unpack_from("<HHH", data, at + 28))
    return start, bytes(data)


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
