"""Each engine answers exactly what comparing everything would, for ordinary and for awkward sets."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.search.banded import BandedIndex
from safelight.search.ports import HammingIndex
from safelight.search.scan import BadCodesError, ScanIndex
from tests.unit.search.reference import brute_force, code_sets, listed, near

ENGINES = {
    "scan": ScanIndex,
    "banded": partial(BandedIndex, fewest=1),
    "banded, never scanning what it has in tables": partial(BandedIndex, fewest=1, dearest=0),
}


@pytest.fixture(scope="module", params=ENGINES.values(), ids=ENGINES)
def engine(request):
    return request.param


def index_of(engine, keys, codes) -> HammingIndex:
    index = engine()
    index.add(keys, codes)
    return index


@settings(max_examples=60, deadline=None)
@given(code_sets(), st.integers(0, 256))
def test_the_answer_is_that_of_comparing_everything(engine, sets, radius):
    keys, codes, centres = sets
    queries = np.concatenate([centres, codes[:3], ~centres])
    hits = index_of(engine, keys, codes).within(queries, radius)
    assert listed(hits) == brute_force(keys, codes, queries, radius)


@pytest.mark.parametrize("bits", [64, 128, 512])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_codes_of_other_widths_are_answered_alike(engine, bits, data):
    keys, codes, centres = data.draw(code_sets(bits))
    radius = data.draw(st.integers(0, min(bits, 80)))
    index = engine(bits)
    index.add(keys, codes)
    queries = np.concatenate([centres, codes[:3], ~centres])
    assert listed(index.within(queries, radius)) == brute_force(keys, codes, queries, radius)


def test_a_width_that_is_none_is_refused(engine):
    with pytest.raises(BadCodesError, match="64, 128, 256, 512"):
        engine(100)


@settings(max_examples=40, deadline=None)
@given(code_sets(), st.lists(st.lists(st.integers(-5, 100), max_size=20), max_size=4))
def test_removed_keys_are_gone_and_later_ones_are_found(engine, sets, removals):
    keys, codes, centres = sets
    index = engine()
    stored_keys, stored_codes = np.empty(0, np.int64), np.empty((0, 32), np.uint8)
    for removed in removals:
        index.add(keys, codes)
        index.remove(np.array(removed, np.int64))
        stored_keys, stored_codes = np.concatenate([stored_keys, keys]), np.concatenate([stored_codes, codes])
        kept = ~np.isin(stored_keys, removed)
        stored_keys, stored_codes = stored_keys[kept], stored_codes[kept]
        assert len(index) == len(stored_keys)
        assert listed(index.within(centres, 31)) == brute_force(stored_keys, stored_codes, centres, 31)


@pytest.mark.parametrize(
    "count", [1, 2, 3, 4, 5, 7, 8, 16, 32, 64, 127, 128, 129, 255, 256, 257, 2047, 2048, 2049, 5000]
)
@pytest.mark.parametrize("radius", [0, 31, 256])
def test_equal_codes_are_all_found(engine, count, radius):
    code = np.random.default_rng(count).integers(0, 256, (1, 32), dtype=np.uint8)
    hits = index_of(engine, np.arange(count), np.repeat(code, count, axis=0)).within(code, radius)
    assert hits.key.tolist() == list(range(count))
    assert not hits.distance.any()


def test_a_million_hits_are_not_cut(engine):
    codes = np.zeros((250_000, 32), np.uint8)
    hits = index_of(engine, np.arange(len(codes)), codes).within(np.zeros((4, 32), np.uint8), 31)
    assert np.bincount(hits.query).tolist() == [len(codes)] * 4
    assert np.array_equal(hits.key.reshape(4, -1), np.tile(np.arange(len(codes)), (4, 1)))


def test_a_code_is_found_at_its_distance_and_not_below(engine):
    rng = np.random.default_rng(257)
    code = rng.integers(0, 256, 32, dtype=np.uint8)
    for bits in range(257):
        index = index_of(engine, np.array([7]), near(rng, code, bits)[None])
        assert listed(index.within(code[None], bits)) == [(0, bits, 7)]
        assert not bits or listed(index.within(code[None], bits - 1)) == []


def test_large_random_sets_with_planted_neighbours(engine):
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 256, (10_000, 32), dtype=np.uint8)
    queries = np.stack([near(rng, codes[i * 97], i % 45) for i in range(100)])
    keys = rng.permutation(len(codes))
    assert listed(index_of(engine, keys, codes).within(queries, 31)) == brute_force(keys, codes, queries, 31)


def test_an_empty_index_and_no_queries_give_nothing(engine):
    none = np.empty((0, 32), np.uint8)
    some = np.zeros((2, 32), np.uint8)
    assert listed(engine().within(some, 256)) == []
    assert listed(index_of(engine, np.arange(2), some).within(none, 256)) == []
    index = index_of(engine, np.arange(2), some)
    index.remove(np.arange(2))
    assert len(index) == 0
    assert listed(index.within(some, 256)) == []


def test_one_key_may_hold_several_codes(engine):
    rng = np.random.default_rng(1)
    code = rng.integers(0, 256, 32, dtype=np.uint8)
    index = index_of(engine, np.array([3, 3, 4]), np.stack([code, near(rng, code, 5), near(rng, code, 9)]))
    assert listed(index.within(code[None], 31)) == [(0, 0, 3), (0, 5, 3), (0, 9, 4)]
    index.remove(np.array([3, 99]))
    assert listed(index.within(code[None], 31)) == [(0, 9, 4)]


def test_it_satisfies_the_port(engine):
    index: HammingIndex = engine()
    assert len(index) == 0


@pytest.mark.parametrize("radius", [-1, 257])
def test_a_radius_out_of_range_is_refused(engine, radius):
    with pytest.raises(BadCodesError, match="0 to 256"):
        engine().within(np.zeros((1, 32), np.uint8), radius)


@pytest.mark.parametrize(
    ("keys", "codes"),
    [
        (np.arange(2), np.zeros((1, 32), np.uint8)),
        (np.arange(1), np.zeros((1, 31), np.uint8)),
        (np.arange(1), np.zeros((1, 32), np.int64)),
        (np.arange(1), np.zeros(32, np.uint8)),
    ],
)
def test_misshapen_codes_are_refused(engine, keys, codes):
    with pytest.raises(BadCodesError):
        engine().add(keys, codes)
