"""EXIF (CIPA DC-008, EXIF 2.32) read from its TIFF block: names and text, orientation, position, thumbnail.

Our own reader, because Pillow's decodes a whole block eagerly and stops at the first fault: here each field stands
alone, and one bad field costs one field. Maker notes stay inside the raw block.
"""

from dataclasses import dataclass, field

from PIL import ExifTags

from safelight.media.gps import read_gps
from safelight.media.text import Problems, clean, decode, put
from safelight.media.tiff import ASCII, BYTE, UNDEFINED, Directory, Entry, NotTiffError, TiffBlock
from safelight.media.types import Gps

_EXIF_IFD, _GPS_IFD, _INTEROP_IFD, _ORIENTATION = 0x8769, 0x8825, 0xA005, 0x0112
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_POINTERS = {_EXIF_IFD, _GPS_IFD, _INTEROP_IFD}
_USER_COMMENT = 0x9286
_WINDOWS_TEXT = range(0x9C9B, 0x9CA0)  # XPTitle to XPSubject, UTF-16 in a byte field
_INTEROP_NAMES = {
    0x0001: "InteropIndex",
    0x0002: "InteropVersion",
    0x1000: "RelatedImageFileFormat",
    0x1001: "RelatedImageWidth",
    0x1002: "RelatedImageHeight",
}
_CHARSETS = {b"UNICODE\x00": "utf-16", b"JIS\x00\x00\x00\x00\x00": "iso2022_jp"}
_MAX_VALUES = 64


@dataclass
class Exif:
    """What one EXIF block says. `fields` maps names to text; fields of the thumbnail begin with "Thumbnail."."""

    fields: dict[str, str] = field(default_factory=dict)
    orientation: int = 1
    gps: Gps | None = None
    thumbnail: bytes | None = None


def read_exif(
    block: memoryview, problems: Problems, *, shot: memoryview | None = None, place: memoryview | None = None
) -> Exif:
    """Read a TIFF block (without the leading "Exif"); never raises: what is wrong goes to `problems`.

    `shot` and `place` are TIFF blocks whose first directories stand for those that `block` would point at.
    """
    exif = Exif()
    try:
        tiff = TiffBlock(block)
    except NotTiffError:
        problems.add("EXIF does not begin like TIFF: not parsed")
        return exif
    main, *others = [*tiff.chain(problems, 2), Directory({}, 0)]
    _put_all(tiff, main, ExifTags.TAGS, "", exif.fields, problems)
    _read_shot(*_child(tiff, main, _EXIF_IFD, problems, shot), exif, problems)
    _read_place(*_child(tiff, main, _GPS_IFD, problems, place), exif, problems)
    exif.orientation = _orientation(tiff, main, problems)
    for thumbnail in others[:-1]:
        _put_all(tiff, thumbnail, ExifTags.TAGS, "Thumbnail.", exif.fields, problems)
        exif.thumbnail = _thumbnail(tiff, thumbnail, problems)
    return exif


def _read_shot(tiff: TiffBlock, shot: Directory, exif: Exif, problems: Problems) -> None:
    _put_all(tiff, shot, ExifTags.TAGS, "", exif.fields, problems)
    _put_all(*_child(tiff, shot, _INTEROP_IFD, problems), _INTEROP_NAMES, "", exif.fields, problems)


def _read_place(tiff: TiffBlock, place: Directory, exif: Exif, problems: Problems) -> None:
    _put_all(tiff, place, ExifTags.GPSTAGS, "", exif.fields, problems)
    exif.gps = read_gps(tiff, place, problems)


def _child(
    tiff: TiffBlock, parent: Directory, tag: int, problems: Problems, apart: memoryview | None = None
) -> tuple[TiffBlock, Directory]:
    """The directory that a field points at, or the first of a block that is kept `apart`."""
    if apart is not None:
        try:
            tiff = TiffBlock(apart)
        except NotTiffError:
            problems.add("EXIF directory kept apart does not begin like TIFF: not parsed")
            return tiff, Directory({}, 0)
        return tiff, tiff.directory(tiff.first, problems)
    offset = tiff.integer(parent, tag)
    return tiff, tiff.directory(offset, problems) if offset else Directory({}, 0)


def _put_all(
    tiff: TiffBlock,
    directory: Directory,
    names: dict[int, str],
    prefix: str,
    fields: dict[str, str],
    problems: Problems,
) -> None:
    for tag, entry in directory.entries.items():
        if tag not in _POINTERS:
            put(fields, prefix + names.get(tag, f"0x{tag:04x}"), _text(tiff, entry), problems)


def _text(tiff: TiffBlock, entry: Entry) -> str:
    if entry.tag in _WINDOWS_TEXT:
        return clean(bytes(entry.data[:8000]).decode("utf-16-le", "replace").rstrip("\x00"))
    if entry.kind == ASCII:
        return decode(bytes(entry.data[:16000]))
    if entry.kind in (BYTE, UNDEFINED):
        return _opaque(entry)
    values = [f"{top}/{bottom}" for top, bottom in tiff.rationals(entry, _MAX_VALUES)]
    values = values or [f"{value:g}" if isinstance(value, float) else str(value) for value in tiff.numbers(entry)]
    more = f" … ({entry.count} values)" if entry.count > _MAX_VALUES else ""
    return " ".join(values) + more


def _opaque(entry: Entry) -> str:
    """Bytes as text where they are text, as numbers where they are few, else how many there are."""
    raw = bytes(entry.data[:16000])
    if entry.tag == _USER_COMMENT:
        return _comment(raw)
    if entry.kind == BYTE and entry.count <= 4:
        return " ".join(str(value) for value in raw)
    printable = raw.rstrip(b"\x00")
    if entry.tag != 0x927C and printable.isascii() and printable.decode("ascii").isprintable():
        return decode(printable)
    return raw.hex() if len(entry.data) <= 32 else f"({len(entry.data)} bytes)"


def _comment(raw: bytes) -> str:
    """UserComment: 8 bytes name its character set (EXIF 2.32 §4.6.5, table 9)."""
    charset = _CHARSETS.get(raw[:8])
    if charset is not None:
        return clean(raw[8:].decode(charset, "replace").rstrip("\x00 "))
    body = raw[8:] if raw[:8] in (b"ASCII\x00\x00\x00", bytes(8)) else raw
    return decode(body)


def _orientation(tiff: TiffBlock, main: Directory, problems: Problems) -> int:
    value = tiff.integer(main, _ORIENTATION)
    if value is None:
        return 1
    if 1 <= value <= 8:
        return value
    if value:  # 0 is how some writers say "unknown"
        problems.add(f"EXIF orientation {value} means nothing: taken as 1")
    return 1


def _thumbnail(tiff: TiffBlock, directory: Directory, problems: Problems) -> bytes | None:
    offset, length = tiff.integer(directory, _THUMBNAIL_OFFSET), tiff.integer(directory, _THUMBNAIL_LENGTH)
    if not offset or not length:
        return None
    if offset + length > len(tiff.block):
        problems.add("the EXIF thumbnail reaches outside its block: cut")
    return bytes(tiff.block[offset : offset + length]) or None
