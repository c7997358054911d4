"""TIFF blocks: the directories that EXIF, multi-picture JPEG and TIFF files are made of (TIFF 6.0; BigTIFF).

Every offset and count is a foreign claim: none is followed out of the block, directories never loop, entries are
bounded in number, and values are read only as far as somebody asks for them.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from safelight.media.text import Problems

MAX_ENTRIES = 2000
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "L", 6: "b", 7: "B", 8: "h", 9: "l", 11: "f", 12: "d", 13: "L", 16: "Q", 17: "q", 18: "Q"}
_RATIONALS = {5: "L", 10: "l"}

BYTE, ASCII, UNDEFINED = 1, 2, 7


@dataclass(frozen=True)
class Entry:
    """One field of a directory: its `tag`, TIFF `kind` (1 to 18), how many values it has and their bytes."""

    tag: int
    kind: int
    count: int
    data: memoryview


@dataclass(frozen=True)
class Directory:
    """The fields of one image file directory by tag, and where the next one claims to be (0: nowhere)."""

    entries: dict[int, Entry]
    following: int


class NotTiffError(ValueError):
    """The block does not begin like TIFF."""


class TiffBlock:
    """A block of bytes with a TIFF header, from which all its offsets count."""

    def __init__(self, block: memoryview) -> None:
        """Read the header.

        Raises:
            NotTiffError: `block` has no TIFF header.
        """
        orders = {b"II": "<", b"MM": ">"}
        order = orders.get(bytes(block[:2]))
        if order is None or len(block) < 8:
            raise NotTiffError
        self.order = order
        self.block = block
        (magic,) = struct.unpack_from(order + "H", block, 2)
        self.big = magic == 43
        if self.big and len(block) >= 16:
            (self.first,) = struct.unpack_from(order + "Q", block, 8)
        else:
            self.big = False
            (self.first,) = struct.unpack_from(order + "L", block, 4)

    def directory(self, offset: int, problems: Problems) -> Directory:
        """Read the directory at `offset`, as much of it as is there; what is not is noted in `problems`."""
        counter, width = ("Q", 20) if self.big else ("H", 12)
        start = offset + struct.calcsize(self.order + counter)
        if offset < 8 or start > len(self.block):
            problems.add(f"a TIFF directory claims to be at {offset}, outside the data")
            return Directory({}, 0)
        (count,) = struct.unpack_from(self.order + counter, self.block, offset)
        present = min(count, (len(self.block) - start) // width, MAX_ENTRIES)
        if present < count:
            problems.add(f"a TIFF directory claims {count} fields, {present} were read")
        entries: dict[int, Entry] = {}
        for index in range(present):
            entry = self._entry(start + index * width, problems)
            if entry is not None:
                entries.setdefault(entry.tag, entry)
        return Directory(entries, self._following(start + count * width) if present == count else 0)

    def tags(self, offset: int) -> set[int]:
        """The tags of the directory at `offset`, also of fields whose values lie outside the block."""
        counter, width = ("Q", 20) if self.big else ("H", 12)
        start = offset + struct.calcsize(self.order + counter)
        if offset < 8 or start > len(self.block):
            return set()
        (count,) = struct.unpack_from(self.order + counter, self.block, offset)
        places = range(start, len(self.block) - width + 1, width)[: min(count, MAX_ENTRIES)]
        return {struct.unpack_from(self.order + "H", self.block, at)[0] for at in places}

    def chain(self, problems: Problems, limit: int) -> Iterator[Directory]:
        """Yield the directories from the first on, at most `limit`, each once even where they loop."""
        seen: set[int] = set()
        offset = self.first
        while offset and offset not in seen and len(seen) < limit:
            seen.add(offset)
            directory = self.directory(offset, problems)
            if directory.entries:
                yield directory
            offset = directory.following
        if offset in seen:
            problems.add("the TIFF directories loop")

    def numbers(self, entry: Entry, limit: int = 64) -> list[int | float]:
        """The first `limit` values of a numeric field; rationals as quotients (0 where the divisor is 0)."""
        return [top / bottom if bottom else 0.0 for top, bottom in self.rationals(entry, limit)] or self._plain(
            entry, limit
        )

    def rationals(self, entry: Entry, limit: int = 64) -> list[tuple[int, int]]:
        """The first `limit` values of a rational field as pairs, nothing for any other kind of field."""
        code = _RATIONALS.get(entry.kind)
        if code is None:
            return []
        count = min(entry.count, limit, len(entry.data) // 8)
        values = struct.unpack_from(f"{self.order}{2 * count}{code}", entry.data)
        return list(zip(values[::2], values[1::2], strict=True))

    def integer(self, directory: Directory, tag: int) -> int | None:
        """The first value of the field `tag` as an integer, None where there is none."""
        entry = directory.entries.get(tag)
        values = self._plain(entry, 1) if entry else []
        return int(values[0]) if values and isinstance(values[0], int) else None

    def _plain(self, entry: Entry, limit: int) -> list[int | float]:
        code = _CODES.get(entry.kind)
        if code is None:
            return []
        count = min(entry.count, limit, len(entry.data) // _SIZES[entry.kind])
        return list(struct.unpack_from(f"{self.order}{count}{code}", entry.data))

    def _following(self, at: int) -> int:
        code = "Q" if self.big else "L"
        if at + struct.calcsize(self.order + code) > len(self.block):
            return 0
        (offset,) = struct.unpack_from(self.order + code, self.block, at)
        return int(offset)

    def _entry(self, at: int, problems: Problems) -> Entry | None:
        layout, inline = ("HHQ", 8) if self.big else ("HHL", 4)
        tag, kind, count = struct.unpack_from(self.order + layout, self.block, at)
        size = _SIZES.get(kind, 0) * count
        start = at + struct.calcsize(self.order + layout)
        if not size:
            return None
        if size > inline:
            (start,) = struct.unpack_from(self.order + ("Q" if self.big else "L"), self.block, start)
        if start + size > len(self.block):
            problems.add(f"TIFF field 0x{tag:04x} claims {size} bytes at {start}, outside the data")
            return None
        return Entry(tag, kind, count, self.block[start : start + size])
