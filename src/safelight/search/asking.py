"""Questions that are more than one call of an engine: a seizure's, the nearest, all pairs."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from safelight.search.ports import Codes, HammingIndex, Hits, Keys

_TOGETHER = 1024
"""Queries of one call: enough to share what is read, few enough that answers come while others are looked for."""


def stream(index: HammingIndex, queries: Codes, radius: int, *, threads: int | None = None) -> Iterator[Hits]:
    """Yield what `within` finds, for 1,024 queries after the other and in their order, looked for by all processors.

    `query` counts from the first of all queries. Nothing may be added or removed until the last answer has come.
    `threads` is how many look at once; by default as many as there are processors.
    """
    threads = threads or len(os.sched_getaffinity(0))
    index.within(queries[:0], radius)  # builds what is built on the way, once
    coming: deque[tuple[int, Future[Hits]]] = deque()
    with ThreadPoolExecutor(threads, "search") as pool:
        for start in range(0, len(queries), _TOGETHER):
            coming.append((start, pool.submit(index.within, queries[start : start + _TOGETHER], radius)))
            if len(coming) > 2 * threads:
                yield _counted(*coming.popleft())
        while coming:
            yield _counted(*coming.popleft())


def nearest(index: HammingIndex, queries: Codes, count: int, radius: int | None = None) -> Hits:
    """The `count` nearest codes of each query (fewer where there are fewer) within `radius`, by default however far.

    Of codes at one distance those with the smallest keys come first, as in `within`.
    """
    widest = index.bits if radius is None else radius
    tried, open_, found = min(widest, index.bits // 16), np.arange(len(queries)), []
    while True:
        hits = index.within(queries[open_], tried)
        place = np.arange(len(hits.query)) - np.searchsorted(hits.query, hits.query)
        enough = np.bincount(hits.query, minlength=len(open_)) >= count
        told = (enough[hits.query] | (tried == widest)) & (place < count)
        found.append((open_[hits.query[told]], hits.key[told], hits.distance[told]))
        open_ = open_[~enough]
        if tried == widest or not len(open_):
            break
        tried = min(widest, 2 * tried + 1)
    query, key, distance = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.argsort(query, kind="stable")
    return Hits(query[order], key[order], distance[order])


def pairs(index: HammingIndex, keys: Keys, codes: Codes, radius: int) -> Iterator[Hits]:
    """Yield all pairs of codes of an index within a radius, each once: `key` is the larger key, `query` the smaller.

    `keys` and `codes` are what the index holds, in any order; a key with several codes is no pair with itself.
    """
    for hits in stream(index, codes, radius):
        asking = keys[hits.query]
        once = asking < hits.key
        yield Hits(asking[once], hits.key[once], hits.distance[once])


def _counted(start: int, coming: Future[Hits]) -> Hits:
    hits = coming.result()
    return Hits(hits.query + start, hits.key, hits.distance)
