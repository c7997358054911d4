"""Entries come into the log in their transaction, and stay as they were published, whatever is killed or put back."""

import hashlib
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from safelight.errors import UsageError
from safelight.log import actions, growth
from safelight.log.actions import (
    RewoundError,
    do_add_entry,
    do_erase_entry,
    do_forget_content,
    do_publish_entries,
)
from safelight.log.checkpoints import open_checkpoint
from safelight.log.entries import Entry, Event, commitment
from safelight.log.models import LogEntry
from safelight.log.notes import Signer
from safelight.log.queries import (
    count_unpublished,
    leaves,
    misfits,
    named_contents,
    recorded_entries,
    recorded_entry,
    waiting,
)
from safelight.log.reading import entries
from safelight.log.stores.folder import FolderTileStore
from safelight.log.verify import verify_log
from safelight.platform.database import BusyError, advisory_lock
from tests.integration.entrances import owner

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
SIGNER = Signer("alpha.example/log", bytes(range(32)))


class Turned:
    """Seals by turning every bit, and marks whose row it was."""

    def seal(self, record, number):
        return number.to_bytes(8) + bytes(byte ^ 255 for byte in record)

    def open(self, sealed, number):
        assert sealed[:8] == number.to_bytes(8)
        return bytes(byte ^ 255 for byte in sealed[8:])

    def index(self, digest):
        return hashlib.blake2b(digest, digest_size=16).digest()


SEALER = Turned()


def add(count=1):
    return [do_add_entry(Entry(Event.CHECKED, "officer", NOW, about={"number": n}), SEALER) for n in range(count)]


@pytest.fixture
def store(tmp_path):
    return FolderTileStore(tmp_path / "log")


def published(store):
    return open_checkpoint(store.checkpoint(), SIGNER.key)


def test_what_is_added_is_published_in_order_and_verifies_offline(store):
    rows = add(300)
    assert do_publish_entries(store, SIGNER) == published(store)
    assert list(LogEntry.objects.order_by("number").values_list("id", flat=True)) == rows
    assert list(entries(store, 300, 0, 300)) == leaves(0, 300)
    findings = verify_log(store, SIGNER.key)
    assert (findings.checkpoint.size, findings.faults) == (300, ())
    assert list(misfits(SEALER)) == []


def test_nothing_new_is_nothing_to_publish(store):
    assert do_publish_entries(store, SIGNER).size == 0
    assert store.checkpoint() is None
    add()
    do_publish_entries(store, SIGNER)
    note = store.checkpoint()
    do_publish_entries(store, SIGNER)
    assert store.checkpoint() == note


def test_a_long_log_is_not_read_to_find_and_number_what_waits():
    """Each second the sequencer asks whether anything waits: it has to cost the same after a million entries."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO log_entry (number, event, record, salt, commitment)"
            " SELECT n - 1, 'checked', '', '', '' FROM generate_series(1, 20000) n"
        )
        rows = add(3)
        before = rows_read(cursor)
        assert waiting(2) == rows[:2]
        assert (count_unpublished(20_000), count_unpublished(19_990)) == (3, 13)
        actions._give_numbers()
        assert rows_read(cursor) - before < 40
        assert list(LogEntry.objects.filter(id__in=rows).values_list("number", flat=True)) == [20_000, 20_001, 20_002]
        transaction.set_rollback(True)


def rows_read(cursor):
    """Rows of the log that were read in this transaction, in whichever way."""
    cursor.execute("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'log_entry'")
    return cursor.fetchone()[0]


def test_an_entry_ends_with_its_transaction(store):
    with transaction.atomic():
        add()
        transaction.set_rollback(True)
    assert do_publish_entries(store, SIGNER).size == 0


def test_the_log_goes_on_from_every_checkpoint(store):
    older = []
    for count in (1, 255, 1, 300):
        add(count)
        older.append(do_publish_entries(store, SIGNER))
    findings = verify_log(store, SIGNER.key, older)
    assert ([one.size for one in older], findings.faults) == ([1, 256, 257, 557], ())


def test_a_publication_that_was_killed_is_done_again(store, monkeypatch):
    add(200)
    do_publish_entries(store, SIGNER)
    add(300)
    with monkeypatch.context() as context:
        context.setattr(growth, "_grow_level", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            do_publish_entries(store, SIGNER)
    assert published(store).size == 200
    add(5)
    assert do_publish_entries(store, SIGNER).size == 505
    assert verify_log(store, SIGNER.key).faults == ()
    assert list(entries(store, 505, 0, 505)) == leaves(0, 505)


def test_one_publishes_at_a_time(store):
    add()
    with advisory_lock("log: publish"), pytest.raises(BusyError):
        do_publish_entries(store, SIGNER)
    assert store.checkpoint() is None


@pytest.mark.parametrize("again", [0, 3, 7])
def test_a_database_that_was_put_back_publishes_nothing(store, again):
    add(10)
    do_publish_entries(store, SIGNER)
    note = store.checkpoint()
    with owner():  # no worker deletes an entry
        LogEntry.objects.filter(number__gte=7).delete()
    add(again)
    with pytest.raises(RewoundError, match="entry 9"):
        do_publish_entries(store, SIGNER)
    assert store.checkpoint() == note


def test_a_record_is_stored_sealed_and_opens(store):
    [row] = add()
    stored = LogEntry.objects.get()
    assert b"officer" not in bytes(stored.record)
    [one] = recorded_entries(SEALER)
    assert (one.row, one.number, one.event) == (row, None, "casework:exhibit:checked")
    assert one.record == Entry(Event.CHECKED, "officer", NOW, about={"number": 0}).encoded()
    assert one.commitment == commitment(one.record, one.salt)


def test_an_erased_entry_leaves_a_leaf_and_nothing_else(store):
    first, _second = add(2)
    before = do_publish_entries(store, SIGNER)
    do_erase_entry(first)
    assert [one.record is None and one.salt is None for one in recorded_entries(SEALER)] == [True, False]
    assert list(misfits(SEALER)) == []
    assert verify_log(store, SIGNER.key, [before]).faults == ()


def test_a_record_that_was_changed_does_not_fit_its_leaf(store):
    _first, second = add(2)
    forged = Entry(Event.CHECKED, "somebody else", NOW).encoded()
    LogEntry.objects.filter(pk=second).update(record=SEALER.seal(forged, second))
    assert list(misfits(SEALER)) == [second]


def test_an_entry_is_found_by_its_number_once_it_has_one(store):
    [_first, second] = add(2)
    with pytest.raises(UsageError, match="no entry 1"):
        recorded_entry(1, SEALER)
    do_publish_entries(store, SIGNER)
    assert recorded_entry(1, SEALER).row == second


def test_the_contents_that_entries_name_are_told_until_the_entry_goes():
    first, other = bytes([1]) * 32, bytes([2]) * 32
    said = [{"sha256": first.hex()}, {"number": 3}, {"of": [other.hex(), first.hex()]}]
    rows = [do_add_entry(Entry(Event.CHECKED, "officer", NOW, about=about), SEALER) for about in said]
    assert sorted(named_contents(SEALER)) == [first, first, other]
    do_erase_entry(rows[0])
    assert sorted(named_contents(SEALER)) == [first, other]


def test_what_entries_say_of_a_forgotten_content_goes_and_what_they_say_of_others_stays():
    first, other = bytes([1]) * 32, bytes([2]) * 32
    said = [{"sha256": first.hex()}, {"sha256": other.hex()}, {"of": [other.hex(), first.hex()]}]
    for about in said:
        do_add_entry(Entry(Event.CHECKED, "officer", NOW, about=about), SEALER)
    assert do_forget_content(first, SEALER, acting_user="officer-2", now=NOW) == 2
    assert sorted(named_contents(SEALER)) == [other, other]
    events = [(one.event, one.record is None) for one in recorded_entries(SEALER)]
    assert events == [
        (Event.CHECKED, True),
        (Event.CHECKED, False),
        (Event.CHECKED, True),
        (Event.REDACTED, False),
    ]
