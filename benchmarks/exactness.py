"""Every search engine against brute force, on sets that are awkward for it, for as long as is asked.

    python benchmarks/exactness.py [--minutes 10] [--seed 1]        (writes EXACTNESS.md)

A round draws an engine, a width, a radius of 0 to 64 bits, up to 5,000 codes (noise, clusters, bands that repeat, sets
of equal codes of 1 to 128 and all equal), adds them in portions, removes some, and asks after each step: by one call,
in a stream of several threads, for the nearest, for all pairs. Any difference ends it and names the round, which its
seed repeats.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from surroundings import Page

from safelight.search.asking import nearest, pairs, stream
from safelight.search.banded import BandedIndex
from safelight.search.ports import Hits
from safelight.search.scan import WIDTHS, ScanIndex

Codes = NDArray[np.uint8]
Answer = list[tuple[int, int, int]]
ENGINES: dict[str, Callable[[int], ScanIndex]] = {
    "scan": ScanIndex,
    "banded": BandedIndex,
    "banded, with tables": lambda bits: BandedIndex(bits, fewest=1),
    "banded, never scanning": lambda bits: BandedIndex(bits, fewest=1, dearest=0),
}


def noise(rng: np.random.Generator, count: int, size: int) -> Codes:
    """Codes that have nothing in common."""
    return rng.integers(0, 256, (count, size), dtype=np.uint8)


def clusters(rng: np.random.Generator, count: int, size: int) -> Codes:
    """Codes a few bits around a few centres."""
    centres = noise(rng, int(rng.integers(1, 9)), size)
    return turned(rng, centres[rng.integers(0, len(centres), count)], int(rng.integers(1, 70)))


def repeating(rng: np.random.Generator, count: int, size: int) -> Codes:
    """Codes whose bands hold few values: every bucket is full."""
    few = noise(rng, 3, 2)[rng.integers(0, 3, (count, size // 2))]
    return turned(rng, few.reshape(count, size), int(rng.integers(1, 40)))


def equal(rng: np.random.Generator, count: int, size: int) -> Codes:
    """Sets of 1, 2, 4 ... 128 equal codes, or all of them equal."""
    copies = int(rng.choice([1, 2, 4, 8, 16, 32, 64, 128, max(1, count)]))
    return np.repeat(noise(rng, count // copies + 1, size), copies, axis=0)[:count]


def turned(rng: np.random.Generator, codes: Codes, most: int) -> Codes:
    """Each code with up to so many bits turned."""
    codes = codes.copy()
    for _ in range(most):
        bits = rng.integers(0, 8 * codes.shape[1], len(codes))
        codes[np.arange(len(codes)), bits // 8] ^= (rng.integers(0, 2, len(codes)) << bits % 8).astype(np.uint8)
    return codes


KINDS = (noise, clusters, repeating, equal)


def truth(keys: NDArray[np.int64], codes: Codes, queries: Codes, radius: int) -> Answer:
    """By comparing everything."""
    found: Answer = []
    for number, query in enumerate(queries):
        distances = np.bitwise_count(codes ^ query).sum(axis=1, dtype=np.int64)
        rows = np.flatnonzero(distances <= radius)
        found += sorted((number, int(distances[row]), int(keys[row])) for row in rows)
    return found


def check(seed: int, number: int) -> str:
    """One round. Returns the engine's name.

    Raises:
        AssertionError: an answer is not that of comparing everything.
    """
    rng = np.random.default_rng([seed, number])
    name = str(rng.choice(list(ENGINES)))
    bits, radius = int(rng.choice(WIDTHS)), int(rng.integers(0, 65))
    radius = min(radius, bits)
    index, size = ENGINES[name](bits), bits // 8
    keys, codes = np.empty(0, np.int64), np.empty((0, size), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        count = int(rng.choice([0, 1, 7, 300, int(rng.integers(0, 5001))]))
        more = KINDS[int(rng.integers(len(KINDS)))](rng, count, size)
        names = rng.integers(0, max(1, 2 * count), count)
        index.add(names, more)
        keys, codes = np.concatenate([keys, names]), np.concatenate([codes, more])
        near = turned(rng, codes[rng.integers(0, len(codes), 9)], 40) if len(codes) else codes
        asked = np.concatenate([near, noise(rng, 3, size)])
        expected = truth(keys, codes, asked, radius)
        assert listed(index.within(asked, radius)) == expected, "within"
        assert [one for part in stream(index, asked, radius, threads=2) for one in listed(part)] == expected, "stream"
        gone = rng.choice(keys, len(keys) // int(rng.integers(2, 9))) if len(keys) else keys
        index.remove(gone)
        kept = ~np.isin(keys, gone)
        keys, codes = keys[kept], codes[kept]
        assert listed(index.within(asked, radius)) == truth(keys, codes, asked, radius), "within, after removing"
    most = int(rng.integers(1, 6))
    every = truth(keys, codes, asked, radius)
    first = [one for query in range(len(asked)) for one in [hit for hit in every if hit[0] == query][:most]]
    assert listed(nearest(index, asked, most, radius)) == first, "nearest"
    few = slice(0, 60)
    small = ENGINES[name](bits)
    small.add(keys[few], codes[few])
    joined = sorted(one for part in pairs(small, keys[few], codes[few], radius) for one in listed(part))
    once = [
        (int(keys[query]), distance, key)
        for query, distance, key in truth(keys[few], codes[few], codes[few], radius)
        if keys[query] < key
    ]
    assert joined == sorted(once), "pairs"
    return f"{name}, {bits} bits"


def listed(hits: Hits) -> Answer:
    """Hits as (query, distance, key)."""
    return list(zip(hits.query.tolist(), hits.distance.tolist(), hits.key.tolist(), strict=True))


def main() -> None:
    """Draw rounds until the time is over, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    page, done, end = Page("Exactness of the search"), Counter[str](), time.monotonic() + options.minutes * 60
    while time.monotonic() < end:
        number = done.total()
        try:
            done[check(options.seed, number)] += 1
        except AssertionError as error:
            raise SystemExit(f"seed {options.seed}, round {number}: {error} differs from brute force") from error
    page.line("engine | rounds that answered as brute force does")
    page.line("---|---:")
    for name, count in sorted(done.items()):
        page.line(f"{name} | {count:,}")
    page.line(f"**all** | **{done.total():,}, none differed**")
    page.write("EXACTNESS.md")


if __name__ == "__main__":
    main()
