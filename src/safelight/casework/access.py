"""The only ways to a case: opened by somebody who may, or found by somebody who may work on it.

A case that somebody may not know of and one that does not exist are one answer; so are what lies only in such a case
and what was never met.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from safelight.access.authorising import require
from safelight.access.node import Node
from safelight.access.officer_actions import do_open_membership
from safelight.access.permissions import Permission
from safelight.access.queries import case_members
from safelight.access.rules import Officer, may
from safelight.casework.models import Case
from safelight.errors import UsageError
from safelight.evidence.models import Sighting
from safelight.platform.copying import reserve_ids
from safelight.vault.signatures import Realm

_NONE = 0
"""The number of no case: asked about, it is refused like any other."""


@dataclass(frozen=True)
class Acting:
    """Who acts on which node; `by` is the name under which records of custody and log know him."""

    node: Node
    officer: Officer
    by: str


def access_case(name: str, permission: Permission, acting: Acting, *, now: datetime) -> Case:
    """The case of this name.

    Raises:
        RefusedError: the officer may not do this with it, or there is none; it is in the log.
        UsageError: there is none, said to the founder of a node, who may know it.
    """
    found = Case.objects.filter(name=name).first()
    if found is None and acting.officer.row is None:
        known = ", ".join(repr(one) for one in sorted(Case.objects.values_list("name", flat=True))[:20]) or "none yet"
        raise UsageError(f"there is no case {name!r}; cases here: {known}")
    number = found.pk if found is not None else _NONE
    require(acting.officer, permission, case=number, sealer=acting.node.log_sealer, now=now)
    assert found is not None, "nobody may anything with a case that does not exist"
    return found


def access_numbered_case(number: int, permission: Permission, acting: Acting, *, now: datetime) -> Case:
    """The case of this number.

    Raises:
        RefusedError: the officer may not do this with it, or there is none; it is in the log.
        UsageError: there is none, said to the founder of a node, who may know it.
    """
    require(acting.officer, permission, case=number, sealer=acting.node.log_sealer, now=now)
    found = Case.objects.filter(pk=number).first()
    if found is None:
        raise UsageError(f"there is no case with the number {number}")
    return found


def open_case(name: str, scheme: str | None, acting: Acting, *, now: datetime) -> Case:
    """The case of this name to work on, opened if there is none.

    Raises:
        RefusedError: the officer may not work on it, or may open no cases; it is in the log.
    """
    case = Case.objects.filter(name=name).first()
    if case is None:
        try:
            return _opened(name, scheme, acting, now)
        except IntegrityError:  # it is there: another command was quicker, or it is one that this officer is not shown
            case = Case.objects.filter(name=name).first()
    number = case.pk if case is not None else _NONE
    require(acting.officer, Permission.CASE_WORK, case=number, sealer=acting.node.log_sealer, now=now)
    assert case is not None, "nobody may anything with a case that he is not shown"
    return case


def _opened(name: str, scheme: str | None, acting: Acting, now: datetime) -> Case:
    """A new case; who opens it is its member first, since a case is shown to its members only."""
    with transaction.atomic():
        [number] = reserve_ids(Case, 1)
        do_open_membership(number, officer=acting.officer, node=acting.node, now=now)
        return Case.objects.create(id=number, name=name, scheme=scheme, opened=now)


def access_contents(digest: bytes, acting: Acting, *, now: datetime) -> list[bytes]:
    """The SHA-256 of every content under an MD5 (16 bytes) or SHA-1 (20), sorted; with forged ones, several.

    Those that the known base names, and those seen in a case that the officer may work on.
    """
    signatures = acting.node.vault.signatures
    listed = signatures.under(Realm.KNOWN, digest)
    seen = signatures.under(Realm.ITEM, digest)
    cases: dict[str, set[int]] = {}
    where = Sighting.objects.filter(item__signature__in=seen).values_list("exhibit__case", "item__signature")
    for case, signature in where.distinct():
        cases.setdefault(case, set()).add(signature)
    for number, name in Case.objects.filter(name__in=cases).values_list("pk", "name"):
        if may(acting.officer, Permission.CASE_WORK, case=number, members=case_members(number, now)):
            listed += cases[name]
    found = signatures.fetch(listed, frames=False).values()
    return sorted({one.sha256 for one in found if one.sha256 is not None})
