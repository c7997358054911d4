"""How a video's container is built is told for each family, and any bytes at all end the walk quietly."""

import io
import struct
from functools import cache

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.media.film_structure import Structure, read_structure
from safelight.samples.films import film, still

CONTAINERS = [("mp4", "mpeg4"), ("matroska", "mpeg4"), ("avi", "mjpeg"), ("asf", "wmv2")]


@cache
def made(container, codec="mpeg4"):
    return film([still(1), still(2), still(3)], container, codec)


def told(content):
    return read_structure(io.BytesIO(content))


def box(name, content=b"", size=None):
    return struct.pack(">I4s", 8 + len(content) if size is None else size, name) + content


@pytest.mark.parametrize(
    ("container", "codec", "boxes"),
    [
        ("mp4", "mpeg4", "ftyp(isom/512 isom,iso2,mp41) free mdat moov[mvhd trak[tkhd edts[elst] mdia[mdhd hdlr(vide)"),
        ("mov", "mpeg4", "ftyp(qt\\20\\20/512 qt\\20\\20) wide mdat moov["),
        ("matroska", "mpeg4", "EBML[DocType(matroska)] Segment[SeekHead Void Info["),
        ("webm", "libvpx", "EBML[DocType(webm)] Segment["),
        ("avi", "mjpeg", "RIFF(AVI\\20)[LIST(hdrl)[avih LIST(strl)[strh strf"),
        ("asf", "wmv2", "Header[File HeaderExtension"),
    ],
)
def test_each_family_is_told_by_its_boxes_in_order(container, codec, boxes):
    assert (told(made(container, codec)).boxes or "").startswith(boxes)


def test_a_longer_film_of_one_program_reads_the_same():
    for container in ("mp4", "avi", "matroska"):
        codec = "mjpeg" if container == "avi" else "mpeg4"
        long, short = (film([still(number % 9) for number in range(count)], container, codec) for count in (60, 20))
        assert told(long).boxes == told(short).boxes


def test_times_of_the_film_and_its_tracks_are_told():
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        file.metadata["creation_time"] = "2021-05-06T07:08:09Z"
        stream = file.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        file.mux(stream.encode(av.VideoFrame.from_ndarray(still(1), format="rgb24")))
        file.mux(stream.encode(None))
    at = "2021-05-06T07:08:09+00:00"
    times = told(out.getvalue()).times
    assert (times["film created"], times["film modified"]) == (at, at)
    header = b"\1" + bytes(3) + struct.pack(">QQ", 3_786_912_000, 3_786_912_060)
    mine = told(box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", box(b"mvhd", header)))
    assert mine.times == {"film created": "2024-01-01T00:00:00+00:00", "film modified": "2024-01-01T00:01:00+00:00"}


def test_times_that_no_calendar_holds_are_left_out():
    header = b"\1" + bytes(3) + struct.pack(">QQ", (1 << 64) - 1, 0)
    assert told(box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", box(b"mvhd", header))).times == {}


def test_encrypted_pictures_are_told_with_their_scheme():
    scheme = box(b"sinf", box(b"frma", b"avc1") + box(b"schm", bytes(4) + b"cbcs" + bytes(4)))
    entry = box(b"encv", bytes(78) + scheme)
    track = box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", box(b"stsd", bytes(8) + entry)))))
    content = box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", track)
    assert told(content).locked == "its pictures are encrypted (cbcs)"
    sound = content.replace(b"encv", b"enca")
    assert told(sound).locked is None


def test_matroska_and_asf_that_are_encrypted_are_told():
    def element(number, content):
        return bytes.fromhex(number) + struct.pack(">Q", 1 << 56 | len(content)) + content

    encoding = element("6d80", element("6240", element("5035", b"")))
    content = element("1a45dfa3", b"") + element("18538067", element("1654ae6b", element("ae", encoding)))
    assert told(content).locked == "its pictures are encrypted (Matroska ContentEncryption)"
    whole = made("asf", "wmv2")
    size = int.from_bytes(whole[16:24], "little")
    guid = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
    locked = whole[:16] + struct.pack("<Q", size + 24) + whole[24:30] + guid + struct.pack("<Q", 24) + whole[30:]
    assert told(locked).locked == "its pictures are encrypted (ASF ContentEncryption)"


@pytest.mark.parametrize("content", [
    box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", size=7),
    box(b"ftyp", b"isom" + bytes(4)) + box(b"free") * 100_000,
    box(b"ftyp", size=1) + struct.pack(">Q", 1 << 63),
    b"\x1a\x45\xdf\xa3" + b"\xff" * 100,
    b"\x1a\x45\xdf\xa3" + b"\0" * 100,
])  # fmt: skip
def test_hostile_boxes_end_the_walk(content):
    assert len(told(content).boxes or "") <= 4000


def test_boxes_in_boxes_without_end_are_opened_so_deep_and_no_further():
    content = b""
    for _ in range(500):
        content = box(b"moov", content)
    assert (told(box(b"ftyp", b"isom" + bytes(4)) + content).boxes or "").count("moov") <= 12


@given(content=st.binary(max_size=400))
def test_any_bytes_are_walked_quietly(content):
    for head in (b"", box(b"ftyp", b"isom" + bytes(4)), b"\x1a\x45\xdf\xa3", b"RIFF", made("asf", "wmv2")[:16]):
        assert isinstance(told(head + content), Structure)


@given(data=st.data(), which=st.sampled_from(CONTAINERS))
def test_a_film_with_any_bytes_changed_or_cut_off_is_walked_quietly(data, which):
    content = bytearray(made(*which))
    for at in data.draw(st.lists(st.integers(0, min(len(content), 3000) - 1), max_size=8)):
        content[at] = data.draw(st.integers(0, 255))
    found = told(bytes(content[: data.draw(st.integers(0, len(content)))]))
    assert len(found.boxes or "") <= 4000
    assert len(found.times) <= 100
