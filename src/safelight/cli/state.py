"""`safelight state`: make one signed statement, write it first to have it approved, list the kinds that there are.

An officer speaks under the own pseudonym. Without handling options the statement is for the own unit only.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from safelight.access.permissions import Permission
from safelight.cli.acting import KEY_PATH, Session, by_officer, named_values, opened_key, session
from safelight.cli.showing import for_people, line, table
from safelight.errors import UsageError
from safelight.platform.settings import Settings

if TYPE_CHECKING:
    from safelight.assertions.record import Assertion, Handling

_Function = TypeVar("_Function", bound=Callable[..., Any])
_HANDLING = (
    click.option("--to", "agencies", multiple=True, help="An agency that may see it; given again for each."),
    click.option("--group", "groups", multiple=True, help="A group of agencies that may see it; given again."),
    click.option("--all-units", is_flag=True, help="Every unit may see it."),
    click.option("--providers", is_flag=True, help="Providers may see it."),
    click.option("--onward", is_flag=True, help="Who receives it may hand it on to others named here."),
    click.option("--no-ask-first", is_flag=True, help="It may be acted on without asking this unit."),
    click.option("--tlp", default="red", show_default=True, help="Traffic Light Protocol; narrows the above."),
    click.option("--pap", default="red", show_default=True, help="Permissible Actions Protocol."),
)


def _handling_options(command: _Function) -> _Function:
    for option in reversed(_HANDLING):
        command = option(command)
    return command


@click.group()
def state() -> None:
    """Statements of this unit about items, stacks, links, series and subjects."""


@state.command()
@click.argument("kind")
@click.option(
    "--about", required=True, help="item:SHA256, stack:SHA256,…, link:SHA256,SHA256, series:ID or subject:ID."
)
@click.option("--set", "pairs", multiple=True, help="A field of the kind, as name=value; given again for each.")
@click.option("--purpose", default="identify-persons-and-objects", show_default=True, help="For what it may be read.")
@click.option("--subject", default="unknown", show_default=True, help="The category of person that it speaks of.")
@click.option("--basis", required=True, help="The legal basis, in your own words.")
@click.option("--nature", type=click.Choice(["fact", "assessment"]), required=True, help="What it is.")
@click.option("--review", type=click.DateTime(["%Y-%m-%d"]), help="When it is reviewed (else after five years).")
@click.option("--supersedes", multiple=True, help="A statement of this unit that it takes back; given again for each.")
@_handling_options
@click.option(
    "--draft",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it to this new file to have it approved; nothing is said.",
)
@by_officer
@click.pass_obj
def make(settings: Settings, /, *, kind: str, draft: Path | None, named: str | None, **words: Any) -> None:
    """Say something of KIND, signed by this node; print the statement's identifier."""
    with session(settings, named) as here:
        here.require(Permission.ASSERTION_MAKE)
        from safelight.assertions.stating import do_state, write_draft

        said = _statement(here, kind, **words)
        if draft is None:
            do_state(said, officer=here.officer, node=here.node, now=here.now)
        else:
            digest = _written(write_draft(said, here.officer, here.now), draft)
    if draft is None:
        line(event="statement", id=said.id, kind=kind)
    else:
        line(event="draft", id=said.id, kind=kind, assertion=digest)


@state.command()
@click.argument("draft", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--key", "key_file", type=KEY_PATH, help="Your own key, which signs it; a kind for four eyes needs it.")
@by_officer
@click.pass_obj
def send(settings: Settings, *, draft: Path, key_file: Path | None, named: str | None) -> None:
    """Make the statement in DRAFT, as it stands; where two must want it, another officer has approved it."""
    with session(settings, named) as here:
        here.require(Permission.ASSERTION_MAKE)
        from safelight.assertions.record import parse_assertion
        from safelight.assertions.stating import do_state

        said = parse_assertion(_read(draft))
        key = None if key_file is None else opened_key(key_file, settings)
        do_state(said, key=key, officer=here.officer, node=here.node, now=here.now)
    line(event="statement", id=said.id, kind=said.kind)


@state.command()
def kinds() -> None:
    """List the kinds of statements with their fields; those with a star are required."""
    from safelight.assertions.kinds import load_kinds

    rows = [
        (kind.key, ", ".join(sorted(kind.about)), [f"{one.name}{'*' * one.required}" for one in kind.fields])
        for kind in load_kinds().values()
    ]
    if for_people():
        table("Kinds of statements", ("kind", "about", "fields"), [(k, about, ", ".join(f)) for k, about, f in rows])
        return
    for key, about, fields in rows:
        line(event="kind", kind=key, about=about, fields=fields)


def _statement(
    here: Session,
    kind: str,
    *,
    about: str,
    pairs: tuple[str, ...],
    review: datetime | None,
    supersedes: tuple[str, ...],
    purpose: str,
    subject: str,
    basis: str,
    nature: str,
    **handling: Any,
) -> "Assertion":
    """What the words of the command line say, by whoever acts, now."""
    from safelight.assertions.record import About, Assertion, latest_review

    made = here.now.replace(microsecond=0)
    target, _, ids = about.partition(":")
    return Assertion(
        id=secrets.token_hex(16),
        agency=here.node.name,
        officer=here.officer.pseudonym,
        kind=kind,
        about=About(type=target, ids=tuple(sorted(set(ids.lower().split(","))))),
        says=_typed_fields(kind, named_values(pairs)),
        purpose=purpose,
        subject=subject,
        handling=_handling(**handling),
        basis=basis,
        nature=nature,
        made=made,
        review=latest_review(made) if review is None else review.replace(tzinfo=UTC),
        supersedes=tuple(sorted(set(supersedes))),
    )


def _written(record: bytes, draft: Path) -> str:
    """Write a record to a new file; return its SHA-256, which is what two approve.

    Raises:
        UsageError: the file is there already, or cannot be written.
    """
    try:
        with draft.open("xb") as file:
            file.write(record)
    except OSError as error:
        raise UsageError(f"The draft {draft} cannot be written: {error.strerror}.") from error
    return hashlib.sha256(record).hexdigest()


def _read(draft: Path) -> bytes:
    try:
        return draft.read_bytes()
    except OSError as error:
        raise UsageError(f"The draft {draft} cannot be read: {error.strerror}.") from error


def _handling(*, agencies: tuple[str, ...], groups: tuple[str, ...], no_ask_first: bool, **more: Any) -> "Handling":
    from safelight.assertions.record import Handling

    return Handling(
        agencies=tuple(sorted(set(agencies))), groups=tuple(sorted(set(groups))), ask_first=not no_ask_first, **more
    )


def _typed_fields(kind: str, values: Mapping[str, str]) -> dict[str, object]:
    """The fields as their kind types them; what is not of the kind is refused when it is signed."""
    from safelight.assertions.kinds import FieldType, load_kinds

    found = load_kinds().get(kind)
    if found is None:
        raise UsageError(f"{kind[:80]!r} is no kind of statement: `safelight state kinds` lists them")
    types = {field.name: field.type for field in found.fields}
    flags: Mapping[str, object] = {"true": True, "false": False}
    return {
        name: flags.get(value, value)
        if types.get(name) is FieldType.FLAG
        else value.split(",")
        if types.get(name) is FieldType.NAMES
        else value
        for name, value in values.items()
    }
