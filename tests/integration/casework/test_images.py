"""Disk images as sources of a check: answered, marked, named, resumed and kept from, as files and archives are."""

import io
import zipfile

import pytest

from safelight.casework.check.options import Keep
from safelight.evidence.models import Item, Run, Sighting
from safelight.evidence.names import text_of
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from safelight.signatures.digests import digest
from tests.integration.casework.conftest import zipped
from tests.nodes import kept_in
from tests.unit.evidence.disks import MIB, Folder, encase, ext, fat, noise, partitioned

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_postgresql]
REFUSE = "tests.integration.casework.idle:refuse"


def png(number):
    return FORMATS["png-rgb"].write(picture(17, number, (96, 64)))


def below(name):
    """How, state and failure of everything directly below what is called `name`."""
    rows = Sighting.objects.filter(parent__name=name).values_list("name", "how", "state", "failure")
    return {text_of(bytes(entry)): rest for entry, *rest in rows}


@pytest.fixture
def disk(tmp_path):
    """A disk of two partitions with pictures, one of them deleted, and an archive."""
    first = Folder({b"a.png": png(1), b"gone.png": png(2), b"deep/in/b.zip": zipped({"c.png": png(3)})})
    second = Folder({b"Users/x/d.png": png(4), b"line\nbreak \xff.png": png(5)})
    return partitioned(tmp_path, [fat(tmp_path, first, deleted=("gone.png",)), ext(tmp_path, second)])


def test_a_raw_image_is_checked_whatever_its_name(bench, disk):
    bench.put("disk.txt", disk)
    result = bench.check()
    assert bench.failures() == {}
    assert below(b"disk.txt") == {
        "p1/a.png": ["entry", "examined", None],
        "p1/_one.png": ["deleted", "examined", None],
        "p1/deep/in/b.zip": ["entry", "not examined", None],
        "p2/Users/x/d.png": ["entry", "examined", None],
        "p2/line\\nbreak \\xff.png": ["entry", "examined", None],
        "p1": ["entry", "not examined", None],
        "p2": ["entry", "not examined", None],
    }
    assert below(b"p1/deep/in/b.zip") == {"c.png": ["entry", "examined", None]}
    assert result.tally.verdicts["new"] == 5
    assert not Sighting.objects.filter(complete=False).exists()


def test_met_again_nothing_is_read_twice_and_a_segment_that_comes_back_is(bench, tmp_path):
    folder = Folder({b"a.png": png(1), b"big.bin": noise(1, 5 * MIB)})
    segments = encase(tmp_path, ext(tmp_path, folder, size=8 * MIB), "-S", "1572864")
    for path in segments:
        if path.suffix != ".E03":
            bench.put(path.name, path.read_bytes())
    bench.check()
    failures = bench.failures()
    assert failures["image.E01"] == "segment missing"
    for path in segments[3:]:
        row = Sighting.objects.get(name=path.name.encode())
        assert (row.failure, row.reason.split(":")[0]) == (None, "a further segment of the disk image image.E01")
    bench.put("image.E03", segments[2].read_bytes())
    bench.check()
    assert bench.failures() == {}
    assert Sighting.objects.filter(parent__name=b"image.E01", reason__contains="agrees").count() == 1
    count = Sighting.objects.count()
    bench.check(examiner=REFUSE)
    assert Sighting.objects.count() == count


def test_stored_digests_are_said_and_a_flipped_byte_is_named(bench, tmp_path):
    (path,) = encase(tmp_path, fat(tmp_path, Folder({b"a.png": png(1), b"z.bin": noise(2, MIB)})))
    good = path.read_bytes()
    flipped = bytearray(good)
    flipped[good.index(noise(2, MIB)[1000:1100])] ^= 1
    bench.put("good.E01", good)
    bench.put("flipped.E01", bytes(flipped))
    bench.check()
    reasons = {one.path: one.reason for one in bench.watching.failures if one.kind == "stored digest"}
    assert len(reasons) == 1
    assert "flipped.E01" in next(iter(reasons))
    told = Sighting.objects.filter(parent__name=b"good.E01", reason__contains="stored MD5")
    assert "agrees" in told.get().reason
    assert Sighting.objects.filter(parent__name=b"good.E01", reason__contains="examiner name Officer A").exists()
    assert Sighting.objects.filter(name=b"a.png", state="examined").count() == 2


def test_locked_and_unknown_volumes_are_named(bench, tmp_path):
    locked = b"\xebX\x90-FVE-FS-" + noise(9, MIB - 11)
    bench.put("disk.dd", partitioned(tmp_path, [locked, b"XFSB" + bytes(MIB - 4)]))
    bench.check()
    assert {name: rest for name, rest in below(b"disk.dd").items() if name} == {
        "p1": ["entry", "locked", None],
        "p2": ["entry", "not examined", "not examined"],
    }


def test_an_image_in_an_archive_and_an_archive_in_an_image(bench, disk):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside/disk.img", disk)
    bench.put("packed.zip", packed.getvalue())
    bench.check()
    assert bench.failures() == {}
    assert below(b"inside/disk.img")["p1/a.png"] == ["entry", "examined", None]
    assert below(b"p1/deep/in/b.zip") == {"c.png": ["entry", "examined", None]}


def test_a_picture_that_is_named_as_a_further_part_is_examined_all_the_same(bench, disk):
    bench.put("disk.001", disk)
    bench.put("disk.002", png(7))
    bench.check()
    assert Sighting.objects.get(name=b"disk.002").state == "examined"


def test_what_cannot_be_walked_is_named_by_what_it_is(bench):
    bench.put("a.vmdk", b"KDMV\x01\x00\x00\x00" + bytes(2000))
    bench.put("b.bin", b"Rar!\x1a\x07\x01\x00" + bytes(2000))
    bench.put("boot.bin", bytes(510) + b"\x55\xaa")
    bench.check()
    assert bench.failures() == {"a.vmdk": "not examined", "b.bin": "not examined"}
    reasons = {one.path.rsplit("/", 1)[1]: one.reason for one in bench.watching.failures}
    assert "VMDK" in reasons["a.vmdk"]
    assert "RAR" in reasons["b.bin"]


class Stop:
    """Stops the run, as Ctrl-C does, when its `count`th batch is recorded."""

    def __init__(self, count):
        self.left = count

    def __call__(self):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("batch", [2, 4])
def test_stopped_in_an_image_the_same_command_goes_on(bench, disk, monkeypatch, batch):
    bench.put("disk.dd", disk)
    bench.watching.on_advance = Stop(batch)
    monkeypatch.setattr("safelight.casework.check.recorder.BATCH", 2)
    assert bench.check().stopped
    bench.watching.on_advance = lambda: None
    assert not bench.check().stopped
    assert Run.objects.order_by("number").last().state == "done"
    assert Item.objects.filter(state="picture").count() == 5
    names = [bytes(name) for name in Sighting.objects.filter(parent__name=b"disk.dd").values_list("name", flat=True)]
    assert len(names) == len(set(names))


def test_content_in_an_image_is_kept_also_later(bench, tmp_path, disk):
    bench.put("disk.dd", disk)
    for path in encase(tmp_path, disk, "-S", "2097152"):
        bench.put(path.name, path.read_bytes())
    bench.check(keep=Keep.NONE)
    assert set(kept_in(bench.vault)) == set()
    bench.check(keep=Keep.ALL)
    pictures = {digest(png(number)).sha256.hex() for number in (1, 2, 3, 4, 5)}
    assert pictures <= set(kept_in(bench.vault))
