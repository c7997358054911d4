"""What a policy wants kept is there at the end of each run, also where an earlier run did not keep it."""

import os
import signal
import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from safelight.casework.check import keeping
from safelight.casework.check.options import Keep
from safelight.casework.models import Kept
from safelight.evidence.models import Run
from safelight.evidence.reading import read_file
from safelight.known.actions import do_remove_source
from safelight.samples.archives import write_tar
from safelight.samples.exif import Camera
from safelight.samples.formats import FORMATS, camera_jpeg
from safelight.samples.pictures import picture
from safelight.signatures.digests import digest
from safelight.vault.actions.sweeping import do_sweep
from safelight.vault.queries import stored_objects
from safelight.vault.stores.sealed_folder import SealedFolder
from tests.integration.casework.conftest import NOW, zipped
from tests.nodes import kept_in, node_in

pytestmark = pytest.mark.django_db(transaction=True)
REFUSE = "tests.integration.casework.idle:refuse"
SKETCH = "tests.integration.casework.idle:sketch"


def png(number):
    return FORMATS["png-rgb"].write(picture(11, number, (96, 64)))


def key(content):
    return digest(content).sha256.hex()


def kept(bench):
    """What is kept, said by the store and by the rows alike."""
    stored = set(kept_in(bench.vault))
    assert {name for _case, name in bench.outcome()["kept"]} == stored
    return stored


def learn(bench, *contents):
    path = bench.source.parent / "demo-not-for-use-alpha.csv"
    rows = "".join(f"{key(content)},3,Series Harbour\n" for content in contents)
    path.write_text("sha256,category,series\n" + rows)
    bench.learn(path)


def reasons(bench):
    prefix = f"{bench.source}/"
    return {one.path.removeprefix(prefix): one.reason for one in bench.watching.failures if one.kind == "not kept"}


def test_from_none_to_new_to_all(bench):
    pictures = [png(number) for number in range(3)]
    copies = [FORMATS["jpeg-444"].write(picture(11, number, (96, 64))) for number in range(3)]
    for number in range(3):
        bench.put(f"{number}.png", pictures[number])
        bench.put(f"{number}.jpg", copies[number])
    bench.put("text.txt", b"no picture")
    bench.check(keep=Keep.NONE)
    assert kept(bench) == set()
    result = bench.check(examiner=REFUSE)
    assert (result.tally.skipped, result.unkept, bench.failures()) == (7, 0, {})
    representatives = {name for _case, name, _members in bench.outcome()["stacks"]}
    assert kept(bench) == representatives
    assert len(representatives) == 3
    assert bench.check(examiner=REFUSE, keep=Keep.ALL).unkept == 0
    assert kept(bench) == {key(content) for content in pictures + copies}
    bench.check(examiner=REFUSE)
    assert kept(bench) == representatives


def test_what_was_known_and_is_new_now_is_kept(bench):
    bench.put("one.png", png(1))
    bench.put("two.png", png(2))
    learn(bench, png(1))
    bench.check()
    assert kept(bench) == {key(png(2))}
    do_remove_source("demo-not-for-use-alpha", node=node_in(bench.data), acting_user="officer", now=NOW)
    bench.check(examiner=REFUSE)
    assert kept(bench) == {key(png(1)), key(png(2))}


def test_a_picture_that_cannot_be_decoded_is_kept_with_all(bench):
    broken = png(1)[:40]
    bench.put("broken.png", broken)
    bench.check(keep=Keep.NONE)
    bench.check(keep=Keep.ALL)
    assert kept(bench) == {key(broken)}


def test_what_is_complete_costs_one_question_and_no_reading(bench, monkeypatch):
    for number in range(5):
        bench.put(f"{number}.png", png(number))
    bench.check(examiner=SKETCH)
    monkeypatch.setattr(keeping, "read_again", None)
    with CaptureQueriesContext(connection) as asked:
        assert bench.check(examiner=REFUSE).unkept == 0
    assert len([one for one in asked.captured_queries if "casework_kept k" in one["sql"]]) == 1


def test_a_file_that_vanished_is_named_and_the_others_are_kept(bench):
    bench.put("gone.png", png(1))
    bench.put("here.png", png(2))
    bench.check(examiner=SKETCH, keep=Keep.NONE)
    (bench.source / "gone.png").unlink()
    result = bench.check(examiner=REFUSE)
    assert result.unkept == 1
    assert "gone when it was opened" in reasons(bench)["gone.png"]
    assert kept(bench) == {key(png(2))}
    assert Run.objects.get(number=2).state == "done"


def test_a_changed_file_is_not_kept_for_what_it_was(bench):
    """Once with another size, once with the same size and other bytes."""
    bench.put("longer.png", png(1))
    bench.put("same.png", png(2))
    bench.check(examiner=SKETCH, keep=Keep.NONE)
    changed = bytearray(png(2))
    changed[-20] ^= 1
    bench.put("longer.png", png(1) + b"x")
    bench.put("same.png", bytes(changed))
    result = bench.check(examiner=SKETCH)
    assert result.unkept == 2
    assert "it changed since it was recorded: then" in reasons(bench)["longer.png"]
    assert "SHA-256" in reasons(bench)["same.png"]
    assert kept(bench) == {key(png(1) + b"x"), key(bytes(changed))}


def test_another_place_serves_where_the_first_one_is_gone(bench):
    bench.put("a.png", png(1))
    bench.put("b.png", png(1))
    bench.put_zip("c.zip", {"c.png": png(2)})
    bench.put("d.png", png(2))
    bench.check(examiner=SKETCH, keep=Keep.NONE)
    (bench.source / "a.png").unlink()
    (bench.source / "d.png").unlink()
    assert bench.check(examiner=REFUSE).unkept == 0
    assert kept(bench) == {key(png(1)), key(png(2))}


def test_no_link_is_followed_to_what_stood_there(bench):
    """A folder of the source was replaced by a link to one outside that holds the very same file."""
    bench.put("folder/a.png", png(1))
    bench.check(examiner=SKETCH, keep=Keep.NONE)
    outside = bench.source.parent / "outside"
    (bench.source / "folder").rename(outside)
    (bench.source / "folder").symlink_to(outside)
    assert bench.check(examiner=REFUSE).unkept == 1
    assert kept(bench) == set()
    (bench.source / "folder").unlink()
    (bench.source / "folder").mkdir()
    (bench.source / "folder/a.png").symlink_to(outside / "a.png")
    assert bench.check(examiner=REFUSE).unkept == 1
    assert kept(bench) == set()


def test_entries_of_archives_in_archives_are_kept(bench):
    inner = zipped({"deep.png": png(1), "other.png": png(2)})
    bench.put("outer.tar", write_tar([(b"beside.png", png(3)), (b"inner.zip", inner), (b"unread.zip", zipped({}))]))
    bench.put("loose.png", png(4))
    bench.put_zip("copies.zip", {"4.png": png(4)})
    bench.check(examiner=SKETCH, keep=Keep.NONE)
    assert bench.check(examiner=REFUSE).unkept == 0
    assert kept(bench) == {key(png(number)) for number in (1, 2, 3, 4)}


def test_a_changed_archive_is_named_for_each_entry(bench):
    bench.put_zip("a.zip", {"1.png": png(1), "2.png": png(2)})
    bench.check(examiner=SKETCH, keep=Keep.NONE)
    bench.put_zip("a.zip", {"1.png": png(1), "3.png": png(3)})
    result = bench.check(examiner=SKETCH)
    assert result.unkept == 1
    assert set(reasons(bench)) == {"a.zip > 2.png"}
    assert kept(bench) == {key(png(1)), key(png(3))}


def test_a_source_that_is_not_given_is_not_read_and_said_to_be_missing(bench):
    bench.put("left/a.png", png(1))
    bench.put("right/b.png", png(2))
    bench.check(bench.source / "left", bench.source / "right", examiner=SKETCH, keep=Keep.NONE)
    result = bench.check(bench.source / "right", examiner=REFUSE)
    assert (result.unkept, bench.failures()) == (1, {})
    assert any("content of 1 items could not be kept" in note for note in bench.watching.notes)
    assert kept(bench) == {key(png(2))}


def test_embedded_pictures_are_kept_too(bench):
    """Of a loose photograph and of one in an archive; the sandbox takes them out, at the first run and later."""
    photos = [camera_jpeg(picture(12, number, (640, 480)), Camera()) for number in (1, 2)]
    bench.put("one.jpg", photos[0])
    bench.put_zip("two.zip", {"two.jpg": photos[1]})
    assert bench.check(keep=Keep.ALL).unkept == 0
    everything = kept(bench)
    assert len(everything) == 4
    bench.check(case="Second", keep=Keep.NONE)
    result = bench.check(case="Second", examiner=REFUSE, keep=Keep.ALL)
    assert result.unkept == 0
    assert Kept.objects.filter(case__name="Second").count() == 4


def test_what_another_case_has_kept_is_not_read_again(bench, monkeypatch):
    bench.put("a.png", png(1))
    bench.check(examiner=SKETCH, case="First")
    bench.check(examiner=SKETCH, case="Second", keep=Keep.NONE)
    monkeypatch.setattr(keeping, "read_again", None)
    bench.check(examiner=REFUSE, case="Second")
    assert Kept.objects.filter(case__name="Second").count() == 1


def test_small_batches_and_more_items_than_are_looked_for_at_a_time(bench, monkeypatch):
    bench.put_zip("a.zip", {f"{number}.png": png(number) for number in range(9)})
    for number in range(20, 29):
        bench.put(f"{number}.png", png(number))
    bench.check(examiner=SKETCH, keep=Keep.NONE)
    monkeypatch.setattr(keeping, "BATCH", 2)
    monkeypatch.setattr(keeping, "_CHUNK", 4)
    assert bench.check(examiner=REFUSE).unkept == 0
    assert len(kept(bench)) == 18
    open_files = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(keeping, "BATCH_BYTES", 1)
    bench.check(examiner=REFUSE)
    assert len(os.listdir("/proc/self/fd")) <= open_files


def test_what_a_killed_run_put_into_the_store_is_nobodys_and_is_swept(bench, monkeypatch):
    """Power fails when the contents are in the store and their rows are not committed."""
    bench.put("a.png", png(1))
    bench.put_zip("b.zip", {"b.png": png(2)})
    bench.check(examiner=SKETCH, keep=Keep.NONE)

    def fail(*rows, **named):
        raise SystemExit

    monkeypatch.setattr(Kept.objects, "bulk_create", fail)
    with pytest.raises(SystemExit):
        bench.check(examiner=REFUSE)
    monkeypatch.undo()
    assert (list(stored_objects()), len(list(bench.vault.blobs.addresses())), Kept.objects.count()) == ([], 2, 0)
    assert bench.check(examiner=REFUSE).unkept == 0
    assert do_sweep(bench.vault).blobs == 2
    assert kept(bench) == {key(png(1)), key(png(2))}


def test_content_that_was_let_go_of_when_power_failed_does_not_count_as_kept(bench, monkeypatch):
    """The rows are gone and the blob may be: what is wanted again later is read again."""
    bench.put("one.png", png(1))
    bench.put("two.png", png(2))
    bench.check(examiner=SKETCH)
    learn(bench, png(1))

    def fail(self, addresses):
        raise SystemExit

    monkeypatch.setattr(SealedFolder, "remove_many", fail)
    with pytest.raises(SystemExit):
        bench.check(examiner=REFUSE)
    monkeypatch.undo()
    assert Kept.objects.count() == len(list(stored_objects())) == 1
    assert do_sweep(bench.vault).blobs == 1
    bench.check(examiner=REFUSE, keep=Keep.NONE)
    assert kept(bench) == {key(png(2))}
    assert bench.check(examiner=REFUSE, keep=Keep.ALL).unkept == 0
    assert kept(bench) == {key(png(1)), key(png(2))}


def test_stopped_while_keeping_the_next_run_goes_on(bench, monkeypatch):
    for number in range(6):
        bench.put(f"{number}.png", png(number))
    bench.check(examiner=SKETCH, keep=Keep.NONE)
    read = []

    def interrupted(*file, **named):
        read.append(file)
        if len(read) == 5:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        return read_file(*file, **named)

    monkeypatch.setattr("safelight.evidence.reading.read_file", interrupted)
    monkeypatch.setattr(keeping, "BATCH", 2)
    assert bench.check(examiner=REFUSE).stopped
    assert Run.objects.get(number=2).state == "stopped"
    assert len(kept(bench)) == 4
    monkeypatch.undo()
    assert bench.check(examiner=REFUSE).unkept == 0
    assert len(kept(bench)) == 6
