"""The queue of what is due in the vault: legal holds, erasures that become complete, receipts that nobody gave.

Rules kept here:
- nothing happens by itself when a day comes: a person looks, and releases, asks or lets stand;
- a row names its hold or tombstone and never a digest: none is known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from safelight.vault.certificates import KEY_BACKUP_DAYS
from safelight.vault.models import Hold, Receipt, Tombstone

HOLD_DAYS = 365
"""After how many days a legal hold is looked at again, and again after as many."""

RECEIPT_DAYS = 14
"""After how many days a recipient is asked who has not said that its copy is destroyed."""


class Due(StrEnum):
    """What is due; closed vocabulary.

    `hold`: a legal hold, whether its reason still stands. `erasure`: one whose last backup of keys is gone that day.
    `receipt`: one that is awaited still.
    """

    HOLD = "hold"
    ERASURE = "erasure"
    RECEIPT = "receipt"


@dataclass(frozen=True)
class Review:
    """One thing that is due: what, when, under which number, and a sentence about it."""

    kind: Due
    at: datetime
    number: str
    sentence: str


def due_reviews(before: datetime, now: datetime) -> Iterator[Review]:
    """What is due before a time; an erasure that was complete before `now` is none any more."""
    for number, owner, since in Hold.objects.order_by("since", "id").values_list("id", "owner", "since"):
        due = next_review(since, now)
        if due < before:
            yield Review(Due.HOLD, due, str(number), f"legal hold of {owner}, since {since:%Y-%m-%d}")
    kept = timedelta(days=KEY_BACKUP_DAYS)
    pending = Tombstone.objects.filter(erased_at__gt=now - kept, erased_at__lt=before - kept).order_by(
        "erased_at", "id"
    )
    for number, owner, at in pending.values_list("id", "owner", "erased_at"):
        yield Review(Due.ERASURE, at + kept, str(number), f"erasure by {owner} becomes complete")
    asked = timedelta(days=RECEIPT_DAYS)
    awaited = Receipt.objects.filter(received_at=None, tombstone__erased_at__lt=before - asked)
    for number, stone, at in awaited.order_by("tombstone__erased_at", "id").values_list(
        "id", "tombstone_id", "tombstone__erased_at"
    ):
        yield Review(Due.RECEIPT, at + asked, str(number), f"receipt awaited for the erasure {stone}")


def next_review(since: datetime, now: datetime) -> datetime:
    """When a hold is to be looked at: the last anniversary that has come, or the first one."""
    passed = (now - since) // timedelta(days=HOLD_DAYS)
    return since + timedelta(days=HOLD_DAYS) * max(1, passed)
