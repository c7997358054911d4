"""The archive walkers: names of any bytes, everything named that is not read, and nothing but messages from hostile bytes."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile

import numpy as np
import pytest
import pyzipper
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.samples.archives import ZipEntry, central_record, end_record, local_record, write_tar, write_zip
from safelight.samples.hostile import ESCAPES, HOSTILE, longest_name_zip, lying_tar, mutations, special_tar
from safelight.samples.names import ODD
from tests.unit.evidence.walking import contents, walk_archive

ENTRIES = [(b"a.jpg", b"first" * 100), (b"folder/b.jpg", b""), (b"a.jpg", b"the same name again")]
COMPRESS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}
ZIP = write_zip(ZipEntry(name, content) for name, content in ENTRIES)
TAR = write_tar(ENTRIES)
SMALL = {
    "zip": write_zip([ZipEntry(b"a", b"content"), ZipEntry(b"b", b"x" * 200), ZipEntry(b"c", b"shut", b"word")]),
    "tar": write_tar([(b"a", b"content")])[:2048],
    "gzip": gzip.compress(b"content" * 50, mtime=0),
    "bzip2": bz2.compress(b"content" * 50),
    "xz": lzma.compress(b"content" * 50),
}


def with_flag(archive: bytes, flag: int) -> bytes:
    """Set a flag in the local and central records of a zip, in its structure only."""
    data = bytearray(archive)
    (central,) = struct.unpack_from("<I", data, len(data) - 22 + 16)
    at = central
    while data[at : at + 4] == b"PK\x01\x02":
        (local,) = struct.unpack_from("<I", data, at + 42)
        for place in (at + 8, local + 6):
            (old,) = struct.unpack_from("<H", data, place)
            struct.pack_into("<H", data, place, old | flag)
        at += 46 + sum(struct.unpack_from("<HHH", data, at + 28))
    return bytes(data)


@pytest.mark.parametrize(("archive", "kind"), [(ZIP, "zip"), (TAR, "tar")])
def test_entries_come_in_their_order_also_those_of_one_name(archive, kind):
    assert contents(archive, kind) == ENTRIES
    assert [one.entry.number for one in walk_archive(archive, kind)[0]] == [0, 1, 2]


@pytest.mark.parametrize("kind", COMPRESS)
def test_a_compressed_tar_is_walked_and_anything_else_is_one_entry(kind):
    assert contents(COMPRESS[kind](TAR), kind) == ENTRIES
    assert contents(COMPRESS[kind](b"plain" * 1000), kind) == [(b"content", b"plain" * 1000)]
    assert contents(COMPRESS[kind](b""), kind) == [(b"content", b"")]


NAMES = st.binary(min_size=1, max_size=300).filter(lambda name: not name.endswith(b"/"))


@settings(max_examples=60, deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=4), claims_utf8=st.booleans())
def test_zip_names_are_exact_whatever_they_claim_to_be(names, claims_utf8):
    archive = write_zip(ZipEntry(name, b"%d" % number) for number, name in enumerate(names))
    if claims_utf8:
        archive = with_flag(archive, 0x800)
    assert contents(archive, "zip") == [(name, b"%d" % number) for number, name in enumerate(names)]


@settings(max_examples=60, deadline=None)
@given(names=st.lists(NAMES.filter(lambda name: b"\0" not in name), min_size=1, max_size=4), pax=st.booleans())
def test_tar_names_are_exact(names, pax):
    out = io.BytesIO()
    form = tarfile.PAX_FORMAT if pax else tarfile.GNU_FORMAT
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="utf-8", errors="surrogateescape") as archive:
        for number, name in enumerate(names):
            info = tarfile.TarInfo(name.decode("utf-8", "surrogateescape"))
            info.size = 1
            archive.addfile(info, io.BytesIO(b"%d" % number))
    assert [name for name, _content in contents(out.getvalue(), "tar")] == names


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_odd_names_and_names_that_lead_out_are_names_like_others(kind):
    names = [*ODD, *(name for name in ESCAPES if kind == "zip" or (name and b"\0" not in name))]
    entries = [(name, b"%d" % number) for number, name in enumerate(names)]
    archive = write_zip(ZipEntry(*entry) for entry in entries) if kind == "zip" else write_tar(entries)
    assert contents(archive, kind) == entries


def test_the_longest_names():
    [(name, content)] = contents(longest_name_zip(b"in"), "zip")
    assert (len(name), content) == (65_535, b"in")
    long = b"n" * 300_000
    assert contents(write_tar([(long, b"in")]), "tar") == [(long, b"in")]


def test_a_false_utf8_name_does_not_change_an_archive_that_is_stored_inside():
    inner = with_flag(write_zip([ZipEntry("ü".encode(), b"deep")]), 0x800)
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("inner.zip", inner)
        archive.writestr("x-e.jpg", b"odd")
    outer = with_flag(stored.getvalue().replace(b"x-e.jpg", b"x\xe9e.jpg"), 0x800)
    assert contents(outer, "zip") == [(b"inner.zip", inner), (b"x\xe9e.jpg", b"odd")]


def test_a_false_utf8_name_behind_a_prefix_and_a_comment():
    archive = with_flag(write_zip([ZipEntry(b"\xff", b"odd")]), 0x800)
    archive = b"MZ self-extracting " + archive[:-2] + struct.pack("<H", 5) + b"hello"
    assert contents(archive, "zip") == [(b"\xff", b"odd")]


def test_a_false_utf8_name_in_a_zip64():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("x-e", "w", force_zip64=True) as entry:
        entry.write(b"odd")
    data = with_flag(out.getvalue().replace(b"x-e", b"x\xe9e"), 0x800)
    size, offset = struct.unpack_from("<II", data, len(data) - 22 + 12)
    wide = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, size, offset)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(data) - 22, 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert contents(data[:-22] + wide + locator + end, "zip") == [(b"x\xe9e", b"odd")]


def test_locked_entries_are_named_and_the_others_read():
    entries, problem = walk_archive(
        write_zip([ZipEntry(b"a", b"1"), ZipEntry(b"b", b"2" * 99, b"pw"), ZipEntry(b"c", b"3")]), "zip"
    )
    assert problem is None
    assert [(one.entry.locked, one.content) for one in entries] == [(False, b"1"), (True, b""), (False, b"3")]
    assert entries[1].entry.reason == "a password is needed"
    assert entries[1].entry.size == 99


def sealed_zip(entries, password=b"word", *, method=zipfile.ZIP_DEFLATED, bits=256):
    """A zip whose entries are under a password, as WinZip and 7-Zip write it (AES)."""
    file = io.BytesIO()
    with pyzipper.AESZipFile(file, "w", compression=method, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password)
        archive.setencryption(pyzipper.WZ_AES, nbits=bits)
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("bits", [128, 192, 256])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_the_password_that_fits_opens_what_aes_locks(method, bits):
    entries = [("a", b"one" * 500), ("b", b""), ("c", b"three")]
    archive = sealed_zip(entries, method=method, bits=bits)
    assert contents(archive, "zip", b"no", b"word") == [(name.encode(), content) for name, content in entries]


def test_entries_may_have_passwords_of_their_own():
    archive = write_zip(
        [
            ZipEntry(b"a", b"1" * 99, b"one"),
            ZipEntry(b"b", b"2", b"two"),
            ZipEntry(b"c", b"3", b"\xff"),
            ZipEntry(b"d", b"4"),
        ]
    )
    entries, problem = walk_archive(archive, "zip", b"two", b"one")
    assert problem is None
    assert [(one.content, one.entry.locked, one.problem) for one in entries] == [
        (b"1" * 99, False, None), (b"2", False, None), (b"", True, None), (b"4", False, None),
    ]  # fmt: skip
    assert entries[2].entry.reason == "a password is needed, and none that was given fits"
    assert contents(archive, "zip", b"one", b"\xff", b"two")[2] == (b"c", b"3")


@pytest.mark.parametrize("archive", [sealed_zip([("a", b"x" * 300)]), write_zip([ZipEntry(b"a", b"x" * 300, b"word")])])
def test_what_was_changed_under_a_password_is_never_handed_out_as_sound(archive):
    for place in range(30, len(archive) - 120, 7):
        changed = bytearray(archive)
        changed[place] ^= 0x55
        entries, problem = walk_archive(bytes(changed), "zip", b"word")
        for one in entries:
            assert one.entry.locked or one.problem or problem or one.content == b"x" * 300


def test_an_entry_that_claims_an_impossible_size_is_still_named():
    _record, shared = local_record(ZipEntry(b"huge", b"x", b"pw"))
    shared = shared[:14] + b"\xff" * 8 + shared[22:]
    extra = struct.pack("<HHQQ", 1, 16, 2**64 - 1, 2**64 - 1)
    shared = shared[:-2] + struct.pack("<H", len(extra))
    central = b"PK\x01\x02" + struct.pack("<H", 20) + shared + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"huge" + extra
    entries, _problem = walk_archive(b"PK\x03\x04" + central + end_record(1, len(central), 4), "zip")
    assert [(one.entry.name, one.entry.size, one.entry.locked) for one in entries] == [(b"huge", None, True)]


def test_an_entry_of_an_unknown_method_costs_itself():
    archive = bytearray(write_zip([ZipEntry(b"a", b"1" * 50), ZipEntry(b"b", b"2")]))
    (central,) = struct.unpack_from("<I", archive, len(archive) - 22 + 16)
    struct.pack_into("<H", archive, central + 10, 98)
    entries, problem = walk_archive(bytes(archive), "zip")
    assert problem is None
    assert entries[0].problem.startswith("cannot be unpacked")
    assert (entries[1].content, entries[1].problem) == (b"2", None)


def test_a_wrong_checksum_costs_its_entry():
    archive = write_zip([ZipEntry(b"a", b"one"), ZipEntry(b"b", b"two"), ZipEntry(b"c", b"six")])
    entries, problem = walk_archive(archive.replace(b"two", b"TWO"), "zip")
    assert problem is None
    assert [one.content for one in entries if one.problem is None] == [b"one", b"six"]
    assert "CRC" in entries[1].problem


def test_a_link_in_a_zip_is_named_as_one():
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    [one] = walk_archive(out.getvalue(), "zip")[0]
    assert one.entry.what == "link"


def test_links_devices_and_pipes_of_a_tar_are_named_and_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    entries, problem = walk_archive(special_tar(b"caught"), "tar")
    assert problem is None
    assert [one.entry.what for one in entries] == ["special"] * 3 + ["link"] * 4 + ["file"] * 4
    assert {one.content for one in entries[7:]} == {b"caught"}
    assert "'/etc/passwd', not followed" in entries[3].entry.reason
    assert list(tmp_path.iterdir()) == []


def test_a_tar_that_lies_about_its_size():
    entries, problem = walk_archive(lying_tar(), "tar")
    assert entries[0].problem.startswith("broken off")
    assert problem is not None


def test_what_stands_behind_a_damaged_header_and_behind_an_end_mark_is_read():
    first, second = write_tar([(b"one", b"1"), (b"two", b"2"), (b"three", b"3")]), write_tar([(b"four", b"4")])
    damaged = bytearray(first)
    damaged[1024:1034] = b"##########"
    entries, problem = walk_archive(bytes(damaged) + second, "tar")
    assert [one.entry.name for one in entries] == [b"one", b"three", b"four"]
    assert "damaged" in problem
    assert [name for name, _content in contents(first + second, "tar")] == [b"one", b"two", b"three", b"four"]


def test_a_tar_without_an_end_mark_says_so():
    whole = write_tar([(b"one", b"1")])
    entries, problem = walk_archive(whole[:1024], "tar")
    assert [one.problem for one in entries] == [None]
    assert "cut off" in problem


def test_a_time_that_no_clock_shows_is_left_out():
    info = tarfile.TarInfo("late")
    info.mtime = 2**40
    [one] = walk_archive(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024), "tar")[0]
    assert one.entry.modified is None


@pytest.mark.parametrize("kind", SMALL)
def test_truncated_anywhere_it_is_named(kind):
    whole = SMALL[kind]
    good, problem = walk_archive(whole, kind)
    assert problem is None
    for length in range(1, len(whole)):
        entries, problem = walk_archive(whole[:length], kind)
        told = problem is not None or any(one.problem for one in entries)
        full = [one.content for one in entries] == [one.content for one in good]
        assert told or full, length


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, (kind, _make) in HOSTILE.items()
        if kind in {"zip", "tar"} and "bomb" not in name and "overlapping" not in name
    ],
)
def test_hostile_archives_give_messages_only(name):
    kind, make = HOSTILE[name]
    walk_archive(make(), kind)


GOOD = {
    "zip": [
        SMALL["zip"],
        sealed_zip([("a", b"x" * 99)]),
        with_flag(write_zip([ZipEntry(b"\xff", b"1" * 99)]), 0x800),
        ZIP,
    ],
    "tar": [TAR[:4096], special_tar()],
    "gzip": [SMALL["gzip"], gzip.compress(TAR[:3072], mtime=0)],
    "bzip2": [SMALL["bzip2"]],
    "xz": [SMALL["xz"], lzma.compress(TAR[:3072])],
}


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(sorted(GOOD)), which=st.integers(0, 3), seed=st.integers(0, 2**32))
def test_injured_archives_give_messages_only(kind, which, seed):
    whole = GOOD[kind][which % len(GOOD[kind])]
    walk_archive(mutations(np.random.default_rng(seed), whole), kind, b"word")


@settings(max_examples=100, deadline=None)
@given(kind=st.sampled_from(sorted(GOOD)), noise=st.binary(max_size=2000))
def test_noise_gives_messages_only(kind, noise):
    walk_archive(noise, kind)
    walk_archive(SMALL[kind][:6] + noise, kind)


def test_a_central_record_helper_stays_what_these_tests_take_it_for():
    record, shared = local_record(ZipEntry(b"n", b"c"))
    central = central_record(b"n", shared, 0)
    assert contents(record + central + end_record(1, len(central), len(record)), "zip") == [(b"n", b"c")]
