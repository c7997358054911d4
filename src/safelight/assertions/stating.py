"""How an officer makes a statement: he speaks under his own pseudonym, and may.

Rules kept here:
- the officer in a statement is the one who acts; nobody is quoted, and no name is written there;
- what two must want, a kind that wants four eyes or a wider handling, uses up the approval of exactly that record, so
  that the record is written once, approved, and made as it stands, within the time for which an approval can stand.
  One approval is enough for what is both; the wider handling is what it has to be for then;
- who approves signs the record, too, and that signature stays with the statement. Where a kind wants four eyes, the
  officer who speaks signs it with the own key; nobody signs for another. So is it with the header of a batch.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from safelight.access.authorising import require
from safelight.access.four_eyes import LONGEST, use_approval
from safelight.access.key_records import key_name
from safelight.access.node import Node
from safelight.access.officer_keys import public_text, statement_message
from safelight.access.permissions import Permission
from safelight.access.queries import officer_row, signed_over_statement
from safelight.access.rules import Officer
from safelight.assertions.actions import do_make_as_node
from safelight.assertions.record import Assertion, encode_assertion, not_understood
from safelight.assertions.signing import Envelope, Signature, add_officer, wants_two
from safelight.errors import UsageError


def check_statable(assertion: Assertion, officer: Officer, now: datetime) -> None:
    """Check that an officer may put this forward as his own statement, now.

    Raises:
        UsageError: another one speaks in it, or it was written too long ago.
    """
    if assertion.officer != officer.pseudonym:
        raise UsageError(
            f"The assertion {assertion.id} is by {assertion.officer!r}, and {officer.pseudonym} acts: "
            "make a statement of your own."
        )
    if assertion.made < now - LONGEST:
        raise UsageError(f"The assertion {assertion.id} was written more than {LONGEST.days} days ago: write it anew.")


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


def do_state(
    assertion: Assertion, *, key: Ed25519PrivateKey | None = None, officer: Officer, node: Node, now: datetime
) -> int:
    """Make a statement as the officer who acts; return its row.

    `key` is the officer's own, where the record is to bear the own signature besides the node's.

    Raises:
        RefusedError: he may make none, or not by two, or may not widen handling; it is in the log.
        NotApprovedError: two must want it, and nobody approved exactly this record.
        BadSignatureError: its kind wants four eyes, and who approved it did not sign it.
        UsageError: its kind wants four eyes and there is no key, or the key is another's; or as `check_statable` and
            `do_make_as_node`.
        InputError: as `do_make_as_node`.
    """
    require(officer, Permission.ASSERTION_MAKE, sealer=node.log_sealer, now=now)
    check_statable(assertion, officer, now)
    if key is None and wants_two(assertion):
        raise UsageError(f"A {assertion.kind} is signed by two officers: give your own key (--key), too.")

    def approvers(record: str, is_wider: bool) -> tuple[Signature, ...]:
        act = Permission.HANDLING_WIDEN if is_wider else Permission.ASSERTION_MAKE_BY_TWO
        require(officer, act, sealer=node.log_sealer, now=now)
        signed = signed_over_statement(use_approval(act, {"assertion": record}, officer=officer, node=node, now=now))
        return () if signed is None else (Signature(key_name(signed[0]), signed[1].hex()),)

    own = () if key is None else (_own_signature(assertion, key, officer, now),)
    return do_make_as_node(assertion, node, officers=own, approve=approvers, acting_user=officer.pseudonym, now=now)


def countersigning(key: Ed25519PrivateKey, officer: Officer, now: datetime) -> Callable[[Envelope], Envelope]:
    """What adds the signature of the officer who acts to the header of a batch (`actions.do_make_batch`).

    Raises:
        UsageError: the key is another's.
    """
    _own_public(key, officer, now)
    return partial(add_officer, officer_key=key)


def _own_signature(assertion: Assertion, key: Ed25519PrivateKey, officer: Officer, now: datetime) -> Signature:
    """The signature of the officer who acts over a statement's record."""
    public = _own_public(key, officer, now)
    digest = hashlib.sha256(encode_assertion(assertion)).digest()
    return Signature(key_name(public), key.sign(statement_message(digest)).hex())


def _own_public(key: Ed25519PrivateKey, officer: Officer, now: datetime) -> bytes:
    """The public half of a key that is the acting officer's own."""
    row = officer_row(officer, now)
    if row is None or bytes(row.public_key).hex() != public_text(key):
        raise UsageError(f"The key given is not that of {officer.pseudonym}: sign with your own.")
    return bytes(row.public_key)
