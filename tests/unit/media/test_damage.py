"""Broken files: as many pixels as there are with the reason named, or one clean error; never anything else."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.media.picture import open_picture
from safelight.media.sniff import sniff
from safelight.media.types import Frame, Kind, UnreadablePictureError
from tests.unit.media.making import encode, frames_of, heic, image, rgb, still_in_every_format

WHOLE = still_in_every_format()


def read(content: bytes, kind: Kind) -> str:
    """Decode all there is, checking whatever comes out. Returns what came of it."""
    try:
        opened = open_picture(content, kind)
        sizes = [check(frame) for frame in opened.frames]
    except UnreadablePictureError as error:
        return said(str(error), "unreadable")
    assert sizes
    return "clean" if opened.frames.damaged is None else said(opened.frames.damaged, "damaged")


def check(frame: Frame) -> int:
    assert frame.rgb.dtype == np.uint8
    assert frame.rgb.ndim == 3
    assert frame.rgb.shape[2] == 3
    assert frame.rgb.flags.c_contiguous
    assert frame.alpha is None or frame.alpha.shape == frame.rgb.shape[:2]
    return frame.rgb.size


def said(sentence: str, outcome: str) -> str:
    assert "\n" not in sentence
    assert 0 < len(sentence) <= 300
    return outcome


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files_are_clean(name: str) -> None:
    assert read(WHOLE[name], sniff(WHOLE[name])) == "clean"


@pytest.mark.parametrize("name", WHOLE)
def test_every_beginning_is_survived(name: str) -> None:
    content = WHOLE[name]
    kind = sniff(content)
    for size in [*range(100), *np.linspace(100, len(content) - 1, 40).astype(int)]:
        read(content[:size], kind)


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_mutation_is_survived(name: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[name])
    kind = sniff(bytes(content))
    places = st.one_of(st.integers(0, min(len(content), 400) - 1), st.integers(0, len(content) - 1))
    changes = st.lists(st.tuples(places, st.sampled_from([0, 1, 127, 128, 255])), min_size=1, max_size=12)
    for place, value in data.draw(changes):
        content[place] = value
    read(bytes(content), kind)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind in {sniff(content) for content in WHOLE.values()}])
@pytest.mark.parametrize("content", [b"", b"\x00", b"\xff" * 100, bytes(100), b"\xff\xd8\xff\xd9"])
def test_nothing_behind_a_kind_is_unreadable(kind: Kind, content: bytes) -> None:
    assert read(content, kind) == "unreadable"


@pytest.mark.parametrize("name", ["jpeg", "jpeg-progressive", "jpeg-cmyk", "png", "png-palette", "png-16", "bmp"])
def test_the_beginning_of_a_picture_is_kept_with_its_reason(name: str) -> None:
    whole = frames_of(WHOLE[name])[1][0].rgb
    content = WHOLE[name][: len(WHOLE[name]) * 85 // 100]
    opened = open_picture(content, sniff(content))
    frame = next(iter(opened.frames))
    assert opened.frames.damaged
    same = (frame.rgb == whole).all(axis=(1, 2))
    assert same[:8].all() or same[-8:].all()  # bitmaps are stored from the bottom up
    assert not same.all()


@pytest.mark.parametrize("name", ["jpeg", "jpeg-cmyk", "png", "png-16", "tiff", "bmp"])
def test_a_header_with_nothing_behind_it_is_unreadable(name: str) -> None:
    content = WHOLE[name]
    starts = {"jpeg": content.find(b"\xff\xda") + 14, "png": content.find(b"IDAT") + 8, "tiff": 8, "bmp": 54}
    with pytest.raises(UnreadablePictureError):
        frames_of(content[: starts[name.partition("-")[0]]])


def test_one_wrong_byte_of_a_png_costs_only_what_follows() -> None:
    content = bytearray(encode(image(width=300, height=300), "PNG", compress_level=0))
    place = len(content) * 3 // 4
    content[place] ^= 0xFF
    opened, (frame,) = frames_of(bytes(content))
    assert opened.frames.damaged is not None
    np.testing.assert_array_equal(frame.rgb[:200], rgb(300, 300)[:200])


def test_frames_before_the_damage_are_kept() -> None:
    content = WHOLE["apng"]
    opened, frames = frames_of(content[: len(content) * 9 // 10])
    assert len(frames) >= 2
    assert opened.frames.damaged.startswith("frame 3 of 3:")


def test_a_heic_with_its_second_image_cut_keeps_the_first() -> None:
    opened, frames = frames_of(heic("two")[:-60])
    assert len(frames) == 1
    assert opened.frames.damaged.startswith("image 2 of 2:")
