"""WebP's container (RFC 9649): the canvas size before the decoder allocates it, and the chunks that say something."""

from collections.abc import Iterator

from safelight.media.container import Found

_MAX_CHUNKS = 100_000


def read_webp(view: memoryview) -> tuple[Found, tuple[int, int] | None]:
    """Walk the chunks. Returns what they say, and the largest canvas claimed (None where no chunk claims one)."""
    found, size = Found(), None
    for name, content in _chunks(view):
        if name == b"EXIF":
            found.exif = content[6:] if bytes(content[:6]) == b"Exif\x00\x00" else content
        elif name == b"XMP ":
            found.xmp = bytes(content)
        elif name == b"ICCP":
            found.icc = bytes(content)
        else:
            claimed = _size(name, bytes(content[:10]))
            if claimed and (size is None or claimed[0] * claimed[1] > size[0] * size[1]):
                size = claimed
    return found, size


def _chunks(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = 12
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(view):
            return
        size = int.from_bytes(view[at + 4 : at + 8], "little")
        yield bytes(view[at : at + 4]), view[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _size(name: bytes, content: bytes) -> tuple[int, int] | None:
    if len(content) < 10 and name != b"VP8L":
        return None
    if name == b"VP8X":
        return 1 + int.from_bytes(content[4:7], "little"), 1 + int.from_bytes(content[7:10], "little")
    if name == b"VP8 " and content[3:6] == b"\x9d\x01*":
        return int.from_bytes(content[6:8], "little") & 0x3FFF, int.from_bytes(content[8:10], "little") & 0x3FFF
    if name == b"VP8L" and len(content) >= 5:
        bits = int.from_bytes(content[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None
