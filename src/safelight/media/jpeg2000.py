"""JPEG 2000 (ISO 15444): JP2, JPX and bare codestreams told apart from films of it, and what their boxes carry.

Pixels come from Pillow's OpenJPEG. Here the boxes around them are walked, within bounds: XMP, EXIF, IPTC and ICC
blocks, and the size that the codestream itself claims, which is what OpenJPEG allocates.
"""

import struct

from safelight.media.boxes import boxes
from safelight.media.container import Found
from safelight.media.types import Kind

SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
CODESTREAM = b"\xff\x4f\xff\x51"
"""Start of codestream, and the marker of its sizes, which must follow (ISO 15444-1, A.4.1)."""
_MOST_BOXES = 1000
_MAX_BLOCK = 8 << 20
_UUIDS = {
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",
    bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): "iptc",
    b"JpgTiffExif->JP2": "exif",
}
_FILMS = frozenset({b"mjp2", b"mj2s"})
_PAGES = b"jpm "


def kind_of_jpeg2000(head: bytes) -> Kind | None:
    """Return the kind of a JPEG 2000 file: a picture, a film (MJ2) or a compound page (JPM), which is not read."""
    if head.startswith(CODESTREAM):
        return Kind.JPEG2000
    if not head.startswith(SIGNATURE):
        return None
    brand = head[20:24] if head[16:20] == b"ftyp" else b""
    if brand in _FILMS:
        return Kind.VIDEO
    return Kind.OTHER_PICTURE if brand == _PAGES else Kind.JPEG2000


def read_jpeg2000(view: memoryview) -> tuple[Found, tuple[int, int] | None]:
    """Walk the boxes. Returns what they carry, and width and height of the first codestream, None where it has none."""
    found, size = Found(), None
    if view[:4] == CODESTREAM:
        return found, _claimed(view)
    for count, (name, begin, end) in enumerate(boxes(view)):
        body = view[begin:end]
        if count == _MOST_BOXES:
            found.problems.add(f"more than {_MOST_BOXES} boxes: the rest was not read")
            break
        if name == b"uuid":
            _read_uuid(body, found)
        elif name == b"xml " and not found.raw.get("xml"):
            found.raw["xml"] = bytes(body[:_MAX_BLOCK])
        elif name == b"jp2h":
            _read_colour(body, found)
        elif name == b"jp2c" and size is None:
            size = _claimed(body)
    return found, size


def _read_uuid(body: memoryview, found: Found) -> None:
    what, block = _UUIDS.get(bytes(body[:16])), body[16 : 16 + _MAX_BLOCK]
    if what == "xmp":
        found.xmp = bytes(block)
    elif what == "iptc":
        found.iptc = bytes(block)
    elif what == "exif":
        found.exif = block[6:] if bytes(block[:6]) == b"Exif\x00\x00" else block


def _read_colour(header: memoryview, found: Found) -> None:
    """The ICC profile of a JP2 header, where it names its colours by one (methods 2 and 3)."""
    for count, (name, begin, end) in enumerate(boxes(header)):
        body = header[begin:end]
        if count == _MOST_BOXES:
            return
        if name == b"colr" and len(body) > 3 and body[0] in (2, 3):
            found.icc = bytes(body[3 : 3 + _MAX_BLOCK])
            return


def _claimed(codestream: memoryview) -> tuple[int, int] | None:
    """Width and height that the codestream's SIZ marker claims: the grid's end less the picture's offset."""
    if len(codestream) < 24 or codestream[:4] != CODESTREAM:
        return None
    right, bottom, left, top = struct.unpack_from(">4L", codestream, 8)
    return right - left, bottom - top
