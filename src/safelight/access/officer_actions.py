"""The ways to change who is an officer, in which role, and on which case.

Rules kept here:
- the first two officers are enrolled together, and each signs the other's enrolment; a unit of one names another unit's
  officer as second, and is enrolled when that one's signature has come back. Further officers, and roles, need an
  approval (four eyes);
- with the recovery kit two more are enrolled together, whether or not officers are left; that is up for review;
- nobody is deleted: a key is revoked, a role or a membership ends, and what was signed before stays valid;
- a first enrolment that still waits for its second is replaced by the next one: it never counted;
- nobody lets himself into a case, but into an open one that never had a member; that is up for review, and the database
  holds it, too;
- a key is revoked by one officer alone, or by its owner: one that was stolen cannot wait for a second person;
- a person's name is sealed; the log and other units know the pseudonym only.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import IntegrityError, transaction
from django.db.models import F

from safelight.access import queries
from safelight.access.authorising import log_refusal, require
from safelight.access.four_eyes import FOUNDING, JOINING, check_kit, do_note_glass, do_put_up, use_approval
from safelight.access.models import CaseMember, OfficerRow, RoleGrant
from safelight.access.node import Node
from safelight.access.officer_keys import SignedAs, check_signature, checked_public, public_text, sign
from safelight.access.permissions import Permission
from safelight.access.records import Enrolment, encode_record, record_digest
from safelight.access.roles import Role
from safelight.access.rules import UNENROLLED, Officer, check_first_two
from safelight.errors import UsageError
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.database import advisory_lock
from safelight.vault.keys import RootKey
from safelight.vault.sealing import ColumnSealer

_ALONE = "access: first officers"


@dataclass(frozen=True)
class Person:
    """Somebody to be enrolled: name (None for another unit's officer), roles, public key, OS user bound to him."""

    name: str | None = field(repr=False)
    roles: frozenset[Role]
    public: str
    agency: str
    os_user: str | None = None

    @property
    def pseudonym(self) -> str:
        """The name that log and other units know: taken from the key, so that it says nothing of the person."""
        return f"officer-{record_digest(checked_public(self.public)).hex()[:8]}"


@dataclass(frozen=True)
class Interval:
    """From when until when a key counts."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Kit:
    """The root key from the recovery kit, why it was put together, and the OS user who did it."""

    root: RootKey
    why: str
    acting_user: str


def do_enrol_first_two(
    people: tuple[Person, Person],
    keys: tuple[Ed25519PrivateKey, Ed25519PrivateKey],
    interval: Interval,
    *,
    kit: Kit | None = None,
    node: Node,
    now: datetime,
) -> None:
    """Enrol a node's first two officers, each signing for the other; with the kit, two more at any time.

    Raises:
        UsageError: somebody is enrolled and there is no kit, it is another node's, or these two cannot be the first.
    """
    one, other = people
    check_first_two(one.roles, other.roles)
    with advisory_lock(_ALONE), transaction.atomic():
        if kit is None:
            refuse_enrolled()
            _replace_waiting(node, now)
        else:
            check_kit(kit.root, node, kit.acting_user, now)
            begun = {"keys": " ".join(sorted((one.public, other.public)))}
            do_note_glass(FOUNDING, begun, why=kit.why, acting_user=kit.acting_user, node=node, now=now)
        for person, second in ((one, keys[1]), (other, keys[0])):
            record = _enrolment(person, public_text(second), interval, node)
            row = _add(person, interval, node, enrolment=record, second=second)
            _log_enrolled(row, person.roles, UNENROLLED, node, now, "founding")


def do_enrol_with_outside_second(
    person: Person, key: Ed25519PrivateKey, second: Person, interval: Interval, *, node: Node, now: datetime
) -> bytes:
    """Begin the enrolment of a unit's only officer; return the record that the second, of another unit, is to sign.

    Raises:
        UsageError: somebody is enrolled, or these two cannot be the first.
    """
    check_first_two(person.roles, second.roles)
    with advisory_lock(_ALONE), transaction.atomic():
        refuse_enrolled()
        _replace_waiting(node, now)
        record = _enrolment(person, second.public, interval, node)
        _add(person, interval, node, enrolment=record, second=second.public)
        outside = _enrolment(second, person.public, interval, node)
        row = _add(second, interval, node, enrolment=outside, second=key)
        _log_enrolled(row, second.roles, UNENROLLED, node, now, "founding")
    return record


def do_countersign_enrolment(pseudonym: str, signature: bytes, *, node: Node, now: datetime) -> None:
    """Take in the second person's signature on an enrolment that waits for it: from now on the officer counts.

    Raises:
        UsageError: there is no such enrolment, or the node has officers by now.
        BadOfficerSignatureError: the signature is not the second's, over this enrolment.
    """
    with advisory_lock(_ALONE), transaction.atomic():
        refuse_enrolled()
        waiting = OfficerRow.objects.filter(enrolment__isnull=False, second_signature=None, revoked_at=None)
        row = waiting.filter(pseudonym=pseudonym).first()
        if row is None:
            raise UsageError(f"no enrolment of {pseudonym[:100]!r} waits for a signature: `safelight officer list`")
        check_signature(bytes(row.second_key or b""), SignedAs.ENROLMENT, bytes(row.enrolment or b""), signature)
        row.second_signature = signature
        row.save(update_fields=["second_signature"])
        roles = [Role(one.role) for one in row.grants.filter(ends__isnull=True)]
        _log_enrolled(row, roles, UNENROLLED, node, now, "founding")


def do_enrol_officer(person: Person, interval: Interval, *, officer: Officer, node: Node, now: datetime) -> None:
    """Enrol a further officer, as two persons have approved (`enrolment_parameters`).

    Raises:
        RefusedError, NotApprovedError: the officer may not, or no approval stands for exactly this enrolment.
        UsageError: nobody is enrolled yet, or the key or the OS user is another officer's.
    """
    if not queries.is_enrolled():
        raise UsageError("Nobody is enrolled on this node: enrol the first two officers together.")
    require(officer, Permission.OFFICER_ENROL, sealer=node.log_sealer, now=now)
    with transaction.atomic():
        wanted = enrolment_parameters(person, interval)
        approval = use_approval(Permission.OFFICER_ENROL, wanted, officer=officer, node=node, now=now)
        row = _add(person, interval, node, approval=approval)
        _log_enrolled(row, person.roles, officer.pseudonym, node, now, approval)


def enrolment_parameters(person: Person, interval: Interval) -> dict[str, str]:
    """What two persons approve when somebody is enrolled, in the one spelling: all that lets him act, and for how long.

    Raises:
        UsageError: the key cannot be one.
    """
    checked_public(person.public)
    return {
        "days": str((interval.ends - interval.begins).days),
        "os-user": person.os_user or "-",
        "public-key": person.public,
        "roles": " ".join(sorted(role.value for role in person.roles)),
    }


def do_revoke_officer(pseudonym: str, *, why: str, officer: Officer, node: Node, now: datetime) -> None:
    """Revoke an officer's key from now on; what was signed before stays valid.

    Raises:
        RefusedError: the officer may not, and it is not the own key.
        UsageError: there is no such officer, the key is revoked already, or there is no reason.
    """
    if officer.row is None or pseudonym != officer.pseudonym:
        require(officer, Permission.OFFICER_REVOKE, sealer=node.log_sealer, now=now)
    with transaction.atomic():
        if not OfficerRow.objects.filter(pseudonym=pseudonym, revoked_at__isnull=True).update(revoked_at=now):
            raise UsageError(f"{pseudonym[:100]!r} is no officer whose key still counts: `safelight officer list`")
        about = {"officer": pseudonym}
        do_add_entry(Entry(Event.OFFICER_KEY_REVOKED, officer.pseudonym, now, why, about), node.log_sealer)


def do_change_role(
    pseudonym: str, role: Role, change: Literal["grant", "withdraw"], *, officer: Officer, node: Node, now: datetime
) -> None:
    """Grant a role or withdraw it, as two persons have approved.

    Raises:
        RefusedError, NotApprovedError: the officer may not, or no approval stands for exactly this.
        UsageError: nobody is enrolled yet, there is no such officer, he has the role already or does not have it, or
            it is that of another unit's second, who is named when he is enrolled.
    """
    if not queries.is_enrolled() or role is Role.OUTSIDE_SECOND:
        raise UsageError(f"The role {role.value} is given by an enrolment here: `safelight officer enrol`.")
    require(officer, Permission.ROLE_CHANGE, sealer=node.log_sealer, now=now)
    wanted = {"officer": pseudonym, "role": role.value, "change": change}
    with transaction.atomic():
        approval = use_approval(Permission.ROLE_CHANGE, wanted, officer=officer, node=node, now=now)
        row = _counting_row(pseudonym, now)
        held = RoleGrant.objects.filter(officer=row, role=role.value, ends__isnull=True)
        if (change == "grant") == held.exists():
            raise UsageError(f"{pseudonym} {'has' if change == 'grant' else 'does not have'} the role {role.value}")
        if change == "grant":
            RoleGrant.objects.create(officer=row, role=role.value, begins=now, granted_by=approval)
        else:
            held.update(ends=now)
        about = {**wanted, "approval": approval}
        do_add_entry(Entry(Event.ROLE_CHANGED, officer.pseudonym, now, about=about), node.log_sealer)


def do_open_membership(case: int, *, officer: Officer, node: Node, now: datetime) -> None:
    """Make who opens a case its first member, in the caller's transaction; where nobody is enrolled, nobody is.

    Raises:
        RefusedError: the officer may not open cases.
        UsageError: the case has, or had, members.
    """
    require(officer, Permission.CASE_OPEN, sealer=node.log_sealer, now=now)
    if officer.row is None:
        return
    if CaseMember.objects.filter(case=case).exists():
        raise UsageError(f"Case {case} is open already: its members are changed by a supervisor.")
    _join(case, officer.row, officer, node, now)


def do_add_case_member(case: int, pseudonym: str, *, officer: Officer, node: Node, now: datetime) -> None:
    """Let an officer work on a case; who lets himself into one that never had a member is put up for review.

    Raises:
        RefusedError: the officer who acts may not change that.
        UsageError: there is no such officer, he is a member already, or it is who acts, and the case is not open or
            has had members.
    """
    require(officer, Permission.CASE_MEMBER_CHANGE, sealer=node.log_sealer, now=now)
    with transaction.atomic():
        row = _counting_row(pseudonym, now)
        if CaseMember.objects.filter(case=case, officer=row, ends__isnull=True).exists():
            raise UsageError(f"{pseudonym} is a member of case {case} already")
        if row.pk == officer.row:
            _put_up_joining(case, officer, node, now)
        _join(case, row.pk, officer, node, now)


def do_remove_case_member(case: int, pseudonym: str, *, officer: Officer, node: Node, now: datetime) -> None:
    """End an officer's work on a case.

    Raises:
        RefusedError: the officer who acts may not change that.
        UsageError: there is no such member.
    """
    require(officer, Permission.CASE_MEMBER_CHANGE, sealer=node.log_sealer, now=now)
    with transaction.atomic():
        rows = CaseMember.objects.filter(case=case, officer__pseudonym=pseudonym, ends__isnull=True)
        if not rows.update(ends=now):
            raise UsageError(f"{pseudonym[:100]!r} is no member of case {case}")
        _log_member(case, pseudonym, "left", officer, node, now)


def _put_up_joining(case: int, officer: Officer, node: Node, now: datetime) -> None:
    if not queries.is_memberless(case):
        log_refusal(officer.pseudonym, {"case": case, "own": True}, sealer=node.log_sealer, now=now)
        raise UsageError(
            f"Case {case} has or had members, or was never opened: nobody lets himself in. Where it is open, have "
            "another officer do it (`safelight officer join`)."
        )
    why = "let himself into a case that never had a member"
    do_put_up(JOINING, {"case": str(case)}, why=why, officer=officer, node=node, now=now)


def _join(case: int, row: int, officer: Officer, node: Node, now: datetime) -> None:
    member = CaseMember.objects.create(case=case, officer_id=row, begins=now, added_by=officer.pseudonym)
    _log_member(case, member.officer.pseudonym, "joined", officer, node, now)


def _log_member(case: int, pseudonym: str, change: str, officer: Officer, node: Node, now: datetime) -> None:
    about = {"case": case, "officer": pseudonym, "change": change}
    do_add_entry(Entry(Event.CASE_MEMBER_CHANGED, officer.pseudonym, now, about=about), node.log_sealer)


def refuse_enrolled() -> None:
    """Go on only where nobody is enrolled yet.

    Raises:
        UsageError: the node has officers.
    """
    if queries.is_enrolled():
        raise UsageError("This node has officers: enrol further ones by an approval of two (`safelight act request`).")


def _replace_waiting(node: Node, now: datetime) -> None:
    """End what was begun where nobody is enrolled yet: a wrong key of the second would else stand for good."""
    for row in OfficerRow.objects.filter(revoked_at__isnull=True):
        row.revoked_at = row.begins
        row.save(update_fields=["revoked_at"])
        row.grants.filter(ends__isnull=True).update(ends=F("begins"))
        entry = Entry(Event.OFFICER_KEY_REVOKED, UNENROLLED, now, "another first enrolment", {"officer": row.pseudonym})
        do_add_entry(entry, node.log_sealer)


def _enrolment(person: Person, second: str, interval: Interval, node: Node) -> bytes:
    roles = tuple(sorted(person.roles))
    made = Enrolment(
        node.name, person.agency, person.pseudonym, person.public, roles, interval.begins, interval.ends, second
    )
    return encode_record(made)


def _add(
    person: Person,
    interval: Interval,
    node: Node,
    *,
    approval: str | None = None,
    enrolment: bytes | None = None,
    second: Ed25519PrivateKey | str | None = None,
) -> OfficerRow:
    """Write an officer's row and his roles; `second` is the key that signs, or the public one that is to.

    An OS user bound to somebody whose key has ended is free again; a replaced first enrolment is written over.
    """
    ended = OfficerRow.objects.filter(os_user=person.os_user, ends__lte=interval.begins)
    ended.update(os_user=None)
    sealer = ColumnSealer(node.keys.root, queries.OFFICERS)
    named, signature = second, None
    if isinstance(second, Ed25519PrivateKey):
        named, signature = public_text(second), sign(second, SignedAs.ENROLMENT, enrolment or b"")
    try:
        with transaction.atomic():
            row = OfficerRow(
                pk=_written_over(person),
                pseudonym=person.pseudonym,
                agency=person.agency,
                os_user=person.os_user,
                name=sealer.seal(person.name.encode(), "name", person.pseudonym) if person.name is not None else None,
                public_key=checked_public(person.public),
                begins=interval.begins,
                ends=interval.ends,
                approval=approval,
                enrolment=enrolment,
                second_key=checked_public(str(named)) if named is not None else None,
                second_signature=signature,
            )
            row.save()
    except IntegrityError:
        raise UsageError("An officer cannot be enrolled with a key or an OS user that is another's.") from None
    granted = approval or "founding"
    for role in sorted(person.roles):
        RoleGrant.objects.create(officer=row, role=role.value, begins=interval.begins, granted_by=granted)
    return row


def _written_over(person: Person) -> int | None:
    """The row of a first enrolment with this key that was replaced; one of another unit's second stays such a one's."""
    if queries.is_enrolled():
        return None
    rows = OfficerRow.objects.filter(public_key=checked_public(person.public), revoked_at__isnull=False)
    if Role.OUTSIDE_SECOND not in person.roles:
        rows = rows.exclude(grants__role=Role.OUTSIDE_SECOND.value)
    return rows.values_list("pk", flat=True).first()


def _log_enrolled(
    row: OfficerRow, roles: Collection[Role], by: str, node: Node, now: datetime, allowed_by: str
) -> None:
    about = {
        "officer": row.pseudonym,
        "agency": row.agency,
        "key": bytes(row.public_key).hex(),
        "roles": sorted(roles),
        "ends": row.ends.isoformat(),
        "by": allowed_by,
    }
    do_add_entry(Entry(Event.OFFICER_ENROLLED, by, now, about=about), node.log_sealer)


def _counting_row(pseudonym: str, now: datetime) -> OfficerRow:
    found = queries.find_officer(pseudonym, now)
    if found is None:
        raise UsageError(f"there is no officer {pseudonym[:100]!r} whose key counts: `safelight officer list`")
    return OfficerRow.objects.get(pseudonym=found.pseudonym)
