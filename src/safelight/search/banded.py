"""The banded exact engine: only codes that agree with the query on a stretch, but for a few bits, are looked at.

Rules kept here:
- a code of 256 bits is 16 bands of 16 bits, in a ring; other widths have as many bands as they have. Each band is
  allowed so many differing bits that these numbers, each plus one, add up to the radius plus one. A code within the
  radius then has a band that differs by no more than allowed and, taken with the band after it, by no more than both
  are allowed and one bit. For over the ring the sum of (differing - allowed - 1) is below zero; begin after the last
  place where its running sum is highest, and it stays below zero;
- each band's table names the rows that hold each of 65,536 values, and what these hold in the band after it, so that
  codes which agree so far are read off it. A code that agrees on several bands is answered by the first of them, once;
- what would cost more than the plain scan is scanned: a radius of two bits a band or more, a query whose values are
  common, few codes, codes added since the tables were built. Clusters and sets of equal codes are ordinary input.
"""

from typing import TypeAlias

import numpy as np
from numba import int64, uint16, uint32, uint64, void
from numpy.typing import NDArray

from safelight.media.compiled import array, kernel, part, popcount, several
from safelight.search.lanes import LANES, near_lanes, trailing_zeros
from safelight.search.scan import STORED, Found, ScanIndex, Stored, Words, collected

Tables: TypeAlias = tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint16]]
"""Of each band: where the rows of each value begin, the rows sorted by value, what each holds in the next band.

Behind the last stand `LANES` values of nothing.
"""

Waiting: TypeAlias = NDArray[np.int64]
"""Of what waits to be confirmed: the step (query times bands plus band), and the place in that band's rows.

Beside them rows that were looked at lately, with the query: where the low bits of the row say.
"""

_BITS = 16  # of a band
_VALUES = 1 << _BITS
_FEWEST = 1 << 15  # codes; fewer are scanned sooner than looked up
_DEAREST = 16  # a code that is looked up costs no more than scanning this many
_TAIL = 8  # the tables are built anew when an eighth of their rows has been added
_ROOM = 4096  # hits that a buffer holds at least
_CHUNK = 1024  # rows of a bucket between two looks at how much room is left
_WAITING = 4096  # rows that wait, and that are remembered, at the most; a power of two
_MOST = 1 << 32  # rows that the tables can name

_TABLES = several(array(uint32, 2, writable=True), array(uint32, 2, writable=True), array(uint16, 2, writable=True))


@part
def _value(words: Words, column: int, band: int) -> int:
    """What a code holds in a band."""
    value: int = int64((words[band // 4, column] >> uint64(band % 4 * _BITS)) & uint64(_VALUES - 1))
    return value


@part
def _allowed(radius: int, band: int, bands: int) -> int:
    """How many bits a band may differ by, -1 (nothing agrees on it) to 1. Buckets to look in: 1 + 16 x this, if any."""
    return (radius + 1 + band) // bands - 1


@part
def _after(band: int, bands: int) -> int:
    """The band after a band; after the last comes the first. Their number is a power of two."""
    return (band + 1) & (bands - 1)


@part
def _bucket(offsets: NDArray[np.uint32], band: int, value: int, turn: int) -> tuple[int, int]:
    """Where the rows begin and end that hold in a band this value (turn 0) or it with one bit turned (1 to 16)."""
    held = value ^ ((1 << turn) >> 1)
    return int64(offsets[band, held]), int64(offsets[band, held + 1])


@part
def _answers(words: Words, row: int, queries: Words, query: int, radius: int, band: int, bands: int) -> bool:
    """Whether this band is the first on which the row and the query agree; it is known to be one."""
    after = popcount(uint64(_value(words, row, 0) ^ _value(queries, query, 0)))
    for earlier in range(band):
        here = after
        after = popcount(uint64(_value(words, row, earlier + 1) ^ _value(queries, query, earlier + 1)))
        allowed = _allowed(radius, earlier, bands)
        if int64(here) <= allowed and int64(here + after) <= allowed + _allowed(radius, earlier + 1, bands) + 1:
            return False
    return True


@kernel(void(array(uint64, 2), _TABLES))
def _fill(words: Words, tables: Tables) -> None:
    """Fill tables with the first rows, as many as there is room for; they come with zeros for their first part."""
    offsets, rows, after = tables
    bands = offsets.shape[0]
    for band in range(bands):
        for row in range(rows.shape[1]):
            offsets[band, _value(words, row, band) + 1] += uint32(1)
        for value in range(_VALUES):
            offsets[band, value + 1] += offsets[band, value]
        free = offsets[band, :_VALUES].copy()
        for row in range(rows.shape[1]):
            value = _value(words, row, band)
            rows[band, free[value]] = row
            after[band, free[value]] = _value(words, row, _after(band, bands))
            free[value] += uint32(1)


@kernel(array(int64, 1, writable=True)(_TABLES, array(uint64, 2), int64))
def _count(tables: Tables, queries: Words, radius: int) -> NDArray[np.int64]:
    """How many rows stand in the buckets of each query."""
    counts = np.zeros(queries.shape[1], np.int64)
    bands = tables[0].shape[0]
    for query in range(queries.shape[1]):
        for band in range(bands):
            value = _value(queries, query, band)
            for turn in range(1 + _BITS * _allowed(radius, band, bands)):
                begin, end = _bucket(tables[0], band, value, turn)
                counts[query] += end - begin
    return counts


@part
def _gather(tables: Tables, band: int, value: int, turns: int, buckets: NDArray[np.int64]) -> int:
    """Note where a band's buckets begin and end and what follows their first rows; returns how many rows they hold.

    Nothing needs what follows. It is read so that memory fetches it for all buckets at once, and not one by one.
    """
    after = tables[2]
    held = 0
    for turn in range(turns):
        begin, end = _bucket(tables[0], band, value, turn)
        buckets[0, turn], buckets[1, turn] = begin, end
        buckets[2, turn] = after[band, begin]
        held += end - begin
    return held


@part
def _near_places(
    after: NDArray[np.uint16], begin: int, end: int, value: int, left: int, waiting: Waiting, found: int, now: int
) -> int:
    """Note the places of a bucket whose next band is `left` bits or fewer from a value; returns how many are noted."""
    for low in range(begin, end, LANES):
        near = near_lanes(after, low, uint16(value), uint16(left))
        if low + LANES > end:  # behind the bucket is another
            near &= (uint32(1) << uint32(end - low)) - uint32(1)
        while near:
            waiting[0, found], waiting[1, found] = now, low + trailing_zeros(near)
            found += 1
            near &= near - uint32(1)
    return found


@part
def _confirm(
    stored: Stored,
    rows: NDArray[np.uint32],
    waiting: Waiting,
    found: int,
    queries: Words,
    radius: int,
    out: Found,
    count: int,
) -> int:
    """Note those of the rows that wait that are within the radius, unless a band before theirs answers them.

    In passes, so that memory fetches what each needs for all of them at once. Uses up what waits. Rows of a cluster
    come with one band after the other: those that were looked at lately need not be looked at again.
    """
    words, alive = stored
    bands = rows.shape[0]
    for at in range(found):
        waiting[1, at] = rows[waiting[0, at] & (bands - 1), waiting[1, at]]
    kept = 0
    for at in range(found):
        now, row = waiting[0, at], waiting[1, at]
        both, place = (now // bands) << 32 | row, row & (_WAITING - 1)
        waiting[0, kept], waiting[1, kept] = now, row
        kept += waiting[2, place] != both
        waiting[2, place] = both
    found, kept = kept, 0
    for at in range(found):
        now, row = waiting[0, at], waiting[1, at]
        query = now // bands
        near = popcount(words[0, row] ^ queries[0, query]) + popcount(words[1, row] ^ queries[1, query])
        waiting[0, kept], waiting[1, kept] = now, row
        kept += int64(near) <= radius
    for at in range(kept):
        row, query, band = waiting[1, at], waiting[0, at] // bands, waiting[0, at] & (bands - 1)
        distance = uint64(0)
        for word in range(words.shape[0]):
            distance += popcount(words[word, row] ^ queries[word, query])
        if int64(distance) > radius or not alive[row]:
            continue
        if _answers(words, row, queries, query, radius, band, bands):
            out[0, count], out[1, count], out[2, count] = query, row, int64(distance)
            count += 1
    return count


@kernel(several(int64, int64)(STORED, _TABLES, array(uint64, 2), int64, int64, array(int64, 2, writable=True)))
def _look_up(stored: Stored, tables: Tables, queries: Words, radius: int, step: int, out: Found) -> tuple[int, int]:
    """Look each query up in each band from `step` on; stop where `out` might overflow, as a scan does."""
    count, found = 0, 0
    _, rows, after = tables
    buckets = np.empty((3, 1 + _BITS), np.int64)
    waiting = np.full((3, _WAITING), -1, np.int64)
    bands = after.shape[0]
    for now in range(step, queries.shape[1] * bands):
        query, band = now // bands, now & (bands - 1)
        next_band = _after(band, bands)
        value, next_value = _value(queries, query, band), _value(queries, query, next_band)
        both = _allowed(radius, band, bands) + _allowed(radius, next_band, bands) + 1
        turns = 1 + _BITS * _allowed(radius, band, bands)
        if count + found + _gather(tables, band, value, turns, buckets) > out.shape[1]:
            return _confirm(stored, rows, waiting, found, queries, radius, out, count), now
        these = after[band]
        for turn in range(turns):
            for low in range(buckets[0, turn], buckets[1, turn], _CHUNK):
                if found > _WAITING - _CHUNK:
                    count = _confirm(stored, rows, waiting, found, queries, radius, out, count)
                    found = 0
                high = min(low + _CHUNK, buckets[1, turn])
                found = _near_places(these, low, high, next_value, both - min(turn, 1), waiting, found, now)
    return _confirm(stored, rows, waiting, found, queries, radius, out, count), -1


class BandedIndex(ScanIndex):
    """A `HammingIndex` in memory: a scan's 41 bytes a code, 96 for the tables, and 4 MB that the tables always take.

    The tables are built by the first call that needs them. From `fewest` codes on they are used, and for each query to
    which they give less than one in `dearest` of the codes to look at.
    """

    def __init__(self, bits: int = 256, *, fewest: int = _FEWEST, dearest: int = _DEAREST) -> None:
        super().__init__(bits)
        self._bands = bits // _BITS
        self._fewest, self._dearest = fewest, dearest
        self._tables: Tables | None = None

    def _find(self, queries: Words, radius: int) -> Found:
        tables = self._tables_now() if radius < 2 * self._bands else None  # else bands may differ by two bits
        if tables is None:
            return super()._find(queries, radius)
        built = tables[1].shape[1]
        counts = _count(tables, queries, radius)
        is_common = counts * self._dearest > built
        if not is_common.any():
            found = [self._looked_up(tables, queries, radius, int(counts.max(initial=0)))]
        else:
            rare, common = np.flatnonzero(~is_common), np.flatnonzero(is_common)
            asked = np.take(queries, rare, axis=1)
            found = [
                self._looked_up(tables, asked, radius, int(counts[rare].max(initial=0))),
                self._scan(0, built, np.take(queries, common, axis=1), radius),
            ]
            for hits, numbers in zip(found, (rare, common), strict=True):
                hits[0] = numbers[hits[0]]
        if built < self._used:
            found.append(self._scan(built, self._used, queries, radius))
        return np.concatenate(found, axis=1) if len(found) > 1 else found[0]

    def _looked_up(self, tables: Tables, queries: Words, radius: int, most: int) -> Found:
        """All hits among the rows of the tables, for queries whose buckets hold `most` rows at the most."""
        stored = self._words, self._alive
        return collected(lambda step, out: _look_up(stored, tables, queries, radius, step, out), max(most, _ROOM))

    def _tables_now(self) -> Tables | None:
        """The tables, where they pay; built anew when too many codes have been added since."""
        built = 0 if self._tables is None else self._tables[1].shape[1]
        if self._fewest <= self._used < _MOST and self._used - built > built // _TAIL:
            self._sort()
            tables = (  # numpy's own memory, which lies in large pages: rows are read in no order
                np.zeros((self._bands, _VALUES + 1), np.uint32),
                np.empty((self._bands, self._used), np.uint32),
                np.empty((self._bands, self._used + LANES), np.uint16),
            )
            _fill(self._words, tables)
            self._tables = tables
        return self._tables

    def _sort(self) -> None:
        """Put codes that begin alike beside each other, so that those of a cluster are fetched together."""
        used = slice(0, self._used)
        order = np.argsort(self._words[0, used])
        for stored in (*self._words, self._keys, self._alive):
            stored[used] = stored[used][order]

    def _compact(self) -> None:
        super()._compact()
        self._tables = None
