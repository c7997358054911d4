"""Frames of videos that are near each other, bounded where a scene stands still before another that does."""

import numpy as np
from numpy.typing import NDArray

from safelight.search.ports import Codes, HammingIndex

Numbers = NDArray[np.int64]
_PAIRS_AT_ONCE = 4_000_000
_MOST_NEAR = 50
"""Frames of the other that one frame is taken to be near; more are a scene that stands still."""


def near_frames(index: HammingIndex, codes: Codes, radius: int) -> tuple[Numbers, Numbers]:
    """Which row of `codes` (n x 32 bytes) is near which frame of another video; of very many the nearest.

    `index` holds that video's frames, each under its number.
    """
    step = max(1, _PAIRS_AT_ONCE // max(1, len(index)))
    asked, met = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for at in range(0, len(codes), step):
        hits = index.within(codes[at : at + step], radius)
        order = np.lexsort((hits.key, hits.distance, hits.query))
        query, key = hits.query[order], hits.key[order]
        counts = np.bincount(query, minlength=1)
        place = np.arange(len(query)) - (np.cumsum(counts) - counts)[query]
        kept = place < _MOST_NEAR
        asked.append(query[kept] + at)
        met.append(key[kept])
    return np.concatenate(asked), np.concatenate(met)
