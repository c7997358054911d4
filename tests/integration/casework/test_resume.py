"""A check that was stopped, and a source that moved on: the same command again puts it right."""

import os
import shutil

import pytest
from django.core.management import call_command

from safelight.casework.check.line import Line
from safelight.casework.check.options import Keep
from safelight.casework.models import Kept
from safelight.evidence.models import Run, Sighting
from safelight.samples.archives import write_tar
from safelight.samples.exif import Camera
from safelight.samples.formats import FORMATS, camera_jpeg
from safelight.samples.pictures import picture
from tests.integration.casework.conftest import zipped
from tests.integration.entrances import owner

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_postgresql]
REFUSE = "tests.integration.casework.idle:refuse"
SKETCH = "tests.integration.casework.idle:sketch"


def png(number):
    return FORMATS["png-rgb"].write(picture(5, number, (96, 64)))


def versions(name):
    rows = Sighting.objects.filter(parent=None, name=name).order_by("version")
    return list(rows.values_list("version", "state", "failure"))


def fill(bench, *, loose=12):
    """Loose pictures, copies of them, and archives within archives."""
    for number in range(loose):
        bench.put(f"loose/{number}.png", png(number))
        bench.put(f"again/{number}.png", png(number))
    inner = zipped({f"{number}.png": png(100 + number) for number in range(8)})
    deep = write_tar([(b"inner.zip", inner), (b"beside.png", png(200))], compression="gz")
    bench.put("outer.zip", zipped({"deep.tar.gz": deep, "loose.png": png(0), "last.png": png(201)}))


class Stop:
    """Stops the run, as Ctrl-C does, when its `count`th batch is recorded."""

    def __init__(self, count):
        self.left = count

    def __call__(self):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_stopped_at_any_batch_the_same_command_ends_with_the_same(bench, monkeypatch):
    fill(bench)
    bench.check(examiner=SKETCH)
    whole = bench.outcome()
    for batch in (1, 2, 4):
        wipe(bench)
        bench.watching.on_advance = Stop(batch)
        monkeypatch.setattr("safelight.casework.check.recorder.BATCH", 3)
        first = bench.check(examiner=SKETCH)
        bench.watching.on_advance = lambda: None
        monkeypatch.undo()
        assert first.stopped
        assert Run.objects.get().state == "stopped"
        again = bench.check(examiner=SKETCH)
        assert not again.stopped
        assert bench.outcome() == whole


def wipe(bench):
    """Forget everything, as if nothing had been checked."""
    with owner():
        call_command("flush", verbosity=0, interactive=False)
    shutil.rmtree(bench.data / "objects", ignore_errors=True)


def test_an_archive_is_complete_only_when_the_archives_in_it_are(bench, monkeypatch):
    """The outer archive is recorded to its end while an entry of the inner one is still on its way, and power fails."""
    fill(bench, loose=1)
    bench.check(examiner=SKETCH)
    whole = bench.outcome()
    wipe(bench)

    real = Line.examine

    def lose_some(self, parcel, reading):
        if " > inner.zip > 3.png" in parcel.path:
            self.let_go(parcel)
        else:
            real(self, parcel, reading)

    monkeypatch.setattr(Line, "examine", lose_some)
    bench.check(examiner=SKETCH)
    monkeypatch.undo()
    state = dict(Sighting.objects.filter(item__state="no media").values_list("name", "complete"))
    assert {bytes(name): complete for name, complete in state.items()} == {
        b"outer.zip": False, b"deep.tar.gz": False, b"inner.zip": False,
    }  # fmt: skip
    bench.check(examiner=SKETCH)
    assert bench.outcome() == whole


def test_what_is_finished_is_trusted_and_not_decoded_again(bench):
    fill(bench)
    bench.check(examiner=SKETCH)
    before = bench.outcome()
    again = bench.check(examiner=REFUSE)
    assert (again.tally.skipped, again.tally.met, again.tally.files) == (25, 25, 0)
    assert (again.run, bench.outcome()) == (2, before)
    assert list(Run.objects.order_by("number").values_list("state", flat=True)) == ["done", "done"]


def test_a_changed_file_is_named_and_both_versions_stand(bench):
    bench.put("a.png", png(1))
    bench.put("b.png", png(2))
    bench.check()
    bench.put("a.png", png(3) + b"x")
    bench.check()
    assert bench.failures() == {"a.png": "changed"}
    assert versions(b"a.png") == [(1, "examined", None), (2, "examined", "changed")]
    bench.put("a.png", b"third, no picture")
    bench.check()
    assert bench.failures() == {"a.png": "changed"}
    assert versions(b"a.png")[2] == (3, "not examined", "changed")
    assert Sighting.objects.filter(name=b"a.png").values("item").distinct().count() == 3
    bench.put("a.png", png(3)[:500])
    bench.check()
    assert bench.failures() == {"a.png": "changed"}
    assert "truncated" in bench.watching.failures[0].reason


def test_a_file_that_is_gone_is_named_once_and_may_come_back(bench):
    bench.put("a.png", png(1))
    bench.put("b.png", png(2))
    bench.check(examiner=SKETCH)
    bench.put("a.png", png(3) + b"x")
    bench.check(examiner=SKETCH)
    (bench.source / "a.png").unlink()
    bench.check(examiner=SKETCH)
    assert bench.failures() == {"a.png": "vanished"}
    assert versions(b"a.png")[2] == (3, "unreadable", "vanished")
    bench.check(examiner=SKETCH)
    assert bench.failures() == {}
    bench.put("a.png", png(1))
    bench.check(examiner=SKETCH)
    assert bench.failures() == {}
    assert versions(b"a.png")[3] == (4, "examined", None)


def test_a_file_that_was_added_is_found(bench):
    bench.put("a.png", png(1))
    bench.check(examiner=SKETCH)
    bench.put("new/b.png", png(2))
    result = bench.check(examiner=SKETCH)
    assert (result.tally.files, result.tally.skipped) == (1, 1)


def test_many_vanished_files(bench):
    for number in range(30):
        bench.put(f"{number}.txt", b"text %d" % number)
    bench.check(examiner=SKETCH)
    for number in range(29):
        (bench.source / f"{number}.txt").unlink()
    bench.check(examiner=SKETCH)
    assert set(bench.failures().values()) == {"vanished"}
    assert len(bench.failures()) == 29


def test_what_could_not_be_read_is_tried_again_and_named_once(bench, monkeypatch):
    bench.put("a.png", png(1))
    real = os.open

    def refuse(path, *rest, **named):
        if isinstance(path, bytes) and path.endswith(b"a.png"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **named)

    monkeypatch.setattr("safelight.evidence.reading.os.open", refuse)
    bench.check(examiner=SKETCH)
    assert bench.failures() == {"a.png": "unreadable"}
    bench.check(examiner=SKETCH)
    assert (bench.failures(), len(versions(b"a.png"))) == ({}, 1)
    monkeypatch.undo()
    bench.check(examiner=SKETCH)
    assert versions(b"a.png") == [(1, "unreadable", "unreadable"), (2, "examined", None)]


def test_files_below_a_folder_that_cannot_be_listed_have_not_vanished(bench, monkeypatch):
    bench.put("shut/a.png", png(1))
    bench.put("b.png", png(2))
    bench.check(examiner=SKETCH)
    real = os.scandir

    def refuse(path):
        if path.endswith(b"shut"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr("safelight.evidence.walk.os.scandir", refuse)
    bench.check(examiner=SKETCH)
    assert bench.failures() == {"shut": "unreadable"}


def test_a_changed_archive_that_is_interrupted_is_finished_as_what_it_is(bench, monkeypatch):
    bench.put("a.zip", zipped({f"{number}.png": png(number) for number in range(6)}))
    bench.check(examiner=SKETCH)
    bench.put("a.zip", zipped({f"{number}.png": png(50 + number) for number in range(6)}))
    monkeypatch.setattr("safelight.casework.check.recorder.BATCH", 2)
    bench.watching.on_advance = Stop(2)
    assert bench.check(examiner=SKETCH).stopped
    monkeypatch.undo()
    bench.watching.on_advance = lambda: None
    bench.check(examiner=SKETCH)
    second = Sighting.objects.get(name=b"a.zip", version=2)
    assert second.complete
    assert Sighting.objects.filter(parent=second, state="examined").count() == 6
    assert Sighting.objects.filter(how="entry").values("item").distinct().count() == 12


def test_a_finished_archive_with_a_fault_is_named_once(bench):
    whole = zipped({f"{number}.png": png(number) for number in range(3)})
    bench.put("cut.zip", whole[: len(whole) // 2])
    bench.check(examiner=SKETCH)
    assert bench.failures() == {"cut.zip": "archive"}
    again = bench.check(examiner=SKETCH)
    assert (bench.failures(), again.tally.skipped) == ({}, 1)


def test_one_path_named_twice_is_one_source(bench):
    bench.put("a.png", png(1))
    bench.check(bench.source, bench.source / ".", os.fsencode(bench.source) + b"/", examiner=SKETCH)
    assert Sighting.objects.count() == 1
    bench.check(bench.source, bench.source / "a.png", examiner=SKETCH)
    assert Sighting.objects.count() == 2


def test_each_copy_has_its_thumbnail_also_in_a_second_case(bench):
    photo = camera_jpeg(picture(6, 1, (640, 480)), Camera())
    for name in ("one.jpg", "two.jpg", "deep/three.jpg"):
        bench.put(name, photo)
    bench.put_zip("four.zip", {"four.jpg": photo})
    bench.check()
    assert Sighting.objects.filter(how="embedded").count() == 4
    bench.put("five.jpg", photo)
    bench.check()
    assert Sighting.objects.filter(how="embedded").count() == 5
    bench.check(case="Second", examiner=REFUSE)
    seen = Sighting.objects.filter(how="embedded", exhibit__case="Second")
    assert (seen.count(), seen.values("item").distinct().count()) == (5, 1)
    assert all(one.parent.name.endswith(b".jpg") for one in seen)


def test_kept_content_follows_the_policy_of_each_case(bench):
    for number in range(3):
        bench.put(f"{number}.png", png(number))
        bench.put(f"copy-{number}.jpg", FORMATS["jpeg-444"].write(picture(5, number, (96, 64))))
    bench.check(keep=Keep.NONE)
    assert bench.outcome()["objects"] == []
    bench.check(case="New", exhibit="new")
    new = bench.outcome()
    assert {case for case, _digest in new["kept"]} == {"New"}
    representatives = {digest for case, digest, _members in new["stacks"] if case == "New"}
    assert {digest for _case, digest in new["kept"]} == representatives == set(new["objects"])
    bench.check(case="All", exhibit="all", keep=Keep.ALL)
    assert len(bench.outcome()["objects"]) == 6
    assert Kept.objects.filter(case__name="All").count() == 6
    bench.check(case="New", exhibit="new")
    assert len(bench.outcome()["objects"]) == 6
