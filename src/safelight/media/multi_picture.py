"""Further pictures inside a JPEG file: those of a multi-picture block (CIPA DC-007), and what follows the end marker.

Phones and stereo cameras write them; so does whoever hides one file behind another.
"""

import struct

from safelight.media.jpeg_structure import JpegHead
from safelight.media.tiff import NotTiffError, TiffBlock
from safelight.media.types import PictureLimits

_ENTRIES, _ENTRY_SIZE, _MAX_ENTRIES = 0xB002, 16, 32
_START = b"\xff\xd8\xff"


def read_further_pictures(view: memoryview, head: JpegHead, limits: PictureLimits) -> None:
    """Add to `head.found` each further picture as a file of its own."""
    places = _listed(view, head)
    for start, size in places:
        if view[start : start + 3] != _START:
            head.found.problems.add(f"the multi-picture block names a picture at {start} that is none")
        elif size > limits.max_embedded_bytes:
            head.found.problems.add(f"multi-picture JPEG: a picture of {size} bytes is above the limit: left out")
        else:
            head.found.embedded.append(("mpo", bytes(view[start : start + size])))
    if not places and head.end is not None and view[head.end : head.end + 3] == _START:
        trailing = view[head.end :]
        head.found.embedded.append(("trailing-jpeg", bytes(trailing[: limits.max_embedded_bytes])))


def _listed(view: memoryview, head: JpegHead) -> list[tuple[int, int]]:
    """Start and size of each picture that the MPF block lists, but the first, which is the file's own."""
    base = head.found.multi_picture
    if base is None:
        return []
    problems = head.found.problems
    try:
        tiff = TiffBlock(view[base:])
    except NotTiffError:
        problems.add("the multi-picture block does not begin like TIFF: not read")
        return []
    entry = tiff.directory(tiff.first, problems).entries.get(_ENTRIES)
    if entry is None:
        return []
    count = min(len(entry.data) // _ENTRY_SIZE, _MAX_ENTRIES)
    fields = struct.unpack_from(tiff.order + "LLLHH" * count, entry.data)
    return [(base + offset, size) for size, offset in zip(fields[1::5], fields[2::5], strict=True) if offset and size]
