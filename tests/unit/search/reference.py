"""What search engines are held against, and sets that are awkward for them."""

import numpy as np
from hypothesis import strategies as st

from safelight.search.ports import Hits


def brute_force(keys, codes, queries, radius):
    """Every (query, distance, key) within the radius, by comparing everything."""
    if not len(codes) or not len(queries):
        return []
    distances = np.bitwise_count(queries[:, None, :] ^ codes[None, :, :]).sum(axis=2, dtype=np.int64)
    query, row = np.nonzero(distances <= radius)
    return sorted(zip(query.tolist(), distances[query, row].tolist(), keys[row].tolist(), strict=True))


def listed(hits: Hits):
    return list(zip(hits.query.tolist(), hits.distance.tolist(), hits.key.tolist(), strict=True))


def near(rng, code, bits):
    """The code with this many bits turned."""
    turned = np.zeros(8 * len(code), np.uint8)
    turned[rng.permutation(len(turned))[:bits]] = 1
    return code ^ np.packbits(turned)


@st.composite
def code_sets(draw, bits=256):
    """Keys that repeat, codes around a few centres, duplicates among them, and the centres."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(0, 60))
    centres = rng.integers(0, 256, (draw(st.integers(1, 4)), bits // 8), dtype=np.uint8)
    codes = np.array(
        [near(rng, centres[i % len(centres)], draw(st.integers(0, 60))) for i in range(count)], np.uint8
    ).reshape(count, bits // 8)
    keys = rng.integers(-5, max(2, draw(st.integers(2, 100))), count)
    return keys, codes, centres
