"""The walker of disk images, over images made by the usual tools: what is found, and what hostile ones may not do."""

import struct

import pytest

from safelight.samples.names import ODD
from tests.unit.evidence.disks import MIB, TIME, Folder, disc, encase, exfat, ext, fat, hybrid, noise, ntfs, partitioned
from tests.unit.evidence.walking import Walked, walk_image

FILES = {b"a.jpg": noise(1, 3000), b"empty.bin": b"", b"Users/x/picture.jpg": noise(2, 70_000)}
LEAST = 1 << 19


@pytest.fixture(autouse=True)
def _own_time_zone(monkeypatch):
    monkeypatch.setenv("TZ", "UTC0")  # the walker sets it: taken back after each test


def files(found: list[Walked], what: str = "file") -> dict[bytes, bytes]:
    """Names and contents of what is whole."""
    wanted = [one for one in found if one.entry.what == what and not one.entry.locked]
    assert [(one.entry.name, one.problem) for one in wanted if one.problem] == []
    assert len({one.entry.name for one in wanted}) == len(wanted)
    return {one.entry.name: one.content for one in wanted}


def told(found: list[Walked]) -> dict[bytes, tuple[str, str]]:
    """Whatever is no file: how it is told, and in which words."""
    return {
        one.entry.name: ("locked" if one.entry.locked else one.entry.what, one.entry.reason or "")
        for one in found
        if one.entry.locked or one.entry.what not in ("file", "deleted")
    }


def with_partitions(volume: bytes) -> bytes:
    """A volume whose boot code looks like a partition table."""
    entry = struct.pack("<BBBBBBBBII", 0x80, 0, 2, 0, 0x0C, 0, 8, 0, 8, 64)
    return volume[:446] + entry + bytes(48) + b"\x55\xaa" + volume[512:]


def below(prefix: bytes, names: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {prefix + b"/" + name: content for name, content in names.items()}


@pytest.mark.parametrize(("bits", "size"), [(12, MIB), (16, 9 * MIB), (32, 40 * MIB)])
def test_files_and_deleted_files_of_fat(tmp_path, bits, size):
    folder = Folder({**FILES, b"gone.jpg": noise(3, 5000)})
    found, problem = walk_image(fat(tmp_path, folder, deleted=("gone.jpg",), bits=bits, size=size))
    assert problem is None
    assert files(found) == FILES
    assert files(found, "deleted") == {b"_one.jpg": noise(3, 5000)}
    assert {one.entry.modified for one in found if one.entry.what == "file"} == {TIME * 1_000_000_000}
    ((kind, words),) = told(found).values()
    assert kind == "note"
    assert f"FAT{bits}, files 3, deleted files whose data could be read 1" in words


@pytest.mark.parametrize("kind", ["ext2", "ext3", "ext4"])
def test_files_links_and_deleted_files_of_ext(tmp_path, kind):
    folder = Folder({**FILES, b"gone.jpg": noise(3, 5000)})
    image = ext(tmp_path, folder, "rm gone.jpg", "ln a.jpg second.jpg", kind=kind, links=("link", "/etc/passwd"))
    found, problem = walk_image(image)
    assert problem is None
    assert files(found) == {**FILES, b"second.jpg": FILES[b"a.jpg"]}
    assert noise(3, 5000) in files(found, "deleted").values()
    assert told(found)[b"link"] == ("link", "a link to '/etc/passwd', not followed")
    assert f"{kind}, files 4" in told(found)[b"/"][1]


def test_files_and_streams_of_ntfs(tmp_path):
    names = {"a.jpg": noise(1, 3000), "a.jpg:beside": noise(2, 70_000), "small.txt": b"resident", "ä.txt": b"x"}
    found, problem = walk_image(ntfs(tmp_path, names))
    assert problem is None
    assert files(found) == {name.encode(): content for name, content in names.items()}
    assert "NTFS, files 4" in told(found)[b"/"][1]


def test_volume_shadow_copies_are_named(tmp_path):
    name = "{11111111-2222-3333-4444-555555555555}{3808876b-c176-4e48-b7ae-04046e6cc752}"
    found, problem = walk_image(ntfs(tmp_path, {"a.jpg": noise(1, 3000), name: noise(2, 5000)}))
    assert problem is None
    assert files(found) == {b"a.jpg": noise(1, 3000)}
    kind, words = told(found)[name.encode()]
    assert kind == "unread"
    assert "volume shadow copy" in words


def test_what_a_deleted_folder_held(tmp_path):
    folder = Folder({b"kept.jpg": noise(1, 3000), b"old/in.jpg": noise(2, 5000), b"old/down/in.jpg": noise(3, 6000)})
    made = {
        "fat": fat(tmp_path, folder, deleted=("old",)),
        "ext": ext(tmp_path, folder, "rm old/down/in.jpg", "rmdir old/down", "rm old/in.jpg", "rmdir old", kind="ext2"),
    }
    for name, image in made.items():
        found, problem = walk_image(image)
        assert problem is None, name
        assert files(found) == {b"kept.jpg": noise(1, 3000)}, name
        assert sorted(files(found, "deleted").values()) == sorted([noise(2, 5000), noise(3, 6000)]), name


def test_a_deleted_name_whose_record_is_another_files_now_is_not_told_as_that_file(tmp_path):
    folder = Folder({b"a.jpg": noise(1, 3000), b"old.jpg": noise(2, 5000)})
    (tmp_path / "new").write_bytes(b"new")
    found, _problem = walk_image(ext(tmp_path, folder, "rm old.jpg", f"write {tmp_path}/new new.txt", kind="ext2"))
    assert [one.entry.name for one in found if one.entry.what == "file"] == [b"a.jpg", b"new.txt"]
    assert [one.entry.name for one in found if one.entry.what == "deleted"] == []


@pytest.mark.parametrize("counted_on", [0, 1])
def test_deleted_files_of_ntfs(tmp_path, counted_on):
    """Deleting takes a record out of use and counts its sequence on; what its name refers to is the number before."""
    image = bytearray(ntfs(tmp_path, {"a.jpg": noise(1, 3000), "gone.jpg": noise(2, 70_000), "last.txt": b"resident"}))
    for name in ("gone.jpg", "last.txt"):
        named = image.index(name.encode("utf-16-le"), image.index("a.jpg".encode("utf-16-le")))
        record = image.rindex(b"FILE0", 0, named)
        image[record + 16] += counted_on
        image[record + 22] &= ~1
    found, problem = walk_image(bytes(image))
    assert problem is None
    assert files(found) == {b"a.jpg": noise(1, 3000)}
    assert {noise(2, 70_000), b"resident"} <= set(files(found, "deleted").values())


def test_files_of_a_disc(tmp_path):
    found, problem = walk_image(disc(tmp_path, Folder(FILES)))
    assert problem is None
    assert files(found) == FILES
    assert {one.entry.modified for one in found if one.entry.what == "file"} == {TIME * 1_000_000_000}
    assert "ISO 9660, files 3" in told(found)[b"/"][1]


def test_files_and_deleted_files_of_exfat(tmp_path):
    names = [("a.jpg", noise(1, 9000), False), ("gone.jpg", noise(2, 5000), True), ("z.jpg", noise(3, 100), False)]
    found, problem = walk_image(exfat(tmp_path, *names))
    assert problem is None
    assert files(found) == {b"a.jpg": noise(1, 9000), b"z.jpg": noise(3, 100)}
    assert noise(2, 5000) in files(found, "deleted").values()
    assert "exFAT, files 2, deleted files whose data could be read 1" in told(found)[b"/"][1]


def test_a_disc_that_has_partitions_is_walked_as_both(tmp_path):
    found, problem = walk_image(hybrid(tmp_path, Folder(FILES)))
    assert problem is None
    (hfs,) = [name for name, (_kind, words) in told(found).items() if "HFS+" in words]
    assert files(found) == below(b"disc", FILES) | below(hfs, FILES)
    assert {kind for kind, _words in told(found).values()} == {"note"}


@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_partitions_have_the_numbers_that_systems_show(tmp_path, label):
    locked = b"LUKS\xba\xbe" + noise(9, MIB - 6)
    unknown = b"XFSB" + noise(8, MIB - 4)
    volumes = [fat(tmp_path, Folder(FILES)), ext(tmp_path, Folder(FILES)), locked, unknown]
    found, problem = walk_image(partitioned(tmp_path, volumes, label=label))
    assert problem is None
    assert files(found) == below(b"p1", FILES) | below(b"p2", FILES)
    said = told(found)
    assert said[b"p3"][0] == "locked"
    assert "encrypted by LUKS: a key is needed" in said[b"p3"][1]
    assert said[b"p4"][0] == "unread"
    assert "XFS, which this version cannot read" in said[b"p4"][1]
    assert [said[name][0] for name in (b"p1", b"p2")] == ["note", "note"]


def test_space_of_no_partition_is_told(tmp_path):
    image = partitioned(tmp_path, [fat(tmp_path, Folder(FILES))], spare=6 * MIB)
    found, problem = walk_image(image)
    assert problem is None
    gaps = [words for name, (_kind, words) in told(found).items() if name.startswith(b"unallocated-")]
    assert len(gaps) == 1
    assert "space of no partition, not examined" in gaps[0]


@pytest.mark.parametrize(
    ("volume", "kind", "words"),
    [
        (b"\xebX\x90-FVE-FS-" + noise(1, LEAST), "locked", "BitLocker"),
        (with_partitions(b"\xebX\x90-FVE-FS-" + noise(1, LEAST)), "locked", "BitLocker"),
        (b"LUKS\xba\xbe" + noise(1, LEAST), "locked", "LUKS"),
        (noise(1, LEAST), "unread", "encrypted or wiped"),
        (bytes(LEAST), "note", "nothing but zeros"),
        (bytes(32) + b"NXSB" + bytes(LEAST), "unread", "an APFS container"),
        (bytes(32) + b"NXSB" + bytes(1260) + b"\1" * 16 + bytes(LEAST), "locked", "an encrypted APFS container"),
        (b"hsqs" + bytes(LEAST), "unread", "SquashFS"),
        (bytes(512) + b"LABELONE" + bytes(LEAST), "unread", "LVM"),
        (b"plain text " * 9999, "unread", "no file system that this version can read"),
    ],
)  # fmt: skip
def test_a_volume_that_is_not_read_is_named_by_what_it_is(volume, kind, words):
    found, problem = walk_image(volume)
    assert problem is None
    ((said, reason),) = told(found).values()
    assert said == kind
    assert words in reason


def test_names_of_any_bytes(tmp_path):
    odd = {b"%d " % number + name: b"%d" % number for number, name in enumerate(ODD)}
    found, problem = walk_image(ext(tmp_path, Folder(odd)))
    assert problem is None
    assert files(found) == odd


def test_an_image_in_parts_is_one(tmp_path):
    image = fat(tmp_path, Folder(FILES))
    assert walk_image(image[:700], image[700:MIB], image[MIB:]) == walk_image(image)


def test_a_later_walk_goes_on_behind_what_was_told(tmp_path):
    image = partitioned(tmp_path, [fat(tmp_path, Folder(FILES)), ext(tmp_path, Folder(FILES))])
    whole, _ = walk_image(image)
    for skip in range(len(whole) + 1):
        assert walk_image(image, skip=skip)[0] == whole[skip:]


def test_an_image_that_is_cut_off_says_so(tmp_path):
    image = partitioned(tmp_path, [fat(tmp_path, Folder(FILES)), ext(tmp_path, Folder(FILES))])
    found, problem = walk_image(image[: 3 * MIB + MIB // 2])
    assert "the image is cut off" in (problem or "")
    assert files([one for one in found if one.entry.name.startswith(b"p1")]) == below(b"p1", FILES)


def test_folders_that_stand_in_themselves_are_walked_once(tmp_path):
    image = bytearray(fat(tmp_path, Folder({b"OUTER/INNER/f.bin": b"x" * 10})))
    inner = image.index(b"INNER      \x10")
    (own,) = struct.unpack_from("<H", image, image.index(b"OUTER      \x10") + 26)
    struct.pack_into("<H", image, inner + 26, own)  # what is in INNER is now what is in OUTER: INNER, without an end
    found, problem = walk_image(bytes(image))
    assert problem is None
    assert len(found) < 10


def test_a_chain_of_clusters_that_bites_its_tail_ends(tmp_path):
    image = bytearray(fat(tmp_path, Folder({b"f.bin": noise(1, 200_000)}), size=9 * MIB, bits=16))
    (reserved,) = struct.unpack_from("<H", image, 14)
    (first,) = struct.unpack_from("<H", image, image.index(b"F       BIN") + 26)
    struct.pack_into("<H", image, reserved * 512 + (first + 1) * 2, first)
    found, problem = walk_image(bytes(image))
    assert problem is None
    (one,) = [one for one in found if one.entry.what == "file"]
    assert one.problem
    assert len(one.content) <= 200_000


def test_a_file_that_claims_more_than_the_image_holds_is_named(tmp_path):
    claims = 10 << 40
    image = ext(tmp_path, Folder(FILES), f"set_inode_field a.jpg size {claims}")
    found, problem = walk_image(image)
    assert problem is None
    assert told(found)[b"a.jpg"][0] == "unread"
    assert f"claims {claims} bytes, more than the image holds" in told(found)[b"a.jpg"][1]
    assert files(found)[b"Users/x/picture.jpg"] == FILES[b"Users/x/picture.jpg"]


def test_times_before_1970_and_far_away_are_none(tmp_path):
    image = ext(tmp_path, Folder({b"a": b"x"}), "set_inode_field a mtime @0")
    assert [one.entry.modified for one in walk_image(image)[0] if one.entry.what == "file"] == [None]


def test_an_encase_image_is_its_medium_and_says_who_made_it(tmp_path):
    medium = fat(tmp_path, Folder(FILES))
    (path,) = encase(tmp_path, medium)
    found, problem = walk_image(path.read_bytes(), kind="ewf")
    assert problem is None
    assert files(found) == FILES
    kind, words = told(found)[b""]
    assert kind == "note"
    for part in (
        f"{len(medium)} bytes",
        "case number Harbour 7",
        "examiner name Officer A",
        "evidence number Exhibit 1",
    ):
        assert part in words


def test_an_encase_image_in_segments_and_one_that_lacks_some(tmp_path):
    folder = Folder({b"big.bin": noise(4, 5 * MIB), b"first.bin": b"x"})
    medium = ext(tmp_path, folder, size=8 * MIB)
    segments = [path.read_bytes() for path in encase(tmp_path, medium, "-S", "1572864")]
    assert len(segments) > 2
    assert files(walk_image(*segments, kind="ewf")[0]) == folder.files
    found, _problem = walk_image(*segments[:-2], kind="ewf")
    broken = [one for one in found if one.problem or one.entry.what == "unread"]
    assert broken, "what is missing is told"


@pytest.mark.parametrize("kind", ["ewf", "raw-image"])
def test_no_bytes_at_all(kind):
    found, problem = walk_image(b"", kind=kind)
    assert problem or told(found)
