"""A source that is met again under other times, inodes or devices: what tells a change is its content."""

import os
import shutil

import pytest

from safelight.casework.check import readers
from safelight.evidence.models import Sighting
from safelight.evidence.queries import Known, known_places
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from tests.integration.casework.conftest import zipped
from tests.integration.casework.test_resume import Stop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_postgresql]
REFUSE = "tests.integration.casework.idle:refuse"
SKETCH = "tests.integration.casework.idle:sketch"
CUSTODY = ("modified", "changed", "accessed", "inode", "device")


def png(number):
    return FORMATS["png-rgb"].write(picture(12, number, (96, 64)))


def fill(bench):
    for number in range(4):
        bench.put(f"folder/{number}.png", png(number))
    bench.put("a.zip", zipped({f"{number}.png": png(20 + number) for number in range(3)}))
    (bench.source / "link").symlink_to("folder")


def custody():
    return list(Sighting.objects.order_by("id").values_list("place", "version", *CUSTODY))


def on_another_device(monkeypatch, number=77):
    """The same disk, plugged in again: each file has another device number, and nothing else differs."""
    real = readers._times

    def times(status):
        return readers.replace(real(status), device=number)

    monkeypatch.setattr(readers, "_times", times)


def test_the_same_disk_plugged_in_again_is_trusted(bench, monkeypatch):
    fill(bench)
    bench.check(examiner=SKETCH)
    before, rows = bench.outcome(), custody()
    on_another_device(monkeypatch)
    monkeypatch.setattr(readers, "read_file", None)  # nothing is read at all
    again = bench.check(examiner=REFUSE)
    assert (bench.failures(), again.tally.skipped, again.tally.files) == ({}, 6, 0)
    assert (bench.outcome(), custody()) == (before, rows)


def touched(bench):
    for path in sorted(bench.source.rglob("*")):
        os.utime(path, ns=(10**18, 10**18), follow_symlinks=False)


def copied(bench):
    other = bench.source.with_name("other")
    shutil.copytree(bench.source, other, symlinks=True)
    shutil.rmtree(bench.source)
    other.rename(bench.source)


def edited_and_restored(bench):
    """Only the time of the last change of the inode tells that something was done to each file."""
    for path in sorted(bench.source.rglob("*")):
        status = path.lstat()
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1), follow_symlinks=False)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)


@pytest.mark.parametrize("moved", [touched, copied, edited_and_restored])
def test_the_same_content_under_other_times_is_the_same_sighting(bench, monkeypatch, moved):
    fill(bench)
    bench.check(examiner=SKETCH)
    before, rows = bench.outcome(), custody()
    moved(bench)
    walks = []
    monkeypatch.setattr(readers, "Unpacking", lambda *given: walks.append(given))
    again = bench.check(examiner=REFUSE)
    assert (bench.failures(), walks) == ({}, [])
    assert (again.tally.files, again.tally.failures, again.tally.met_again + again.tally.skipped) == (0, 0, 6)
    assert again.tally.met_again >= 5
    assert (bench.outcome(), custody()) == (before, rows)  # the first times may be evidence
    monkeypatch.setattr(readers, "read_file", None)
    third = bench.check(examiner=REFUSE)
    assert (bench.failures(), third.tally.skipped, third.tally.met_again) == ({}, 6, 0)


def test_an_edit_in_place_with_its_time_restored_is_found(bench):
    path = bench.put("a.png", png(1))
    bench.check(examiner=SKETCH)
    status = path.stat()
    path.write_bytes(png(1)[:-1] + b"x")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (status.st_ino, status.st_mtime_ns)
    bench.check(examiner=SKETCH)
    assert bench.failures() == {"a.png": "changed"}


def test_what_was_met_again_is_recorded_in_batches_and_what_was_not_is_met_by_the_next_run(bench, monkeypatch):
    for number in range(9):
        bench.put(f"{number}.png", png(number))
    bench.check(examiner=SKETCH)
    touched(bench)
    monkeypatch.setattr("safelight.casework.check.recorder.BATCH", 3)
    bench.watching.on_advance = Stop(2)
    assert bench.check(examiner=REFUSE).stopped
    bench.watching.on_advance = lambda: None
    met = Sighting.objects.filter(met_inode__isnull=False).count()
    assert 6 <= met <= 9
    again = bench.check(examiner=REFUSE)
    assert (again.tally.skipped, again.tally.met_again, bench.failures()) == (met, 9 - met, {})
    assert Sighting.objects.count() == 9


def test_an_archive_that_was_interrupted_and_moved_is_finished(bench, monkeypatch):
    content = zipped({f"{number}.png": png(number) for number in range(6)})
    bench.put("a.zip", content)
    bench.check(examiner=SKETCH, case="Whole")
    monkeypatch.setattr("safelight.casework.check.recorder.BATCH", 2)
    bench.watching.on_advance = Stop(2)
    assert bench.check(examiner=SKETCH).stopped
    bench.watching.on_advance = lambda: None
    monkeypatch.undo()
    copied(bench)
    again = bench.check(examiner=SKETCH)
    assert bench.failures() == {}
    archive = Sighting.objects.get(name=b"a.zip", exhibit__case="Case")
    assert (archive.complete, archive.version, Sighting.objects.filter(parent=archive).count()) == (True, 1, 6)
    last = bench.check(examiner=REFUSE)
    assert (again.tally.met_again, last.tally.skipped, last.tally.met_again) == (1, 1, 0)


def test_a_copy_of_a_changed_file_has_not_changed_itself(bench):
    bench.put("a.png", png(1))
    bench.check(examiner=SKETCH)
    bench.put("a.png", png(2))
    bench.put("b.png", png(2))
    bench.check(examiner=SKETCH)
    assert bench.failures() == {"a.png": "changed"}
    assert Sighting.objects.get(name=b"b.png").failure is None


def test_a_link_that_leads_elsewhere_is_named_once(bench):
    (bench.source / "link").symlink_to("one")
    bench.check(examiner=SKETCH)
    for found in ({"link": "changed"}, {}):
        (bench.source / "link").unlink()
        (bench.source / "link").symlink_to("other")
        bench.check(examiner=SKETCH)
        assert bench.failures() == found
    assert Sighting.objects.filter(name=b"link").count() == 2


def test_places_are_asked_for_with_what_they_were_last_met_by(bench, monkeypatch):
    bench.put("a.png", png(1))
    bench.check(examiner=SKETCH)
    touched(bench)
    bench.check(examiner=SKETCH)
    row = Sighting.objects.get()
    [known] = known_places(row.exhibit, [bytes(row.place)]).values()
    assert isinstance(known, Known)
    assert (known.modified, row.met_modified) == (10**18, 10**18)
    assert row.modified != 10**18
