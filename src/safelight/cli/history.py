"""`safelight history`: what is said of an item, by whom, and what became of it."""

import re
from collections.abc import Callable, Mapping
from functools import partial

import click

from safelight.access.permissions import Permission
from safelight.cli.acting import by_officer, session
from safelight.cli.showing import for_people, line, say, table
from safelight.errors import UsageError
from safelight.platform.settings import Settings

_DIGEST = re.compile("[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256_BYTES = 32
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
    """Show every statement about the item with this DIGEST, the earliest first, and how each one stands.

    DIGEST is a SHA-256; or an MD5 or SHA-1, and then every content is shown that is known here under it.
    """
    asked = _checked(digest)
    with session(settings, named) as here:
        here.require(Permission.BASE_SEARCH)
        from safelight.assertions import history as told
        from safelight.assertions.actions import do_search_statements
        from safelight.assertions.fold import Thing
        from safelight.assertions.handling import Reader
        from safelight.assertions.kinds import Target
        from safelight.assertions.queries import approvers_of, is_purpose_here
        from safelight.casework.access import Acting, access_contents

        acting = Acting(here.node, here.officer, here.by)
        meant = [asked] if len(asked) == _SHA256_BYTES else access_contents(asked, acting, now=here.now)
        things = {one.hex(): Thing(Target.ITEM, frozenset({one.hex()})) for one in meant}
        reader = Reader(here.node.name, frozenset(purposes), here.now)
        _check_purposes(purposes, partial(is_purpose_here, reader=reader, node=here.node))
        search = partial(do_search_statements, things.values(), reader, here.node, asked=asked.hex(), why=why)
        found = search(acting_user=here.by, now=here.now)
        others = approvers_of(found, here.node)
        lines = {item: told.history(thing, found, reader, others) for item, thing in things.items()}
    if as_json or not for_people():
        for item, said in lines.items() or [(None, [])]:
            line(event="history", asked=asked.hex(), digest=item, purposes=sorted(set(purposes)), lines=said)
    else:
        _show(asked.hex(), lines)


def _show(asked: str, lines: Mapping[str, list[str]]) -> None:
    """A table for each content of which something is said, and a sentence for each other."""
    if not lines:
        say(f"No content is known here under {asked} that you may know of.")
    for item, said in lines.items():
        if said:
            table(item, ["What is said of it, the earliest first"], [[one] for one in said])
        else:
            say(f"Nothing is said of {item} that may be read here for this purpose.")


def _checked(digest: str) -> bytes:
    text = digest.strip().lower()
    if not _DIGEST.fullmatch(text):
        raise UsageError(
            f"{digest[:80]!r} is no SHA-256, SHA-1 or MD5 of 64, 40 or 32 hexadecimal digits: "
            "`safelight hash FILE` shows those of a file"
        )
    return bytes.fromhex(text)


def _check_purposes(purposes: tuple[str, ...], is_here: Callable[[str], bool]) -> None:
    from safelight.assertions.vocabularies import load_terms

    strange = [purpose for purpose in purposes if not is_here(purpose)]
    if strange:
        known = ", ".join(load_terms("purposes"))
        raise UsageError(f"{strange[0][:80]!r} is no purpose; there are {known}")
