"""The ways to read officers, roles, cases' members, requests and broken glasses.

Rules kept here:
- an officer counts from when his key begins until it ends or is revoked, and only once a second person made him one;
- what was signed while a key counted is never said to be void later: `officer_keys` gives every key with its interval.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from safelight.access.key_records import KeyRecord
from safelight.access.models import Approval, BreakGlass, CaseMember, OfficerRow, RequestRow
from safelight.access.node import Node
from safelight.access.records import Request, read_request
from safelight.access.roles import Role
from safelight.access.rules import Officer
from safelight.errors import UsageError
from safelight.vault.sealing import ColumnSealer

OFFICERS, REQUESTS, GLASSES = "access_officer", "access_request", "access_break_glass"
"""Tables with sealed columns."""

_COMPLETE = Q(approval__isnull=False) | Q(second_signature__isnull=False)


@dataclass(frozen=True)
class Listed:
    """An officer as a list shows him; `waits` where the second person has not signed yet, `name` where asked for."""

    key: KeyRecord
    roles: tuple[Role, ...]
    os_user: str | None
    waits: bool
    name: str | None


@dataclass(frozen=True)
class Asked:
    """A request as it is stored: its bytes, what they say, and how far it has come."""

    row: int
    record: bytes
    request: Request
    approver: str | None
    used_at: datetime | None


@dataclass(frozen=True)
class Destroyed:
    """What is left of a request whose record went with what it was about; `digest` is the SHA-256 of the signed."""

    row: int
    act: str
    officer: str
    at: datetime
    digest: bytes


@dataclass(frozen=True)
class OpenReview:
    """A broken glass that nobody has reviewed yet."""

    row: int
    act: str
    by: str | None
    at: datetime


def is_enrolled() -> bool:
    """Whether this node has, or ever had, an officer of its own; if not, its founder acts."""
    outside = Q(grants__role=Role.OUTSIDE_SECOND.value)
    return OfficerRow.objects.filter(_COMPLETE).exclude(outside).exists()


def count_officers(now: datetime) -> int:
    """How many officers count now, another unit's second among them."""
    return _counting(now).count()


def find_officer(pseudonym: str, now: datetime) -> Officer | None:
    """The officer of a pseudonym, with his roles of this moment; None where there is none who counts."""
    return _officer(_counting(now).filter(pseudonym=pseudonym), now)


def officer_of_os_user(os_user: str, now: datetime) -> Officer | None:
    """The officer for whom an OS user acts; None where there is none who counts."""
    return _officer(_counting(now).filter(os_user=os_user), now)


def os_user_of(officer: Officer) -> str | None:
    """The one OS user who may act for an officer; None where he is named for each command."""
    return OfficerRow.objects.values_list("os_user", flat=True).get(pseudonym=officer.pseudonym)


def officer_row(officer: Officer, now: datetime) -> OfficerRow | None:
    """The row of an officer who counts now, with his key; None where he does not."""
    return _counting(now).filter(pseudonym=officer.pseudonym).first()


def case_members(case: int, now: datetime) -> frozenset[str]:
    """The pseudonyms of who works on a case; empty where there is no such case."""
    rows = CaseMember.objects.filter(_current(now), case=case)
    return frozenset(rows.values_list("officer__pseudonym", flat=True))


def is_memberless(case: int) -> bool:
    """Whether a case is open and never had a member; in a transaction nobody else lets himself in until that ends.

    The database answers as its owner: nobody is shown a case that has no member.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_is_memberless(%s)", [case])
        return bool(cursor.fetchone()[0])


def officer_keys() -> list[KeyRecord]:
    """Every officer's key that ever counted, with its interval, so that earlier statements can be verified."""
    return [_key(row) for row in OfficerRow.objects.filter(_COMPLETE).order_by("id")]


def signed_over_statement(used: str) -> tuple[bytes, bytes] | None:
    """Public key and signature of who approved a statement, by what `use_approval` returned; None where nobody signed.

    The recovery kit signs nothing, nor does anybody where nobody is enrolled.
    """
    number = used.removeprefix("act-")
    if number == used:
        return None
    rows = Approval.objects.filter(request=int(number), over_statement__isnull=False)
    found = rows.values_list("approver__public_key", "over_statement").first()
    return None if found is None or found[1] is None else (bytes(found[0]), bytes(found[1]))


def listed_officers(now: datetime, node: Node | None = None) -> list[Listed]:
    """All officers in the order of enrolment, with names where `node` is given to open them.

    Raises:
        SealedValueError: a name was altered or moved.
    """
    rows = OfficerRow.objects.prefetch_related("grants").order_by("id")
    return [_listed(row, now, node) for row in rows]


def asked_requests(node: Node) -> list[Asked]:
    """All requests that were not destroyed, in the order in which they were made.

    Raises:
        SealedValueError: a request was altered or moved.
    """
    rows = RequestRow.objects.filter(record__isnull=False).select_related("approval__approver").order_by("id")
    return [_asked(row, node) for row in rows]


def destroyed_requests() -> list[Destroyed]:
    """The requests whose records went with what they were about, in the order in which they were made."""
    rows = RequestRow.objects.filter(record__isnull=True).select_related("requester").order_by("id")
    return [Destroyed(one.pk, one.act, one.requester.pseudonym, one.at, bytes(one.digest)) for one in rows]


def asked_request(number: int, node: Node) -> Asked:
    """The request of a number.

    Raises:
        UsageError: there is none, or it was destroyed with what it was about.
        SealedValueError: it was altered or moved.
    """
    row = RequestRow.objects.select_related("approval__approver", "requester").filter(pk=number).first()
    if row is None:
        raise UsageError(f"there is no request {number}: `safelight act list` shows them")
    if row.record is None:
        raise UsageError(
            f"Request {number} was destroyed with the content that it was about: {row.requester.pseudonym} asked for "
            f"{row.act} at {row.at.isoformat()}, in a record with the SHA-256 {bytes(row.digest).hex()}."
        )
    return _asked(row, node)


def open_reviews() -> list[OpenReview]:
    """The broken glasses that wait for a review, oldest first."""
    rows = BreakGlass.objects.filter(reviewed_at__isnull=True).order_by("id")
    return [OpenReview(*values) for values in rows.values_list("id", "act", "by__pseudonym", "at")]


def opened_glass(number: int, node: Node) -> bytes:
    """What the recovery kit was used for under this number: act, parameters and why, as JSON, for who reviews it.

    Raises:
        UsageError: it was used for nothing under this number, or that was destroyed with what it was about.
        SealedValueError: the record was altered or moved.
    """
    row = BreakGlass.objects.filter(pk=number).first()
    if row is None:
        raise UsageError(f"there is no review {number}: `safelight act list` shows them")
    if row.record is None:
        raise UsageError(f"What review {number} was of was destroyed with the content that it was about.")
    return ColumnSealer(node.keys.root, GLASSES).open(bytes(row.record), "record", str(number))


def opened_request(row: RequestRow, node: Node) -> bytes:
    """The signed bytes of a request that was not destroyed.

    Raises:
        SealedValueError: they were altered or moved.
    """
    sealer = ColumnSealer(node.keys.root, REQUESTS)
    assert row.record is not None, "whoever opens a request has asked whether it is there"
    return sealer.open(bytes(row.record), "record", bytes(row.digest).hex())


def _counting(now: datetime) -> QuerySet[OfficerRow]:
    alive = Q(revoked_at__isnull=True) | Q(revoked_at__gt=now)
    return OfficerRow.objects.filter(_COMPLETE, alive, begins__lte=now, ends__gt=now)


def _current(now: datetime) -> Q:
    return Q(begins__lte=now) & (Q(ends__isnull=True) | Q(ends__gt=now))


def _officer(rows: QuerySet[OfficerRow], now: datetime) -> Officer | None:
    row = rows.first()
    if row is None:
        return None
    roles = row.grants.filter(_current(now)).values_list("role", flat=True)
    return Officer(row.pk, row.pseudonym, frozenset(Role(role) for role in roles))


def _key(row: OfficerRow) -> KeyRecord:
    return KeyRecord(bytes(row.public_key), row.agency, row.pseudonym, row.begins, row.ends, row.revoked_at)


def _listed(row: OfficerRow, now: datetime, node: Node | None) -> Listed:
    held = [one for one in row.grants.all() if one.begins <= now and (one.ends is None or now < one.ends)]
    name = None
    if node is not None and row.name is not None:
        name = ColumnSealer(node.keys.root, OFFICERS).open(bytes(row.name), "name", row.pseudonym).decode()
    roles = tuple(sorted((Role(one.role) for one in held), key=list(Role).index))
    waits = row.approval is None and row.second_signature is None and row.revoked_at is None
    return Listed(_key(row), roles, row.os_user, waits, name)


def _asked(row: RequestRow, node: Node) -> Asked:
    record = opened_request(row, node)
    approval: Approval | None = getattr(row, "approval", None)
    approver = approval.approver.pseudonym if approval is not None else None
    return Asked(row.pk, record, read_request(record), approver, approval.used_at if approval is not None else None)
