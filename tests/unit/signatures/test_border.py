"""Plain borders come off, and nothing else does."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from safelight.samples.pictures import picture
from safelight.signatures.border import Box, find_box

SIZE = (320, 240)


def busy(width, height):
    """Noise: no line of it is plain."""
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8))


def framed(image, left, top, right, bottom, colour):
    return ImageOps.expand(image, (left, top, right, bottom), colour)


def jpeg(image, quality):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def box_of(image):
    return find_box(np.asarray(image))


@settings(max_examples=60, deadline=None)
@given(*[st.integers(0, 90)] * 4, st.tuples(*[st.integers(0, 255)] * 3))
def test_a_frame_of_any_width_and_colour_comes_off_exactly(left, top, right, bottom, colour):
    found = box_of(framed(busy(*SIZE), left, top, right, bottom, colour))
    assert found == Box(top, top + SIZE[1], left, left + SIZE[0])


@pytest.mark.parametrize("quality", [95, 75, 50, 30])
@pytest.mark.parametrize("colour", ["black", "white", (200, 30, 60)])
@pytest.mark.parametrize("number", range(3))
def test_a_compressed_frame_comes_off_within_a_block(quality, colour, number):
    image = jpeg(framed(picture(1, number), 48, 64, 48, 64, colour), quality)
    found = box_of(image)
    expected = Box(64, 64 + 480, 48, 48 + 640)
    assert all(abs(edge - wanted) <= 8 for edge, wanted in zip(found, expected, strict=True))


@pytest.mark.parametrize("number", range(24))
def test_pictures_without_a_border_stay_whole(number):
    image = picture(2, number)
    assert box_of(image) == Box(0, image.height, 0, image.width)


def test_bars_within_bars_come_off():
    inner = framed(busy(*SIZE), 0, 30, 0, 30, "black")
    assert box_of(framed(inner, 25, 25, 25, 25, "white")) == Box(55, 55 + 240, 25, 25 + 320)


def test_a_plain_area_that_fades_into_the_picture_stays():
    ramp = np.clip(np.arange(400) - 60, 0, 255).astype(np.uint8)
    sky = np.broadcast_to(ramp[:, None, None], (400, 300, 3)).copy()
    assert box_of(Image.fromarray(sky)) == Box(0, 400, 0, 300)


@pytest.mark.parametrize("colour", ["black", "white"])
def test_a_flat_picture_stays_whole(colour):
    assert box_of(Image.new("RGB", SIZE, colour)) == Box(0, 240, 0, 320)


def test_a_background_is_no_border():
    """More than 45 % plain on one side is what the picture shows, not what surrounds it."""
    found = box_of(framed(busy(320, 100), 0, 400, 0, 10, "white"))
    assert found == Box(0, 500, 0, 320)


@pytest.mark.parametrize("size", [(1, 1), (32, 32), (500, 20), (33, 33)])
def test_little_pictures_keep_at_least_what_they_have(size):
    found = box_of(framed(busy(*size), 3, 3, 3, 3, "black"))
    assert found.bottom - found.top >= min(32, size[1] + 6)
    assert found.right - found.left >= min(32, size[0] + 6)
