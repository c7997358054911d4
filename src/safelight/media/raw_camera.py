"""Files with what a camera's sensor saw: told apart from TIFF, and what they say besides.

Many begin like TIFF (DNG, CR2, NEF, ARW, PEF and their like): their first directory holds a stamp-sized preview, or
sensor values that are no picture. Decoded as TIFF they would be answered with the wrong pixels.
"""

from safelight.media.boxes import boxes
from safelight.media.container import Found
from safelight.media.text import Problems
from safelight.media.tiff import NotTiffError, TiffBlock
from safelight.media.tiff_file import read_tiff

_SUBFILE, _COMPRESSION, _MAKE, _SUB_IFDS, _DNG = 0x00FE, 0x0103, 0x010F, 0x014A, 0xC612
_RAW_COMPRESSIONS = frozenset({6, 32767, 34713, 34892, 65535})
_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_PHASE_ONE = (b"IIII", b"MMMM")
_MINOLTA = b"\x00MRM"
_MOST_BLOCKS = 100


def is_camera_raw(head: bytes | memoryview) -> bool:
    """Whether a TIFF beginning with `head` is a camera's raw file, as far as its first directory tells."""
    if bytes(head[8:10]) == b"CR" or bytes(head[8:12]) in _PHASE_ONE:
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


def read_camera_raw(view: memoryview) -> Found:
    """What the file says besides its pixels; makers who put their words elsewhere say them in the preview's EXIF."""
    head = bytes(view[:8])
    if head[:2] in (b"II", b"MM") and head[2:3] != b"\x1a":
        return read_tiff(view, 1)[0]  # Olympus and Panasonic write a number of their own where TIFF says 42
    if head[4:] == b"ftyp":
        return _read_canon(view)
    return Found(exif=_minolta_exif(view) if head.startswith(_MINOLTA) else None)


def _read_canon(view: memoryview) -> Found:
    """CR3: directories as TIFF blocks of their own, in a box within `moov`."""
    found = Found()
    for name, begin, end in boxes(view):
        if name != b"moov":
            continue
        for inner, at, stop in boxes(view[:end], begin):
            if inner == b"uuid" and view[at : at + 16] == _CANON:
                blocks = {kind: view[first:last] for kind, first, last in boxes(view[:stop], at + 16)}
                found.exif, found.shot, found.place = (blocks.get(kind) for kind in (b"CMT1", b"CMT2", b"CMT4"))
                return found
    return found


def _minolta_exif(view: memoryview) -> memoryview | None:
    """MRW: blocks with a name and a size each, `TTW` the one that is TIFF."""
    at = 8
    for _ in range(_MOST_BLOCKS):
        name, size = bytes(view[at : at + 4]), int.from_bytes(view[at + 4 : at + 8], "big")
        if name == b"\x00TTW":
            return view[at + 8 : at + 8 + size]
        if not size:
            return None
        at += 8 + size
    return None
