"""`safelight officer`: who works on this node, with which key, in which role, on which case."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

import click

from safelight.access.records import COUNTERSIGNED, over_statement, read_record
from safelight.access.roles import Role
from safelight.cli import showing
from safelight.cli.acting import (
    KEY_PATH,
    NUMBER,
    by_officer,
    kit_root,
    new_passphrase,
    opened_key,
    opened_node,
    os_user,
    session,
    signature_of,
)
from safelight.errors import UsageError
from safelight.platform.settings import Settings

if TYPE_CHECKING:
    from safelight.access.node import Node
    from safelight.access.officer_actions import Interval, Person

_ROLES = click.Choice([role.value for role in Role])


@click.group()
def officer() -> None:
    """Officers: their keys, roles and cases. The first two are enrolled together."""


@officer.command()
@click.argument("file", type=KEY_PATH)
@click.pass_obj
def key(settings: Settings, *, file: Path) -> None:
    """Make an officer's own key in FILE, outside the data folder, and print its public half."""
    from safelight.access.officer_keys import make_officer_key, public_text

    made = make_officer_key(file, settings.data, new_passphrase(file.name))
    showing.line(event="key", public=public_text(made), file=str(file))


@officer.command()
@click.option("--name", required=True, help="The person's name; it is sealed.")
@click.option("--role", "roles", multiple=True, required=True, type=_ROLES, help="A role; may be given again.")
@click.option("--key", "key_file", type=KEY_PATH, help="Make the first officer's key in this file.")
@click.option("--public-key", help="A further officer's public key, as `safelight officer key` printed it.")
@click.option("--os-user", "bound", help="The OS user who acts for this officer.")
@click.option("--second-name", help="The name of the second of the first two.")
@click.option("--second-role", "second_roles", multiple=True, type=_ROLES, help="The second's role.")
@click.option("--second-key", type=KEY_PATH, help="Make the second's key in this file.")
@click.option("--second-os-user", help="The OS user who acts for the second.")
@click.option("--second-public-key", help="Another unit's officer as second, for a unit of one: the public key.")
@click.option("--second-agency", help="That officer's unit.")
@click.option("--days", default=730, show_default=True, type=click.IntRange(1, 3650), help="How long the keys count.")
@click.option("--why", help="With the recovery kit: why it is used.")
@click.option("--share", "shares", multiple=True, type=click.File(encoding="utf-8"), help="A share of that kit.")
@by_officer
@click.pass_obj
def enrol(
    settings: Settings,
    *,
    name: str,
    roles: tuple[str, ...],
    key_file: Path | None,
    public_key: str | None,
    bound: str | None,
    second_name: str | None,
    second_roles: tuple[str, ...],
    second_key: Path | None,
    second_os_user: str | None,
    second_public_key: str | None,
    second_agency: str | None,
    days: int,
    why: str | None,
    shares: tuple[IO[str], ...],
    named: str | None,
) -> None:
    """Enrol the first two officers together, or, once two have approved it, a further one.

    The first two: --key and --second-key. A unit of one: --key and --second-public-key. A further one: --public-key.
    """
    given = tuple(one is not None for one in (key_file, public_key, second_key, second_public_key))
    held = frozenset(Role(role) for role in roles)
    if given == (False, True, False, False):
        _enrol_further(settings, name, held, str(public_key), bound, days, named)
    elif given == (True, False, True, False) and key_file and second_key and second_name and second_roles:
        second_held = frozenset(Role(role) for role in second_roles)
        people = ((name, held, key_file, bound or os_user()), (second_name, second_held, second_key, second_os_user))
        _enrol_two(settings, people, days, why, shares)
    elif given == (True, False, False, True) and key_file and second_agency:
        first = (name, held, key_file, bound or os_user())
        _enrol_with_outside(settings, first, (str(second_public_key), second_agency), days)
    else:
        raise UsageError(
            "give --key with --second-key, --second-name and --second-role; or --key with --second-public-key and "
            "--second-agency; or --public-key alone"
        )


_New = tuple[str, frozenset[Role], Path, str | None]
"""Name, roles, file of the key, and OS user of somebody who is to be enrolled."""


def _enrol_two(
    settings: Settings, people: tuple[_New, _New], days: int, why: str | None, shares: tuple[IO[str], ...]
) -> None:
    with opened_node(settings) as (node, now):
        from safelight.access.officer_actions import Kit, do_enrol_first_two, refuse_enrolled
        from safelight.access.officer_keys import make_officer_key, public_text
        from safelight.access.rules import check_first_two

        check_first_two(people[0][1], people[1][1])
        kit = Kit(kit_root(shares), why, os_user()) if why is not None else None
        if kit is None:
            refuse_enrolled()
        first, second = (make_officer_key(one[2], settings.data, new_passphrase(one[0])) for one in people)
        made = (_person(people[0], public_text(first), node), _person(people[1], public_text(second), node))
        do_enrol_first_two(made, (first, second), _interval(now, days), kit=kit, node=node, now=now)
    for person in made:
        _show_enrolled(person)


def _enrol_with_outside(settings: Settings, first: _New, second: tuple[str, str], days: int) -> None:
    with opened_node(settings) as (node, now):
        from safelight.access.officer_actions import Person, do_enrol_with_outside_second, refuse_enrolled
        from safelight.access.officer_keys import checked_public, make_officer_key, public_text
        from safelight.access.rules import check_first_two

        outside = Person(None, frozenset({Role.OUTSIDE_SECOND}), checked_public(second[0]).hex(), second[1])
        check_first_two(first[1], outside.roles)
        refuse_enrolled()
        made = make_officer_key(first[2], settings.data, new_passphrase(first[0]))
        person = _person(first, public_text(made), node)
        record = do_enrol_with_outside_second(person, made, outside, _interval(now, days), node=node, now=now)
    _show_enrolled(person)
    click.echo(record.decode())


def _enrol_further(
    settings: Settings, name: str, roles: frozenset[Role], public: str, bound: str | None, days: int, named: str | None
) -> None:
    with session(settings, named) as here:
        from safelight.access.officer_actions import Person, do_enrol_officer

        person = Person(name, roles, public, here.node.name, bound)
        interval = _interval(here.now, days)
        do_enrol_officer(person, interval, officer=here.officer, node=here.node, now=here.now)
    _show_enrolled(person)


def _person(new: _New, public: str, node: "Node") -> "Person":
    from safelight.access.officer_actions import Person

    return Person(new[0], new[1], public, node.name, new[3])


def _interval(now: datetime, days: int) -> "Interval":
    from safelight.access.officer_actions import Interval

    return Interval(now, now + timedelta(days=days))


def _show_enrolled(person: "Person") -> None:
    roles = sorted(person.roles)
    if showing.for_people():
        showing.say(f"{person.pseudonym}: {', '.join(roles)}; public key {person.public}")
    else:
        showing.line(event="officer", officer=person.pseudonym, roles=roles, public=person.public)


@officer.command()
@click.argument("record", type=click.File("rb"))
@click.option("--key", "key_file", type=KEY_PATH, required=True, help="Your own key.")
@click.pass_obj
def sign(settings: Settings, *, record: IO[bytes], key_file: Path) -> None:
    """Sign the RECORD of another unit: an enrolment, a request, or a review. Read what it says first: it is shown."""
    from safelight.access.officer_keys import sign as sign_record

    raw = record.read().strip()
    found = read_record(raw)
    signed_as = COUNTERSIGNED[type(found)]
    showing.say(raw.decode(), err=True)
    key = opened_key(key_file, settings)
    over = over_statement(key, found)
    signature = sign_record(key, signed_as, raw)
    more = {} if over is None else {"over": over.hex()}
    showing.line(event="signature", signed=signed_as.value, signature=signature.hex(), **more)


@officer.command()
@click.argument("pseudonym")
@click.option("--signature", required=True, help="The second's signature on the enrolment.")
@click.pass_obj
def countersign(settings: Settings, *, pseudonym: str, signature: str) -> None:
    """Take in the signature of another unit's officer on the enrolment of PSEUDONYM, who counts from then on."""
    value = signature_of(signature)
    with opened_node(settings) as (node, now):
        from safelight.access.officer_actions import do_countersign_enrolment

        do_countersign_enrolment(pseudonym, value, node=node, now=now)
    showing.line(event="officer", officer=pseudonym, enrolled=True)


@officer.command("list")
@click.option("--names", is_flag=True, help="With the persons' names, which are sealed: needs --why.")
@click.option("--why", help="Why names are asked for; it stands in the log.")
@by_officer
@click.pass_obj
def list_(settings: Settings, *, names: bool, why: str | None, named: str | None) -> None:
    """List the officers: pseudonym, roles, key, how it stands."""
    if names and not (why or "").strip():
        raise UsageError("names of persons are shown for a reason: say it by --why")
    with session(settings, named) as here:
        from safelight.access.authorising import require
        from safelight.access.permissions import Permission
        from safelight.access.queries import listed_officers
        from safelight.access.showing import do_show_names

        if names:
            found = do_show_names(here.officer, why=why or "", node=here.node, now=here.now)
        else:
            require(here.officer, Permission.OFFICER_READ, sealer=here.node.log_sealer, now=here.now)
            found = listed_officers(here.now)
    rows = []
    for one in found:
        state = _state(here.now, waits=one.waits, ends=one.key.ends, revoked=one.key.revoked)
        rows.append((one.key.officer, one.name, one.key.agency, ", ".join(one.roles), state, one.key.public.hex()))
    columns = ("officer", "name", "agency", "roles", "state", "public")
    if showing.for_people():
        showing.table("Officers", columns[:-1], [row[:-1] for row in rows])  # a key is too long to compare by eye
    else:
        for row in rows:
            showing.line(event="officer", **dict(zip(columns, row, strict=True)))


def _state(now: datetime, *, waits: bool, ends: datetime, revoked: datetime | None) -> str:
    if revoked is not None:
        return f"revoked {revoked.date().isoformat()}"
    if waits:
        return "waits for the second's signature"
    return f"{'until' if now < ends else 'ended'} {ends.date().isoformat()}"


@officer.command()
@click.argument("pseudonym")
@click.option("--why", required=True, help="Why; it stands in the log.")
@by_officer
@click.pass_obj
def revoke(settings: Settings, *, pseudonym: str, why: str, named: str | None) -> None:
    """Revoke the key of PSEUDONYM from now on. What was signed before stays valid."""
    with session(settings, named) as here:
        from safelight.access.officer_actions import do_revoke_officer

        do_revoke_officer(pseudonym, why=why, officer=here.officer, node=here.node, now=here.now)
    showing.line(event="officer", officer=pseudonym, revoked=True)


@officer.command()
@click.argument("pseudonym")
@click.argument("role", type=_ROLES)
@by_officer
@click.pass_obj
def grant(settings: Settings, *, pseudonym: str, role: str, named: str | None) -> None:
    """Grant PSEUDONYM a role, as two officers have approved."""
    _change_role(settings, pseudonym, Role(role), "grant", named)


@officer.command()
@click.argument("pseudonym")
@click.argument("role", type=_ROLES)
@by_officer
@click.pass_obj
def withdraw(settings: Settings, *, pseudonym: str, role: str, named: str | None) -> None:
    """Withdraw a role from PSEUDONYM, as two officers have approved."""
    _change_role(settings, pseudonym, Role(role), "withdraw", named)


def _change_role(
    settings: Settings, pseudonym: str, role: Role, change: Literal["grant", "withdraw"], named: str | None
) -> None:
    with session(settings, named) as here:
        from safelight.access.officer_actions import do_change_role

        do_change_role(pseudonym, role, change, officer=here.officer, node=here.node, now=here.now)
    showing.line(event="role", officer=pseudonym, role=role.value, change=change)


@officer.command()
@click.argument("pseudonym")
@click.argument("case", type=NUMBER)
@by_officer
@click.pass_obj
def join(settings: Settings, *, pseudonym: str, case: int, named: str | None) -> None:
    """Let PSEUDONYM work on the case of this number."""
    with session(settings, named) as here:
        from safelight.access.officer_actions import do_add_case_member

        do_add_case_member(case, pseudonym, officer=here.officer, node=here.node, now=here.now)
    showing.line(event="member", officer=pseudonym, case=case, member=True)


@officer.command()
@click.argument("pseudonym")
@click.argument("case", type=NUMBER)
@by_officer
@click.pass_obj
def leave(settings: Settings, *, pseudonym: str, case: int, named: str | None) -> None:
    """End the work of PSEUDONYM on the case of this number."""
    with session(settings, named) as here:
        from safelight.access.officer_actions import do_remove_case_member

        do_remove_case_member(case, pseudonym, officer=here.officer, node=here.node, now=here.now)
    showing.line(event="member", officer=pseudonym, case=case, member=False)
