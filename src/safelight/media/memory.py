"""Memory for the pixels of large pictures: the kernel's own fresh pages, given back to it afterwards.

What the allocator hands out is overwritten when it is freed and when it is taken (`sandbox.layers`), so that one file's
bytes never reach the next. Fresh pages come zeroed and leave for good, at a third of the cost for large pictures.
"""

import mmap

LARGE = 2 << 20
"""Bytes from which a mapping of huge pages is cheaper than the allocator."""


def fresh_pages(size: int) -> mmap.mmap | None:
    """Return a zeroed mapping of at least `size` bytes, or None where the allocator serves as well.

    Raises:
        OSError: there is no memory left.
    """
    if size < LARGE:
        return None
    whole = -(-size // LARGE) * LARGE
    pages = mmap.mmap(-1, whole, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    pages.madvise(mmap.MADV_HUGEPAGE)
    return pages
