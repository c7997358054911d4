"""Passages that two videos share, from pairs of frames that match."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from safelight.linking.alignment import LEAST_FRAMES, LEAST_SPAN, SLACK, passages

SECOND = 1_000_000


def pairs(begin, end, offset, step=SECOND // 2, rate=1.0):
    """Matching frames from one time of the query to another, the known video `offset` seconds on."""
    query = np.arange(begin * SECOND, end * SECOND + 1, step, dtype=np.int64)
    return query, ((query - begin * SECOND) * rate).astype(np.int64) + int((begin + offset) * SECOND)


def joined(*some):
    return np.concatenate([query for query, _ in some]), np.concatenate([known for _, known in some])


def spans(found):
    return [(one.query_start // SECOND, one.query_end // SECOND, one.known_start // SECOND, one.known_end // SECOND)
            for one in found]  # fmt: skip


def test_a_clip_of_three_seconds_is_found_where_it_starts_in_both():
    [found] = passages(*pairs(0, 3, 40))
    assert spans([found]) == [(0, 3, 40, 43)]
    assert found.frames == 7


def test_two_pieces_in_either_order_are_two_passages():
    assert spans(passages(*joined(pairs(0, 5, 20), pairs(8, 14, -8)))) == [(0, 5, 20, 25), (8, 14, 0, 6)]


def test_a_film_shown_faster_is_one_passage():
    [found] = passages(*pairs(0, 60, 10, rate=24 / 25))
    assert spans([found]) == [(0, 60, 10, 67)]


def test_a_gap_is_bridged_and_a_long_one_parts():
    assert spans(passages(*joined(pairs(0, 4, 3), pairs(9, 12, 3)))) == [(0, 12, 3, 15)]
    assert spans(passages(*joined(pairs(0, 4, 3), pairs(30, 33, 3)))) == [(0, 4, 3, 7), (30, 33, 33, 36)]


def test_one_frame_that_many_look_like_makes_no_passage():
    query = np.arange(200, dtype=np.int64) * SECOND
    assert passages(query, np.full(200, 7 * SECOND)) == []
    assert passages(np.full(200, 7 * SECOND), query) == []


def test_a_wall_does_not_outvote_what_moves():
    wall_query = np.repeat(np.arange(20, 60), 40).astype(np.int64) * SECOND
    wall_known = np.tile(np.arange(100, 140), 40).astype(np.int64) * SECOND
    found = passages(*joined(pairs(0, 6, 50, step=SECOND // 4), (wall_query, wall_known)))
    assert (0, 6, 50, 56) in spans(found)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=60))
def test_chance_gives_nothing_longer_than_it_must_be(points):
    query, known = (np.array([point[side] for point in points], np.int64) for side in (0, 1))
    for one in passages(query, known):
        assert one.frames >= LEAST_FRAMES
        assert one.query_end - one.query_start >= LEAST_SPAN
        assert one.known_end - one.known_start >= LEAST_SPAN


def test_chance_gives_nothing_in_ten_thousand_pairs_of_films():
    rng = np.random.default_rng(1)
    for _ in range(10_000):
        count = int(rng.integers(0, 12))
        assert passages(rng.integers(0, 600 * SECOND, count), rng.integers(0, 600 * SECOND, count)) == []


@given(
    st.integers(0, 100), st.integers(3, 30), st.integers(-20, 500), st.randoms(use_true_random=False),
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 600)), max_size=20),
)  # fmt: skip
def test_a_passage_is_found_among_noise_whatever_the_order(begin, length, offset, random, noise):
    query, known = joined(
        pairs(begin, begin + length, max(offset, -begin), step=SECOND // 4),
        tuple(np.array([point[side] for point in noise], np.int64) * SECOND for side in (0, 1)),
    )
    found = passages(query, known)
    order = list(range(len(query)))
    random.shuffle(order)
    assert passages(query[order], known[order]) == found
    best = max(found, key=lambda one: one.frames)
    assert abs((best.known_start - best.query_start) - max(offset, -begin) * SECOND) <= SLACK
    assert best.query_start <= (begin + 1) * SECOND
    assert best.query_end >= (begin + length - 1) * SECOND


def test_everything_like_everything_is_bounded():
    query = np.repeat(np.arange(600), 600).astype(np.int64) * SECOND
    assert len(passages(query, np.tile(np.arange(600), 600).astype(np.int64) * SECOND)) <= 50
