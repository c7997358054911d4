"""How fast every signature within a radius is found, beside the index that `threatexchange` asks.

    python benchmarks/search.py [--sizes 1000000 10000000] [--large]        (writes SEARCH.md)

The peer is the index inside `threatexchange`'s PDQIndex, FAISS's MultiHash of 16 tables of 16 bits, asked directly:
what Python does around it is left out. Both answer the same queries in the same process, in turn, on one thread; times
are of the processor. Half of the queries are 0 to 40 bits from a code that is stored, the others are new. Answers are
compared.

Two sets: `uniform` is noise. `skewed` is what bases are like and worse: PDQ hashes of small crops of pictures that
overlap heavily, with copies a few bits away (70 %), flat pictures and gradients (20 %), codes around 20 centres (10 %).

`--large` adds 100 million uniform codes: 14 GiB, half an hour. It has no peer; it is held against the scan.
"""

import argparse
import os
import resource
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import faiss
import numpy as np
from numpy.typing import NDArray
from surroundings import Page
from threatexchange.signal_type.pdq.pdq_faiss_matcher import PDQMultiHashIndex

from safelight.media.compiled import warm_up
from safelight.samples.pictures import picture
from safelight.search.banded import BandedIndex
from safelight.search.scan import ScanIndex
from safelight.signatures.pdq import compute

RADIUS = 31
Codes = NDArray[np.uint8]
_CROP, _CROPS, _PICTURES = 64, 400, 110
_ROUNDS = 5


def uniform(count: int) -> Codes:
    """Noise."""
    return np.random.default_rng(1).integers(0, 256, (count, 32), dtype=np.uint8)


def skewed(count: int) -> Codes:
    """What bases are like, and worse."""
    rng = np.random.default_rng(2)
    hashed = np.concatenate([_crops(number, rng) for number in range(_PICTURES)])
    real = _around(rng, hashed, count * 7 // 10, 12)
    flat = np.stack([_flat(rng) for _ in range(2000)])
    centres = rng.integers(0, 256, (20, 32), dtype=np.uint8)
    plain = _around(rng, flat, count * 2 // 10, 4)
    return np.concatenate([real, plain, _around(rng, centres, count - len(real) - len(plain), 40)])


def _crops(number: int, rng: np.random.Generator) -> Codes:
    shown = np.asarray(picture(41, number, (320, 240)))
    codes = np.empty((_CROPS, 32), np.uint8)
    for place in range(_CROPS):
        top, left = rng.integers(0, 240 - _CROP), rng.integers(0, 320 - _CROP)
        cut = np.ascontiguousarray(shown[top : top + _CROP, left : left + _CROP])
        codes[place] = np.frombuffer(compute(cut).pdq.bits, np.uint8)
    return codes


def _flat(rng: np.random.Generator) -> Codes:
    """A gradient with a little noise, or nothing at all."""
    slope = rng.integers(-2, 3, 2)
    y, x = np.mgrid[0:_CROP, 0:_CROP]
    grey = 128 + slope[0] * x // 2 + slope[1] * y // 2 + rng.integers(0, 2, (_CROP, _CROP))
    cut = np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    return np.frombuffer(compute(cut).pdq.bits, np.uint8)


def _around(rng: np.random.Generator, codes: Codes, count: int, most: int) -> Codes:
    """So many codes, each up to `most` bits from one of these."""
    made = codes[rng.integers(0, len(codes), count)]
    for _ in range(most):
        bits = rng.integers(0, 256, count)
        turned = rng.random(count) < 0.5
        made[np.arange(count), bits // 8] ^= np.where(turned, 1 << bits % 8, 0).astype(np.uint8)
    return made


def queries_of(codes: Codes, count: int, seed: int) -> Codes:
    """Half 0 to 40 bits from what is stored, half new: of noise noise, else others of the kind."""
    rng = np.random.default_rng([seed, 3])
    asked = rng.integers(0, 256, (count, 32), dtype=np.uint8)
    asked[::2] = codes[rng.integers(0, len(codes), len(asked[::2]))]
    for row in range(0, count, 2):
        for bit in rng.choice(256, rng.integers(0, 41), replace=False):
            asked[row, bit // 8] ^= np.uint8(1 << bit % 8)
    return asked


def _seconds(work: Callable[[], object]) -> tuple[float, object]:
    begun = time.process_time()
    done = work()
    return time.process_time() - begun, done


def _peer(codes: Codes) -> faiss.IndexBinary:
    peer = PDQMultiHashIndex()
    peer.mih_index.nflip = RADIUS // 16
    peer.faiss_index.add_with_ids(codes, np.arange(len(codes)))
    _KEPT.append(peer)  # it frees its index when it is let go of
    return peer.faiss_index


_KEPT: list[PDQMultiHashIndex] = []


def compare(page: Page, name: str, codes: Codes) -> None:
    """Ask both, in turn, one query, a hundred and ten thousand at a time."""
    index = BandedIndex()
    ours, _ = _seconds(lambda: (index.add(np.arange(len(codes)), codes), index.within(codes[:1], 0)))
    theirs, peer = _seconds(lambda: _peer(codes))
    index.within(queries_of(codes, 5000, 99), RADIUS)  # until the system has put back what building shuffled
    peer.range_search(queries_of(codes, 200, 98), RADIUS + 1)
    page.line(f"{name} {len(codes):,} | build | {ours:.1f} s | {theirs:.1f} s | **{theirs / ours:.1f} x** |")
    sizes = {1: 200, 100: _ROUNDS, 10_000: 1} if len(codes) <= 1_000_000 else {1: 50, 100: _ROUNDS}
    for size, rounds in sizes.items():
        mine, other, equal = [], [], True
        for number in range(rounds):
            asked = queries_of(codes, size, number)
            spent, hits = _seconds(lambda asked=asked: index.within(asked, RADIUS))
            mine.append(spent / size)
            spent, (limits, _distances, found) = _seconds(lambda asked=asked: peer.range_search(asked, RADIUS + 1))
            other.append(spent / size)
            equal &= bool(np.array_equal(np.bincount(hits.query, minlength=size), np.diff(limits.astype(np.int64))))
            equal &= bool(np.array_equal(np.sort(hits.key), np.sort(found)))
        ratio = np.median(np.array(other) / np.array(mine))
        spread = f"{min(np.array(other) / np.array(mine)):.0f} to {max(np.array(other) / np.array(mine)):.0f}"
        page.line(
            f"{name} {len(codes):,} | {size:,} at a time | {np.median(mine) * 1e6:,.0f} us | "
            f"{np.median(other) * 1e6:,.0f} us | **{ratio:.0f} x** ({spread}) | {'equal' if equal else 'DIFFER'}"
        )
    _tail(page, name, codes, index)
    begun = time.perf_counter()
    for number in range(20):
        index.add(np.array([len(codes) + number]), ~codes[number : number + 1])
        assert len(codes) + number in index.within(~codes[number : number + 1], 0).key
    page.line(f"{name} {len(codes):,} | add one and find it | {(time.perf_counter() - begun) / 20 * 1e3:.2f} ms | | |")
    _KEPT.clear()


def _tail(page: Page, name: str, codes: Codes, index: BandedIndex) -> None:
    """The slowest of single queries, beside the plain scan of the same."""
    scan = ScanIndex()
    scan.add(np.arange(len(codes)), codes)
    mine, plain = [], []
    for number in range(300):
        asked = queries_of(codes, 2, 1000 + number)[:1]
        mine.append(_seconds(lambda asked=asked: index.within(asked, RADIUS))[0])
        if number < 30:
            plain.append(_seconds(lambda asked=asked: scan.within(asked, RADIUS))[0])
    worst, scanned = np.quantile(mine, 0.99), np.median(plain)
    page.line(
        f"{name} {len(codes):,} | slowest of 100 (near what is stored) | {worst * 1e6:,.0f} us | "
        f"the plain scan: {scanned * 1e6:,.0f} us | {worst / scanned:.2f} of it |"
    )


def scan_rate(page: Page) -> None:
    """Codes that a plain scan looks at in a second, on one core."""
    index = ScanIndex()
    index.add(np.arange(2_000_000), uniform(2_000_000))
    for size in (1, 8, 256):
        asked = np.random.default_rng(4).integers(0, 256, (size, 32), dtype=np.uint8)
        spent = min(_seconds(lambda asked=asked: index.within(asked, RADIUS))[0] for _ in range(_ROUNDS))
        page.line(f"scan of 2,000,000 | {size} at a time | {2_000_000 * size / spent / 1e9:.1f} G codes/s | | |")


def large(page: Page, count: int = 100_000_000) -> None:
    """A national base on one machine, held against the scan."""
    codes = uniform(count)
    index = BandedIndex()
    index.add(np.arange(count), codes)
    built, _ = _seconds(lambda: index.within(codes[:1], 0))
    spent = []
    for number in range(200):
        asked = queries_of(codes, 2, number)[:1]
        spent.append(_seconds(lambda asked=asked: index.within(asked, RADIUS))[0])
    asked = queries_of(codes, 64, 7)
    hits, every = index.within(asked, RADIUS), ScanIndex.within(index, asked, RADIUS)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    page.line(
        f"uniform {count:,} | 1 at a time | {np.median(spent) * 1e6:,.0f} us, slowest of 100 "
        f"{np.quantile(spent, 0.99) * 1e6:,.0f} us | tables in {built:.0f} s, {memory:.1f} GiB | | "
        f"{'equal' if np.array_equal(hits.key, every.key) else 'DIFFER'}"
    )


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    warm_up()
    page = Page("Search")
    page.line("base | what | Safelight | threatexchange's index | ratio | answers")
    page.line("---|---|---:|---:|---:|---")
    scan_rate(page)
    for size in options.sizes:
        compare(page, "uniform", uniform(size))
        compare(page, "skewed", skewed(size))
    if options.large:
        large(page)
    page.write("SEARCH.md")


if __name__ == "__main__":
    main()
