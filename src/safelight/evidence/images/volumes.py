"""The volumes of a medium: partitions by the number that systems show, gaps between them, or all of it as one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

try:
    import pytsk3
except ImportError:  # `doctor` says so, and each image says it, too
    pytsk3 = None

_LEAST_GAP = 4 << 20
"""Partitions are aligned to 1 or 2 MiB: less than this between them tells nothing."""
_MOST_PARTS = 10_000
_FIRST_LOGICAL = 5


@dataclass(frozen=True)
class Volume:
    """Where a volume lies, in bytes; `name` is b"p2" for the second partition, b"" where the medium is one volume.

    `kind` is what the partition table says of it. `gap` means that no partition lies there.
    """

    name: bytes
    start: int
    size: int
    kind: str
    gap: bool = False


def whole(size: int) -> Volume:
    """A medium that is one volume."""
    return Volume(b"", 0, size, "no partition table")


def volumes(image: Any, size: int, *, disc: bool) -> list[Volume]:
    """The volumes of an opened image of `size` bytes; the whole of it where it has no partition table that holds.

    A `disc` (ISO 9660) may have partitions as well, which hold other files, or the same in another way.
    """
    try:
        table = pytsk3.Volume_Info(image)
        found = list(_partitions(table))
    except (OSError, RuntimeError, ValueError, MemoryError):
        found = []
    if not any(not one.gap for one in found):
        return [whole(size)]
    if disc and not any(one.start == 0 and not one.gap for one in found):
        found.insert(0, Volume(b"disc", 0, size, "a disc that has partitions, too"))
    return found


def _partitions(table: Any) -> Iterator[Volume]:
    block = int(table.info.block_size)
    logical, names = _FIRST_LOGICAL, set[bytes]()
    for number, part in enumerate(table):
        if number >= _MOST_PARTS:
            return
        flags, start, size = int(part.flags), int(part.start) * block, int(part.len) * block
        kind = bytes(part.desc or b"").decode("utf-8", "backslashreplace")[:100] or "partition"
        if flags & int(pytsk3.TSK_VS_PART_FLAG_UNALLOC):
            if size >= _LEAST_GAP:
                yield Volume(b"unallocated-%d" % start, start, size, kind, gap=True)
        elif flags & int(pytsk3.TSK_VS_PART_FLAG_ALLOC):
            which = int(part.slot_num) + 1
            if int(part.table_num) > 0:  # a logical partition: they are counted on from 5
                which, logical = logical, logical + 1
            name = b"p%d" % which
            if name in names:
                name = b"p%d-%d" % (which, start)
            names.add(name)
            yield Volume(name, start, size, kind)
