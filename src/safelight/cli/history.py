"""`safelight history`: what is said of an item, by whom, and what became of it."""

import click

from safelight.access.permissions import Permission
from safelight.cli.acting import by_officer, session
from safelight.cli.showing import for_people, line, say, table
from safelight.errors import UsageError
from safelight.platform.settings import Settings

_USUAL_PURPOSE = "identify-persons-and-objects"


@click.command()
@click.argument("digest")
@click.option("--why", required=True, help="Why it is asked; it stands in the log.")
@click.option(
    "--purpose",
    "purposes",
    multiple=True,
    default=[_USUAL_PURPOSE],
    show_default=True,
    help="For what it is asked; may be given again. A statement is read for its own purpose only.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on a terminal, too.")
@by_officer
@click.pass_obj
def history(
    settings: Settings, *, digest: str, why: str, purposes: tuple[str, ...], as_json: bool, named: str | None
) -> None:
    """Show every statement about the item with the SHA-256 DIGEST, the earliest first, and how each one stands."""
    item = _checked(digest)
    _check_purposes(purposes)
    with session(settings, named) as here:
        here.require(Permission.BASE_SEARCH)
        from safelight.assertions import history as told
        from safelight.assertions.actions import do_search_statements
        from safelight.assertions.fold import Thing
        from safelight.assertions.handling import Reader
        from safelight.assertions.kinds import Target

        thing = Thing(Target.ITEM, frozenset({item}))
        reader = Reader(here.node.name, frozenset(purposes), here.now)
        found = do_search_statements(thing, reader, here.node, why=why, acting_user=here.by, now=here.now)
        lines = told.history(thing, found, reader)
    if as_json or not for_people():
        line(event="history", digest=item, purposes=sorted(set(purposes)), lines=lines)
    elif lines:
        table(item, ["What is said of it, the earliest first"], [[one] for one in lines])
    else:
        say(f"Nothing is said of {item} that may be read here for this purpose.")


def _checked(digest: str) -> str:
    from safelight.assertions.kinds import is_digest

    item = digest.strip().lower()
    if not is_digest(item):
        raise UsageError(
            f"{digest[:80]!r} is no SHA-256 of 64 hexadecimal digits: `safelight hash FILE` shows that of a file"
        )
    return item


def _check_purposes(purposes: tuple[str, ...]) -> None:
    from safelight.assertions.vocabularies import load_terms

    strange = [purpose for purpose in purposes if purpose not in load_terms("purposes")]
    if strange:
        known = ", ".join(load_terms("purposes"))
        raise UsageError(f"{strange[0][:80]!r} is no purpose; there are {known}")
