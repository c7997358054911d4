"""Animations and pages: each frame once, in order, as it is shown."""

import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from safelight.media.gif import read_gif
from safelight.media.png import read_png
from tests.unit.media.making import encode, frames_of, heic, image, rgb


def moving(count: int) -> list[Image.Image]:
    return [Image.fromarray(np.roll(rgb(), 11 * shift, 1)) for shift in range(count)]


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("written_as", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_frame_as_pillow_shows_it(written_as: str, count: int) -> None:
    first, *more = moving(count)
    content = encode(first, written_as, save_all=True, append_images=more)
    opened, frames = frames_of(content)
    expected = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(Image.open(io.BytesIO(content)))]
    assert opened.frame_count == len(frames) == len(expected) == count
    assert [frame.index for frame in frames] == list(range(count))
    for frame, wanted in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame.rgb, wanted)


def test_the_default_image_of_an_apng_counts() -> None:
    content = encode(image(), "PNG", save_all=True, append_images=moving(3)[1:], default_image=True)
    opened, frames = frames_of(content)
    assert opened.frame_count == len(frames) == Image.open(io.BytesIO(content)).n_frames == 3
    np.testing.assert_array_equal(frames[0].rgb, rgb())


def test_frames_are_decoded_one_at_a_time() -> None:
    content = encode(moving(1)[0], "WEBP", save_all=True, append_images=moving(4)[1:])
    opened, _ = frames_of(content)
    source = iter(opened.frames)
    assert next(source).index == 0
    assert next(source).index == 1


def test_the_primary_image_of_a_heic_comes_first() -> None:
    opened, frames = frames_of(heic("two"))
    assert opened.frame_count == len(frames) == 2
    difference = np.abs(frames[0].rgb.astype(int) - frames[1].rgb[::-1].astype(int))
    assert difference.mean() < 4
    assert np.abs(frames[0].rgb.astype(int) - frames[1].rgb.astype(int)).mean() > 20


def test_a_gif_is_counted_no_further_than_asked() -> None:
    content = encode(moving(1)[0], "GIF", save_all=True, append_images=moving(6)[1:])
    assert read_gif(memoryview(content), 1000)[1] == 6
    assert read_gif(memoryview(content), 3)[1] == 4


def test_an_apng_that_claims_more_frames_than_it_has_is_believed_only_as_far_as_it_goes() -> None:
    content = bytearray(encode(moving(1)[0], "PNG", save_all=True, append_images=moving(3)[1:]))
    place = content.index(b"acTL") + 4
    content[place : place + 4] = (2**31 - 1).to_bytes(4, "big")
    assert read_png(memoryview(bytes(content)))[1] == 3


def test_the_comment_of_a_gif_is_kept() -> None:
    opened, _ = frames_of(encode(image("P"), "GIF", comment=b"made in the harbour"))
    assert opened.metadata.text == {"comment": "made in the harbour"}
