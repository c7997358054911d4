"""The reviews of kept content that come up, in the queue of who works on that case, and of nobody else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from safelight.access.permissions import Permission
from safelight.access.queries import case_members
from safelight.access.rules import may
from safelight.assertions.record import latest_review
from safelight.casework.access import Acting
from safelight.casework.models import Case, Kept


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
    stored = acting.node.vault.signatures.fetch([row.item.signature for row in shown], frames=False)
    return [KeptReview(row.pk, row.review, row.case.name, stored[row.item.signature].sha256 or b"") for row in shown]
