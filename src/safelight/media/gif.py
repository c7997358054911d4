"""GIF: how many frames there are, and its comments, by walking the blocks (GIF89a specification) without decoding."""

from collections.abc import Iterator

from safelight.media.container import Found
from safelight.media.text import decode, put

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_COMMENT, _APPLICATION = 0xFE, 0xFF
_XMP = b"XMP DataXMP"
_MAX_SUBBLOCKS = 2_000_000
_MAX_COMMENT = 16_000


def read_gif(view: memoryview, max_frames: int) -> tuple[Found, int]:
    """Walk a GIF. Returns what it says, and its number of frames, counted up to one more than `max_frames`."""
    found, frames = Found(), 0
    for block, start, label in _blocks(view):
        if block == _IMAGE:
            frames += 1
            if frames > max_frames:
                break
        elif label == _COMMENT:
            comment = decode(_joined(view, start))
            if comment:
                put(found.text, "comment", comment, found.problems)
        elif label == _APPLICATION and bytes(view[start + 1 : start + 12]) == _XMP:
            found.xmp = found.xmp or _xmp(view, start + 12)
    return found, max(frames, 1)


def _blocks(view: memoryview) -> Iterator[tuple[int, int, int]]:
    """Yield block type, where its sub-blocks begin, and an extension's label (0 for images)."""
    at = 13 + _table(view, 10)
    while at + 1 < len(view):
        block = view[at]
        if block == _EXTENSION:
            start, label = at + 2, view[at + 1]
        elif block == _IMAGE:
            start, label = at + 11 + _table(view, at + 9), 0
        else:
            return
        yield block, start, label
        at = _after(view, start)


def _table(view: memoryview, at: int) -> int:
    """Size in bytes of the colour table that the flags at `at` announce."""
    flags = view[at] if at < len(view) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after(view: memoryview, at: int) -> int:
    """Where the run of sub-blocks at `at` ends."""
    for _ in range(_MAX_SUBBLOCKS):
        if at >= len(view):
            break
        size = view[at]
        at += 1 + size
        if not size:
            break
    return at


def _joined(view: memoryview, at: int) -> bytes:
    content = bytearray()
    while at < len(view) and view[at] and len(content) < _MAX_COMMENT:
        content += view[at + 1 : at + 1 + view[at]]
        at += 1 + view[at]
    return bytes(content)


def _xmp(view: memoryview, at: int) -> bytes:
    """XMP stands in a GIF as bare text, which a trailer of counting-down bytes makes look like sub-blocks."""
    packet = bytes(view[at : at + (1 << 20)])
    end = packet.find(b"<?xpacket end")
    close = packet.find(b"?>", end)
    return packet[: close + 2] if end >= 0 and close >= 0 else packet[: packet.find(b"\x01\xff\xfe")]
