"""Copies of a recording are one stack, whatever their order; what only shares a passage stands beside."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.linking.film_stacks import build_film_stacks
from safelight.linking.types import FilmFrames, StackFilm

FRAME = 40_000
CODES = np.random.default_rng(1).integers(0, 256, (1500, 32), dtype=np.uint8)


def noisy(codes, share=0.04, seed=2):
    """Codes of which about so many bits are turned: a copy's."""
    flipped = np.random.default_rng(seed).random((len(codes), 256)) < share
    return codes ^ np.packbits(flipped, axis=1)


def frames(codes, times=None, telling=None):
    times = np.arange(len(codes)) * FRAME if times is None else times
    return FilmFrames(np.asarray(times, np.int64), codes, np.ones(len(codes), bool) if telling is None else telling)


def stacked(*films, streams=None):
    """Stack films of falling size, and say of each member which film it is, and how it is there."""
    listed = [
        StackFilm(key, bytes([key]) * 32, (streams or {}).get(key), 1000 - key, 5000) for key in range(len(films))
    ]
    random.Random(len(films)).shuffle(listed)
    return [
        ([(one.key, one.how) for one in stack.members], [one.key for one in stack.near])
        for stack in build_film_stacks(listed, films.__getitem__)
    ]


def test_a_copy_of_fewer_bits_joins_the_larger_one():
    [stack] = stacked(frames(CODES[:300]), frames(noisy(CODES[:300])))
    assert stack == ([(0, "representative"), (1, "copy")], [])


def test_half_the_frames_or_another_rate_are_a_copy_too():
    slower = frames(noisy(CODES[:300]), np.arange(300) * FRAME * 1.04)
    halved = frames(noisy(CODES[:300:2], seed=3), np.arange(150) * 2 * FRAME)
    late = frames(noisy(CODES[:300], seed=4), np.arange(300) * FRAME + 1_500_000)
    [stack] = stacked(frames(CODES[:300]), slower, halved, late)
    assert sorted(stack[0]) == [(0, "representative"), (1, "copy"), (2, "copy"), (3, "copy")]


@pytest.mark.parametrize(
    "codes",
    [
        pytest.param(CODES[50:200], id="a clip"),
        pytest.param(np.concatenate([CODES[:150], CODES[900:960], CODES[150:300]]), id="a scene put in"),
        pytest.param(np.concatenate([CODES[:120], CODES[180:300]]), id="a scene cut out"),
        pytest.param(np.concatenate([CODES[:300], CODES[900:960]]), id="a scene at the end"),
        pytest.param(np.concatenate([CODES[900:960], CODES[:300]]), id="a scene at the beginning"),
        pytest.param(np.concatenate([CODES[:150], CODES[900:1050]]), id="half of it"),
    ],
)
def test_what_shows_more_or_less_than_the_other_stands_beside_it(codes):
    for films in ((frames(CODES[:300]), frames(codes)), (frames(codes), frames(CODES[:300]))):
        assert stacked(*films) == [([(0, "representative")], [1]), ([(1, "representative")], [])]


def test_a_scene_that_tells_little_has_to_agree_all_the_same():
    telling = np.arange(300) < 150
    other = np.concatenate([CODES[:150], CODES[900:1050]])
    assert stacked(frames(CODES[:300], telling=telling), frames(other, telling=telling)) == [
        ([(0, "representative")], [1]),
        ([(1, "representative")], []),
    ]


def test_strangers_stand_alone():
    assert stacked(*(frames(CODES[at : at + 250]) for at in range(0, 1500, 250))) == [
        ([(key, "representative")], []) for key in range(6)
    ]


def test_one_stream_is_one_recording_without_a_look_at_its_frames():
    few = frames(CODES[:1])
    assert stacked(few, frames(CODES[700:900]), few, streams={0: b"a" * 16, 2: b"a" * 16}) == [
        ([(0, "representative"), (2, "same stream")], []),
        ([(1, "representative")], []),
    ]


def test_two_recordings_of_one_room_are_no_copies():
    room = CODES[:1]
    first, second = (noisy(np.repeat(room, 300, axis=0), 0.05, seed) for seed in (7, 8))
    assert [len(members) for members, _ in stacked(frames(first), frames(second))] == [1, 1]
    again = noisy(first, 0.005, 9)
    [stack] = stacked(frames(first), frames(again))
    assert stack[0] == [(0, "representative"), (1, "copy")]


def test_films_without_a_frame_are_stacks_of_their_own():
    none = frames(np.zeros((0, 32), np.uint8))
    assert len(stacked(none, none, frames(CODES[:50]))) == 3


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_each_film_is_in_one_stack_whatever_their_order(data):
    pieces = st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(3, 120), st.sampled_from([0, 0.03, 0.3]))
    drawn = data.draw(st.lists(pieces, min_size=1, max_size=7))
    films = [
        frames(noisy(CODES[300 * scene + begin : 300 * scene + begin + length], share, at))
        for at, (scene, begin, length, share) in enumerate(drawn)
    ]
    listed = [StackFilm(key, bytes([key]) * 32, None, 1000, 5000) for key in range(len(films))]
    once = build_film_stacks(listed, films.__getitem__)
    assert sorted(one.key for stack in once for one in stack.members) == list(range(len(films)))
    assert build_film_stacks(data.draw(st.permutations(listed)), films.__getitem__) == once
    near = [one.key for stack in once for one in stack.near]
    assert len(near) == len(set(near))
    assert set(near) <= {stack.members[0].key for stack in once}
