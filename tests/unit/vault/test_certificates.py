"""A certificate of an erasure says no more than is so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from safelight.vault.certificates import Act, Certificate, Lifting, ReceiptState

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ACT = Act("officer-1", "a made-up court said so", "made-up order 7", None, {"keys": 1, "thumbnails": 2})
RECEIPTS = (ReceiptState(UUID(int=1), "Agency Beta", None), ReceiptState(UUID(int=2), "Agency Gamma", NOW))
CERTIFICATE = Certificate(UUID(int=7), bytes(32), "Agency Alpha", NOW, ACT, RECEIPTS)
ANSWERED = replace(CERTIFICATE, receipts=(RECEIPTS[1],))
LATER = NOW + timedelta(days=30)


def test_it_says_in_words_what_was_done_and_what_is_not():
    lines = CERTIFICATE.text(NOW).splitlines()
    assert lines[0] == f"Erasure of SHA-256 {'00' * 32}, kept by Agency Alpha: pending"
    assert (
        lines[1] == "Erased on 2026-03-14T12:00:00+00:00 by officer-1; tombstone 00000000-0000-0000-0000-000000000007."
    )
    assert "Approved by: nobody else" in lines
    assert "Destroyed here: 1 keys, 2 thumbnails." in lines
    assert "Pending: a backup of the table of keys may hold the key until 2026-04-13T12:00:00+00:00." in lines
    assert "Agency Beta was given a copy: the receipt that it is destroyed is awaited." in lines
    assert "Agency Gamma was given a copy, and said on 2026-03-14T12:00:00+00:00 that it is destroyed." in lines
    assert lines[-1].startswith("Not covered:")


@pytest.mark.parametrize(("moment", "state"), [(NOW, "pending"), (LATER - timedelta(microseconds=1), "pending"), (LATER, "complete")])  # fmt: skip
def test_it_is_pending_for_thirty_days_and_then_complete(moment, state):
    assert ANSWERED.state(moment) == state
    said = ANSWERED.text(moment)
    assert said.splitlines()[0].endswith(state)
    assert ("may hold the key" in said, "were gone on" in said) == (state == "pending", state == "complete")


def test_it_stays_pending_until_each_recipient_has_answered():
    assert (CERTIFICATE.state(LATER), ANSWERED.state(LATER)) == ("pending", "complete")
    assert "were gone on" in CERTIFICATE.text(LATER)


def test_machines_read_all_of_it():
    assert CERTIFICATE.as_json(LATER) == {
        "state": "pending",
        "tombstone": "00000000-0000-0000-0000-000000000007",
        "sha256": "00" * 32,
        "owner": "Agency Alpha",
        "erased_at": "2026-03-14T12:00:00+00:00",
        "complete_at": "2026-04-13T12:00:00+00:00",
        "by": "officer-1",
        "why": "a made-up court said so",
        "legal_basis": "made-up order 7",
        "approval": None,
        "destroyed": {"keys": 1, "thumbnails": 2},
        "receipts": [
            {"recipient": "Agency Beta", "received_at": None},
            {"recipient": "Agency Gamma", "received_at": "2026-03-14T12:00:00+00:00"},
        ],
        "lifted": None,
    }


def test_that_it_may_come_back_is_said_with_who_wanted_it_and_why():
    lifting = Lifting(LATER, "officer-1", "the made-up court changed its mind", "made-up order 8", "act-3")
    lifted = replace(CERTIFICATE, lifting=lifting)
    lines = lifted.text(LATER).splitlines()
    assert "May be taken in again since 2026-04-13T12:00:00+00:00, by officer-1, approved by act-3." in lines
    assert "Why: the made-up court changed its mind" in lines
    assert "Legal basis: made-up order 8" in lines
    assert lifted.as_json(LATER)["lifted"] == {
        "at": "2026-04-13T12:00:00+00:00",
        "by": "officer-1",
        "why": "the made-up court changed its mind",
        "legal_basis": "made-up order 8",
        "approval": "act-3",
    }
