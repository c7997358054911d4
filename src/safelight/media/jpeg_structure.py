"""How a JPEG is built (ITU-T T.81), and the metadata in its segments: one walk over the markers, no pixels.

Marker order, tables and sampling are a class-level trace of the program or camera that wrote the file (Farid 2008; Kee,
Johnson and Farid 2011). The entropy-coded data is skipped by one search, so that a picture of 12 megapixels costs a
millisecond.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numba import int64, uint8
from numpy.typing import NDArray

from safelight.media.compiled import array, kernel
from safelight.media.container import Found
from safelight.media.jpeg_segments import read_segment
from safelight.media.jpeg_tables import nearest_quality
from safelight.media.text import MAX_TEXT
from safelight.media.types import JpegStructure

_MAX_SEGMENTS = 10_000
_STRETCH = 256
_SOI, _EOI, _SOS, _DQT, _DHT, _COM, _TEM = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xFE, 0x01
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_NAMES = {0xC4: "DHT", 0xC8: "JPG", 0xCC: "DAC", 0xD8: "SOI", 0xD9: "EOI", 0xDA: "SOS", 0xDB: "DQT", 0xDC: "DNL"} | {
    0xDD: "DRI",
    0xDE: "DHP",
    0xDF: "EXP",
    0xFE: "COM",
    0x01: "TEM",
}


@dataclass
class JpegHead:
    """What the walk found. `frame` is the SOF marker (0: none); `size` is width, height; `end` the byte after EOI."""

    found: Found = field(default_factory=Found)
    frame: int = 0
    precision: int = 0
    size: tuple[int, int] = (0, 0)
    components: int = 0
    end: int | None = None

    @property
    def plain(self) -> bool:
        """Whether libjpeg-turbo decodes it straight to RGB: 8 bits, grey or three colours, not lossless."""
        return self.precision == 8 and self.components in (1, 3) and self.frame not in _LOSSLESS


@dataclass
class _Trace:
    markers: list[str] = field(default_factory=list)
    quantisation: list[bytes] = field(default_factory=list)
    huffman: list[bytes] = field(default_factory=list)
    sampling: str = ""


def read_structure(view: memoryview) -> JpegHead:
    """Walk the markers of a JPEG from its SOI to its first EOI."""
    head, trace = JpegHead(), _Trace()
    for marker, start, end in _segments(view, head):
        if len(trace.markers) < MAX_TEXT // 6:
            trace.markers.append(_name(marker))
        _read(marker, view[start:end], start, head, trace)
    head.found.jpeg = JpegStructure(
        markers=" ".join(trace.markers),
        quantisation=_digest(trace.quantisation),
        huffman=_digest(trace.huffman),
        sampling=trace.sampling,
        progressive=head.frame in _PROGRESSIVE,
        components=head.components,
        quality=nearest_quality(trace.quantisation),
        trailing_bytes=len(view) - head.end if head.end is not None else 0,
    )
    if head.end is None:
        head.found.problems.add("the JPEG has no end marker")
    return head


def _read(marker: int, segment: memoryview, start: int, head: JpegHead, trace: _Trace) -> None:
    if marker in _FRAMES and not head.frame:
        _read_frame(marker, segment, head, trace)
    elif marker == _DQT:
        trace.quantisation.append(bytes(segment))
    elif marker == _DHT:
        trace.huffman.append(bytes(segment))
    elif marker == _COM or 0xE0 <= marker <= 0xEF:
        read_segment(marker, segment, start, head.found)


def _read_frame(marker: int, segment: memoryview, head: JpegHead, trace: _Trace) -> None:
    if len(segment) < 6:
        head.found.problems.add("the JPEG frame header is too short")
        return
    head.frame, head.precision, head.components = marker, segment[0], segment[5]
    head.size = int.from_bytes(segment[3:5], "big"), int.from_bytes(segment[1:3], "big")
    factors = segment[7 : 6 + 3 * min(head.components, 4) : 3]
    trace.sampling = ",".join(f"{factor >> 4}x{factor & 15}" for factor in factors)


def _segments(view: memoryview, head: JpegHead) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment's content; sets `head.end` at the first EOI."""
    content, at = np.frombuffer(view, np.uint8), 0
    for _ in range(_MAX_SEGMENTS):
        at = _find_marker(content, at)
        if at < 0:
            return
        marker = view[at + 1]
        at += 2
        if marker in (_SOI, _EOI, _TEM):
            yield marker, at, at
            if marker == _EOI:
                head.end = at
                return
            continue
        size = int.from_bytes(view[at : at + 2], "big")
        if size < 2 or at + size > len(view):
            head.found.problems.add(f"JPEG segment {_name(marker)} at byte {at - 2} reaches outside the file")
            return
        yield marker, at + 2, at + size
        at += size
    head.found.problems.add(f"more than {_MAX_SEGMENTS} JPEG segments: the rest was not read")


@kernel(int64(array(uint8, 1), int64))
def _find_marker(content: NDArray[np.uint8], at: int) -> int:
    """Where the next marker begins at or after `at`, or -1: not stuffing (FF00), a restart (FFD0-FFD7) or a fill byte.

    Whether a stretch holds one is decided without a branch, in bytes, so that the processor compares many at a time.
    """
    last = len(content) - 1
    while at < last:
        end = min(at + _STRETCH, last)
        here, following = content[at:end], content[at + 1 : end + 1]
        found = np.uint8(0)
        for i in range(len(here)):
            byte, after = here[i], following[i]
            found = np.uint8(found | np.uint8((byte == 0xFF) & (after != 0) & (after != 0xFF) & (after & 0xF8 != 0xD0)))
        if found:
            for i in range(len(here)):
                if here[i] == 0xFF and 0 < following[i] < 0xFF and following[i] & 0xF8 != 0xD0:
                    return at + i
        at = end
    return -1


def _name(marker: int) -> str:
    if marker in _NAMES:
        return _NAMES[marker]
    if marker in _FRAMES:
        return f"SOF{marker - 0xC0}"
    return f"APP{marker - 0xE0}" if 0xE0 <= marker <= 0xEF else f"0x{marker:02X}"


def _digest(tables: list[bytes]) -> str:
    return hashlib.md5(b"".join(tables), usedforsecurity=False).hexdigest() if tables else ""
