"""Writes zip files entry by entry, with names as exact bytes and with the old password cipher.

The standard library takes names as text and cannot encrypt; seizures hold names in any bytes, and locked entries.
Formats: PKWARE APPNOTE 6.3.10, 4.3 (records) and 6.1 (traditional encryption).
"""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x0001
_DATE = (41 << 9) | (6 << 5) | 5  # 5 June 2021, in MS-DOS's way
# zlib's CRC of one byte is that byte's table entry but for its first and last inversion.
_POLYNOMIAL_TABLE = tuple(zlib.crc32(bytes([value ^ 0xFF])) ^ 0xFF00_0000 for value in range(256))


@dataclass(frozen=True)
class ZipEntry:
    """One entry: its name as bytes, its content, and a password where it is to be locked."""

    name: bytes
    content: bytes
    password: bytes | None = None


class ZipCrypto:
    """PKWARE's traditional stream cipher (APPNOTE 6.1.5): weak, and still what "locked zip" mostly means."""

    def __init__(self, password: bytes) -> None:
        self._keys = [0x12345678, 0x23456789, 0x34567890]
        for byte in password:
            self._update(byte)

    def encrypt(self, plain: bytes) -> bytes:
        """Return the next bytes of the stream, encrypted."""
        out = bytearray()
        for byte in plain:
            mixed = (self._keys[2] | 2) & 0xFFFF
            out.append(byte ^ ((mixed * (mixed ^ 1)) >> 8 & 0xFF))
            self._update(byte)
        return bytes(out)

    def _update(self, byte: int) -> None:
        first, second, third = self._keys
        first = _crc_step(first, byte)
        second = ((second + (first & 0xFF)) * 134775813 + 1) & 0xFFFF_FFFF
        self._keys = [first, second, _crc_step(third, second >> 24)]


def _crc_step(crc: int, byte: int) -> int:
    return (crc >> 8) ^ _POLYNOMIAL_TABLE[(crc ^ byte) & 0xFF]


def local_record(entry: ZipEntry) -> tuple[bytes, bytes]:
    """Return an entry's local record with its data, and the fields that its central record repeats."""
    checksum = zlib.crc32(entry.content)
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    data = packer.compress(entry.content) + packer.flush()
    method, flags = _DEFLATED, 0
    if len(data) >= len(entry.content):
        data, method = entry.content, _STORED
    if entry.password is not None:
        # Twelve bytes go before; the last tells a reader whether its password is right.
        salt = zlib.crc32(entry.name + entry.password).to_bytes(4, "little") * 2 + b"lit" + bytes([checksum >> 24])
        data, flags = ZipCrypto(entry.password).encrypt(salt + data), _ENCRYPTED
    shared = struct.pack(
        "<HHHHHIIIHH",
        20, flags, method, 0, _DATE, checksum, len(data), len(entry.content), len(entry.name), 0,
    )  # fmt: skip
    return b"PK\x03\x04" + shared + entry.name + data, shared


def central_record(name: bytes, shared: bytes, offset: int) -> bytes:
    """Return the central record of an entry whose local record stands at `offset`."""
    return b"PK\x01\x02" + struct.pack("<H", 20) + shared + struct.pack("<HHHII", 0, 0, 0, 0o644 << 16, offset) + name


def end_record(count: int, directory: int, offset: int) -> bytes:
    """Return the record that closes a zip file: entries, bytes of the central directory, and where it begins."""
    return b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, directory, offset, 0)


def write_zip(entries: Iterable[ZipEntry]) -> bytes:
    """Return a zip file of these entries, in this order."""
    out, central, count = bytearray(), bytearray(), 0
    for entry in entries:
        record, shared = local_record(entry)
        central += central_record(entry.name, shared, len(out))
        out += record
        count += 1
    return bytes(out + central + end_record(count, len(central), len(out)))


def write_tar(entries: Iterable[tuple[bytes, bytes]], *, compression: str = "") -> bytes:
    """Return a tar file (POSIX pax) of names and contents; `compression` is "", "gz", "bz2" or "xz"."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name.decode("utf-8", "surrogateescape"))
            info.size, info.mtime = len(content), _TIME
            archive.addfile(info, io.BytesIO(content))
    return _COMPRESSIONS[compression](out.getvalue())


# No time of the day goes in: one seed gives the same bytes on any day.
_TIME = 1_622_894_400
_COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gz": partial(gzip.compress, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
}
