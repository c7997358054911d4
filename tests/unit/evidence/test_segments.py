"""Which files are one disk image: found by content and by name, a missing one named, nothing opened for ever."""

import os
from itertools import islice

import pytest

from safelight.errors import CannotRunError
from safelight.evidence.reading import Reading, read_file
from safelight.evidence.segments import MOST, ewf_names, segments_in_archive, segments_of
from safelight.media.types import Kind
from tests.unit.evidence.disks import MIB, Folder, encase, fat, noise

EWF_HEAD = b"EVF\t\r\n\xff\x00\x01"


def segment(number: int, last: bytes) -> bytes:
    """A segment by its first and its last section, with nothing in it."""
    return EWF_HEAD + number.to_bytes(2, "little") + b"\0\0" + last.ljust(76, b"\0")


@pytest.fixture
def read(tmp_path):
    """Read one file of a folder; everything that was opened is closed at the end."""
    readings: list[Reading] = []

    def run(name: str) -> Reading:
        path = os.fsencode(tmp_path / name)
        readings.append(read_file(path, os.stat(path)))
        return readings[-1]

    yield run
    for reading in readings:
        reading.close()


def lay(folder, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def test_names_of_segments_follow_the_format():
    names = [name.decode() for name in ewf_names(b"x/image.E01")]
    assert names[:2] == ["x/image.E02", "x/image.E03"]
    assert names[97:100] == ["x/image.E99", "x/image.EAA", "x/image.EAB"][:3]
    assert names[98 + 26 * 26] == "x/image.FAA"
    assert names[-1] == "x/image.ZZZ"
    assert [name.decode() for name in islice(ewf_names(b"a.s01"), 97, 100)] == ["a.s99", "a.saa", "a.sab"]
    assert list(ewf_names(b"no number")) == []


def test_all_segments_are_opened_and_each_knows_its_first(read, tmp_path):
    lay(tmp_path, {"a.E01": segment(1, b"next"), "a.E02": segment(2, b"next"), "a.E03": segment(3, b"done")})
    first = read("a.E01")
    assert len(first.segments.further) == 2
    assert first.segments.missing is None
    assert first.whole_size == 3 * len(segment(1, b""))
    assert [read(name).segments.part_of for name in ("a.E02", "a.E03")] == ["a.E01", "a.E01"]


@pytest.mark.parametrize(("there", "missing"), [((1, 3), "a.E02"), ((1, 2), "a.E03"), ((1, 2, 4), "a.E03")])
def test_a_missing_segment_is_named(read, tmp_path, there, missing):
    lay(tmp_path, {f"a.E{number:02}": segment(number, b"next") for number in there})
    segments = read("a.E01").segments
    assert f"{missing} is missing" in segments.missing
    assert len(segments.further) == len([number for number in there if 1 < number < int(missing[-2:])])


def test_a_segment_without_its_first_is_named(read, tmp_path):
    lay(tmp_path, {"a.E02": segment(2, b"done"), "b.e03": segment(3, b"done"), "b.E01": segment(1, b"done")})
    assert "segment 2 of an EnCase image, whose first one is not beside it" in read("a.E02").segments.lone
    assert read("b.e03").segments.part_of == "b.E01"


def test_real_segments_belong_together(read, tmp_path):
    made = encase(tmp_path, noise(1, 4 * MIB), "-S", "1572864")
    reading = read("image.E01")
    assert len(reading.segments.further) == len(made) - 1 > 1
    assert reading.segments.missing is None


@pytest.mark.parametrize("first", ["000", "001"])
def test_a_raw_image_in_parts(read, tmp_path, first):
    image = fat(tmp_path, Folder())
    start = int(first)
    lay(tmp_path, {f"disk.{start + at:03}": image[at * MIB // 2 : (at + 1) * MIB // 2] for at in range(4)})
    lay(tmp_path, {"disk.txt": b"x", "other.002": b"no image before it"})
    reading = read(f"disk.{first}")
    assert reading.kind is Kind.RAW_IMAGE
    assert len(reading.segments.further) == 3
    assert reading.whole_size == len(image)
    assert read(f"disk.{start + 3:03}").segments.part_of == f"disk.{first}"
    assert read("other.002").segments.part_of is None


def test_a_raw_image_that_lacks_a_part_says_so(read, tmp_path):
    image = fat(tmp_path, Folder())
    lay(tmp_path, {"disk.001": image[:MIB], "disk.003": image[MIB:]})
    assert "disk.002 is missing" in read("disk.001").segments.missing


def test_a_renamed_first_segment_says_that_others_follow(read, tmp_path):
    lay(tmp_path, {"seized.bin": segment(1, b"next"), "alone.bin": segment(1, b"done")})
    assert "others follow it" in read("seized.bin").segments.missing
    assert read("alone.bin").segments.missing is None


def test_links_and_folders_are_no_segments(read, tmp_path):
    lay(tmp_path, {"a.E01": segment(1, b"done"), "elsewhere": segment(2, b"done")})
    (tmp_path / "a.E02").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "a.E03").mkdir()
    segments = read("a.E01").segments
    assert (segments.further, segments.missing) == ([], None)


def test_of_endlessly_many_only_so_many_are_opened(read, tmp_path, monkeypatch):
    assert MOST >= 1000
    monkeypatch.setattr("safelight.evidence.segments.MOST", 5)
    lay(tmp_path, {f"a.E{number:02}": segment(number, b"next") for number in range(1, 20)})
    segments = read("a.E01").segments
    assert len(segments.further) == 5
    assert "only 5 are read" in segments.missing


@pytest.mark.parametrize("allowed", [5, 200])
def test_an_image_that_has_more_segments_than_may_be_open_is_refused_and_others_go_on(tmp_path, allowed):
    lay(tmp_path, {"a.E01": segment(1, b"next")})
    fd = os.open(tmp_path / "a.E01", os.O_RDONLY)
    opened = []

    def open_file(_name):
        if len(opened) == allowed:
            raise CannotRunError("no file can be read here any more")
        opened.append(os.dup(fd))
        return opened[-1]

    try:
        if allowed < 100:  # it is not for this image that none is left
            with pytest.raises(CannotRunError):
                segments_of(b"a.E01", Kind.EWF, fd, open_file)
        else:
            segments = segments_of(b"a.E01", Kind.EWF, fd, open_file)
            assert segments.further == []
            assert "ulimit -n" in segments.missing
        assert not any(os.path.exists(f"/proc/self/fd/{one}") for one in opened)
    finally:
        os.close(fd)


def test_in_an_archive_it_is_said_what_is_not_looked_for(tmp_path):
    said = []
    for number, last in ((1, b"done"), (1, b"next"), (2, b"done")):
        lay(tmp_path, {"x": segment(number, last)})
        fd = os.open(tmp_path / "x", os.O_RDONLY)
        said.append(segments_in_archive(Kind.EWF, fd))
        os.close(fd)
    assert (said[0].missing, said[0].lone) == (None, None)
    assert "unpack all into one folder" in said[1].missing
    assert "segment 2 of an EnCase image" in said[2].lone


def test_a_segment_that_is_opened_is_closed(tmp_path):
    lay(tmp_path, {"a.E01": segment(1, b"next"), "a.E02": segment(2, b"done")})
    before = len(os.listdir("/proc/self/fd"))
    path = os.fsencode(tmp_path / "a.E01")
    reading = read_file(path, os.stat(path))
    assert len(os.listdir("/proc/self/fd")) == before + 2
    reading.close()
    reading.close()
    assert len(os.listdir("/proc/self/fd")) == before
