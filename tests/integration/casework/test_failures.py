"""Bad input: each costs itself, is named on one line, and everything else is done."""

import ctypes
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from safelight.casework.check import actions, readers
from safelight.casework.check.options import CheckOptions
from safelight.casework.models import Answer
from safelight.evidence.archives.messages import ArchiveLimits
from safelight.evidence.models import Item, Sighting
from safelight.evidence.names import text_of
from safelight.samples.archives import ZipEntry, write_tar, write_zip
from safelight.samples.formats import FORMATS
from safelight.samples.hostile import (
    ESCAPES,
    longest_name_zip,
    nested_zip,
    overlapping_zip,
    picture_bomb,
    special_tar,
    zip_bomb,
)
from safelight.samples.names import ODD
from safelight.samples.pictures import picture
from safelight.sandbox import Layer, LayerMissingError, Limits
from tests.integration.casework.conftest import zipped

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_postgresql]
HOOK = "tests.integration.casework.hooks:examine"
SMALL = {name: form.write(picture(1, number, (96, 64))) for number, (name, form) in enumerate(FORMATS.items())}
GOOD = SMALL["png-rgb"]


def do(word):
    """A picture that makes the examining hook do something."""
    return GOOD + b"DO:" + word.encode()


def states(bench):
    """State and failure of every file below the source."""
    rows = Sighting.objects.filter(parent=None).values_list("name", "state", "failure")
    return {text_of(bytes(name)): (state, failure) for name, state, failure in rows}


def test_broken_files_of_every_format_are_named_and_the_good_ones_examined(bench):
    for name, form in FORMATS.items():
        bench.put(f"good/{name}.{form.suffix}", SMALL[name])
        bench.put(f"100/{name}.{form.suffix}", SMALL[name][:100])
        bench.put(f"empty/{name}.{form.suffix}", b"")
        bench.put(f"cut/{name}.{form.suffix}", SMALL[name][: len(SMALL[name]) * 3 // 5])
    bench.put("page.jpg", b"<!doctype html><html><body>Not found</body></html>")
    result = bench.check()
    found = states(bench)
    assert len(found) == 4 * len(FORMATS) + 1
    assert {
        name: state for name, state in found.items() if name.startswith("good/") and state != ("examined", None)
    } == {}
    assert {state for name, state in found.items() if name.startswith("empty/")} == {("not examined", None)}
    assert found["page.jpg"] == ("not examined", None)
    # A part of a file is either damaged (some pixels came) or unreadable; both are named, and nothing else is.
    parts = {name for name in found if name.startswith(("100/", "cut/"))}
    silent = {name for name in parts if found[name][1] is None}
    assert {name for name in silent if found[name] != ("examined", None)} == set()
    assert len(silent) <= 4, silent
    assert set(bench.failures()) == parts - silent
    assert result.tally.failures == len(bench.failures())


def test_a_decoder_that_crashes_hangs_or_fills_memory_costs_one_file(bench):
    for word in ("crash", "hang", "fill", "long", "nonsense", "odd text", "raise"):
        bench.put(f"{word}.png", do(word))
    for number in range(12):
        bench.put(f"fine-{number}.png", FORMATS["png-rgb"].write(picture(2, number, (96, 64))))
    bench.check(examiner=HOOK, limits=Limits(wall_seconds=20, memory_bytes=1 << 28), workers=2)
    assert bench.failures() == {
        "crash.png": "crashed", "hang.png": "timed-out", "fill.png": "unreadable", "long.png": "reply-too-large",
        "nonsense.png": "crashed", "odd text.png": "unreadable", "raise.png": "unreadable",
    }  # fmt: skip
    found = states(bench)
    assert all(found[f"fine-{number}.png"] == ("examined", None) for number in range(12))
    assert all(failure.reason.isprintable() for failure in bench.watching.failures)
    assert r"a nul \x00, a bell \x07," in Item.objects.get(reason__contains="surrogate").reason
    assert set(Answer.objects.filter(item__state="unreadable").values_list("verdict", flat=True)) == {"unreadable"}


def test_picture_bombs_are_refused(bench):
    for kind in ("png", "jpeg", "gif", "tiff", "bmp"):
        bench.put(f"bomb.{kind}", picture_bomb(kind))
    bench.check()
    assert bench.failures() == dict.fromkeys(
        ("bomb.png", "bomb.jpeg", "bomb.gif", "bomb.tiff", "bomb.bmp"), "unreadable"
    )


def test_archive_bombs_are_stopped_and_named(bench):
    limits = ArchiveLimits(ratio=50, free_bytes=20 << 20, entries=200, depth=5)
    bench.put("bomb.zip", zip_bomb(200 << 20))
    bench.put("overlapping.zip", overlapping_zip(100, 1 << 20))
    bench.put("nested.zip", nested_zip(depth=8))
    # Each inner archive stays below every limit of its own: together they do not.
    inner = zipped({"zeros": bytes(8 << 20)})
    bench.put("together.zip", write_zip(ZipEntry(b"%d.zip" % number, inner + bytes(number)) for number in range(12)))
    bench.put("many.zip", write_zip(ZipEntry(b"%d" % number, b"") for number in range(300)))
    bench.put("good.zip", zipped({"a.png": GOOD}))
    bench.check(archives=limits)
    reasons = {failure.path: failure.reason for failure in bench.watching.failures}
    named = {path.removeprefix(f"{bench.source}/").split(" > ")[0] for path in reasons}
    assert named == {"bomb.zip", "overlapping.zip", "nested.zip", "together.zip", "many.zip"}
    said = " ".join(reasons.values())
    for words in ("taken for a bomb", "too many entries", "deep in archives"):
        assert words in said
    assert Sighting.objects.filter(name=b"a.png", state="examined").count() == 1
    assert not Sighting.objects.filter(complete=False).exists()


def test_odd_names_are_simply_processed(bench):
    root = os.fsencode(bench.source)
    for number, name in enumerate(odd for odd in ODD if b"/" not in odd):
        with open(os.path.join(root, name), "wb") as file:
            file.write(FORMATS["png-rgb"].write(picture(3, number, (64, 64))))
    bench.put("names.zip", write_zip(ZipEntry(name, b"%d" % number) for number, name in enumerate((*ESCAPES, *ODD))))
    bench.put("names.tar", write_tar((name, b"%d" % number) for number, name in enumerate(ODD)))
    bench.put("longest.zip", longest_name_zip(GOOD))
    bench.check()
    assert bench.failures() == {}
    names = sorted(
        bytes(name) for name in Sighting.objects.filter(parent__name=b"names.zip").values_list("name", flat=True)
    )
    assert names == sorted((*ESCAPES, *ODD))
    assert Sighting.objects.filter(name=b"n" * 65_531 + b".jpg", state="examined").count() == 1
    assert sorted(os.listdir(bench.source.parent)) == ["data", "source"]


def test_links_devices_and_locked_entries_are_told_without_being_failures(bench):
    (bench.source / "link").symlink_to("/etc/passwd")
    os.mkfifo(bench.source / "pipe")
    bench.put("special.tar", special_tar())
    bench.put("locked.zip", write_zip([ZipEntry(b"a.png", GOOD, b"word"), ZipEntry(b"b.png", GOOD)]))
    bench.check()
    assert bench.failures() == {}
    assert Sighting.objects.get(name=b"a.png").state == "locked"
    assert Sighting.objects.get(name=b"b.png").state == "examined"
    assert "not followed" in Sighting.objects.get(name=b"link").reason
    assert {row.item for row in Sighting.objects.filter(name__in=[b"link", b"pipe"])} == {None}


def test_a_file_that_vanishes_or_changes_between_listing_and_opening(bench, monkeypatch):
    for name in ("gone.png", "grown.png", "stays.png"):
        bench.put(name, GOOD + name.encode())
    real = readers.read_file

    def read(path, listed):
        if path.endswith(b"gone.png"):
            os.unlink(path)
        if path.endswith(b"grown.png"):
            with open(path, "ab") as file:
                file.write(b"more")
        return real(path, listed)

    monkeypatch.setattr(readers, "read_file", read)
    bench.check()
    assert bench.failures() == {"gone.png": "vanished", "grown.png": "changed"}
    assert states(bench)["stays.png"] == ("examined", None)
    monkeypatch.undo()
    bench.check()
    assert bench.failures() == {}
    assert Sighting.objects.get(name=b"grown.png", version=2).state == "examined"


class OfAnotherAccount:
    """For this thread, the file system takes us for an account without rights of its own (setfsuid(2))."""

    setfsuid = ctypes.CDLL(None).setfsuid

    def __enter__(self):
        self.setfsuid(54_321)

    def __exit__(self, *_error):
        self.setfsuid(os.geteuid())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another account than its own")
def test_what_belongs_to_another_account_is_named_and_read_once_it_may_be(bench, monkeypatch, request):
    bench.source = Path(tempfile.mkdtemp(dir="/tmp"))  # the folders of tests are shut to other accounts
    bench.source.chmod(0o755)
    request.addfinalizer(lambda: shutil.rmtree(bench.source))
    for name in ("fine.png", "shut.png", "folder/inside.png"):
        bench.put(name, GOOD + name.encode())
    (bench.source / "shut.png").chmod(0o600)
    (bench.source / "folder").chmod(0o700)
    read, scan = readers.read_file, os.scandir

    def read_as_other(path, listed):
        with OfAnotherAccount():
            return read(path, listed)

    def scan_as_other(path):
        with OfAnotherAccount():
            return scan(path)

    monkeypatch.setattr(readers, "read_file", read_as_other)
    monkeypatch.setattr("safelight.evidence.walk.os.scandir", scan_as_other)
    bench.check()
    assert bench.failures() == {"shut.png": "unreadable", "folder": "unreadable"}
    assert {failure.reason.split(": ")[-1] for failure in bench.watching.failures} == {"permission denied"}
    assert states(bench)["fine.png"] == ("examined", None)
    (bench.source / "shut.png").chmod(0o644)
    (bench.source / "folder").chmod(0o755)
    bench.check()
    assert bench.failures() == {}
    assert Sighting.objects.filter(state="examined").count() == 3


def test_a_date_that_the_database_cannot_hold_is_no_obstacle(bench):
    path = bench.put("future.png", GOOD)
    os.utime(path, ns=(2**63 + 10**18, 2**63 + 10**18))
    if path.stat().st_mtime_ns < 2**63:
        path.touch()  # this file system knows no such date: there is nothing to be met here
    bench.check()
    again = bench.check()
    assert (bench.failures(), again.tally.skipped) == ({}, 1)


def test_a_demanded_layer_that_is_missing_refuses_to_run(bench, monkeypatch):
    bench.put("a.png", GOOD)
    monkeypatch.setattr(actions, "missing", lambda _active: (Layer.LANDLOCK,))
    with pytest.raises(LayerMissingError, match="landlock"):
        bench.check(demanded=frozenset({Layer.LANDLOCK}))
    assert not Sighting.objects.exists()
    bench.check()
    assert [note for note in bench.watching.notes if "landlock" in note]


def test_what_is_asked_is_what_is_recorded(bench):
    bench.put("a.png", GOOD)
    bench.check(radius=12, quality=70)
    assert Answer.objects.values_list("radius", "quality").get() == (12, 70)
    assert CheckOptions((b"x",), "c", "e").radius == 31
