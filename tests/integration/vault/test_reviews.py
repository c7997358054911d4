"""What is due in the vault: holds each year, erasures on the day they are complete, receipts after two weeks."""

from datetime import timedelta

import pytest

from safelight.vault.models import Hold, Receipt, Tombstone
from safelight.vault.reviews.queries import Due, due_reviews, next_review
from tests.integration.vault.example import ALPHA, NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FIRST = "00000000-0000-0000-0000-000000000001"


def bury(at):
    return Tombstone.objects.create(id=FIRST, owner=ALPHA, digest_index=bytes(16), erased_at=at, act=b"")


def due(before, now=NOW):
    return [(one.kind, one.at) for one in due_reviews(before, now)]


def test_nothing_is_due_where_nothing_is_held_or_erased():
    assert due(NOW + 10_000 * DAY) == []


def test_a_hold_is_due_after_a_year_and_stays_due():
    Hold.objects.create(id=FIRST, content_index=bytes(16), owner=ALPHA, since=NOW, reason=b"")
    assert due(NOW + 365 * DAY) == []
    assert due(NOW + 366 * DAY) == [(Due.HOLD, NOW + 365 * DAY)]
    [shown] = due_reviews(NOW + 401 * DAY, NOW + 400 * DAY)
    assert (shown.at, shown.number) == (NOW + 365 * DAY, FIRST)
    assert shown.sentence == "legal hold of Agency Alpha, since 2026-03-14"


def test_a_hold_of_several_years_is_due_on_its_last_anniversary():
    assert next_review(NOW, NOW) == NOW + 365 * DAY
    assert next_review(NOW, NOW + 730 * DAY) == NOW + 730 * DAY
    assert next_review(NOW, NOW + 729 * DAY) == NOW + 365 * DAY


def test_an_erasure_is_due_until_it_is_complete():
    bury(NOW)
    assert due(NOW + 30 * DAY) == []
    assert due(NOW + 31 * DAY) == [(Due.ERASURE, NOW + 30 * DAY)]
    assert due(NOW + 60 * DAY, NOW + 30 * DAY) == []


def test_a_receipt_is_due_after_two_weeks_until_it_comes():
    receipt = Receipt.objects.create(id=FIRST, tombstone=bury(NOW - 40 * DAY), recipient=b"")
    assert due(NOW) == [(Due.RECEIPT, NOW - 26 * DAY)]
    assert due(NOW - 26 * DAY) == []
    receipt.received_at = NOW
    receipt.save()
    assert due(NOW) == []
