"""The parent of the walker of disk images, with the walker in its sandbox: whatever an image holds, the parent goes on."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.evidence.archives.messages import ArchiveLimits
from safelight.evidence.images import order
from safelight.evidence.unpacking import WALKER, Allowance, Unpacked, Unpacking
from safelight.media.types import Kind
from safelight.sandbox import Limits, Nursery
from tests.unit.evidence.disks import MIB, Folder, encase, ext, fat, noise, ntfs
from tests.unit.evidence.documents import bomb

MISBEHAVING = [
    f"tests.unit.evidence.hooks:{name}" for name in ("crash_at_odd_ones", "crash_at_once", "crash_at_each", "repeat")
]
SMALL = {b"a.bin": noise(1, 4000), b"folder/b.bin": noise(2, 9000)}


@pytest.fixture(scope="module")
def nursery():
    with Nursery(
        order.WALKER, order.VERIFIER, WALKER, *MISBEHAVING, limits=Limits(wall_seconds=20, memory_bytes=1 << 30)
    ) as made:
        yield made


@pytest.fixture(scope="module")
def unpack(nursery, tmp_path_factory):
    """Unpack an image; what comes is let go of at once."""
    spool = tmp_path_factory.mktemp("spool")

    def run(*parts: bytes, kind: Kind = Kind.RAW_IMAGE, limits: ArchiveLimits | None = None, verify: bool = False):
        fds = []
        for part in parts:
            fd = os.memfd_create("part")
            os.write(fd, part)
            fds.append(fd)
        allowance = Allowance.of(limits or ArchiveLimits(), sum(map(len, parts)))
        unpacking = Unpacking(nursery, fds, kind, allowance, spool, verify=verify)
        try:
            found = list(unpacking)
        finally:
            for fd in fds:
                os.close(fd)
        for one in found:
            if one.reading is not None:
                one.reading.close()
        return found, unpacking.problem

    return run


def sizes(found: list[Unpacked]) -> dict[bytes, int]:
    return {one.entry.name: one.reading.digests.size for one in found if one.reading is not None}


def test_files_of_an_image_are_read_and_digested(unpack, tmp_path):
    found, problem = unpack(fat(tmp_path, Folder(SMALL)))
    assert problem is None
    assert sizes(found) == {name: len(content) for name, content in SMALL.items()}


def test_an_image_that_unfolds_too_far_is_stopped(unpack, tmp_path):
    image = ext(tmp_path, Folder({b"sparse": b"x"}), f"set_inode_field sparse size {4 * MIB - 1}")
    _found, problem = unpack(image, limits=ArchiveLimits(total_bytes=2 * MIB))
    assert "taken for a bomb" in problem
    _found, problem = unpack(image, limits=ArchiveLimits(entries=1))
    assert "too many entries" in problem


def test_stored_digests_are_compared_with_the_medium(unpack, tmp_path):
    medium = fat(tmp_path, Folder({b"big.bin": noise(3, MIB)}))
    (path,) = encase(tmp_path, medium)
    good = path.read_bytes()
    found, problem = unpack(good, kind=Kind.EWF, verify=True)
    assert problem is None
    assert found[-1].entry.what == "note"
    assert found[-1].problem.count("agrees") == 2
    flipped = bytearray(good)
    flipped[good.index(noise(3, MIB)[1000:1100])] ^= 1
    found, _problem = unpack(bytes(flipped), kind=Kind.EWF, verify=True)
    assert found[-1].entry.what == "differs"
    assert "DIFFERS" in found[-1].problem or "could not be compared" in found[-1].problem
    found, _problem = unpack(good[: len(good) // 2], kind=Kind.EWF, verify=True)
    assert found[-1].entry.what == "differs"
    assert "cannot be read" in found[-1].problem


def test_a_walker_that_crashes_over_a_file_is_followed_by_another_behind_it(unpack, monkeypatch):
    monkeypatch.setattr(order, "WALKER", MISBEHAVING[0])
    found, problem = unpack(b"x")
    assert problem is None
    assert [int(one.entry.name) for one in found] == list(range(10))
    assert ["crashed" in (one.problem or "") for one in found] == [bool(number % 2) for number in range(10)]


def test_a_page_that_crashes_its_reader_costs_that_page(unpack):
    found, problem = unpack(bomb(), kind=Kind.PDF)
    assert problem is None
    assert [one.entry.name for one in found] == [b"text.txt", b"page 1.png", b"page 2/image 1.jpg"]
    assert ["its reader crashed" in (one.problem or "") for one in found] == [True, True, False]


def test_a_walker_that_crashes_again_and_again_is_given_up(unpack, monkeypatch):
    monkeypatch.setattr(order, "WALKER", MISBEHAVING[1])
    assert unpack(b"x") == ([], unpack(b"x")[1])
    assert "crashed" in unpack(b"x")[1]
    monkeypatch.setattr(order, "WALKER", MISBEHAVING[2])
    found, problem = unpack(b"x")
    assert len(found) == 10
    assert "the rest was not read" in problem


def test_a_walker_that_speaks_out_of_turn_is_not_listened_to(unpack, monkeypatch):
    monkeypatch.setattr(order, "WALKER", MISBEHAVING[3])
    found, problem = unpack(b"x")
    assert [one.entry.name for one in found] == [b"one"]
    assert "out of turn" in problem


@pytest.fixture(scope="module", params=["fat", "ext4", "ntfs", "ewf"])
def damaged(request, tmp_path_factory):
    """A small image to be damaged, and its kind."""
    at = tmp_path_factory.mktemp("damaged")
    if request.param == "ntfs":
        return ntfs(at, {"a": b"x" * 3000, "b": b"small"}, size=2 * MIB), Kind.RAW_IMAGE
    if request.param == "ext4":
        return ext(at, Folder(SMALL), size=MIB), Kind.RAW_IMAGE
    image = fat(at, Folder(SMALL), size=MIB)
    return (encase(at, image)[0].read_bytes(), Kind.EWF) if request.param == "ewf" else (image, Kind.RAW_IMAGE)


CHANGES = st.lists(st.tuples(st.integers(0, (64 << 10) - 1), st.integers(0, 255)), min_size=1, max_size=8)


@settings(max_examples=15)
@given(changes=CHANGES, end=st.none() | st.integers(512, MIB))
def test_damage_anywhere_costs_entries_and_never_the_run(unpack, damaged, changes, end):
    image, kind = bytearray(damaged[0]), damaged[1]
    for at, value in changes:
        image[at] = value
    found, problem = unpack(bytes(image[:end]), kind=kind)
    assert all(one.entry.what for one in found)
    assert problem is None or problem.isprintable()
