"""PNG and APNG (W3C PNG, third edition): the chunks that say something, and the frames.

Compressed text and profiles are inflated to a bound only, so that a chunk of a few kilobytes cannot fill memory.
"""

import zlib
from collections.abc import Iterator

from safelight.media.container import Found
from safelight.media.text import decode, put
from safelight.media.types import UnreadablePictureError

_MAX_CHUNKS = 200_000
_MAX_INFLATED = 1 << 20
_XMP = b"XML:com.adobe.xmp"


def read_png(view: memoryview) -> tuple[Found, int]:
    """Walk the chunks. Returns what they say, and the number of frames (1 for a plain PNG).

    Raises:
        UnreadablePictureError: There are so many chunks that only a file made to waste time has them.
    """
    found = Found()
    animated, frames, before_data = False, 0, True
    first_is_frame = False
    for name, content in _chunks(view, found):
        if name == b"IDAT":
            before_data = False
        elif name == b"acTL":
            animated = True
        elif name == b"fcTL":
            frames += 1
            first_is_frame = first_is_frame or before_data
        else:
            _read_chunk(name, content, found)
    if not animated:
        return found, 1
    return found, max(frames + (0 if first_is_frame else 1), 1)


def mend_checksums(view: memoryview) -> bytes:
    """Return the file with each chunk's checksum made right, so that a decoder gives what the damage left.

    Used only after strict decoding failed: one wrong byte would otherwise cost the whole picture.
    """
    mended = bytearray(view)
    at = 8
    for _ in range(_MAX_CHUNKS):
        if at + 12 > len(mended):
            break
        size = int.from_bytes(mended[at : at + 4], "big")
        end = at + 8 + size
        if end + 4 > len(mended):
            break
        mended[end : end + 4] = zlib.crc32(view[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(mended)


def _chunks(view: memoryview, found: Found) -> Iterator[tuple[bytes, memoryview]]:
    at = 8
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(view):
            return
        size, name = int.from_bytes(view[at : at + 4], "big"), bytes(view[at + 4 : at + 8])
        if at + 12 + size > len(view):
            found.problems.add("the last PNG chunk reaches outside the file")
            return
        yield name, view[at + 8 : at + 8 + size]
        at += 12 + size
        if name == b"IEND":
            if at < len(view):
                found.problems.add(f"{len(view) - at} bytes follow the end of the PNG")
            return
    raise UnreadablePictureError(f"a PNG of more than {_MAX_CHUNKS} chunks: no real one has so many")


def _read_chunk(name: bytes, content: memoryview, found: Found) -> None:
    if name == b"eXIf":
        found.exif = content[6:] if bytes(content[:6]) == b"Exif\x00\x00" else content
    elif name == b"iCCP":
        _, _, packed = bytes(content).partition(b"\x00")
        found.icc = _inflate(packed[1:], found, "iCCP")
    elif name in (b"tEXt", b"zTXt", b"iTXt"):
        _read_text(name, bytes(content), found)


def _read_text(name: bytes, content: bytes, found: Found) -> None:
    keyword, _, rest = content.partition(b"\x00")
    if name == b"zTXt":
        rest = _inflate(rest[1:], found, "zTXt")
    elif name == b"iTXt":
        packed, rest = rest[:1] == b"\x01", rest[2:].partition(b"\x00")[2].partition(b"\x00")[2]
        rest = _inflate(rest, found, "iTXt") if packed else rest
    if keyword == _XMP:
        found.xmp = found.xmp or rest
        return
    if keyword.startswith(b"Raw profile type "):
        _read_profile(keyword[17:], rest, found)
    put(found.text, decode(keyword, 100) or "text", decode(rest), found.problems)


def _read_profile(kind: bytes, text: bytes, found: Found) -> None:
    """ImageMagick writes EXIF, IPTC and XMP as hex in a text chunk: name, length, digits."""
    lines = text.split(None, 2)
    try:
        block = bytes.fromhex(b"".join(lines[2].split()).decode("ascii")) if len(lines) == 3 else b""
    except ValueError:
        found.problems.add(f"PNG text {decode(kind, 20)!r} is no hex: not parsed")
        return
    if kind in (b"exif", b"APP1") and block[:6] == b"Exif\x00\x00" and found.exif is None:
        found.exif = memoryview(block)[6:]
    elif kind == b"iptc":
        found.photoshop = found.photoshop or block
    elif kind == b"xmp":
        found.xmp = found.xmp or block


def _inflate(packed: bytes, found: Found, chunk: str) -> bytes:
    engine = zlib.decompressobj()
    try:
        content = engine.decompress(packed, _MAX_INFLATED)
    except zlib.error as error:
        found.problems.add(f"PNG chunk {chunk} cannot be inflated: {error}")
        return b""
    if engine.unconsumed_tail:
        found.problems.add(f"PNG chunk {chunk} inflates beyond {_MAX_INFLATED} bytes: cut")
    return content
