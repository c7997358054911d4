"""The picture as a person sees it, its turns, and the digest of its pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.media.orientation import apply_orientation
from safelight.media.types import Frame
from safelight.signatures.pixels import pixel_digest, shown_pixels
from safelight.signatures.turning import turn


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(1, 100), st.integers(1, 100))
def test_turning_is_what_the_decoders_call_orientation(orientation, height, width):
    pixels = noise(height, width)
    assert np.array_equal(turn(pixels, orientation), apply_orientation(pixels, orientation))


def test_what_nothing_changes_is_the_frame_itself():
    frame = Frame(0, noise(60, 80), None)
    assert shown_pixels(frame, 1) is frame.rgb


def test_orientation_transparency_and_borders_all_count():
    inner = noise(60, 80)
    rgb = np.zeros((100, 100, 3), np.uint8)
    rgb[20:80, 10:90] = inner
    alpha = np.zeros((100, 100), np.uint8)
    alpha[20:80, 10:90] = 255
    shown = shown_pixels(Frame(0, rgb, alpha), 6)  # what is transparent becomes a grey border
    assert np.array_equal(shown, np.rot90(inner, -1))
    assert shown.flags.c_contiguous


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 3))
def test_the_digest_tells_pixels_and_shapes_apart(height, width, seed):
    pixels = noise(height, width, seed)
    assert pixel_digest(pixels) == pixel_digest(pixels.copy())
    assert pixel_digest(pixels[::-1, ::-1].copy()) == pixel_digest(pixels[::-1, ::-1])
    if height != width:
        assert pixel_digest(pixels) != pixel_digest(pixels.reshape(width, height, 3))
    changed = pixels.copy()
    changed[-1, -1, -1] ^= 1
    assert pixel_digest(pixels) != pixel_digest(changed)


@pytest.mark.parametrize("size", [(1, 1), (7, 3)])
def test_a_digest_has_16_bytes(size):
    assert len(pixel_digest(noise(*size))) == 16
