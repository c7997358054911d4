"""The plain exact engine: every stored code is looked at for every query, fast enough for millions.

Codes lie as arrays of 64-bit words, one for each word of a code. Most codes fall out on their first 128 bits, whose
distance is a lower bound of the whole, so that of 256 bits half of the memory is never read. A batch of queries shares
each block of codes while it is in the processor's cache, and eight of them each code while it is in a register. Nothing
is skipped by likelihood: the answer is what comparing everything would give.
"""

from collections.abc import Callable

import numpy as np
from numba import int64, uint8, uint64
from numpy.typing import NDArray

from safelight.errors import UsageError
from safelight.media.compiled import array, kernel, part, popcount, several
from safelight.search.ports import Codes, Hits, Keys

Words = NDArray[np.uint64]
Stored = tuple[Words, NDArray[np.uint8]]
"""Codes as words x n, two words at least, and n bytes: 0 for those that were removed."""
Found = NDArray[np.int64]
"""3 x n, in any order: query, row of the index, distance."""

_BLOCK = 2048  # codes; two words each make 32 KB, a first-level cache
_GROUP = 256  # codes judged together, without a branch each
_FEWEST_TOGETHER = 3  # queries; eight at a time cost no more than three one by one
_ROOM = 8 * _BLOCK  # hits of a buffer: what a block may give to eight queries
_SPARE = 1024  # codes
WIDTHS = (64, 128, 256, 512)
"""Bits that codes may have."""
STORED = several(array(uint64, 2), array(uint8, 1))
"""`Stored` as kernels name it."""


class BadCodesError(UsageError):
    """Codes must be rows of as many bytes as the index has, with one key each, and a radius lies within their bits."""


@part
def _near_rows(
    stored: Stored,
    low: int,
    high: int,
    queries: Words,
    query: int,
    radius: int,
    out: Found,
    count: int,
) -> int:
    """Note those of a few rows that are within the radius of a query; returns how many are noted now."""
    words, alive = stored
    for row in range(low, high):
        distance = popcount(words[0, row] ^ queries[0, query]) + popcount(words[1, row] ^ queries[1, query])
        if int64(distance) > radius or not alive[row]:
            continue
        for word in range(2, words.shape[0]):
            distance += popcount(words[word, row] ^ queries[word, query])
        if int64(distance) <= radius:
            out[0, count], out[1, count], out[2, count] = query, row, int64(distance)
            count += 1
    return count


@kernel(
    several(int64, int64)(STORED, int64, int64, array(uint64, 2), int64, int64, int64, array(int64, 2, writable=True))
)
def _scan(
    stored: Stored,
    begin: int,
    end: int,
    queries: Words,
    asked: int,
    radius: int,
    step: int,
    out: Found,
) -> tuple[int, int]:
    """Scan rows `begin` to `end` from `step` on; stop where `out` might overflow and say where to go on, else -1.

    A step is one block for one query; all `asked` queries take a block before the next.
    """
    words = stored[0]
    count = 0
    beyond = uint64(radius + 1)
    blocks = (end - begin + _BLOCK - 1) // _BLOCK
    for now in range(step, blocks * asked):
        if count + _BLOCK > out.shape[1]:
            return count, now
        query = now % asked
        start = begin + now // asked * _BLOCK
        query0, query1 = queries[0, query], queries[1, query]
        for low in range(start, min(start + _BLOCK, end), _GROUP):
            high = min(low + _GROUP, end)
            signs = uint64(0)  # its top bit: some code of the group is near, since a difference went below zero
            for row in range(low, high):
                signs |= popcount(words[0, row] ^ query0) + popcount(words[1, row] ^ query1) - beyond
            if signs >> uint64(63):
                count = _near_rows(stored, low, high, queries, query, radius, out, count)
    return count, -1


@kernel(
    several(int64, int64)(STORED, int64, int64, array(uint64, 2), int64, int64, int64, array(int64, 2, writable=True))
)
def _scan_eight(
    stored: Stored,
    begin: int,
    end: int,
    queries: Words,
    asked: int,
    radius: int,
    step: int,
    out: Found,
) -> tuple[int, int]:
    """Scan as `_scan` does, for eight queries at a time: a code is read once for all of them.

    A step is one block for eight queries. Behind those that are `asked` stand others, for which nothing is noted.
    """
    words = stored[0]
    count = 0
    beyond = uint64(radius + 1)
    blocks = (end - begin + _BLOCK - 1) // _BLOCK
    eights = queries.shape[1] // 8
    for now in range(step, blocks * eights):
        if count + 8 * _BLOCK > out.shape[1]:
            return count, now
        q = now % eights * 8
        start = begin + now // eights * _BLOCK
        a0, b0, c0, d0 = queries[0, q], queries[0, q + 1], queries[0, q + 2], queries[0, q + 3]
        e0, f0, g0, h0 = queries[0, q + 4], queries[0, q + 5], queries[0, q + 6], queries[0, q + 7]
        a1, b1, c1, d1 = queries[1, q], queries[1, q + 1], queries[1, q + 2], queries[1, q + 3]
        e1, f1, g1, h1 = queries[1, q + 4], queries[1, q + 5], queries[1, q + 6], queries[1, q + 7]
        for low in range(start, min(start + _BLOCK, end), _GROUP):
            high = min(low + _GROUP, end)
            a = b = c = d = e = f = g = h = uint64(0)
            for row in range(low, high):
                x, y = words[0, row], words[1, row]
                a |= popcount(x ^ a0) + popcount(y ^ a1) - beyond
                b |= popcount(x ^ b0) + popcount(y ^ b1) - beyond
                c |= popcount(x ^ c0) + popcount(y ^ c1) - beyond
                d |= popcount(x ^ d0) + popcount(y ^ d1) - beyond
                e |= popcount(x ^ e0) + popcount(y ^ e1) - beyond
                f |= popcount(x ^ f0) + popcount(y ^ f1) - beyond
                g |= popcount(x ^ g0) + popcount(y ^ g1) - beyond
                h |= popcount(x ^ h0) + popcount(y ^ h1) - beyond
            if not (a | b | c | d | e | f | g | h) >> uint64(63):
                continue
            for number, signs in enumerate((a, b, c, d, e, f, g, h)):
                if signs >> uint64(63) and q + number < asked:
                    count = _near_rows(stored, low, high, queries, q + number, radius, out, count)
    return count, -1


def collected(search: Callable[[int, Found], tuple[int, int]], room: int) -> Found:
    """All that a kernel finds: where it stops before a full buffer, it goes on from that step with an empty one.

    It takes the step to begin with and a buffer for `room` hits, no fewer than a step may find; it returns how many it
    found and the next step, or -1.
    """
    out = np.empty((3, room), np.int64)
    count, step = search(0, out)
    chunks = [out[:, :count].copy()]
    while step >= 0:
        count, step = search(step, out)
        chunks.append(out[:, :count].copy())
    return np.concatenate(chunks, axis=1) if len(chunks) > 1 else chunks[0]


class ScanIndex:
    """A `HammingIndex` in memory: 41 bytes a code of 256 bits. Adding is amortised; removed codes leave when half are.

    `bits` is one of `WIDTHS`.
    """

    def __init__(self, bits: int = 256) -> None:
        if bits not in WIDTHS:
            raise BadCodesError(f"codes of {bits} bits were asked for; there are {', '.join(map(str, WIDTHS))}")
        self.bits = bits
        self._words: Words = np.empty((max(2, bits // 64), 0), np.uint64)
        self._keys: Keys = np.empty(0, np.int64)
        self._alive: NDArray[np.uint8] = np.empty(0, np.uint8)
        self._used = 0
        self._removed = 0

    def __len__(self) -> int:
        """How many codes are stored."""
        return self._used - self._removed

    def _as_words(self, codes: Codes) -> Words:
        """Codes as words x n; the order of bytes within a word does not matter to a distance. 64 bits get 64 zeros."""
        size = self.bits // 8
        if codes.ndim != 2 or codes.shape[1] != size or codes.dtype != np.uint8:
            raise BadCodesError(f"codes of {codes.dtype} {codes.shape} were given; n x {size} bytes are needed")
        words = np.ascontiguousarray(codes).view(np.uint64).T
        return np.ascontiguousarray(words if len(words) > 1 else np.pad(words, ((0, 1), (0, 0))))

    def add(self, keys: Keys, codes: Codes) -> None:
        """Add n codes under n keys; the next call finds them.

        Raises:
            BadCodesError: shapes do not fit each other.
        """
        words = self._as_words(codes)
        added = words.shape[1]
        if keys.shape != (added,):
            raise BadCodesError(f"{added} codes came with keys of shape {keys.shape}; one key a code is needed")
        if self._used + added > len(self._keys):
            self._resize((self._used + added) * 9 // 8 + _SPARE)  # what is not used yet takes no memory
        place = slice(self._used, self._used + added)
        self._words[:, place] = words
        self._keys[place] = keys
        self._alive[place] = 1
        self._used += added

    def remove(self, keys: Keys) -> None:
        """Remove every code of these keys; unknown keys are ignored."""
        gone = np.isin(self._keys[: self._used], keys)
        self._alive[: self._used][gone] = 0
        self._removed = self._used - int(np.count_nonzero(self._alive[: self._used]))
        if 2 * self._removed > self._used:
            self._compact()

    def within(self, queries: Codes, radius: int) -> Hits:
        """Every stored code within `radius` bits of each query row, ordered by query, distance, key.

        Raises:
            BadCodesError: the queries have not as many bytes as the codes, or the radius is not within their bits.
        """
        if not 0 <= radius <= self.bits:
            raise BadCodesError(f"radius {radius} was given; it lies from 0 to {self.bits}")
        found = self._find(self._as_words(queries), radius)
        keys = self._keys[found[1]]
        order = np.lexsort((keys, found[2], found[0]))
        return Hits(query=found[0][order], key=keys[order], distance=found[2][order])

    def _find(self, queries: Words, radius: int) -> Found:
        """All hits among all rows."""
        return self._scan(0, self._used, queries, radius)

    def _scan(self, begin: int, end: int, queries: Words, radius: int) -> Found:
        """All hits among the rows from `begin` to `end`."""
        asked = queries.shape[1]
        scan = _scan
        if asked >= _FEWEST_TOGETHER:
            scan = _scan_eight
            queries = np.pad(queries, ((0, 0), (0, -asked % 8)))
        stored = self._words, self._alive
        return collected(lambda step, out: scan(stored, begin, end, queries, asked, radius, step, out), _ROOM)

    def _resize(self, capacity: int) -> None:
        used = self._used
        words, keys, alive = (
            np.empty((len(self._words), capacity), np.uint64),
            np.empty(capacity, np.int64),
            np.empty(capacity, np.uint8),
        )
        words[:, :used], keys[:used], alive[:used] = self._words[:, :used], self._keys[:used], self._alive[:used]
        self._words, self._keys, self._alive = words, keys, alive

    def _compact(self) -> None:
        kept = self._alive[: self._used].astype(bool)
        self._words = np.ascontiguousarray(self._words[:, : self._used][:, kept])
        self._keys = self._keys[: self._used][kept]
        self._alive = self._alive[: self._used][kept]
        self._used, self._removed = len(self._keys), 0
