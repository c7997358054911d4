"""Items into stacks of copies.

Rules kept here:
- Items with the same digest, or that show exactly the same pixels, are one picture before anything else is asked.
- A copy lies within `radius` bits of the *representative*, has its shape within 2 % and its tile within `tiles.SAME`.
  Copies of copies are not chained: else a row of small changes would tie together two pictures that share nothing.
- Items are taken in one order that depends on nothing but themselves (most pixels, most bytes, smallest digest): each
  joins the nearest representative that it passes for, or becomes one. The order of the input changes nothing.
- A picture within `match_radius` bits of representatives that it does not pass for has a stack of its own, and stands
  as near copy beside the nearest of them: a person sees it there once, and not in each of many.
Work grows little faster than items: representatives are looked up, and scanned only where their hashes are common.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numba import boolean, int64
from numpy.typing import NDArray

from safelight.linking.types import Stack, StackItem, StackMember, TilesOf
from safelight.media.compiled import array, kernel, several
from safelight.search.banded import BandedIndex
from safelight.search.ports import HammingIndex
from safelight.search.scan import ScanIndex
from safelight.signatures import tiles

RADIUS = 10
MATCH_RADIUS = 31
SHAPE_TOLERANCE = 0.02

_FIRST_BATCH = 64  # pictures searched together; few at first, since nothing represents anything yet
_BATCH = 1024
_MOST_HITS = 1 << 23  # a batch is made smaller where everything could be near everything
_PAIRS_AT_ONCE = 4096  # whose tiles are held as an array, 32 MB at the most
_TILES_AT_ONCE = 4096
_TILES_KEPT = 16_384  # 64 MB


@dataclass(frozen=True)
class _Bond:
    """To which picture another one is bound, and how closely."""

    picture: "_Picture"
    distance: int
    difference: float

    @property
    def key(self) -> int:
        """The key of the representative."""
        return self.picture.items[0].key

    def member(self, item: StackItem, how: str) -> StackMember:
        """An item of the bound picture as a stack lists it."""
        return StackMember(item.key, how, self.distance, self.difference)


@dataclass
class _Picture:
    """Items that show the same pixels, first in order first, and what became of them."""

    items: list[StackItem]
    joined: _Bond | None = None
    near: _Bond | None = None


def build_stacks(
    items: Iterable[StackItem], tiles_of: TilesOf, *, radius: int = RADIUS, match_radius: int = MATCH_RADIUS
) -> list[Stack]:
    """Stacks of all items, each item in exactly one, in the order of their representatives. Keys must be distinct."""
    pictures = [_Picture(group) for group in _same_pictures(sorted(items, key=_order), tiles_of)]
    _find_copies(pictures, tiles_of, radius, max(radius, match_radius))
    return _as_stacks(pictures)


def _order(item: StackItem) -> tuple[int, int, bytes, int]:
    """The total order of items: the best one to look at comes first."""
    width, height = item.shown_size
    return -width * height, -item.byte_size, item.digest, item.key


def _same_pictures(ordered: Iterable[StackItem], tiles_of: TilesOf) -> list[list[StackItem]]:
    """Items of one digest, or of the same pixels, size and tile, together; in order of their first items."""
    by_digest: dict[bytes, list[StackItem]] = {}
    for item in ordered:
        by_digest.setdefault(item.digest, []).append(item)
    alike: dict[tuple[bytes, tuple[int, int]], list[list[StackItem]]] = {}
    for group in by_digest.values():
        alike.setdefault((group[0].pixels, group[0].shown_size), []).append(group)
    # The pixel digest is no proof, so the tile is asked as well.
    unsure = [group[0].key for groups in alike.values() if len(groups) > 1 for group in groups]
    tile = _tile_digests(unsure, tiles_of)
    same: dict[tuple[bytes, tuple[int, int], bytes], list[StackItem]] = {}
    for group in by_digest.values():
        first = group[0]
        same.setdefault((first.pixels, first.shown_size, tile.get(first.key, b"")), []).extend(group)
    return list(same.values())


def _tile_digests(keys: Sequence[int], tiles_of: TilesOf) -> dict[int, bytes]:
    """What tells the tiles of these items apart, by key; few tiles are in memory at a time."""
    found: dict[int, bytes] = {}
    for start in range(0, len(keys), _TILES_AT_ONCE):
        some = keys[start : start + _TILES_AT_ONCE]
        found.update((key, hashlib.sha256(tile).digest()) for key, tile in zip(some, tiles_of(some), strict=True))
    return found


@dataclass
class _Search:
    """The pictures that have a hash, by rank in the total order, and which of them represent a stack so far."""

    pictures: list[_Picture]
    tiles_of: TilesOf
    codes: NDArray[np.uint8]
    shapes: NDArray[np.float64]
    represents: NDArray[np.bool_]
    index: BandedIndex = field(default_factory=BandedIndex)
    kept: dict[int, bytes] = field(default_factory=dict)
    """Tiles by rank that were asked for lately: what is compared once is often compared again."""

    def tile_differences(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
        """The tile difference of each pair of ranks; few tiles are in memory at a time."""
        found = [np.empty(0)]
        for start in range(0, len(left), _PAIRS_AT_ONCE):
            pairs = np.stack([left[start : start + _PAIRS_AT_ONCE], right[start : start + _PAIRS_AT_ONCE]])
            ranks, places = np.unique(pairs, return_inverse=True)
            contents = self._tiles(ranks.tolist())
            places = places.reshape(pairs.shape)
            found.append(tiles.differences(tiles.as_tiles(contents), places[0].copy(), places[1].copy()))
        return np.concatenate(found)

    def _tiles(self, ranks: list[int]) -> list[bytes]:
        missing = [rank for rank in ranks if rank not in self.kept]
        if len(self.kept) + len(missing) > _TILES_KEPT:
            self.kept = {rank: self.kept[rank] for rank in ranks if rank in self.kept}
        tiles = self.tiles_of([self.pictures[rank].items[0].key for rank in missing])
        self.kept.update(zip(missing, tiles, strict=True))
        return [self.kept[rank] for rank in ranks]


@dataclass(frozen=True)
class _Pairs:
    """Candidates of a batch: the rank that asks, the rank found, their distance; NaN where the tiles were not asked."""

    asking: NDArray[np.int64]
    found: NDArray[np.int64]
    distance: NDArray[np.int64]
    difference: NDArray[np.float64]

    def passing(self) -> NDArray[np.bool_]:
        """Which pairs are copies."""
        return self.difference <= tiles.SAME  # False for NaN


def _search(pictures: list[_Picture], tiles_of: TilesOf) -> _Search:
    hashed = [picture for picture in pictures if picture.items[0].pdq is not None]
    codes = np.frombuffer(b"".join(picture.items[0].pdq or b"" for picture in hashed), np.uint8).reshape(-1, 32)
    sizes = np.array([picture.items[0].shown_size for picture in hashed], np.float64).reshape(-1, 2)
    return _Search(hashed, tiles_of, codes, np.log(sizes[:, 0] / sizes[:, 1]), np.zeros(len(hashed), np.bool_))


def _find_copies(pictures: list[_Picture], tiles_of: TilesOf, radius: int, match_radius: int) -> None:
    """Settle, batch after batch, which picture each joins or stands near to."""
    search = _search(pictures, tiles_of)
    start, size = 0, _FIRST_BATCH
    while start < len(search.codes):
        batch = np.arange(start, min(start + size, len(search.codes)))
        _settle(search, batch, radius, match_radius)
        start += size
        size = max(_FIRST_BATCH, min(2 * size, _BATCH, _MOST_HITS // (len(search.index) + 1)))


def _settle(search: _Search, batch: NDArray[np.int64], radius: int, match_radius: int) -> None:
    known = _candidates(search, search.index, batch, radius, match_radius)
    # What passes for a known representative never becomes one itself, so only the others are asked among themselves.
    open_ranks = np.setdiff1d(batch, known.asking[known.passing()])
    among = ScanIndex()
    among.add(open_ranks, search.codes[open_ranks])
    new = _candidates(search, among, batch, radius, match_radius)
    pairs = _Pairs(
        *(np.concatenate([getattr(known, name), getattr(new, name)]) for name in _Pairs.__dataclass_fields__)
    )
    order = np.lexsort((pairs.found, pairs.distance, pairs.asking))
    pairs = _Pairs(*(getattr(pairs, name)[order] for name in _Pairs.__dataclass_fields__))
    joined, near = _choose(batch[0], len(batch), pairs.asking, pairs.found, pairs.passing(), search.represents)
    _record(search, batch, pairs, joined, near)
    founded = batch[search.represents[batch]]
    search.index.add(founded, search.codes[founded])


def _candidates(
    search: _Search, index: HammingIndex, batch: NDArray[np.int64], radius: int, match_radius: int
) -> _Pairs:
    """All pairs of a batch's pictures with earlier ones of the index within the match radius."""
    hits = index.within(search.codes[batch], match_radius)
    asking = batch[hits.query]
    earlier = hits.key < asking
    asking, found, distance = asking[earlier], hits.key[earlier], hits.distance[earlier]
    difference = np.full(len(asking), np.nan)
    same_shape = np.abs(search.shapes[asking] - search.shapes[found]) <= np.log1p(SHAPE_TOLERANCE)
    ask = np.flatnonzero((distance <= radius) & same_shape)
    difference[ask] = search.tile_differences(asking[ask], found[ask])
    return _Pairs(asking, found, distance, difference)


@kernel(
    several(array(int64, 1, writable=True), array(int64, 1, writable=True))(
        int64, int64, array(int64, 1), array(int64, 1), array(boolean, 1), array(boolean, 1, writable=True)
    )
)
def _choose(
    first: int,
    count: int,
    asking: NDArray[np.int64],
    found: NDArray[np.int64],
    passing: NDArray[np.bool_],
    represents: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Per picture of the batch, in order: the pair by which it joins, and the nearest by which it does not; else -1.

    Pairs come ordered by who asks, then distance. Whoever joins nothing becomes a representative at once.
    """
    joined = np.full(count, -1, np.int64)
    near = np.full(count, -1, np.int64)
    pair = 0
    for place in range(count):
        while pair < len(asking) and asking[pair] == first + place:
            if represents[found[pair]] and joined[place] < 0:
                if passing[pair]:
                    joined[place] = pair
                elif near[place] < 0:
                    near[place] = pair
            pair += 1
        represents[first + place] = joined[place] < 0
    return joined, near


def _record(
    search: _Search, batch: NDArray[np.int64], pairs: _Pairs, joined: NDArray[np.int64], near: NDArray[np.int64]
) -> None:
    """Write the batch's outcome to its pictures."""
    settled = np.flatnonzero((joined >= 0) | (near >= 0))
    chosen = np.where(joined >= 0, joined, near)[settled]
    ranks, found = batch[settled], pairs.found[chosen]
    difference = pairs.difference[chosen]
    unasked = np.flatnonzero(np.isnan(difference))
    difference[unasked] = search.tile_differences(ranks[unasked], found[unasked])
    for place, rank in enumerate(ranks.tolist()):
        bond = _Bond(
            search.pictures[int(found[place])], int(pairs.distance[chosen[place]]), round(float(difference[place]), 2)
        )
        if joined[settled[place]] >= 0:
            search.pictures[rank].joined = bond
        else:
            search.pictures[rank].near = bond


def _as_stacks(pictures: list[_Picture]) -> list[Stack]:
    """Stacks in the order of their representatives; members in order, near copies from the nearest on."""
    members: dict[int, list[StackMember]] = {}
    beside: dict[int, list[StackMember]] = {}
    for picture in pictures:
        first, *others = picture.items
        if picture.joined is None:
            members[first.key] = [StackMember(first.key, "representative", None, None)]
            members[first.key] += [StackMember(item.key, "same pixels", None, None) for item in others]
        else:
            members[picture.joined.key] += [picture.joined.member(item, "copy") for item in picture.items]
        if picture.near is not None:
            beside.setdefault(picture.near.key, []).append(picture.near.member(first, "near"))
    return [
        Stack(tuple(stack), tuple(sorted(beside.get(key, ()), key=lambda member: member.distance or 0)))
        for key, stack in members.items()
    ]
