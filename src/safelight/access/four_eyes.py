"""Four eyes: an act that one person asks for and another approves, each with the own key; or that the kit stands for.

Rules kept here:
- a request says exactly what, why and until when, and is signed by who asks; the approval is another person's
  signature over the same bytes. Both keys count when they sign, and have not been revoked when the approval is used;
- an approval is used once, inside the transaction of the act, for the same parameters byte by byte;
- who holds enough of the recovery kit may act alone, once and within an hour: that is in the log with its reason, and
  stays open until another officer has reviewed it;
- where nobody is enrolled yet there is nobody to ask: the founder acts, and the log says so.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from safelight.access import queries
from safelight.access.authorising import log_refusal, require
from safelight.access.errors import NotApprovedError
from safelight.access.forgetting import destroy_record, do_index_request, has_erased
from safelight.access.models import Approval, BreakGlass, OfficerRow, RequestRow
from safelight.access.node import Node
from safelight.access.officer_keys import (
    BadOfficerSignatureError,
    SignedAs,
    check_signature,
    check_statement_signature,
    public_text,
    sign,
)
from safelight.access.permissions import Permission
from safelight.access.records import (
    Request,
    Review,
    act_of_glass,
    canonical_act,
    encode_record,
    glass_record,
    named_statement,
    read_request,
    record_digest,
)
from safelight.access.roles import Role
from safelight.access.rules import UNENROLLED, Officer
from safelight.errors import UsageError
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.copying import reserve_ids
from safelight.vault.keys import RootKey
from safelight.vault.sealing import BlindIndex, ColumnSealer

LONGEST = timedelta(days=30)
"""How long a request may stand."""

GLASS_STANDS = timedelta(hours=1)
"""How long a broken glass can be used."""

RECOVERY, FOUNDING, RESTORING = "access:node:recover", "access:officer:found", "access:node:restore"
JOINING = "access:case-member:join-alone"
"""The acts that are put up for review: a node was recovered, officers were enrolled by the kit, a backup was restored,
after which something may have been erased; somebody let himself into a case."""

_PUT_UP = {JOINING: Event.JOINING_PUT_UP, RESTORING: Event.RESTORE_PUT_UP}
"""What the log calls an act that is put up for review and was not done by the kit."""


def do_request_act(
    act: Permission,
    parameters: Mapping[str, str],
    *,
    why: str,
    until: datetime,
    key: Ed25519PrivateKey,
    officer: Officer,
    node: Node,
    now: datetime,
) -> int:
    """Ask for an act, signed by who asks; return the number of the request.

    Raises:
        RefusedError: the officer may not do it, approved or not.
        UsageError: the act, its parameters, the reason, the end or the key cannot be.
    """
    canonical = canonical_act(act, parameters)
    require(officer, Permission.ACT_REQUEST, sealer=node.log_sealer, now=now)
    require(officer, act, case=_case(parameters), sealer=node.log_sealer, now=now)
    if not now < until <= now + LONGEST:
        raise UsageError(f"a request stands until some time within {LONGEST.days} days, and is asked for anew after")
    row = _with_key(officer, public_text(key), now)
    request = Request(node.name, act, dict(parameters), why, officer.pseudonym, now, until, secrets.token_hex(16))
    record = encode_record(request)
    digest = record_digest(record)
    with transaction.atomic():
        made = RequestRow.objects.create(
            act=act.value,
            what=_what(node, canonical),
            record=ColumnSealer(node.keys.root, queries.REQUESTS).seal(record, "record", digest.hex()),
            digest=digest,
            requester=row,
            signature=sign(key, SignedAs.REQUEST, record),
            at=now,
            until=until,
            indexed=True,
        )
        do_index_request(made, record, node)
        about = {"request": made.pk, "act": act.value, "parameters": dict(parameters), "record": digest.hex()}
        do_add_entry(Entry(Event.REQUESTED, officer.pseudonym, now, why, about), node.log_sealer)
    return made.pk


def do_approve_act(
    number: int, signature: bytes, *, over: bytes | None = None, officer: Officer, node: Node, now: datetime
) -> None:
    """Approve a request with another person's signature over it, and one over the statement that it is about, if any.

    Raises:
        RefusedError: the officer may not approve.
        UsageError: there is no such request, it has ended, is approved already, or is his own.
        BadOfficerSignatureError: a signature is not by his key over this request, or over its statement.
    """
    require(officer, Permission.ACT_APPROVE, sealer=node.log_sealer, now=now)
    asked = queries.asked_request(number, node)
    if asked.request.officer == officer.pseudonym:
        log_refusal(officer.pseudonym, {"request": number, "own": True}, sealer=node.log_sealer, now=now)
        raise UsageError(f"Request {number} is your own: another person has to approve it.")
    if now >= asked.request.until:
        raise UsageError(f"Request {number} ended at {asked.request.until.isoformat()}: have it asked for anew.")
    approver = _enrolled_row(officer, now)
    check_signature(bytes(approver.public_key), SignedAs.APPROVAL, asked.record, signature)
    if over is not None:
        check_statement_signature(bytes(approver.public_key), named_statement(asked.request) or b"", over)
    row = RequestRow.objects.get(pk=number)
    try:
        with transaction.atomic():
            Approval.objects.create(
                request=row,
                requester=row.requester,
                approver=approver,
                signature=signature,
                over_statement=over,
                at=now,
            )
            about = {"request": number, "record": record_digest(asked.record).hex()}
            do_add_entry(Entry(Event.APPROVED, officer.pseudonym, now, asked.request.why, about), node.log_sealer)
    except IntegrityError:
        raise UsageError(f"Request {number} is approved already.") from None


def use_approval(act: Permission, parameters: Mapping[str, str], *, officer: Officer, node: Node, now: datetime) -> str:
    """Use up what allows an act, in the caller's transaction; return its name (`act-7`, `glass-2`), for the log.

    Where nobody is enrolled yet, that is "unenrolled".

    Raises:
        NotApprovedError: nothing that stands allows exactly this; it is in the log.
        UsageError: the act needs no second person, or the parameters are not those that it has.
        RuntimeError: there is no transaction to be used up in.
    """
    canonical = canonical_act(act, parameters)
    if not connection.in_atomic_block:
        raise RuntimeError("an approval is used in the transaction of its act")
    if not queries.is_enrolled():
        return UNENROLLED
    what = _what(node, canonical)
    used = _use_request(what, canonical, node, now) or _use_glass(what, canonical, node, now)
    if used is None:
        about: dict[str, object] = {"act": act.value, "parameters": dict(parameters), "approved": False}
        log_refusal(officer.pseudonym, about, sealer=node.log_sealer, now=now)
        raise NotApprovedError
    about = {"act": act.value, "approval": used}
    do_add_entry(Entry(Event.APPROVAL_USED, officer.pseudonym, now, about=about), node.log_sealer)
    return used


def do_break_glass(
    root: RootKey,
    act: Permission,
    parameters: Mapping[str, str],
    *,
    why: str,
    officer: Officer,
    node: Node,
    now: datetime,
) -> int:
    """Let the recovery kit stand for the second person, once and within an hour; return the number to be reviewed.

    Raises:
        RefusedError: the officer may not do it, approved or not.
        UsageError: the kit is another node's, there is no reason, or act or parameters cannot be.
    """
    canonical = canonical_act(act, parameters)
    require(officer, act, case=_case(parameters), sealer=node.log_sealer, now=now)
    check_kit(root, node, officer.pseudonym, now)
    by = queries.officer_row(officer, now)
    with transaction.atomic():
        return _put_up(act.value, canonical, why, by=by, by_name=officer.pseudonym, node=node, now=now, used=False)


def check_kit(root: RootKey, node: Node, by: str, now: datetime) -> None:
    """Refuse the root key of another node's kit; `by` is who put it together, for the log.

    Raises:
        UsageError: it is another node's.
    """
    if not hmac.compare_digest(root.secret, node.keys.root.secret):
        log_refusal(by, {"kit": False}, sealer=node.log_sealer, now=now)
        raise UsageError("These shares are not of this node's recovery kit: use its own sheets.")


def do_note_glass(
    act: str, parameters: Mapping[str, str], *, why: str, acting_user: str, node: Node, now: datetime
) -> int:
    """Put up for review what was done without a second person, by the kit or by a restore; return the review's number.

    In the caller's transaction.

    Raises:
        UsageError: there is no reason.
    """
    officer = queries.officer_of_os_user(acting_user, now)
    by = queries.officer_row(officer, now) if officer is not None else None
    canonical = rfc8785.dumps({"act": act, "parameters": dict(parameters)})
    return _put_up(act, canonical, why, by=by, by_name=acting_user, node=node, now=now, used=True)


def do_put_up(act: str, parameters: Mapping[str, str], *, why: str, officer: Officer, node: Node, now: datetime) -> int:
    """Put up for review what an officer does alone, in the caller's transaction; return the number of the review."""
    canonical = rfc8785.dumps({"act": act, "parameters": dict(parameters)})
    by = queries.officer_row(officer, now)
    return _put_up(act, canonical, why, by=by, by_name=officer.pseudonym, node=node, now=now, used=True)


def review_record(number: int, remark: str, node: Node) -> bytes:
    """What another unit's officer signs to review what was done under this number.

    Raises:
        UsageError: nothing was, or it was destroyed with what it was about.
    """
    return encode_record(Review(node.name, number, queries.opened_glass(number, node).decode(), remark))


def do_review_break_glass(
    number: int, *, remark: str, signature: bytes | None = None, officer: Officer, node: Node, now: datetime
) -> None:
    """Close a review: another officer than the one who broke the glass says what he found.

    Another unit's officer, who does not sit at this node, says it by his `signature` over `review_record`.

    Raises:
        RefusedError: the officer may not review.
        UsageError: there is no such open review, it is his own, there is no remark, or his signature is missing.
        BadOfficerSignatureError: the signature is not by his key over this.
    """
    require(officer, Permission.BREAK_GLASS_REVIEW, sealer=node.log_sealer, now=now)
    reviewer = _enrolled_row(officer, now)
    with transaction.atomic():
        row = BreakGlass.objects.select_for_update(of=("self",)).filter(pk=number, reviewed_at__isnull=True).first()
        if row is None:
            raise UsageError(f"there is no open review {number}")
        if row.by_id == reviewer.pk:
            log_refusal(officer.pseudonym, {"glass": number, "own": True}, sealer=node.log_sealer, now=now)
            raise UsageError(f"Review {number} is of what you did yourself: another officer has to make it.")
        if signature is not None:
            record = review_record(number, remark, node)
            check_signature(bytes(reviewer.public_key), SignedAs.REVIEW, record, signature)
        elif Role.OUTSIDE_SECOND in officer.roles:
            raise UsageError(
                f"{officer.pseudonym} is another unit's officer, who reviews by a signature: give it by --signature; "
                f"`safelight act glass {number} --remark …` prints what he signs."
            )
        row.reviewer, row.reviewed_at, row.review_signature = reviewer, now, signature
        row.remark = ColumnSealer(node.keys.root, queries.GLASSES).seal(remark.encode(), "remark", str(number))
        row.save()
        if has_erased(row, node):
            destroy_record(row)
        about = {"glass": number, "act": row.act}
        do_add_entry(Entry(Event.GLASS_REVIEWED, officer.pseudonym, now, remark, about), node.log_sealer)


def _put_up(
    act: str, canonical: bytes, why: str, *, by: OfficerRow | None, by_name: str, node: Node, now: datetime, used: bool
) -> int:
    """Write down what was done without a second person, to be reviewed."""
    [number] = reserve_ids(BreakGlass, 1)
    event = _PUT_UP.get(act, Event.GLASS_BROKEN)
    do_add_entry(Entry(event, by_name, now, why, {"glass": number, "act": act}), node.log_sealer)
    BreakGlass.objects.create(
        id=number,
        act=act,
        what=_what(node, canonical),
        record=ColumnSealer(node.keys.root, queries.GLASSES).seal(glass_record(canonical, why), "record", str(number)),
        by=by,
        at=now,
        until=now + GLASS_STANDS,
        used_at=now if used else None,
    )
    return number


def _use_request(what: bytes, canonical: bytes, node: Node, now: datetime) -> str | None:
    rows = Approval.objects.select_for_update(of=("self",)).filter(
        request__what=what, request__until__gt=now, used_at__isnull=True
    )
    signed_first = F("over_statement").asc(nulls_last=True)  # a statement is made with what its approver signed
    for approval in rows.select_related("request", "requester", "approver").order_by(signed_first, "id"):
        if _holds(approval, canonical, node, now):
            approval.used_at = now
            approval.save(update_fields=["used_at"])
            return f"act-{approval.request_id}"
    return None


def _holds(approval: Approval, canonical: bytes, node: Node, now: datetime) -> bool:
    """Whether an approval is of exactly this act, by two persons whose signatures and keys hold."""
    asked = queries.opened_request(approval.request, node)
    request = read_request(asked)
    two = (
        (approval.requester, SignedAs.REQUEST, bytes(approval.request.signature), request.at),
        (approval.approver, SignedAs.APPROVAL, bytes(approval.signature), approval.at),
    )
    if canonical_act(request.act, request.parameters) != canonical or now >= request.until:
        return False
    try:
        for person, signed_as, signature, moment in two:
            if not person.begins <= moment < person.ends or person.revoked_at is not None:
                return False
            check_signature(bytes(person.public_key), signed_as, asked, signature)
    except BadOfficerSignatureError:
        return False
    return bytes(approval.requester.public_key) != bytes(approval.approver.public_key)


def _use_glass(what: bytes, canonical: bytes, node: Node, now: datetime) -> str | None:
    rows = BreakGlass.objects.select_for_update(of=("self",)).filter(what=what, until__gt=now, used_at__isnull=True)
    for row in rows.order_by("id"):
        if act_of_glass(queries.opened_glass(row.pk, node)) == canonical:
            row.used_at = now
            row.save(update_fields=["used_at"])
            return f"glass-{row.pk}"
    return None


def _with_key(officer: Officer, public: str, now: datetime) -> OfficerRow:
    """The row of an officer whose key this is.

    Raises:
        UsageError: it is not his, or he is not enrolled.
    """
    row = _enrolled_row(officer, now)
    if bytes(row.public_key).hex() != public:
        raise UsageError(f"The key given is not that of {officer.pseudonym}: sign with your own.")
    return row


def _enrolled_row(officer: Officer, now: datetime) -> OfficerRow:
    """The row of an officer.

    Raises:
        UsageError: it is the founder, who has none.
    """
    row = queries.officer_row(officer, now)
    if row is None:
        raise UsageError("This is for enrolled officers only: enrol the first two together.")
    return row


def _case(parameters: Mapping[str, str]) -> int | None:
    """The case that an act is about.

    Raises:
        UsageError: it is not a number.
    """
    given = parameters.get("case")
    if given is None:
        return None
    if not given.isascii() or not given.isdigit():
        raise UsageError(f"{given!r} is no case's number")
    return int(given)


def _what(node: Node, canonical: bytes) -> bytes:
    return BlindIndex(node.keys.root, queries.REQUESTS).of(canonical)
