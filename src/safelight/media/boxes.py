"""The boxes that ISO media files, JPEG 2000 and their like are made of (ISO 14496-12, ISO 15444-1 annex I)."""

from collections.abc import Iterator

_MOST = 100_000


def boxes(view: memoryview, at: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Name, beginning and end of what each box holds, from a place on, as long as they are some.

    One that claims more than is there ends where the view does.
    """
    for _ in range(_MOST):
        size, name, begin = int.from_bytes(view[at : at + 4]), bytes(view[at + 4 : at + 8]), at + 8
        if size == 1:
            size, begin = int.from_bytes(view[at + 8 : at + 16]), at + 16
        elif size == 0:
            size = len(view) - at
        if len(name) < 4 or size < begin - at or not all(32 <= one < 127 for one in name):
            return
        at += size
        yield name, begin, min(at, len(view))
