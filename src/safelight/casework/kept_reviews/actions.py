"""Keeps content on whose review has come: nothing happens by itself when the day comes.

Rules kept here:
- who keeps it on says why, in the log, and until when, five years on at the latest.
"""

from datetime import datetime

from django.db import transaction

from safelight.access.authorising import require
from safelight.access.permissions import Permission
from safelight.assertions.record import latest_review
from safelight.casework.access import Acting
from safelight.casework.models import Kept
from safelight.errors import UsageError
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event

_NO_CASE = 0


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
