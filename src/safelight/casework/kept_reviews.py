"""Content that is kept for a case is reviewed: it is erased then, or kept on for a reason.

Rules kept here:
- what is kept has a review date, five years on at the latest, as a statement's; it comes up in the queue of who works
  on that case, and of nobody else;
- nothing happens by itself when the day comes. Who keeps it on says why, in the log, and until when.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from safelight.access.authorising import require
from safelight.access.permissions import Permission
from safelight.access.queries import case_members
from safelight.access.rules import may
from safelight.assertions.record import latest_review
from safelight.casework.access import Acting
from safelight.casework.models import Case, Kept
from safelight.errors import UsageError
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event

_NO_CASE = 0


@dataclass(frozen=True)
class KeptReview:
    """A kept content whose review comes: under which number, when, for which case, and its SHA-256."""

    number: int
    at: datetime
    case: str
    sha256: bytes


def kept_for(case: Case, items: Iterable[int], now: datetime) -> Iterator[Kept]:
    """Rows that say that items are kept for a case from now on."""
    review = latest_review(now)
    return (Kept(case=case, item_id=item, review=review) for item in items)


def kept_due(before: datetime, acting: Acting, *, now: datetime) -> list[KeptReview]:
    """What is kept for cases that the officer may work on and has its review before a time, the earliest first."""
    rows = list(
        Kept.objects.filter(review__lt=before, leaving=False).select_related("case", "item").order_by("review", "id")
    )
    mine = {
        case
        for case in {row.case_id for row in rows}
        if may(acting.officer, Permission.CASE_WORK, case=case, members=case_members(case, now))
    }
    shown = [row for row in rows if row.case_id in mine]
    stored = acting.node.vault.signatures.fetch([row.item.signature for row in shown])
    return [KeptReview(row.pk, row.review, row.case.name, stored[row.item.signature].sha256 or b"") for row in shown]


def do_keep_on(number: int, *, until: datetime | None, why: str, acting: Acting, now: datetime) -> datetime:
    """Keep a content on that is kept under this number; return until when, five years on where nothing is said.

    Raises:
        RefusedError: the officer may not keep content of that case, or there is none; it is in the log.
        UsageError: there is none, said to the founder of a node; the time has passed or is too far off; or `why` says
            nothing.
    """
    with transaction.atomic():
        kept = Kept.objects.select_for_update(of=("self",)).filter(pk=number, leaving=False).first()
        case = _NO_CASE if kept is None else kept.case_id
        require(acting.officer, Permission.CONTENT_KEEP, case=case, sealer=acting.node.log_sealer, now=now)
        latest = latest_review(now)
        at = until or latest
        if kept is None:
            raise UsageError(f"there is no kept content {number}: `safelight review` lists what is due")
        if not now < at <= latest:
            raise UsageError(f"content is kept on until some time before {latest:%Y-%m-%d}, and reviewed again then")
        Kept.objects.filter(pk=number).update(review=at)
        about = {"kept": number, "case": kept.case.name, "until": at.isoformat()}
        do_add_entry(Entry(Event.KEPT_ON, acting.by, now, why, about), acting.node.log_sealer)
    return at
