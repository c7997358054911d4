"""Each format in each mode gives Pillow's RGB, which is what `threatexchange` hashes where that makes sense."""

import io
import mmap

import numpy as np
import pytest
from PIL import Image
from threatexchange.signal_type.pdq import pdq_hasher

from safelight.media.picture import open_picture
from safelight.media.types import Kind, UnreadablePictureError
from tests.unit.media.making import encode, frames_of, heic, image

MODES = {
    "JPEG": ("RGB", "L", "CMYK", "YCbCr"),
    "PNG": ("RGB", "L", "1", "P", "LA", "RGBA", "I;16"),
    "GIF": ("P", "L", "1", "RGB"),
    "WEBP": ("RGB", "RGBA", "L", "LA"),
    "BMP": ("RGB", "L", "1", "P"),
    "TIFF": ("RGB", "L", "1", "P", "LA", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"),
    "AVIF": ("RGB", "RGBA", "L", "LA"),
    "JPEG2000": ("RGB", "RGBA", "L", "LA", "I;16", "YCbCr"),
}
# the peer hashes the indices of palettes, the inks of CMYK: a known defect that is not copied
COMPARABLE = ("RGB", "L", "LA", "RGBA", "I;16")
CASES = [(written_as, mode) for written_as, modes in MODES.items() for mode in modes]


@pytest.mark.parametrize(("written_as", "mode"), CASES)
def test_rgb_is_what_pillow_converts_to(written_as: str, mode: str) -> None:
    content = encode(image(mode), written_as)
    opened, frames = frames_of(content)
    expected = Image.open(io.BytesIO(content))
    assert opened.kind == written_as.lower()
    assert opened.size == expected.size
    assert len(frames) == opened.frame_count == 1
    assert frames[0].rgb.dtype == np.uint8
    assert frames[0].rgb.flags.c_contiguous
    np.testing.assert_array_equal(frames[0].rgb, np.asarray(expected.convert("RGB")))
    assert opened.frames.damaged is None


@pytest.mark.parametrize(("written_as", "mode"), [case for case in CASES if case[1] in COMPARABLE and case[0] != "GIF"])
def test_rgb_is_what_threatexchange_hashes(written_as: str, mode: str) -> None:
    content = encode(image(mode), written_as)
    theirs = pdq_hasher._convert_image_to_correct_array_dimension(Image.open(io.BytesIO(content)))
    np.testing.assert_array_equal(frames_of(content)[1][0].rgb, theirs[..., :3])


@pytest.mark.parametrize(
    ("written_as", "mode"), [("PNG", "LA"), ("PNG", "RGBA"), ("TIFF", "LA"), ("TIFF", "RGBA"), ("WEBP", "RGBA")]
)
def test_alpha_comes_beside_the_colours(written_as: str, mode: str) -> None:
    _, (frame,) = frames_of(encode(image(mode), written_as))
    assert frame.alpha is not None
    np.testing.assert_array_equal(frame.alpha, np.asarray(image(mode).getchannel("A")))


def test_alpha_that_hides_nothing_is_none() -> None:
    assert frames_of(encode(image().convert("RGBA"), "PNG"))[1][0].alpha is None


@pytest.mark.parametrize("written_as", ["PNG", "GIF"])
def test_a_transparent_palette_colour_is_alpha(written_as: str) -> None:
    picture = image("P")
    hidden = np.asarray(picture) == 5
    _, (frame,) = frames_of(encode(picture, written_as, transparency=5))
    assert frame.alpha is not None
    np.testing.assert_array_equal(frame.alpha == 0, hidden)
    np.testing.assert_array_equal(frame.rgb, np.asarray(picture.convert("RGB")))


def test_a_transparent_colour_of_a_png_is_alpha() -> None:
    picture = image()
    picture.paste((1, 2, 3), (0, 0, 9, 9))
    _, (frame,) = frames_of(encode(picture, "PNG", transparency=(1, 2, 3)))
    assert frame.alpha is not None
    assert not frame.alpha[:9, :9].any()
    assert (frame.rgb[:9, :9] == (1, 2, 3)).all()


def test_heic_gives_colours_and_alpha() -> None:
    opened, (frame,) = frames_of(heic("alpha"))
    assert (opened.kind, opened.size, opened.orientation) == (Kind.HEIF, (96, 64), 1)
    assert np.abs(frame.rgb[10, 10].astype(int) - (230, 30, 30)).max() < 12
    assert frame.alpha is not None
    assert frame.alpha[:30].min() > 250
    assert abs(int(frame.alpha[40:].mean()) - 90) < 4


@pytest.mark.parametrize("written_as", ["JPEG", "PNG", "TIFF", "WEBP", "GIF"])
def test_content_may_be_a_view_or_a_mapped_file(written_as: str, tmp_path) -> None:
    content = encode(image(), written_as)
    expected = frames_of(content)[1][0].rgb
    padded = memoryview(b"before" + content + b"after")[6:-5]
    np.testing.assert_array_equal(next(iter(open_picture(padded, Kind(written_as.lower())).frames)).rgb, expected)
    path = tmp_path / "picture"
    path.write_bytes(content)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        opened = open_picture(mapped, Kind(written_as.lower()))
        pixels = next(iter(opened.frames)).rgb.copy()
        del opened  # a view of the map is held as long as the picture lives
    np.testing.assert_array_equal(pixels, expected)


def test_frames_can_be_read_twice() -> None:
    for written_as in ("JPEG", "PNG", "GIF"):
        opened, first = frames_of(encode(image(), written_as))
        np.testing.assert_array_equal(next(iter(opened.frames)).rgb, first[0].rgb)
    opened, first = frames_of(heic("two"))
    assert [frame.rgb.tobytes() for frame in opened.frames] == [frame.rgb.tobytes() for frame in first]


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(UnreadablePictureError, match="zip is no kind of picture"):
        open_picture(b"PK", Kind.ZIP)
