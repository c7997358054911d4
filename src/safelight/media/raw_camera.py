"""Camera raw files that begin like TIFF: DNG, CR2, NEF, ARW, PEF and their like.

Their first TIFF directory holds a stamp-sized preview, or sensor values that are no picture: decoded as TIFF they would
be answered with the wrong pixels.
"""

from safelight.media.text import Problems
from safelight.media.tiff import NotTiffError, TiffBlock

_SUBFILE, _COMPRESSION, _MAKE, _SUB_IFDS, _DNG = 0x00FE, 0x0103, 0x010F, 0x014A, 0xC612
_RAW_COMPRESSIONS = frozenset({6, 32767, 34713, 34892, 65535})


def is_camera_raw(head: bytes) -> bool:
    """Whether a TIFF beginning with `head` is a camera's raw file, as far as its first directory tells."""
    if head[8:10] == b"CR":
        return True
    try:
        tiff = TiffBlock(memoryview(head))
    except NotTiffError:
        return False
    ignored = Problems()  # values beyond the head are no fault of the file
    entries = tiff.directory(tiff.first, ignored)
    if _DNG in entries.entries:
        return True
    if not ({_MAKE, _SUB_IFDS} <= tiff.tags(tiff.first)):
        return False
    reduced = (tiff.integer(entries, _SUBFILE) or 0) & 1
    return bool(reduced) or tiff.integer(entries, _COMPRESSION) in _RAW_COMPRESSIONS
