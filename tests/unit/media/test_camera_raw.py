"""Camera raw: developed into the picture that was taken, its preview beside it, and instead of it where it must be."""

import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.media.embedded import decode_embedded, extract
from safelight.media.picture import open_picture
from safelight.media.raw_developing import open_camera_raw
from safelight.media.sniff import sniff
from safelight.media.types import Kind, PictureLimits, UnreadablePictureError
from safelight.samples.exif import Camera, write_exif
from safelight.samples.formats import orientated
from safelight.samples.pictures import picture
from safelight.samples.raw_camera import write_dng
from safelight.signatures.examine import examine
from tests.unit.media.making import encode, frames_of, image

SHOWN = picture(5, 1, (480, 320))
PREVIEW = encode(picture(5, 2, (240, 160)), "JPEG", quality=90)
"""Another picture on purpose: so it shows which one was taken."""
DNG = write_dng(SHOWN, preview=PREVIEW)
TIFF_BLOCK = write_exif(Camera(latitude=54.5, longitude=-3.25)).removeprefix(b"Exif\x00\x00")


def distance(one: bytes, other: bytes) -> int:
    return int(np.bitwise_count(np.frombuffer(one, np.uint8) ^ np.frombuffer(other, np.uint8)).sum())


def hash_of(content: bytes) -> bytes:
    return examine(content, sniff(content[:4096])).stills[0].listed.bits


@pytest.mark.parametrize("size", [(480, 320), (640, 480), (3600, 2400)])
def test_what_is_developed_is_the_picture_that_was_taken(size):
    shown = SHOWN.resize(size)
    content = write_dng(shown, preview=PREVIEW)
    found = examine(content, sniff(content[:4096]))
    assert found.format == "camera-raw"
    assert found.size == size
    assert found.damaged is None
    assert distance(found.stills[0].listed.bits, hash_of(encode(shown, "PNG"))) <= 10


def test_large_ones_are_developed_at_half_their_size():
    (frame,) = open_picture(write_dng(SHOWN.resize((3600, 2400))), Kind.CAMERA_RAW).frames
    assert frame.rgb.shape == (1200, 1800, 3)


def test_its_preview_is_a_picture_of_its_own():
    found = examine(DNG, Kind.CAMERA_RAW)
    assert [(one.kind, one.content) for one in found.embedded] == [("camera-preview", PREVIEW)]
    assert decode_embedded(extract(DNG, b"camera-raw")) == [PREVIEW]


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_it_is_shown_upright(turn):
    content = write_dng(orientated(SHOWN, turn), orientation=turn)
    found = examine(content, Kind.CAMERA_RAW)
    upright = examine(write_dng(SHOWN), Kind.CAMERA_RAW)
    assert found.orientation == turn
    still = found.stills[0]
    assert distance((still.shown or still.listed).bits, upright.stills[0].listed.bits) <= 10


def test_metadata_are_those_of_its_directories():
    told = open_picture(DNG, Kind.CAMERA_RAW).metadata
    assert (told.make, told.model) == (Camera().make, Camera().model)
    assert told.serials["CameraSerialNumber"] == Camera().serial


def test_one_that_was_cut_is_answered_by_its_preview():
    found = examine(DNG[: len(DNG) * 2 // 3], Kind.CAMERA_RAW)
    assert "its preview stands for it" in (found.damaged or "")
    assert distance(found.stills[0].listed.bits, hash_of(PREVIEW)) == 0


def test_one_that_was_cut_and_has_no_preview_gives_what_there_is():
    content = write_dng(SHOWN)
    opened, (frame,) = frames_of(content[: len(content) * 2 // 3])
    assert opened.frames.damaged == "Input/output error"
    assert frame.rgb[:200].any()
    assert not frame.rgb[-100:].any()


def test_a_camera_that_is_not_known_is_answered_by_the_largest_jpeg_in_the_file():
    small = encode(image(width=32, height=24), "JPEG")
    content = b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(200) + small + bytes(50) + PREVIEW + bytes(50)
    found = examine(content, sniff(content))
    assert "cannot be developed" in (found.damaged or "")
    assert found.size == (240, 160)
    assert found.stills[0].listed.bits == hash_of(PREVIEW)
    assert [one.content for one in found.embedded] == [PREVIEW]


def test_its_preview_tells_what_its_own_words_do_not():
    preview = encode(image(), "JPEG", exif=b"Exif\x00\x00" + TIFF_BLOCK)
    content = b"FUJIFILMCCD-RAW 0201" + bytes(200) + preview
    told = open_picture(content, sniff(content)).metadata
    assert told.make == Camera().make
    assert told.gps is not None


def test_canon_keeps_its_directories_apart():
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    empty = struct.pack("<2sHLHL", b"II", 42, 8, 0, 0)
    inner = b"".join(boxed(name, block) for name, block in ((b"CMT1", TIFF_BLOCK), (b"CMT2", empty), (b"CMT4", empty)))
    content = boxed(b"ftyp", b"crx \x00\x00\x00\x01crx isom")
    content += boxed(b"moov", boxed(b"uuid", canon + inner)) + boxed(b"mdat", PREVIEW)
    told = open_picture(content, sniff(content)).metadata
    assert told.make == Camera().make
    assert told.taken is None  # it stands in CMT2, which is empty
    assert told.gps is None


def boxed(name: bytes, body: bytes) -> bytes:
    return struct.pack(">L", 8 + len(body)) + name + body


def test_minolta_keeps_tiff_in_a_block():
    block = b"\x00PRD" + struct.pack(">L", 4) + b"2721" + b"\x00TTW" + struct.pack(">L", len(TIFF_BLOCK)) + TIFF_BLOCK
    content = b"\x00MRM" + struct.pack(">L", len(block)) + block + PREVIEW
    assert open_picture(content, sniff(content)).metadata.model == Camera().model


def test_a_sensor_that_sees_no_colours():
    content = write_dng(SHOWN)
    colours, linear = (struct.pack("<HHLL", 0x0106, 3, 1, one) for one in (32803, 34892))
    assert colours in content
    grey = content.replace(colours, linear)
    _, (frame,) = frames_of(grey)
    assert frame.rgb.shape == (320, 480, 3)


def test_without_picture_and_preview_it_is_unreadable():
    with pytest.raises(UnreadablePictureError, match="without a preview"):
        open_picture(b"IIRO" + bytes(500), Kind.CAMERA_RAW)


def test_what_it_claims_is_held_to_the_limit():
    with pytest.raises(UnreadablePictureError, match="480 x 320 pixels"):
        open_camera_raw(memoryview(DNG), PictureLimits(max_pixels=1000))


def test_tiff_whose_directory_lies_far_behind_is_told_when_it_is_opened():
    count = struct.unpack_from("<H", DNG, 8)[0]
    directory = DNG[8 : 8 + 2 + 12 * count + 4]
    content = DNG[:4] + struct.pack("<L", len(DNG)) + DNG[8:] + directory
    assert sniff(content[:4096]) is Kind.TIFF
    assert open_picture(content, Kind.TIFF).kind is Kind.CAMERA_RAW


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(8, 1200), st.integers(0, 255)), min_size=1, max_size=12))
def test_any_mutation_is_survived(changes):
    content = bytearray(DNG)
    for at, byte in changes:
        content[at] = byte
    with suppress(UnreadablePictureError):
        for frame in open_camera_raw(memoryview(bytes(content)), PictureLimits()).frames:
            assert frame.rgb.shape[2] == 3
