"""A key is named by its digest, and counts from its beginning until it ends or is revoked."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from safelight.access.key_records import KeyRecord, key_name

BEGINS = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ENDS = BEGINS + timedelta(days=100)
REVOKED = BEGINS + timedelta(days=10)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("revoked", "moment", "counts"),
    [
        (None, BEGINS - SECOND, False),
        (None, BEGINS, True),
        (None, ENDS - SECOND, True),
        (None, ENDS, False),
        (REVOKED, REVOKED - SECOND, True),
        (REVOKED, REVOKED, False),
        (ENDS + SECOND, ENDS, False),
    ],
)
def test_a_key_counts_from_its_beginning_until_it_ends_or_is_revoked(revoked, moment, counts):
    assert KeyRecord(bytes(32), "Agency Alpha", "officer-7", BEGINS, ENDS, revoked).counts_at(moment) is counts


def test_a_key_is_named_by_its_digest():
    record = KeyRecord(b"k" * 32, "Agency Alpha", None, BEGINS, ENDS)
    assert record.name == key_name(b"k" * 32) == hashlib.sha256(b"k" * 32).hexdigest()
