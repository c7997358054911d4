"""Shows the names of officers, which are sealed: for a reason, and it is in the log before they are shown."""

from datetime import datetime

from safelight.access.authorising import require
from safelight.access.node import Node
from safelight.access.permissions import Permission
from safelight.access.queries import Listed, listed_officers
from safelight.access.rules import Officer
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event


def do_show_names(officer: Officer, *, why: str, node: Node, now: datetime) -> list[Listed]:
    """All officers in the order of enrolment with their names, which are sealed; that they were shown is in the log.

    Raises:
        RefusedError: the officer may not read of officers; it is in the log.
        UsageError: there is no reason.
        SealedValueError: a name was altered or moved.
    """
    require(officer, Permission.OFFICER_READ, sealer=node.log_sealer, now=now)
    do_add_entry(Entry(Event.NAMES_SHOWN, officer.pseudonym, now, why), node.log_sealer)
    return listed_officers(now, node)
