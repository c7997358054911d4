"""Orientation is applied exactly, and told where it still has to be applied."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from safelight.media.orientation import apply_orientation, over_grey
from safelight.media.picture import open_picture
from safelight.media.types import Kind
from tests.unit.media.making import encode, frames_of, heic, image, rgb


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("orientation", range(1, 9))
def test_applied_as_pillow_applies_it(orientation: int) -> None:
    picture = Image.open(io.BytesIO(encode(image(), "PNG", exif=turned(orientation))))
    expected = np.asarray(ImageOps.exif_transpose(picture))
    shown = apply_orientation(rgb(), orientation)
    np.testing.assert_array_equal(shown, expected)
    assert shown.flags.c_contiguous


@given(st.integers(-5, 20).filter(lambda value: not 2 <= value <= 8))
def test_what_is_no_orientation_changes_nothing(orientation: int) -> None:
    np.testing.assert_array_equal(apply_orientation(rgb(5, 4), orientation), rgb(5, 4))


def test_grey_planes_are_turned_too() -> None:
    plane = rgb()[..., 0]
    np.testing.assert_array_equal(apply_orientation(plane, 6), np.rot90(plane, -1))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("written_as", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_stored_pixels_are_told_with_their_orientation(written_as: str, orientation: int) -> None:
    opened, (frame,) = frames_of(encode(image(), written_as, exif=turned(orientation)))
    assert opened.orientation == orientation
    assert opened.size == (71, 53)
    np.testing.assert_allclose(frame.rgb.mean(axis=(0, 1)), rgb().mean(axis=(0, 1)), atol=4)
    assert frame.rgb.shape == (53, 71, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pillow_turns_tiff_itself(orientation: int) -> None:
    opened, (frame,) = frames_of(encode(image(), "TIFF", exif=turned(orientation)))
    assert opened.orientation == 1
    np.testing.assert_array_equal(frame.rgb, apply_orientation(rgb(), orientation))
    assert opened.size == frame.rgb.shape[1::-1]


def test_exif_orientation_of_a_heic_is_not_applied_again() -> None:
    opened, (frame,) = frames_of(heic("turned"))
    assert opened.metadata.exif["Orientation"] == "6"
    assert opened.orientation == 1
    assert frame.rgb.shape == (64, 96, 3)


def test_libheif_turns_a_heic_by_its_own_property() -> None:
    plain = heic("gradient")
    tilted = plain.replace(
        b"pixi\x00", b"irot\x01"
    )  # a quarter turn, counter-clockwise, in place of a property we can spare
    opened = open_picture(tilted, Kind.HEIF)
    shown = next(iter(opened.frames)).rgb
    assert opened.orientation == 1
    assert opened.size == (64, 96)
    expected = np.rot90(frames_of(plain)[1][0].rgb)
    assert np.abs(shown.astype(int) - expected.astype(int)).mean() < 3


def test_over_grey_mixes_by_alpha() -> None:
    colours = np.array([[[0, 100, 255], [0, 100, 255], [10, 20, 30]]], np.uint8)
    alpha = np.array([[0, 255, 128]], np.uint8)
    mixed = over_grey(colours, alpha)
    assert mixed.tolist() == [[[128, 128, 128], [0, 100, 255], [69, 74, 79]]]
    assert over_grey(colours, None) is colours


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_over_grey_is_rounded_to_nearest(value: int, alpha: int, grey: int) -> None:
    pixel = np.full((1, 1, 3), value, np.uint8)
    mixed = int(over_grey(pixel, np.full((1, 1), alpha, np.uint8), grey)[0, 0, 0])
    assert abs(mixed - (value * alpha + grey * (255 - alpha)) / 255) <= 0.5
