"""The banded engine where it could go wrong and a scan could not: its bands, its tables, its tail, its choice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.search.banded import BandedIndex
from tests.unit.search.reference import brute_force, code_sets, listed, near


def looking_up() -> BandedIndex:
    """An engine that uses its tables however few codes there are, and however common."""
    return BandedIndex(fewest=1, dearest=0)


def in_tables(index) -> int:
    return 0 if index._tables is None else index._tables[1].shape[1]


@pytest.mark.parametrize("radius", range(65))
def test_clusters_around_a_query_are_found_up_to_the_radius(radius):
    rng = np.random.default_rng(radius)
    query = rng.integers(0, 256, (1, 32), dtype=np.uint8)
    codes = np.concatenate([[near(rng, query[0], bits)] * 3 for bits in range(66)])
    index = looking_up()
    index.add(np.arange(len(codes)), codes)
    hits = index.within(query, radius)
    assert sorted(hits.key.tolist()) == list(range(3 * (radius + 1)))
    assert listed(hits) == brute_force(np.arange(len(codes)), codes, query, radius)


@pytest.mark.parametrize("radius", range(32))
def test_no_way_of_spreading_the_differences_over_the_bands_is_missed(radius):
    rng = np.random.default_rng(radius)
    even = (np.arange(16) + rng.integers(0, 16, 200)[:, None]) % 16 < radius % 16  # one bit more in neighbouring bands
    spread = np.concatenate(
        [
            radius // 16 + even,
            radius // 16 + rng.permuted(even, axis=1),
            rng.multinomial(radius, np.full(16, 1 / 16), 200),
            rng.multinomial(radius, rng.dirichlet(np.full(16, 0.3), 200)).clip(max=16),
        ]
    )
    bits = rng.permuted(np.arange(16) < spread[:, :, None], axis=2)
    codes = np.packbits(bits.reshape(-1, 256), axis=1)
    index = looking_up()
    index.add(np.arange(len(codes)), codes)
    hits = index.within(np.zeros((1, 32), np.uint8), radius)
    within = np.flatnonzero(spread.sum(axis=1) <= radius)
    assert len(within) >= 600
    assert sorted(hits.key.tolist()) == within.tolist()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(code_sets(), st.lists(st.integers(-5, 100), max_size=12)), min_size=1, max_size=5),
    st.integers(0, 64),
    st.sampled_from([0, 1, 16]),
)
def test_whatever_is_added_and_removed_between_calls_the_answer_is_exact(changes, radius, dearest):
    index = BandedIndex(fewest=1, dearest=dearest)
    stored_keys, stored_codes = np.empty(0, np.int64), np.empty((0, 32), np.uint8)
    queries = np.concatenate([centres for (_, _, centres), _ in changes])
    for (keys, codes, _), removed in changes:
        index.add(keys, codes)
        stored_keys, stored_codes = np.concatenate([stored_keys, keys]), np.concatenate([stored_codes, codes])
        assert listed(index.within(queries, radius)) == brute_force(stored_keys, stored_codes, queries, radius)
        index.remove(np.array(removed, np.int64))
        kept = ~np.isin(stored_keys, removed)
        stored_keys, stored_codes = stored_keys[kept], stored_codes[kept]
        assert listed(index.within(queries, radius)) == brute_force(stored_keys, stored_codes, queries, radius)


def test_codes_added_later_are_scanned_until_they_are_an_eighth():
    code = np.full((1, 32), 0b1010, np.uint8)
    index = looking_up()
    index.add(np.arange(80), np.repeat(code, 80, axis=0))
    assert in_tables(index) == 0
    for stored, built in ((80, 80), (81, 80), (90, 80), (91, 91), (92, 91)):
        index.add(np.arange(len(index), stored), np.repeat(code, stored - len(index), axis=0))
        assert index.within(code, 31).key.tolist() == list(range(stored))
        assert in_tables(index) == built


def test_removing_more_than_half_drops_the_tables_with_the_rows_they_name():
    codes = np.arange(64, dtype=np.uint8).repeat(32).reshape(64, 32)
    index = looking_up()
    index.add(np.arange(64), codes)
    index.remove(np.arange(3))
    assert index.within(codes[:4], 0).key.tolist() == [3]
    assert in_tables(index) == 64
    index.remove(np.arange(50))
    assert in_tables(index) == 0
    assert index.within(codes, 0).key.tolist() == list(range(50, 64))
    assert in_tables(index) == 14


@pytest.mark.parametrize("copies", [2**power for power in range(8)])
def test_sets_of_equal_codes_answer_beside_rare_ones(copies):
    """In one call, a query whose values are common is scanned and one whose values are rare is looked up."""
    rng = np.random.default_rng(copies)
    codes = rng.integers(0, 256, (4000, 32), dtype=np.uint8)
    codes[100 : 100 + copies] = codes[100]
    queries = np.stack([codes[7], near(rng, codes[100], 20), codes[9], near(rng, codes[100], 31)])
    index = BandedIndex(fewest=1)
    index.add(np.arange(len(codes)), codes)
    assert listed(index.within(queries, 31)) == brute_force(np.arange(len(codes)), codes, queries, 31)
    assert in_tables(index) == len(codes)


def test_more_hits_than_a_buffer_holds_are_all_found():
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 256, (9_000, 32), dtype=np.uint8).repeat(8, axis=0)
    index = BandedIndex()
    index.add(np.arange(len(codes)), codes)
    hits = index.within(codes[::8], 31)
    assert np.array_equal(hits.key, np.arange(len(codes)))
    assert np.array_equal(hits.query, np.arange(9_000).repeat(8))
    assert in_tables(index) == len(codes)


def test_one_band_may_hold_more_hits_than_a_buffer():
    index = looking_up()
    index.add(np.arange(70_000), np.zeros((70_000, 32), np.uint8))
    hits = index.within(np.zeros((2, 32), np.uint8), 31)
    assert np.array_equal(hits.key.reshape(2, -1), np.tile(np.arange(70_000), (2, 1)))


def test_few_codes_and_wide_radii_need_no_tables():
    codes = np.zeros((1000, 32), np.uint8)
    for index, radius in ((BandedIndex(), 31), (looking_up(), 32)):
        index.add(np.arange(len(codes)), codes)
        assert len(index.within(codes[:1], radius).key) == len(codes)
        assert in_tables(index) == 0
