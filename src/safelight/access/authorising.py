"""The one gate: who is acting, and whether he may. A refusal is in the log whatever becomes of the caller's work.

Rules kept here:
- forbidden and absent are one answer: the sentence says nothing of whether the thing is there;
- a refusal is written on a connection of its own, at once: the caller's transaction may roll back, the trace stays;
- roles and keys are read anew each time: who was revoked a moment ago is refused in the middle of his work;
- an OS user acts for the officer who is bound to it, and for nobody who is bound to another.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import connection

from safelight.access import queries
from safelight.access.errors import RefusedError
from safelight.access.permissions import Permission
from safelight.access.rules import FOUNDER, Officer, may
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.log.ports import Sealer


def acting_officer(os_user: str, named: str | None, *, sealer: Sealer, now: datetime) -> Officer:
    """Who acts: the officer `named`, or the one bound to the OS user; the founder where nobody is enrolled yet.

    Raises:
        RefusedError: there is none who counts, or another OS user acts for him; it is in the log.
    """
    if not queries.is_enrolled():
        return FOUNDER
    if named is None:
        found = queries.officer_of_os_user(os_user, now)
    else:
        found = queries.find_officer(named, now)
        if found is not None and queries.os_user_of(found) not in {None, os_user}:
            found = None
    if found is None:
        log_refusal(os_user, {"officer": named or ""}, sealer=sealer, now=now)
        raise RefusedError("Nobody acts here under that name: name an enrolled officer, or be enrolled.")
    return found


def require(
    officer: Officer, permission: Permission, *, case: int | None = None, sealer: Sealer, now: datetime
) -> None:
    """Go on only if an officer may, now; `case` is the number of the case that it is about.

    Raises:
        RefusedError: he may not, or there is no such case; it is in the log.
    """
    require_one_of(officer, (permission,), case=case, sealer=sealer, now=now)


def require_one_of(
    officer: Officer, permissions: Sequence[Permission], *, case: int | None = None, sealer: Sealer, now: datetime
) -> None:
    """Go on only if an officer has one of several permissions, as `require`.

    Raises:
        RefusedError: he has none of them, or there is no such case; it is in the log.
    """
    members = queries.case_members(case, now) if case is not None else frozenset()
    standing = _standing(officer, now)
    if standing is not None and any(may(standing, one, case=case, members=members) for one in permissions):
        return
    about: dict[str, object] = {"permission": " or ".join(permissions)}
    if case is not None:
        about["case"] = case
    log_refusal(officer.pseudonym, about, sealer=sealer, now=now)
    raise RefusedError


def log_refusal(by: str, about: dict[str, object], *, sealer: Sealer, now: datetime) -> None:
    """Write that somebody was refused, so that it stays whatever becomes of the caller's transaction."""
    entry = Entry(Event.REFUSED, by, now, about=about)
    with ThreadPoolExecutor(1, thread_name_prefix="refusal") as pool:  # a thread has a connection of its own
        pool.submit(_add_apart, entry, sealer).result()


def _add_apart(entry: Entry, sealer: Sealer) -> None:
    try:
        do_add_entry(entry, sealer)
    finally:
        connection.close()


def _standing(officer: Officer, now: datetime) -> Officer | None:
    """The officer as he stands now; the founder only as long as nobody is enrolled."""
    if officer.row is None:
        return None if queries.is_enrolled() else officer
    return queries.find_officer(officer.pseudonym, now)
