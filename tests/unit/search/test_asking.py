"""What is asked in many calls is what one call would answer; the nearest are the nearest; each pair comes once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.search import asking
from safelight.search.asking import nearest, pairs, stream
from safelight.search.banded import BandedIndex
from safelight.search.ports import Hits
from tests.unit.search.reference import brute_force, code_sets, listed, near


def filled(keys, codes):
    index = BandedIndex(fewest=1)
    index.add(keys, codes)
    return index


@pytest.mark.parametrize("threads", [1, 3, None])
def test_what_streams_is_what_one_call_answers(monkeypatch, threads):
    monkeypatch.setattr(asking, "_TOGETHER", 7)
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 256, (500, 32), dtype=np.uint8)
    queries = np.stack([near(rng, codes[i], i % 40) for i in range(101)])
    index = filled(np.arange(500), codes)
    parts = list(stream(index, queries, 31, threads=threads))
    assert len(parts) == 15
    joined = Hits(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("query", "key", "distance")))
    assert listed(joined) == listed(index.within(queries, 31))
    assert list(stream(index, queries[:0], 31, threads=threads)) == []


@settings(max_examples=60, deadline=None)
@given(code_sets(), st.integers(1, 9), st.sampled_from([None, 0, 5, 31, 100]))
def test_the_nearest_are_the_first_of_all(sets, count, radius):
    keys, codes, centres = sets
    every = brute_force(keys, codes, centres, 256 if radius is None else radius)
    expected = [one for query in range(len(centres)) for one in [hit for hit in every if hit[0] == query][:count]]
    assert listed(nearest(filled(keys, codes), centres, count, radius)) == expected


@settings(max_examples=60, deadline=None)
@given(code_sets(), st.integers(0, 40))
def test_every_pair_comes_once(sets, radius):
    keys, codes, _ = sets
    found = sorted(one for part in pairs(filled(keys, codes), keys, codes, radius) for one in listed(part))
    asked = brute_force(keys, codes, codes, radius)
    assert found == sorted((int(keys[one]), bits, key) for one, bits, key in asked if keys[one] < key)
