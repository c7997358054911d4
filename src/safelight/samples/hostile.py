"""Files that attack whoever opens them: bombs, escapes, endless names, and mutations of good files.

All are made here, from nothing or from generated pictures. The smallest is a few bytes; the largest a few hundred
kilobytes, whatever it claims to be.
"""

import io
import struct
import tarfile
import zlib
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image

from safelight.samples.archives import ZipEntry, central_record, end_record, local_record, write_zip
from safelight.samples.formats import png_chunk

BOMB_SIDE = 30_000


def picture_bomb(kind: str, side: int = BOMB_SIDE) -> bytes:
    """Return a small picture that claims `side` x `side` pixels: "png" (whole, black), "jpeg", "gif", "tiff", "bmp"."""
    if kind == "png":
        return _png_bomb(side)
    out = io.BytesIO()
    Image.new("L" if kind != "bmp" else "RGB", (16, 16), 128).save(out, kind.upper())
    data = bytearray(out.getvalue())
    if kind == "jpeg":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", side, side)
    elif kind == "gif":
        data[6:10] = struct.pack("<HH", side, side)
        at = data.index(b",", 10)
        data[at + 5 : at + 9] = struct.pack("<HH", side, side)
    elif kind == "bmp":
        data[18:26] = struct.pack("<ii", side, side)
    else:
        _patch_tiff(data, {0x0100: side, 0x0101: side})
    return bytes(data)


def _png_bomb(side: int) -> bytes:
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, body) for name, body in chunks)


def _patch_tiff(data: bytearray, values: dict[int, int]) -> None:
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    for index in range(count):
        at = first + 2 + 12 * index
        (tag,) = struct.unpack_from("<H", data, at)
        if tag in values:
            struct.pack_into("<HII", data, at + 2, 4, 1, values[tag])


def text_bomb_png(size: int = 64 << 20) -> bytes:
    """Return a small PNG whose compressed text (zTXt) unfolds to `size` bytes."""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    text = b"Comment\0\0" + deflated_zeros(size, bits=15)
    chunks = ((b"IHDR", head), (b"zTXt", text), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, body) for name, body in chunks)


def looping_tiff() -> bytes:
    """Return a TIFF whose directory names itself as the next."""
    out = io.BytesIO()
    Image.new("L", (16, 16), 128).save(out, "TIFF")
    data = bytearray(out.getvalue())
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * count, first)
    return bytes(data)


def deflated_zeros(size: int, *, bits: int = -15) -> bytes:
    """Return `size` zero bytes deflated: about a thousandth of it. `bits` 15 adds zlib's wrapping."""
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    block = bytes(1 << 20)
    data = b"".join(packer.compress(block) for _ in range(size >> 20))
    return data + packer.compress(bytes(size & ((1 << 20) - 1))) + packer.flush()


def zip_bomb(size: int = 512 << 20) -> bytes:
    """Return a zip of one entry that unfolds to `size` bytes, about a thousand times its own size."""
    checksum = 0
    block = bytes(1 << 20)
    for _ in range(size >> 20):
        checksum = zlib.crc32(block, checksum)
    checksum = zlib.crc32(bytes(size & ((1 << 20) - 1)), checksum)
    name, data = b"zeros.jpg", deflated_zeros(size)
    shared = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, checksum, len(data), size, len(name), 0)
    record = b"PK\x03\x04" + shared + name + data
    central = central_record(name, shared, 0)
    return record + central + end_record(1, len(central), len(record))


def nested_zip(depth: int = 40, breadth: int = 1, content: bytes = b"") -> bytes:
    """Return a zip within a zip, `depth` deep, each level holding `breadth` equal entries."""
    inside = content or write_zip([ZipEntry(b"zeros.bin", bytes(1 << 20))])
    for level in range(depth):
        inside = write_zip(ZipEntry(b"%d-%d.zip" % (level, number), inside) for number in range(breadth))
    return inside


def overlapping_zip(entries: int = 1000, size: int = 10 << 20) -> bytes:
    """Return a zip whose entries all name the same local record: each unfolds to the same `size` bytes."""
    record, shared = local_record(ZipEntry(b"same.jpg", bytes(size)))
    central = b"".join(central_record(b"same.jpg", shared, 0) for _ in range(entries))
    return record + central + end_record(entries, len(central), len(record))


ESCAPES: tuple[bytes, ...] = (
    b"../../../../var/lib/escaped.jpg",
    b"/var/lib/escaped.jpg",
    b"..\\..\\escaped.jpg",
    b"C:\\escaped.jpg",
    b"a/../../escaped.jpg",
    b"..",
    b"",
    b"nul\0inside.jpg",
    b"\xff\xfe.jpg",
)
"""Names that lead out of the folder they are unpacked into, or nowhere at all."""


def escaping_zip(content: bytes = b"caught") -> bytes:
    """Return a zip whose names lead out of the folder it is unpacked into."""
    return write_zip(ZipEntry(name, content) for name in ESCAPES)


def longest_name_zip(content: bytes = b"long") -> bytes:
    """Return a zip with the longest name that the format holds: 65,535 bytes."""
    return write_zip([ZipEntry(b"n" * 65_531 + b".jpg", content)])


def special_tar(content: bytes = b"caught") -> bytes:
    """Return a tar of devices, a pipe, links that lead out, names that lead out, and one name of 60,000 bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for kind, name, target in (
            (tarfile.CHRTYPE, "dev/null", ""),
            (tarfile.BLKTYPE, "dev/sda", ""),
            (tarfile.FIFOTYPE, "pipe", ""),
            (tarfile.SYMTYPE, "link.jpg", "/etc/passwd"),
            (tarfile.SYMTYPE, "folder", "/var/lib"),
            (tarfile.LNKTYPE, "hard.jpg", "/etc/passwd"),
            (tarfile.LNKTYPE, "self.jpg", "self.jpg"),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
        for name in ("folder/through.jpg", "../escaped.jpg", "/var/lib/escaped.jpg", "n" * 60_000 + ".jpg"):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def lying_tar(size: int = 8 << 30) -> bytes:
    """Return a tar whose only member claims `size` bytes and holds five."""
    info = tarfile.TarInfo("large.jpg")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT) + b"small"


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    **{f"{kind}-bomb": (kind, partial(picture_bomb, kind)) for kind in ("png", "jpeg", "gif", "tiff", "bmp")},
    "png-text-bomb": ("png", text_bomb_png),
    "tiff-loop": ("tiff", looping_tiff),
    "zip-bomb": ("zip", zip_bomb),
    "zip-nested": ("zip", nested_zip),
    "zip-overlapping": ("zip", overlapping_zip),
    "zip-escaping": ("zip", escaping_zip),
    "zip-longest-name": ("zip", longest_name_zip),
    "tar-special": ("tar", special_tar),
    "tar-lying": ("tar", lying_tar),
}
"""Every hostile file by name: what it pretends to be, and what makes it."""


def mutations(rng: np.random.Generator, content: bytes) -> bytes:
    """Return the content with one to three random injuries: bits flipped, parts cut, added, doubled, swapped."""
    for _ in range(int(rng.integers(1, 4))):
        if not content:
            return rng.bytes(int(rng.integers(0, 64)))
        content = _INJURIES[int(rng.integers(len(_INJURIES)))](rng, content)
    return content


def _span(rng: np.random.Generator, content: bytes, longest: int = 4096) -> tuple[int, int]:
    start = int(rng.integers(0, len(content)))
    return start, min(len(content), start + int(rng.integers(1, longest)))


def _truncate(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: int(rng.integers(0, len(content)))]


def _flip(rng: np.random.Generator, content: bytes) -> bytes:
    data = bytearray(content)
    for at in rng.integers(0, len(data), int(rng.integers(1, 33))):
        data[int(at)] ^= 1 << int(rng.integers(8))
    return bytes(data)


def _flip_head(rng: np.random.Generator, content: bytes) -> bytes:
    return _flip(rng, content[:512]) + content[512:]


def _overwrite(rng: np.random.Generator, content: bytes) -> bytes:
    start, end = _span(rng, content)
    filling = (bytes(end - start), b"\xff" * (end - start), rng.bytes(end - start))[int(rng.integers(3))]
    return content[:start] + filling + content[end:]


def _delete(rng: np.random.Generator, content: bytes) -> bytes:
    start, end = _span(rng, content)
    return content[:start] + content[end:]


def _double(rng: np.random.Generator, content: bytes) -> bytes:
    start, end = _span(rng, content)
    return content[:end] + content[start:end] * int(rng.integers(1, 9)) + content[end:]


def _insert(rng: np.random.Generator, content: bytes) -> bytes:
    start, _ = _span(rng, content)
    return content[:start] + rng.bytes(int(rng.integers(1, 512))) + content[start:]


def _swap(rng: np.random.Generator, content: bytes) -> bytes:
    middle = int(rng.integers(0, len(content)))
    head = min(middle, 64)
    return content[:head] + content[middle:] + content[head:middle]


def _false_number(rng: np.random.Generator, content: bytes) -> bytes:
    """Put a length or count at its limits where one may stand: most numbers of a file are in its first part."""
    value = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)[int(rng.integers(7))]
    wide = value > 0xFFFF or bool(rng.random() < 0.5)
    packed = struct.pack((">" if rng.random() < 0.5 else "<") + ("I" if wide else "H"), value)
    at = int(rng.integers(0, min(len(content), 1024)))
    return content[:at] + packed + content[at + len(packed) :]


_INJURIES = (_truncate, _flip, _flip_head, _overwrite, _delete, _double, _insert, _swap, _false_number, _false_number)
