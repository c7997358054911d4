"""Tiles and entry bundles: how a tree and its entries are cut into files that never change (c2sp.org/tlog-tiles).

Rules kept here:
- a tile is 256 hashes wide, or partial at the right edge of the tree, with its width in its name;
- a hash at level L + 1 stands for a full tile at level L, never for a partial one;
- a name has one spelling, and leads nowhere but to tiles.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from safelight.errors import InputError
from safelight.log.merkle import HASH_BYTES

TILE_WIDTH = 256
MAX_ENTRY_BYTES = 0xFFFF
MAX_LEVEL = 63
_LENGTH_BYTES = 2
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<number>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


class DamagedLogError(InputError):
    """A file of the log is not what it was."""


@dataclass(frozen=True)
class Tile:
    """The name of a tile, or with level None, of an entry bundle: level, number in the level, how many stand in it."""

    level: int | None
    number: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not (0 <= (self.level or 0) <= MAX_LEVEL and self.number >= 0 and 1 <= self.width <= TILE_WIDTH):
            raise ValueError(f"there is no tile of level {self.level}, number {self.number} and width {self.width}")

    @classmethod
    def parse(cls, untrusted_path: str) -> Self:
        """The tile that a path names.

        Raises:
            ValueError: it names none, or spells the name in another way.
        """
        found = _PATH.fullmatch(untrusted_path)
        if found is None:
            raise ValueError(f"not the path of a tile: {untrusted_path[:100]!r}")
        level = None if found["level"] == "entries" else int(found["level"])
        number = int(re.sub("[x/]", "", found["number"]))
        tile = cls(level, number, int(found["width"] or TILE_WIDTH))
        if tile.path != untrusted_path:
            raise ValueError(f"not the path of a tile: {untrusted_path[:100]!r}")
        return tile

    @property
    def path(self) -> str:
        """Where it is, below the log's folder or address."""
        thousands, rest = divmod(self.number, 1000)
        steps = [f"{rest:03}"]
        while thousands:
            thousands, rest = divmod(thousands, 1000)
            steps.insert(0, f"x{rest:03}")
        level = "entries" if self.level is None else self.level
        partial = "" if self.is_full else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(steps)}{partial}"

    @property
    def is_full(self) -> bool:
        """Whether it can grow no more."""
        return self.width == TILE_WIDTH

    @property
    def full(self) -> Self:
        """The full tile that this one is or becomes."""
        return replace(self, width=TILE_WIDTH)

    @property
    def max_bytes(self) -> int:
        """How long it can be at the most."""
        return self.width * (HASH_BYTES if self.level is not None else _LENGTH_BYTES + MAX_ENTRY_BYTES)


def count_at(size: int, level: int | None) -> int:
    """How many hashes (level None: entries) a tree of `size` leaves has in the tiles of a level."""
    return size >> 8 * (level or 0)


def tiles_of(level: int | None, begin: int, end: int) -> Iterator[Tile]:
    """The tiles that hold what is new at a level that grows from `begin` to `end` hashes; the last may be partial."""
    for number in range(begin // TILE_WIDTH, -(-end // TILE_WIDTH)):
        yield tile_at(level, number, end)


def tile_at(level: int | None, number: int, count: int) -> Tile:
    """The tile of this number as it is when `count` hashes stand at its level.

    Raises:
        ValueError: there is none yet.
    """
    return Tile(level, number, min(TILE_WIDTH, count - number * TILE_WIDTH))


def split_hashes(untrusted_content: bytes, tile: Tile) -> list[bytes]:
    """The hashes in a tile.

    Raises:
        DamagedLogError: they are not as many as its name says.
    """
    expected = tile.width * HASH_BYTES
    if len(untrusted_content) != expected:
        raise DamagedLogError(
            f"{tile.path} of the log has {len(untrusted_content)} bytes instead of {expected}: restore it from a copy."
        )
    return [untrusted_content[at : at + HASH_BYTES] for at in range(0, expected, HASH_BYTES)]


def join_entries(entries: Iterable[bytes]) -> bytes:
    """Entries as a bundle holds them: each after its length, a big-endian uint16.

    Raises:
        ValueError: an entry has more bytes than can be said.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry has {len(entry)} bytes, above {MAX_ENTRY_BYTES}")
        parts += (len(entry).to_bytes(_LENGTH_BYTES), entry)
    return b"".join(parts)


def split_entries(untrusted_content: bytes, bundle: Tile) -> list[bytes]:
    """The entries in a bundle.

    Raises:
        DamagedLogError: they are not as many as its name says, or end in the middle.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(untrusted_content):
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(untrusted_content[at:begin])
        entries.append(untrusted_content[begin:at])
    if at != len(untrusted_content) or len(entries) != bundle.width:
        raise DamagedLogError(
            f"{bundle.path} of the log does not hold {bundle.width} whole entries: restore it from a copy."
        )
    return entries
