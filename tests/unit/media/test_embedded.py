"""Pictures inside pictures come out as files of their own."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from safelight.media.picture import open_picture
from safelight.media.types import Kind, PictureLimits
from tests.unit.media.making import encode, frames_of, heic, image, rgb

SMALL = encode(image(width=16, height=12), "JPEG")


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg_with(*segments: bytes) -> bytes:
    content = encode(image(), "JPEG")
    return content[:2] + b"".join(segments) + content[20:]  # in place of Pillow's own JFIF segment


def exif_thumbnail(thumbnail: bytes, *, claimed: int | None = None) -> bytes:
    first = struct.pack("<H", 1) + struct.pack("<HHLHH", 0x0112, 3, 1, 1, 0) + struct.pack("<L", 26)
    entries = struct.pack("<HHLL", 0x0201, 4, 1, 56) + struct.pack("<HHLL", 0x0202, 4, 1, claimed or len(thumbnail))
    second = struct.pack("<H", 2) + entries + bytes(4)
    block = b"II*\x00\x08\x00\x00\x00" + first + second
    assert len(block) == 56
    return segment(0xE1, b"Exif\x00\x00" + block + thumbnail)


def test_the_exif_thumbnail() -> None:
    opened, _ = frames_of(jpeg_with(exif_thumbnail(SMALL)))
    assert opened.thumbnails == (("exif-thumbnail", SMALL),)
    assert opened.metadata.exif["Thumbnail.JpegIFByteCount"] == str(len(SMALL))


def test_a_thumbnail_that_claims_more_than_there_is_comes_cut_and_named() -> None:
    opened, _ = frames_of(jpeg_with(exif_thumbnail(SMALL, claimed=5000)))
    assert opened.thumbnails == (("exif-thumbnail", SMALL),)
    assert "the EXIF thumbnail reaches outside its block: cut" in opened.metadata.problems


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("jfif-thumbnail", b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x10\x0c" + rgb(16, 12).tobytes()),
        ("jfxx-thumbnail", b"JFXX\x00\x13\x10\x0c" + rgb(16, 12).tobytes()),
    ],
)
def test_bare_pixels_come_as_a_bitmap(kind: str, content: bytes) -> None:
    opened, _ = frames_of(jpeg_with(segment(0xE0, content)))
    ((name, thumbnail),) = opened.thumbnails
    assert name == kind
    np.testing.assert_array_equal(frames_of(thumbnail)[1][0].rgb, rgb(16, 12))


def test_a_palette_thumbnail_comes_as_a_bitmap() -> None:
    picture = image("P", 16, 12)
    palette = bytes(picture.getpalette()).ljust(768, b"\x00")
    opened, _ = frames_of(jpeg_with(segment(0xE0, b"JFXX\x00\x11\x10\x0c" + palette + picture.tobytes())))
    np.testing.assert_array_equal(frames_of(opened.thumbnails[0][1])[1][0].rgb, np.asarray(picture.convert("RGB")))


def test_a_jpeg_thumbnail_comes_as_it_is() -> None:
    assert frames_of(jpeg_with(segment(0xE0, b"JFXX\x00\x10" + SMALL)))[0].thumbnails == (("jfxx-thumbnail", SMALL),)


def test_a_thumbnail_cut_by_its_segment_is_named() -> None:
    opened, _ = frames_of(jpeg_with(segment(0xE0, b"JFXX\x00\x13\xff\xff" + bytes(50))))
    assert opened.thumbnails == ()
    assert opened.metadata.problems == ["the jfxx-thumbnail reaches outside its segment: left out"]


def test_the_thumbnail_of_a_heic_comes_as_a_bitmap() -> None:
    opened, (frame,) = frames_of(heic("gradient"))
    ((name, thumbnail),) = opened.thumbnails
    assert name == "heif-thumbnail"
    pixels = np.asarray(Image.open(io.BytesIO(thumbnail)))
    assert pixels.shape == (32, 48, 3)
    assert np.abs(pixels.astype(int) - frame.rgb[::2, ::2].astype(int)).mean() < 10


def test_what_is_beyond_the_limits_is_named() -> None:
    many = [segment(0xE0, b"JFXX\x00\x10" + encode(image(width=8, height=8 + n), "JPEG")) for n in range(12)]
    opened = open_picture(jpeg_with(*many), Kind.JPEG, limits=PictureLimits(max_embedded=3))
    assert len(opened.thumbnails) == 3
    assert "more than 3 embedded pictures: the rest was left out" in opened.metadata.problems
    opened = open_picture(jpeg_with(many[0]), Kind.JPEG, limits=PictureLimits(max_embedded_bytes=100))
    assert opened.thumbnails == ()
    assert any("is above the limit: left out" in problem for problem in opened.metadata.problems)


def test_the_same_thumbnail_twice_is_one() -> None:
    opened, _ = frames_of(jpeg_with(exif_thumbnail(SMALL), segment(0xE0, b"JFXX\x00\x10" + SMALL)))
    assert opened.thumbnails == (("exif-thumbnail", SMALL),)


@pytest.mark.parametrize(
    ("urn", "kind"),
    [
        (b"urn:mpeg:hevc:2015:auxid:2", "heif-depth"),
        (b"urn:x:photo:aux:hdrgainmap", "heif-gain-map"),
        (b"urn:x:portraiteffectsmatte", "heif-matte"),
        (b"urn:x:of:something:unheard", "heif-auxiliary"),
    ],
)
def test_what_stands_beside_a_heic_comes_as_a_grey_bitmap(urn: bytes, kind: str) -> None:
    content = heic("alpha").replace(b"urn:mpeg:hevc:2015:auxid:1", urn)
    opened, (frame,) = frames_of(content)
    ((name, beside),) = opened.thumbnails
    assert name == kind
    assert Image.open(io.BytesIO(beside)).mode == "L"
    assert Image.open(io.BytesIO(beside)).size == (frame.rgb.shape[1], frame.rgb.shape[0])


def test_the_alpha_of_a_heic_is_no_picture_beside_it() -> None:
    assert frames_of(heic("alpha"))[0].thumbnails == ()


def test_an_auxiliary_picture_that_cannot_be_decoded_is_named_and_the_picture_read() -> None:
    content = heic("alpha").replace(b"urn:mpeg:hevc:2015:auxid:1", b"urn:x:of:something:unheard")
    opened = open_picture(content, Kind.HEIF, limits=PictureLimits(max_embedded_bytes=100))
    assert opened.thumbnails == ()
    assert any("heif-auxiliary" in problem for problem in opened.metadata.problems)
