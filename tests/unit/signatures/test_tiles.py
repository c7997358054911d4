"""Tiles forgive brightness and contrast, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.samples.pictures import picture
from safelight.signatures import pdq, tiles


def tile(seed):
    return np.random.default_rng(seed).integers(0, 256, (4, 4)).repeat(16, 0).repeat(16, 1).astype(np.float32)


def test_bytes_are_rounded_and_bounded():
    values = np.full((64, 64), 127.6, np.float32)
    values[0, :2] = -0.4, 255.3
    assert tiles.to_bytes(values) == bytes([0, 255]) + bytes([128]) * 4094


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1000), st.floats(0.4, 1.0), st.floats(0, 60))
def test_brightness_and_contrast_make_no_difference(seed, contrast, brightness):
    original = tile(seed) * 0.7
    changed = original * contrast + brightness
    assert tiles.difference(tiles.to_bytes(original), tiles.to_bytes(changed)) < 1.5


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 1000))
def test_it_is_symmetric_zero_for_equals_and_bounded(first, second):
    a, b = tiles.to_bytes(tile(first)), np.random.default_rng(second).bytes(4096)
    assert tiles.difference(a, b) == pytest.approx(tiles.difference(b, a), abs=1e-9)
    assert tiles.difference(a, a) < 1e-9
    assert 0 < tiles.difference(a, b) <= 255


def test_flat_tiles_are_far_from_pictures_and_near_each_other():
    flat, other, busy = bytes([10]) * 4096, bytes([200]) * 4096, tiles.to_bytes(tile(1))
    assert tiles.difference(flat, other) == 0
    assert tiles.difference(flat, busy) > tiles.SAME


def test_different_pictures_differ_by_more_than_the_limit():
    shown = [tiles.to_bytes(pdq.compute(np.asarray(picture(11, number))).tile64) for number in range(12)]
    apart = [tiles.difference(a, b) for place, a in enumerate(shown) for b in shown[:place]]
    assert min(apart) > 1.5 * tiles.SAME
