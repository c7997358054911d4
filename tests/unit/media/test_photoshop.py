"""Photoshop resources and IPTC records."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from safelight.media.photoshop import read_iptc, read_resources
from safelight.media.text import Problems
from tests.unit.media.making import encode, frames_of, image


def resource(number: int, content: bytes, name: bytes = b"") -> bytes:
    named = bytes([len(name)]) + name
    named += b"\x00" * (len(named) % 2)
    return (
        b"8BIM"
        + struct.pack(">H", number)
        + named
        + struct.pack(">L", len(content))
        + content
        + b"\x00" * (len(content) % 2)
    )


def dataset(record: int, number: int, value: bytes) -> bytes:
    return bytes([0x1C, record, number]) + struct.pack(">H", len(value)) + value


RECORDS = (
    dataset(1, 90, b"\x1b%G")
    + dataset(2, 0, b"\x00\x04")
    + dataset(2, 5, "Hafen ⚓".encode())
    + dataset(2, 25, b"crane")
    + dataset(2, 25, b"quay")
    + dataset(2, 200, b"own")
)
FIELDS = {
    "1:090 CodedCharacterSet": "␛%G",
    "2:000 ApplicationRecordVersion": "4",
    "2:005 ObjectName": "Hafen ⚓",
    "2:025 Keywords": "crane",
    "2:025 Keywords[2]": "quay",
    "2:200": "own",
}


def jpeg_with(block: bytes) -> bytes:
    content = encode(image(), "JPEG")
    body = b"Photoshop 3.0\x00" + block
    return content[:2] + b"\xff\xed" + struct.pack(">H", len(body) + 2) + body + content[2:]


def test_records_become_named_fields() -> None:
    problems = Problems()
    assert read_iptc(RECORDS, problems) == FIELDS
    assert problems.sentences == []


def test_latin_1_without_a_declared_character_set() -> None:
    assert read_iptc(dataset(2, 120, b"Gr\xfc\xdfe"), Problems()) == {"2:120 Caption": "Grüße"}


def test_an_extended_length() -> None:
    long = b"x" * 40_000
    record = bytes([0x1C, 2, 120]) + b"\x80\x04" + struct.pack(">L", len(long)) + long
    assert len(read_iptc(record, Problems())["2:120 Caption"]) == 4000


def test_a_jpeg_hands_over_records_and_thumbnail() -> None:
    thumbnail = encode(image(width=16, height=12), "JPEG")
    block = resource(0x03ED, b"\x00" * 16, b"odd") + resource(0x0404, RECORDS) + resource(0x040C, bytes(28) + thumbnail)
    opened, _ = frames_of(jpeg_with(block))
    assert opened.metadata.iptc == FIELDS
    assert opened.metadata.raw["iptc"] == RECORDS
    assert opened.metadata.raw["photoshop"] == block
    assert opened.thumbnails == (("photoshop-thumbnail", thumbnail),)
    assert opened.metadata.problems == []


def test_a_tiff_hands_over_its_records() -> None:
    content = encode(image(), "TIFF", tiffinfo={33723: RECORDS})
    assert frames_of(content)[0].metadata.iptc == FIELDS


def test_a_resource_that_reaches_outside_is_named() -> None:
    problems = Problems()
    block = resource(0x0404, RECORDS) + b"8BIM\x04\x0c\x00\x00\xff\xff\xff\xff"
    assert read_resources(block, problems) == (RECORDS, [])
    assert problems.sentences == ["Photoshop resource 0x040c reaches outside its block: left out"]


@given(st.binary(max_size=120))
def test_any_tail_is_survived(tail: bytes) -> None:
    problems = Problems()
    read_resources(b"8BIM\x04\x04" + tail, problems)
    read_iptc(b"\x1c\x02" + tail, problems)
    read_iptc(RECORDS + tail, problems)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 255), st.text(max_size=20)), max_size=20))
def test_what_was_written_is_read(datasets: list[tuple[int, int, str]]) -> None:
    written = b"".join(dataset(record, number, value.encode()) for record, number, value in datasets)
    assert len(read_iptc(written, Problems())) == len(datasets)
