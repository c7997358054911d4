"""The sequencer publishes beside the work, within a second, whoever adds entries, and never stops the work."""

import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, transaction

from safelight.errors import CannotRunError
from safelight.log import sequencer
from safelight.log.actions import do_add_entry, do_publish_entries
from safelight.log.checkpoints import open_checkpoint
from safelight.log.entries import Entry, Event
from safelight.log.models import LogEntry
from safelight.log.notes import Signer
from safelight.log.sequencer import UnpublishedWorkError, publishing
from safelight.log.stores.folder import FolderTileStore
from safelight.log.verify import verify_log
from safelight.platform.database import BusyError, advisory_lock
from tests.acceptance.commands import ROOT, wait_for
from tests.integration.log.plain import PLAIN

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
SIGNER = Signer("alpha.example/log", bytes(range(32)))
ENTRIES = 150

CHILD = """
import json, sys, time
from datetime import UTC, datetime
from pathlib import Path
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from safelight.platform.walls import NOBODY_ENROLLED, acting
with open_database(read_settings(data=Path(sys.argv[1]))), acting(NOBODY_ENROLLED):
    from safelight.log.actions import do_add_entry
    from safelight.log.entries import Entry, Event
    from safelight.log.notes import Signer
    from safelight.log.sequencer import publishing
    from safelight.log.stores.folder import FolderTileStore
    from tests.integration.log.plain import PLAIN
    now, added = datetime(2026, 3, 14, tzinfo=UTC), []
    begin = time.monotonic()
    with publishing(FolderTileStore(Path(sys.argv[2])), Signer("alpha.example/log", bytes(range(32)))):
        for number in range(int(sys.argv[3])):
            time.sleep(max(0.0, begin + number / 50 - time.monotonic()))
            added.append((do_add_entry(Entry(Event.CHECKED, "officer", now), PLAIN), time.monotonic()))
    print(json.dumps(added))
"""


def add():
    return do_add_entry(Entry(Event.CHECKED, "officer", NOW), PLAIN)


@pytest.fixture
def store(tmp_path):
    return FolderTileStore(tmp_path / "log")


def size_of(store):
    note = store.checkpoint()
    return open_checkpoint(note, SIGNER.key).size if note is not None else 0


def test_two_processes_at_fifty_entries_a_second_leave_none_unpublished_for_a_second(embedded_database, store):
    command = [sys.executable, "-c", CHILD, str(embedded_database.data), str(store.root), str(ENTRIES)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)]
    published_at = {}
    while any(child.poll() is None for child in children):
        published_at.setdefault(size_of(store), time.monotonic())
        time.sleep(0.01)
    published_at.setdefault(size_of(store), time.monotonic())
    added = dict(pair for child in children for pair in json.loads(child.communicate()[0]))
    assert (len(added), size_of(store)) == (2 * ENTRIES, 2 * ENTRIES)
    ages = []
    for row, number in LogEntry.objects.values_list("id", "number"):
        ages.append(min(at for size, at in published_at.items() if size > number) - added[row])
    assert max(ages) < 1.0
    assert verify_log(store, SIGNER.key).faults == ()


def test_what_a_killed_process_left_waiting_is_published_by_the_next(store):
    add()
    with publishing(store, SIGNER):
        wait_for(lambda: size_of(store) == 1, seconds=20)


def test_what_has_a_number_and_is_not_published_is_taken_along(store):
    row = add()
    LogEntry.objects.filter(pk=row).update(number=0)
    with publishing(store, SIGNER):
        pass
    assert size_of(store) == 1


@pytest.mark.parametrize("stopped_by", [KeyboardInterrupt, ValueError])
def test_the_end_of_the_work_publishes_however_it_ends(store, stopped_by):
    def work():
        with publishing(store, SIGNER, every=60):
            add()
            raise stopped_by

    with pytest.raises(stopped_by):
        work()
    assert size_of(store) == 1


def test_what_is_not_committed_is_not_published(store):
    with transaction.atomic():
        with publishing(store, SIGNER, every=0.05):
            add()
            time.sleep(0.3)
        assert size_of(store) == 0


def test_nothing_waiting_is_one_question_and_no_publication(store, monkeypatch):
    calls = []
    monkeypatch.setattr(sequencer, "do_publish_entries", lambda *_: calls.append(1))
    with publishing(store, SIGNER, every=0.05):
        time.sleep(0.3)
    assert calls == []


def test_who_finds_another_publishing_waits_at_the_end_until_it_has_finished(store):
    held, free = threading.Event(), threading.Event()

    def publish_slowly():
        with advisory_lock("log: publish"):
            held.set()
            free.wait(20)
        connection.close()

    other = threading.Thread(target=publish_slowly)
    other.start()
    held.wait(20)
    timer = threading.Timer(2.5, free.set)
    timer.start()
    with publishing(store, SIGNER, every=60):
        add()
    other.join()
    timer.join()
    assert size_of(store) == 1


def test_a_publisher_that_hangs_keeps_the_work_and_is_told_of(store, monkeypatch):
    monkeypatch.setattr(sequencer, "do_publish_entries", raising(BusyError()))

    def work():
        with publishing(store, SIGNER):
            add()

    with pytest.raises(UnpublishedWorkError, match=r"^The work is done and kept, .*Another command is at work") as met:
        work()
    assert "\n" not in met.value.message
    assert LogEntry.objects.count() == 1


def raising(error):
    def call(*_):
        raise error

    return call


def test_the_error_of_the_work_goes_before_that_of_the_log(store, monkeypatch):
    monkeypatch.setattr(sequencer, "do_publish_entries", raising(CannotRunError("The disk is full.")))

    def work():
        with publishing(store, SIGNER):
            add()
            raise ValueError("the work")

    with pytest.raises(ValueError, match="the work") as met:
        work()
    assert "The disk is full." in met.value.__notes__[0]


@pytest.mark.parametrize("error", [CannotRunError("The disk is full."), OSError(5, "Input/output error")])
def test_after_a_failure_it_tries_again(store, monkeypatch, error):
    left = [error, error]

    def fail_twice(*arguments):
        if left:
            raise left.pop()
        return do_publish_entries(*arguments)

    monkeypatch.setattr(sequencer, "do_publish_entries", fail_twice)
    with publishing(store, SIGNER, every=0.02):
        add()
        wait_for(lambda: size_of(store) == 1, seconds=20)
    assert left == []


def test_an_error_of_the_disk_at_the_end_is_told_in_a_sentence(store, monkeypatch):
    monkeypatch.setattr(sequencer, "do_publish_entries", raising(OSError(5, "Input/output error")))

    def work():
        with publishing(store, SIGNER):
            add()

    with pytest.raises(UnpublishedWorkError, match="Input/output error"):
        work()


def test_its_connection_is_closed_at_the_end(store):
    def others():
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return cursor.fetchone()[0]

    before = others()
    with publishing(store, SIGNER, every=0.05):
        add()
        wait_for(lambda: size_of(store) == 1, seconds=20)
    assert wait_for(lambda: others() == before, seconds=20)
