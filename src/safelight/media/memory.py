"""Memory for the pixels of pictures, taken from the system once a process and wiped between files.

What the allocator hands out is overwritten when it is freed and when it is taken (`sandbox.layers`), so that one file's
bytes never reach the next. That, and fresh pages from the kernel too, cost more than wiping once.
"""

import mmap
import weakref
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

LARGE = 256 << 10
"""Bytes from which pixels lie here; the allocator serves thumbnails well enough."""
_HUGE = 2 << 20
_KEPT = 160 << 20
"""Bytes that are kept for the next file, enough for pictures of 50 megapixels; larger ones get pages of their own."""


class PixelMemory:
    """One stretch of memory, lent to one picture at a time."""

    def __init__(self) -> None:
        self._pages: mmap.mmap | None = None
        self._lent: Callable[[], object] = _nothing
        self._used = 0

    def take(self, size: int) -> NDArray[np.uint8] | None:
        """Return `size` zeroed bytes, or None where the allocator serves as well.

        They are the taker's for as long as something refers to them; meanwhile others get pages of their own.

        Raises:
            OSError: there is no memory left.
        """
        if size < LARGE:
            return None
        if size > _KEPT or self._lent() is not None:
            return np.frombuffer(_fresh_pages(size), np.uint8, size)
        self.wipe()
        if self._pages is None or len(self._pages) < size:
            self._pages = None  # before more is taken
            self._pages = _fresh_pages(size)
        lent = np.frombuffer(self._pages, np.uint8, size)
        self._lent, self._used = weakref.ref(lent), size
        return lent

    def wipe(self) -> None:
        """Overwrite what a picture left behind; memory that is still referred to is let go of instead."""
        if self._lent() is not None:
            self._pages, self._lent = None, _nothing
        elif self._pages is not None and self._used:
            np.frombuffer(self._pages, np.uint8, self._used)[:] = 0
        self._used = 0


def _nothing() -> None:
    """What a reference to nothing says."""


pixel_memory = PixelMemory()
"""That of this process."""


def _fresh_pages(size: int) -> mmap.mmap:
    whole = -(-size // _HUGE) * _HUGE
    pages = mmap.mmap(-1, whole, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    pages.madvise(mmap.MADV_HUGEPAGE)
    return pages
