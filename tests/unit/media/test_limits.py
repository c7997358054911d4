"""Bombs: refused before anything is allocated, with the size named, or cut with what was cut named."""

import struct
import tracemalloc
import zlib

import pytest
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from safelight.media.picture import open_picture
from safelight.media.sniff import sniff
from safelight.media.types import Kind, PictureLimits, UnreadablePictureError
from tests.unit.media.making import encode, frames_of, image


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))


def png_of(width: int, height: int) -> bytes:
    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    content = bytearray(encode(image(), "JPEG"))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def gif_of(width: int, height: int) -> bytes:
    content = bytearray(encode(image(), "GIF"))
    content[6:10] = struct.pack("<HH", width, height)
    return bytes(content)


def webp_of(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<L", 10) + b"\x02\x00\x00\x00" + size
    return b"RIFF" + struct.pack("<L", len(body)) + body


def bmp_of(width: int, height: int) -> bytes:
    content = bytearray(encode(image(), "BMP"))
    content[18:26] = struct.pack("<ll", width, height)
    return bytes(content)


def tiff_of(width: int, height: int) -> bytes:
    content = bytearray(encode(image(), "TIFF"))
    for tag, value in ((256, width), (257, height)):
        entry = max(content.find(struct.pack("<HHL", tag, kind, 1)) for kind in (3, 4))
        content[entry : entry + 12] = struct.pack("<HHLL", tag, 4, 1, value)
    return bytes(content)


@pytest.mark.parametrize("make", [png_of, jpeg_of, gif_of, bmp_of, tiff_of])
def test_a_bomb_is_refused_before_it_is_allocated(make) -> None:
    content = make(30_000, 30_000)
    tracemalloc.start()
    with pytest.raises(UnreadablePictureError, match=r"30000 x 30000 pixels, 900 megapixels, above the limit of 250"):
        frames_of(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_webp_bomb_is_refused_before_its_canvas_is_allocated() -> None:
    with pytest.raises(UnreadablePictureError, match="268 megapixels, above the limit of 250"):
        frames_of(webp_of(16384, 16384))


def test_the_limit_is_the_callers() -> None:
    content = encode(image(), "AVIF")
    with pytest.raises(UnreadablePictureError, match=r"above the limit of 0\.001"):
        open_picture(content, Kind.AVIF, limits=PictureLimits(max_pixels=1000))


def test_later_pages_are_held_to_the_limit_too() -> None:
    small, large = image(width=20, height=20), image(width=200, height=200)
    content = encode(small, "TIFF", save_all=True, append_images=[large])
    opened = open_picture(content, Kind.TIFF, limits=PictureLimits(max_pixels=1000))
    assert len(list(opened.frames)) == 1
    assert "above the limit" in opened.frames.damaged


@pytest.mark.parametrize("written_as", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_more_frames_than_the_limit_are_named(written_as: str) -> None:
    more = [image().rotate(turn) for turn in (90, 180, 270)]
    content = encode(image(), written_as, save_all=True, append_images=more)
    opened = open_picture(content, sniff(content), limits=PictureLimits(max_frames=2))
    assert len(list(opened.frames)) == opened.frame_count == 2
    assert "more frames than the limits allow: 2 were read" in opened.metadata.problems


def test_frames_are_bounded_by_their_pixels_together() -> None:
    more = [image().rotate(turn) for turn in (90, 180, 270)]
    content = encode(image(), "GIF", save_all=True, append_images=more)
    opened = open_picture(content, Kind.GIF, limits=PictureLimits(max_total_pixels=71 * 53 * 3))
    assert len(list(opened.frames)) == 3


@pytest.mark.parametrize("where", ["zTXt", "iTXt"])
def test_a_text_bomb_is_cut_and_the_picture_decoded(where: str) -> None:
    told = PngInfo()
    add = told.add_text if where == "zTXt" else told.add_itxt
    add("bomb", "x" * 30_000_000, zip=True)
    content = encode(image(), "PNG", pnginfo=told)
    assert len(content) < 100_000
    opened, frames = frames_of(content)
    assert len(frames) == 1
    assert len(opened.metadata.text["bomb"]) == 4000
    assert f"PNG chunk {where} inflates beyond 1048576 bytes: cut" in opened.metadata.problems


def test_a_profile_bomb_is_cut() -> None:
    opened, _ = frames_of(encode(image(), "PNG", icc_profile=bytes(20_000_000)))
    assert len(opened.metadata.raw["icc"]) == 1 << 20
    assert any("iCCP inflates" in problem for problem in opened.metadata.problems)


def test_a_png_of_countless_chunks_is_refused() -> None:
    content = encode(image(), "PNG")
    with pytest.raises(UnreadablePictureError, match="more than 200000 chunks"):
        frames_of(content[:33] + chunk(b"noTe", b"") * 210_000 + content[33:])


def test_settings_of_pillow_are_put_back() -> None:
    before = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
    content = encode(image(), "PNG")
    frames_of(content[: len(content) * 3 // 4])
    assert before == (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS)
