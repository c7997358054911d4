import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from safelight.media.sniff import sniff
from safelight.samples.exif import Camera, write_exif
from safelight.samples.formats import FORMATS, LACKING, camera_jpeg, frames_of, interlaced_png, orientated
from safelight.samples.pictures import picture

SOURCE = picture(2, 1, (150, 97))


@pytest.mark.parametrize("name", FORMATS)
def test_each_is_what_it_says(name):
    form = FORMATS[name]
    content = form.write(SOURCE)
    assert sniff(content[:4096]) is form.kind
    with Image.open(io.BytesIO(content)) as opened:
        assert getattr(opened, "n_frames", 1) == form.frames
        pixels = np.asarray(opened.convert("RGB"))
    if form.exact:
        assert np.array_equal(pixels, np.asarray(SOURCE))


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.exact and form.frames > 1])
def test_each_frame_of_an_exact_animation_comes_back(name):
    with Image.open(io.BytesIO(FORMATS[name].write(SOURCE))) as opened:
        for index, frame in enumerate(frames_of(SOURCE)):
            opened.seek(index)
            assert np.array_equal(np.asarray(opened.convert("RGB")), np.asarray(frame))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_shown_upright(orientation):
    content = camera_jpeg(SOURCE, Camera(), orientation=orientation, quality=98)
    with Image.open(io.BytesIO(content)) as opened:
        shown = np.asarray(ImageOps.exif_transpose(opened), np.int16)
        assert opened.size == orientated(SOURCE, orientation).size
    assert np.abs(shown - np.asarray(SOURCE, np.int16)).mean() < 6


@given(st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_an_interlaced_png_of_any_size_decodes_to_its_pixels(width, height):
    image = Image.fromarray(np.random.default_rng(width * 41 + height).integers(0, 256, (height, width, 3), np.uint8))
    with Image.open(io.BytesIO(interlaced_png(image))) as opened:
        assert opened.info["interlace"] == 1
        assert np.array_equal(np.asarray(opened), np.asarray(image))


@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_exif_is_read_back_by_another_program(latitude, longitude, orientation):
    camera = Camera(latitude=latitude, longitude=longitude)
    exif = Image.Exif()
    exif.load(write_exif(camera, orientation=orientation, thumbnail=b"\xff\xd8small\xff\xd9"))
    assert (exif[0x010F], exif[0x0110], exif[0x0112]) == (camera.make, camera.model, orientation)
    assert exif.get_ifd(0x8769)[0xA431] == camera.serial
    place = exif.get_ifd(0x8825)
    for reference, value, true in ((1, 2, latitude), (3, 4, longitude)):
        degrees, minutes, seconds = (float(part) for part in place[value])
        sign = -1 if place[reference] in "SW" else 1
        assert sign * (degrees + minutes / 60 + seconds / 3600) == pytest.approx(true, abs=1e-5)


def test_what_cannot_be_written_is_named():
    assert ("heic" in FORMATS) != ("heic" in LACKING)
