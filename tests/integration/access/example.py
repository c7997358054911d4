"""A node with officers, all of them made up."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from safelight.access.four_eyes import do_approve_act, do_request_act
from safelight.access.node import Node
from safelight.access.officer_actions import Interval, Person, do_enrol_first_two, do_open_membership
from safelight.access.officer_keys import SignedAs, public_text, sign
from safelight.access.queries import asked_request, find_officer
from safelight.access.roles import Role
from safelight.casework.models import Case
from safelight.log.entries import Event
from safelight.log.models import LogEntry
from safelight.log.queries import recorded_entries
from safelight.platform.walls import acting
from safelight.vault.keys import RootKey
from safelight.vault.nodekeys import make_keys
from safelight.vault.protection import KeyFile
from tests.integration.entrances import owner

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
YEARS = Interval(NOW, NOW + timedelta(days=730))
ROOT = RootKey(bytes(range(32)))
NODE_KEYS = make_keys("unit-alpha.example", KeyFile(bytes(32)), root=ROOT)


def node(tmp_path):
    return Node(NODE_KEYS, tmp_path)


def key(number):
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def person(number, *roles, name="Robin Invented", os_user=None, agency="unit-alpha.example"):
    return Person(name, frozenset(roles), public_text(key(number)), agency, os_user)


LEAD = person(1, Role.NATIONAL_OFFICER, name="Alex Madeup", os_user="alex")
SECOND = person(2, Role.SUPERVISOR, name="Kim Fictitious")


def enrolled(here):
    """The first two officers of a node."""
    do_enrol_first_two((LEAD, SECOND), (key(1), key(2)), YEARS, node=here, now=NOW)
    return found(LEAD), found(SECOND)


def found(one, now=NOW):
    return find_officer(one.pseudonym, now)


def asked(here, act, parameters, officer, number=1, *, hours=24, now=NOW):
    return do_request_act(
        act, parameters, why="a judge ordered it", until=now + timedelta(hours=hours), key=key(number),
        officer=officer, node=here, now=now,
    )  # fmt: skip


def approval_of(here, request, number=2):
    return sign(key(number), SignedAs.APPROVAL, asked_request(request, here).record)


def approved(here, act, parameters, asks, approves, *, now=NOW):
    request = asked(here, act, parameters, asks, now=now)
    do_approve_act(request, approval_of(here, request), officer=approves, node=here, now=now)
    return request


@contextmanager
def unheld(model):
    """Write into a table as its owner could, with the database's own hold on it off."""
    table = model._meta.db_table
    with owner():
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_written")
        yield
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_written")


def opened(here, case, officer):
    """Have an officer open a case, as `casework` does."""
    with acting(officer.pseudonym), transaction.atomic():
        do_open_membership(case, officer=officer, node=here, now=NOW)
        Case.objects.create(id=case, name=f"Series {case}", opened=NOW)


def memberless(case):
    """Make a case as it was before officers were enrolled."""
    with owner():
        Case.objects.create(id=case, name=f"Series {case}", opened=NOW)


def events():
    return [Event(event) for event in LogEntry.objects.order_by("id").values_list("event", flat=True)]


def said(here):
    """What the log's entries say, in the order of writing."""
    return [entry.record for entry in recorded_entries(here.log_sealer)]
