"""How an officer makes a statement: he speaks under his own pseudonym, and may.

Rules kept here:
- the officer in a statement is the one who acts; nobody is quoted, and no name is written there;
- what widens the handling of an earlier statement uses up the approval of exactly that record, so that the record is
  written once, approved, and made as it stands; it is made within the time for which an approval can stand.
"""

from datetime import datetime

from safelight.access.authorising import require
from safelight.access.four_eyes import LONGEST, use_approval
from safelight.access.node import Node
from safelight.access.permissions import Permission
from safelight.access.rules import Officer
from safelight.assertions.actions import do_make_assertion
from safelight.assertions.kinds import load_kinds
from safelight.assertions.record import Assertion, encode_assertion, not_understood
from safelight.errors import UsageError


def check_statable(assertion: Assertion, officer: Officer, now: datetime) -> None:
    """Check that an officer may put this forward as his own statement, now.

    Raises:
        UsageError: another one speaks in it, it was written too long ago, or its kind wants two officers' signatures.
    """
    kind = load_kinds().get(assertion.kind)
    if assertion.officer != officer.pseudonym:
        raise UsageError(
            f"The assertion {assertion.id} is by {assertion.officer!r}, and {officer.pseudonym} acts: "
            "make a statement of your own."
        )
    if assertion.made < now - LONGEST:
        raise UsageError(f"The assertion {assertion.id} was written more than {LONGEST.days} days ago: write it anew.")
    if kind is not None and kind.four_eyes:
        raise UsageError(f"A {kind.key} wants two officers' signatures over it, which cannot be given by one command.")


def write_draft(assertion: Assertion, officer: Officer, now: datetime) -> bytes:
    """The record of a statement, to be approved before it is made as it stands.

    Raises:
        UsageError: as `check_statable`, or something in it is not known here.
        BadAssertionError: it contradicts its kind or a bound.
    """
    check_statable(assertion, officer, now)
    strange = not_understood(assertion)
    if strange:
        raise UsageError(f"The assertion is not written: {', '.join(strange)} is not known here.")
    return encode_assertion(assertion)


def do_state(assertion: Assertion, *, officer: Officer, node: Node, now: datetime) -> int:
    """Make a statement as the officer who acts; return its row.

    Raises:
        RefusedError: he may make none, or may not widen handling; it is in the log.
        NotApprovedError: it widens the handling of what it takes back, and nobody approved exactly this record.
        UsageError: as `check_statable` and `do_make_assertion`.
        InputError: as `do_make_assertion`.
    """
    require(officer, Permission.ASSERTION_MAKE, sealer=node.log_sealer, now=now)
    check_statable(assertion, officer, now)

    def approve(record: str) -> str:
        require(officer, Permission.HANDLING_WIDEN, sealer=node.log_sealer, now=now)
        return use_approval(Permission.HANDLING_WIDEN, {"assertion": record}, officer=officer, node=node, now=now)

    return do_make_assertion(assertion, node, approve=approve, acting_user=officer.pseudonym, now=now)
