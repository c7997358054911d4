"""EXIF by names, from whole and from hostile blocks."""

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from safelight.media.exif import read_exif
from safelight.media.text import Problems
from tests.unit.media.making import encode, frames_of, heic, image

EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005


def camera(gps: dict[int, Any] | None = None) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Harbour Optics", "HO-1", "Firmware 1.2"
    exif[0x0112] = 3
    shot = exif.get_ifd(EXIF_IFD)
    shot[0x9003], shot[0x9011] = "2031:05:06 07:08:09", "+02:00"
    shot[0x829A] = IFDRational(1, 125)
    shot[0xA431], shot[0xA435], shot[0xA420] = "BODY-1", "LENS-1", "a1b2c3"
    shot[0x927C] = b"maker's own bytes \x00\x01\x02" * 4
    shot[0x9286] = b"ASCII\x00\x00\x00a comment"
    exif.get_ifd(GPS_IFD).update(gps or {})
    return exif


def read(exif: Image.Exif) -> tuple[Any, list[str]]:
    problems = Problems()
    return read_exif(memoryview(exif.tobytes()[6:]), problems), problems.sentences


@pytest.mark.parametrize("written_as", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_fields_come_by_name_from_every_format(written_as: str) -> None:
    metadata = frames_of(encode(image(), written_as, exif=camera()))[0].metadata
    assert metadata.exif["Make"] == metadata.make == "Harbour Optics"
    assert (metadata.model, metadata.software) == ("HO-1", "Firmware 1.2")
    assert metadata.taken == "2031:05:06 07:08:09+02:00"
    assert metadata.exif["ExposureTime"] == "1/125"
    assert metadata.exif["UserComment"] == "a comment"
    assert metadata.exif["MakerNote"] == "(84 bytes)"
    assert metadata.serials == {"BodySerialNumber": "BODY-1", "LensSerialNumber": "LENS-1", "ImageUniqueID": "a1b2c3"}
    assert metadata.raw["exif"][:2] in (b"II", b"MM")
    assert b"maker's own bytes" in metadata.raw["exif"]
    assert metadata.problems == []


def test_tiff_and_heic_say_the_same_things() -> None:
    metadata = frames_of(encode(image(), "TIFF", exif=camera().tobytes()))[0].metadata
    assert (metadata.make, metadata.serials["BodySerialNumber"]) == ("Harbour Optics", "BODY-1")
    assert frames_of(heic("turned"))[0].metadata.serials == {"BodySerialNumber": "HO-000123"}


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(order: str) -> None:
    begin = (b"II" if order == "<" else b"MM") + struct.pack(order + "HL", 42, 8)
    entry = struct.pack(order + "HHLHH", 0x0112, 3, 1, 8, 0)
    exif = read_exif(memoryview(begin + struct.pack(order + "H", 1) + entry + bytes(4)), Problems())
    assert exif.orientation == 8
    assert exif.fields == {"Orientation": "8"}


@pytest.mark.parametrize(("value", "expected"), [(0, 1), (1, 1), (8, 8), (9, 1), (65535, 1)])
def test_impossible_orientations_are_one_and_named(value: int, expected: int) -> None:
    picture = Image.Exif()
    picture[0x0112] = value
    exif, problems = read(picture)
    assert exif.orientation == expected
    assert bool(problems) == (value > 8)


def test_utf_16_titles_and_unknown_tags() -> None:
    picture = Image.Exif()
    picture[0x9C9B] = "Hafen ⚓".encode("utf-16-le") + b"\x00\x00"
    picture[0xFE00] = 7
    assert read(picture)[0].fields == {"XPTitle": "Hafen ⚓", "0xfe00": "7"}


def test_nul_and_control_characters_show() -> None:
    picture = Image.Exif()
    picture[0x010F] = "Har\x00bour\x1b[31m"
    assert read(picture)[0].fields["Make"] == "Har␀bour␛[31m"


def test_a_looping_directory_ends() -> None:
    entry = struct.pack("<HHLHH", 0x0112, 3, 1, 6, 0)
    looping = b"II*\x00" + struct.pack("<L", 8) + struct.pack("<H", 1) + entry + struct.pack("<L", 8)
    problems = Problems()
    assert read_exif(memoryview(looping), problems).orientation == 6
    assert problems.sentences == ["the TIFF directories loop"]


def test_values_outside_the_block_cost_one_field() -> None:
    entries = struct.pack("<HHLL", 0x010F, 2, 4000, 50) + struct.pack("<HHLHH", 0x0112, 3, 1, 6, 0)
    block = b"II*\x00" + struct.pack("<LH", 8, 2) + entries + bytes(4)
    problems = Problems()
    assert read_exif(memoryview(block), problems).fields == {"Orientation": "6"}
    assert "field 0x010f claims 4000 bytes" in problems.sentences[0]


def test_a_second_exif_segment_is_kept() -> None:
    content = encode(image(), "JPEG", exif=camera())
    segment = b"\xff\xe1\x00\x10Exif\x00\x00MM\x00*\x00\x00\x00\x08"
    metadata = frames_of(content[:2] + content[2:20] + segment + content[20:])[0].metadata
    assert "exif-2" in metadata.raw
    assert any("second EXIF" in problem for problem in metadata.problems)


def safe(text: str) -> bool:
    return all(ord(letter) >= 0x20 or letter in "\t\r\n" for letter in text) and text.encode("utf-8") is not None


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([b"II*\x00\x08\x00\x00\x00", b"MM\x00*\x00\x00\x00\x08", b"II+\x00\x08\x00\x00\x00"]),
    st.binary(max_size=400),
)
def test_any_block_is_survived_and_gives_safe_text(begin: bytes, tail: bytes) -> None:
    problems = Problems()
    exif = read_exif(memoryview(begin + tail), problems)
    assert 1 <= exif.orientation <= 8
    assert len(problems.sentences) <= 50
    for text in [*exif.fields, *exif.fields.values(), *problems.sentences]:
        assert safe(text)
        assert len(text) <= 4000


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_damaged_block_is_survived(data: st.DataObject) -> None:
    block = bytearray(camera({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 0.0, 0.0)}).tobytes()[6:])
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(block) - 1), st.integers(0, 255)), max_size=10)
    ):
        block[place] = value
    exif = read_exif(memoryview(bytes(block)), Problems())
    assert all(safe(text) for text in exif.fields.values())
    assert exif.gps is None or (abs(exif.gps.latitude) <= 90 and abs(exif.gps.longitude) <= 180)
