"""A file's bytes become one bounded examination; nothing is computed twice and nothing said twice."""

import io

import msgspec
import numpy as np
import pytest
from PIL import Image, ImageOps

from safelight.media.types import Kind, UnreadablePictureError
from safelight.samples.pictures import picture
from safelight.signatures import pdq
from safelight.signatures.compare import compare
from safelight.signatures.examine import examine
from safelight.signatures.pixels import pixel_digest
from safelight.signatures.types import Examination, Transform


def encoded(image, kind=Kind.PNG, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind.value, **options)
    return buffer.getvalue()


def seen(image, kind=Kind.PNG, **options) -> Examination:
    return examine(encoded(image, kind, **options), kind)


def oriented(image, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return seen(image, Kind.JPEG, quality=95, exif=exif)


def test_a_plain_picture_has_one_hash():
    image = picture(1, 0)
    found = seen(image)
    [still] = found.stills
    pixels = np.asarray(image)
    assert still.listed == pdq.compute(pixels).pdq
    assert still.shown is None
    assert still.shown_size == found.size == (640, 480)
    assert still.pixels == pixel_digest(pixels)
    assert (found.format, found.frames, found.orientation, found.damaged) == ("png", 1, 1, None)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_orientation_changes_what_is_shown_and_not_what_is_listed(orientation):
    image = picture(1, 1)
    plain, turned = oriented(image, 1), oriented(image, orientation)
    assert turned.stills[0].listed == plain.stills[0].listed
    upright = ImageOps.exif_transpose(
        Image.open(io.BytesIO(encoded(image, Kind.JPEG, quality=95, exif=exif(orientation))))
    )
    expected = pdq.compute(np.asarray(upright)).pdq
    assert pdq.distance(turned.stills[0].shown.bits, expected.bits) <= 2
    assert turned.stills[0].shown_size == upright.size


def exif(orientation):
    data = Image.Exif()
    data[0x0112] = orientation
    return data


def test_a_border_is_trimmed_from_what_is_shown_only():
    image = picture(1, 2)
    framed = ImageOps.expand(image, 50, "black")
    [still] = seen(framed).stills
    assert still.listed == pdq.compute(np.asarray(framed)).pdq
    assert still.shown == pdq.compute(np.asarray(image)).pdq
    assert still.shown_size == image.size
    assert still.pixels == seen(image).stills[0].pixels


def test_transparency_is_laid_over_grey():
    image = picture(1, 3)
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (200, 100, 400, 300))
    see_through = image.copy()
    see_through.putalpha(alpha)
    [still] = seen(see_through).stills
    over = image.copy()
    over.paste((128, 128, 128), (200, 100, 400, 300))
    assert still.listed == pdq.compute(np.asarray(image)).pdq
    assert still.shown == pdq.compute(np.asarray(over)).pdq


def test_an_animation_gives_each_distinct_frame_once():
    first, second = picture(1, 0, (200, 150)), picture(1, 1, (200, 150))
    flat = Image.new("RGB", (200, 150), "green")
    frames = [second, first.copy(), flat, second.copy(), picture(1, 2, (200, 150))]
    found = seen(first, Kind.WEBP, save_all=True, append_images=frames, lossless=True, duration=100)
    assert [still.index for still in found.stills] == [0, 1, 5]


def test_the_result_survives_its_way_out_of_the_sandbox():
    found = seen(picture(1, 4), Kind.JPEG)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Examination) == found


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", bytes(100)])
@pytest.mark.parametrize("kind", [Kind.JPEG, Kind.PNG, Kind.GIF])
def test_what_no_decoder_reads_is_refused(content, kind):
    with pytest.raises(UnreadablePictureError):
        examine(content, kind)


def test_compare_names_the_turn_and_the_hashes():
    image = picture(1, 5)
    plain = seen(image)
    turned = compare(plain, seen(image.transpose(Image.Transpose.ROTATE_90)))
    assert (turned.transform, turned.distance, turned.same_pixels) == (Transform.ROTATE90, 0, False)
    framed = compare(plain, seen(ImageOps.expand(image, 60, "white")))
    assert (framed.transform, framed.distance, framed.a_hash, framed.b_hash) == (
        Transform.ORIGINAL,
        0,
        "listed",
        "shown",
    )
    assert framed.same_pixels
    assert framed.tile_difference == pytest.approx(0)


def test_compare_says_when_nothing_can_be_said():
    flat = seen(Image.new("RGB", (100, 100), "blue"))
    found = compare(flat, seen(picture(1, 0)))
    assert not found.usable
    other = compare(seen(picture(1, 0)), seen(picture(1, 1)))
    assert other.usable
    assert other.distance > 60
