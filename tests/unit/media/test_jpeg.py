"""The fast JPEG path gives Pillow's pixels, and a JPEG's structure is told."""

import hashlib
import io
from typing import Any

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from safelight.media import jpeg
from safelight.media.jpeg_structure import read_structure
from safelight.media.jpeg_tables import _TABLES, nearest_quality
from tests.unit.media.making import DATA, encode, frames_of, image, rgb

VARIANTS: dict[str, bytes] = {
    "baseline": encode(image(), "JPEG"),
    "progressive": encode(image(), "JPEG", progressive=True),
    "grey": encode(image("L"), "JPEG"),
    "4:4:4": encode(image(), "JPEG", subsampling="4:4:4"),
    "4:2:2": encode(image(), "JPEG", subsampling="4:2:2"),
    "4:4:0": simplejpeg.encode_jpeg(rgb(), colorsubsampling="440"),
    "4:1:1": simplejpeg.encode_jpeg(rgb(), colorsubsampling="411"),
    "RGB by Adobe marker": encode(image(), "JPEG", keep_rgb=True),
    "restart markers": encode(image(), "JPEG", restart_marker_blocks=2),
    "optimised": encode(image(), "JPEG", optimize=True, quality=30),
    "arithmetic": (DATA / "jpeg" / "arithmetic.jpg").read_bytes(),
    "1 x 1": encode(image(width=1, height=1), "JPEG"),
    "odd size": encode(image(width=17, height=9), "JPEG"),
}


@pytest.mark.parametrize("content", VARIANTS.values(), ids=VARIANTS.keys())
def test_pixels_equal_pillows_without_pillow(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(jpeg, "PillowFrames")
    opened, (frame,) = frames_of(content)
    np.testing.assert_array_equal(frame.rgb, np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))
    assert (frame.alpha, opened.frames.damaged, opened.frame_count) == (None, None, 1)


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    quality=st.integers(1, 100),
    progressive=st.booleans(),
    subsampling=st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]),
)
def test_pixels_equal_pillows_at_any_size(width, height, quality, progressive, subsampling) -> None:
    content = encode(
        image(width=width, height=height), "JPEG", quality=quality, progressive=progressive, subsampling=subsampling
    )
    np.testing.assert_array_equal(frames_of(content)[1][0].rgb, np.asarray(Image.open(io.BytesIO(content))))


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_cmyk_is_decoded_by_pillow(options: dict[str, Any]) -> None:
    content = encode(image("CMYK"), "JPEG", **options)
    opened, (frame,) = frames_of(content)
    assert opened.mode == "CMYK"
    np.testing.assert_array_equal(frame.rgb, np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))


@pytest.mark.parametrize("quality", [1, 5, 30, 49, 50, 75, 90, 100])
def test_structure_names_the_quality(quality: int) -> None:
    assert frames_of(encode(image(), "JPEG", quality=quality))[0].metadata.jpeg.quality == quality


def test_structure_of_a_plain_file() -> None:
    structure = read_structure(memoryview(VARIANTS["baseline"])).found.jpeg
    assert structure.markers == "SOI APP0 DQT DQT SOF0 DHT DHT DHT DHT SOS EOI"
    assert (structure.sampling, structure.progressive, structure.components) == ("2x2,1x1,1x1", False, 3)
    tables = Image.open(io.BytesIO(VARIANTS["baseline"])).quantization
    first = VARIANTS["baseline"].index(b"\xff\xdb\x00C\x00")
    payload = VARIANTS["baseline"][first + 4 : first + 69] + VARIANTS["baseline"][first + 73 : first + 138]
    assert len(tables) == 2
    assert structure.quantisation == hashlib.md5(payload).hexdigest()


def test_structure_of_a_progressive_file() -> None:
    structure = read_structure(memoryview(VARIANTS["progressive"])).found.jpeg
    assert structure.progressive
    assert structure.markers.split().count("SOS") == 10
    assert structure.huffman != read_structure(memoryview(VARIANTS["baseline"])).found.jpeg.huffman


def test_bytes_after_the_end_are_counted_and_a_picture_there_is_found() -> None:
    first, second = VARIANTS["baseline"], VARIANTS["grey"]
    assert frames_of(first + b"trailing")[0].metadata.jpeg.trailing_bytes == 8
    opened, _ = frames_of(first + second)
    assert opened.metadata.jpeg.trailing_bytes == len(second)
    assert opened.thumbnails == (("trailing-jpeg", second),)


def test_the_second_picture_of_an_mpo_is_embedded() -> None:
    content = encode(image(), "MPO", save_all=True, append_images=[image().rotate(180)])
    opened, frames = frames_of(content)
    assert len(frames) == 1
    ((kind, second),) = opened.thumbnails
    assert kind == "mpo"
    again = Image.open(io.BytesIO(content))
    again.seek(1)
    np.testing.assert_array_equal(frames_of(second)[1][0].rgb, np.asarray(again))


def test_a_jpeg_that_starts_with_junk_after_its_first_bytes_still_decodes() -> None:
    content = VARIANTS["baseline"]
    junk = content[:20] + b"\x00\x01\x02" + content[20:]
    np.testing.assert_array_equal(frames_of(junk)[1][0].rgb, frames_of(content)[1][0].rgb)


@given(st.binary(max_size=300))
def test_walking_any_bytes_ends(tail: bytes) -> None:
    head = read_structure(memoryview(b"\xff\xd8\xff" + tail))
    assert head.found.jpeg is not None
    assert nearest_quality([tail]) is None or 1 <= nearest_quality([tail]) <= 100


@pytest.mark.parametrize("quality", [1, 2, 10, 49, 50, 51, 75, 90, 99, 100])
def test_a_table_of_libjpeg_is_known_as_the_search_would_find_it(quality):
    table = _TABLES[quality - 1].astype(np.uint8).tobytes()
    searched = int(np.abs(_TABLES - _TABLES[quality - 1]).sum(axis=1).argmin()) + 1
    assert nearest_quality([b"\0" + table]) == searched
    off_by_one = bytes([table[0] ^ 1]) + table[1:]
    assert abs((nearest_quality([b"\0" + off_by_one]) or 0) - searched) <= 1
