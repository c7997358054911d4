"""What a JPEG's application segments say: JFIF, JFXX, EXIF, XMP, ICC, multi-picture, Photoshop, comments.

Sources: JFIF 1.02; CIPA DC-008 (EXIF) §4.7.2; ISO 16684-3 (XMP) §1.1.3; ICC.1:2022 B.4; CIPA DC-007 (MPF).
"""

import io

from PIL import Image

from safelight.media.container import Found
from safelight.media.text import decode, put

_EXIF = b"Exif\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\x00"
_XMP_MORE_HEADER = len(_XMP_MORE) + 32 + 4 + 4  # GUID, full length, offset
_ICC = b"ICC_PROFILE\x00"
_MPF = b"MPF\x00"
_PHOTOSHOP = b"Photoshop 3.0\x00"
_MAX_BLOCK = 8 << 20


def read_segment(marker: int, segment: memoryview, start: int, found: Found) -> None:
    """Take what is known in one APPn or COM segment; `start` is where its content begins in the file."""
    if marker == 0xFE:
        put(found.text, "comment", decode(bytes(segment[:16000])), found.problems)
    elif marker == 0xE0:
        _read_jfif(segment, found)
    elif marker == 0xE1:
        _read_app1(segment, found)
    elif marker == 0xE2:
        _read_app2(segment, start, found)
    elif marker == 0xEB:
        _append(found, "jumbf", bytes(segment))
    elif marker == 0xED and segment[: len(_PHOTOSHOP)] == _PHOTOSHOP:
        found.photoshop = _joined(found.photoshop, bytes(segment[len(_PHOTOSHOP) :]))


def _read_app1(segment: memoryview, found: Found) -> None:
    if segment[: len(_EXIF)] == _EXIF:
        if found.exif is None:
            found.exif = segment[len(_EXIF) + 1 :]
        else:
            found.problems.add("a second EXIF segment was kept but not parsed")
            _append(found, "exif-2", bytes(segment[len(_EXIF) + 1 :]))
    elif segment[: len(_XMP)] == _XMP:
        found.xmp = found.xmp or bytes(segment[len(_XMP) :])
    elif segment[: len(_XMP_MORE)] == _XMP_MORE:
        _append(found, "xmp-extended", bytes(segment[_XMP_MORE_HEADER:]))


def _read_app2(segment: memoryview, start: int, found: Found) -> None:
    if segment[: len(_ICC)] == _ICC:
        found.icc = _joined(found.icc, bytes(segment[len(_ICC) + 2 :]))
    elif segment[: len(_MPF)] == _MPF and found.multi_picture is None:
        found.multi_picture = start + len(_MPF)


def _read_jfif(segment: memoryview, found: Found) -> None:
    name = bytes(segment[:5])
    if name == b"JFIF\x00" and len(segment) >= 14:
        _add_bitmap(found, "jfif-thumbnail", (segment[12], segment[13]), segment[14:])
    elif name == b"JFXX\x00" and len(segment) > 8:
        layout, content = segment[5], segment[6:]
        if layout == 0x10:
            found.embedded.append(("jfxx-thumbnail", bytes(content)))
        elif layout == 0x11:
            _add_bitmap(found, "jfxx-thumbnail", (content[0], content[1]), content[770:], bytes(content[2:770]))
        elif layout == 0x13:
            _add_bitmap(found, "jfxx-thumbnail", (content[0], content[1]), content[2:])


def _add_bitmap(
    found: Found, kind: str, size: tuple[int, int], pixels: memoryview, palette: bytes | None = None
) -> None:
    """Add bare pixels as a BMP file: the plainest file there is, so that equal thumbnails have equal digests."""
    needed = size[0] * size[1] * (1 if palette else 3)
    if not needed:
        return
    if len(pixels) < needed:
        found.problems.add(f"the {kind} reaches outside its segment: left out")
        return
    image = Image.frombytes("P" if palette else "RGB", size, bytes(pixels[:needed]))
    if palette:
        image.putpalette(palette)
    found.embedded.append((kind, as_bitmap(image)))


def as_bitmap(image: Image.Image) -> bytes:
    """Write pixels as an uncompressed BMP file: of 8 bits where they are grey, else of 24."""
    written = io.BytesIO()
    (image if image.mode == "L" else image.convert("RGB")).save(written, "BMP")
    return written.getvalue()


def _append(found: Found, name: str, content: bytes) -> None:
    found.raw[name] = _joined(found.raw.get(name, b""), content)


def _joined(before: bytes, content: bytes) -> bytes:
    return before if len(before) > _MAX_BLOCK else before + content
