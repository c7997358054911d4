"""Content is shown on a consultation only, and there is none before its entry is committed."""

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from safelight.errors import UsageError
from safelight.log.actions import do_add_entry, do_erase_entry
from safelight.log.consultation import (
    LASTS,
    MOST_ITEMS,
    Consultation,
    NotConsultedError,
    do_consult_items,
    resumed_consultation,
)
from safelight.log.entries import Entry, Event
from safelight.log.models import LogEntry
from safelight.log.queries import recorded_entries
from tests.integration.log.plain import PLAIN, Plain

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ITEMS = [bytes([number]) * 32 for number in range(3)]
WHY = "to tell whether Series Harbour goes on"


def consult(items=ITEMS, **changed):
    wanted = {"why": WHY, "case": "Case Harbour", "acting_user": "officer-1", "sealer": PLAIN, "now": NOW}
    return do_consult_items(items, **wanted | changed)


def resumed(row, **changed):
    return resumed_consultation(row, **{"acting_user": "officer-1", "sealer": PLAIN, "now": NOW} | changed)


def test_a_page_is_one_entry_that_lists_its_items_who_when_and_why():
    consultation = consult([*ITEMS, ITEMS[0]])
    [found] = recorded_entries(PLAIN)
    assert (consultation.row, consultation.acting_user) == (found.row, "officer-1")
    assert json.loads(found.record) == {
        "event": "vault:content:consulted",
        "by": "officer-1",
        "at": NOW.isoformat(),
        "why": WHY,
        "about": {"items": [item.hex() for item in ITEMS], "case": "Case Harbour"},
    }
    for item in ITEMS:
        consultation.require(item, acting_user="officer-1", now=NOW)


def test_a_page_of_no_case_says_nothing_of_one():
    consult(case=None)
    [found] = recorded_entries(PLAIN)
    assert list(json.loads(found.record)["about"]) == ["items"]


@pytest.mark.parametrize(
    ("item", "who", "now"),
    [
        (b"\7" * 32, "officer-1", NOW),
        (ITEMS[0], "officer-2", NOW),
        (ITEMS[0], "officer-1", NOW + LASTS),
        (ITEMS[0], "officer-1", NOW - timedelta(seconds=1)),
    ],
)
def test_what_is_not_listed_or_not_this_persons_or_over_is_not_handed_out(item, who, now):
    with pytest.raises(NotConsultedError):
        consult().require(item, acting_user=who, now=now)


@pytest.mark.parametrize(
    "changed",
    [
        {"why": " "},
        {"items": []},
        {"items": [number.to_bytes(32) for number in range(MOST_ITEMS + 1)]},
        {"items": [b"short"]},
    ],
)
def test_without_a_reason_or_with_items_that_cannot_be_there_is_no_entry_and_no_consultation(changed):
    with pytest.raises(UsageError):
        consult(**changed)
    assert not LogEntry.objects.exists()


def test_a_page_may_be_full():
    consultation = consult([number.to_bytes(32) for number in range(MOST_ITEMS)])
    consultation.require(bytes(32), acting_user="officer-1", now=NOW)


def test_inside_a_transaction_that_could_be_taken_back_there_is_none():
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        consult()
    assert not LogEntry.objects.exists()


def test_the_entry_is_on_the_disk_first_even_where_the_server_is_set_to_be_quick():
    def setting():
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            return cursor.fetchone()[0]

    seen = []

    class Watching(Plain):
        def seal(self, record, row):
            seen.append(setting())
            return super().seal(record, row)

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        consult(sealer=Watching())
        assert (seen, setting()) == (["on"], "off")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")


def test_nobody_makes_copies_or_changes_one():
    consultation = consult()
    with pytest.raises(TypeError, match="do_consult_items"):
        Consultation()
    with pytest.raises(AttributeError, match="stays as it was logged"):
        consultation.acting_user = "officer-2"
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="not copied"):
            copied(consultation)


def test_the_pictures_of_a_page_are_fetched_one_by_one_on_its_consultation():
    row = consult().row
    again = resumed(row, now=NOW + timedelta(minutes=1))
    again.require(ITEMS[2], acting_user="officer-1", now=NOW + timedelta(minutes=2))
    with pytest.raises(NotConsultedError):
        again.require(ITEMS[2], acting_user="officer-1", now=NOW + LASTS)
    assert LogEntry.objects.count() == 1


def test_only_ones_own_look_that_is_not_over_is_resumed():
    row = consult().row
    other = do_add_entry(Entry(Event.CHECKED, "officer-1", NOW), PLAIN)
    for wrong in (
        {"row": row + 100},
        {"row": other},
        {"row": row, "acting_user": "officer-2"},
        {"row": row, "now": NOW + LASTS},
    ):
        with pytest.raises(NotConsultedError):
            resumed(**wrong)
    do_erase_entry(row)
    with pytest.raises(NotConsultedError):
        resumed(row)
