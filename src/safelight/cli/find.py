"""`safelight find`: items of a case by the words of their texts."""

from typing import TYPE_CHECKING

import click

from safelight.cli.acting import by_officer, session
from safelight.cli.showing import for_people, line, say, table
from safelight.platform.settings import Settings

if TYPE_CHECKING:
    from safelight.casework.finding.actions import Found

_SHOWN = 5
"""Places, and media near, that a table names."""


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--case", "case_name", required=True, help="The case whose items are searched.")
@click.option("--why", required=True, help="Why it is searched; it stands in the log.")
@click.option(
    "--only",
    type=click.Choice(["text", "url", "account"]),
    help="Search only what is written in files and mails: their text, addresses they name, accounts they name.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on a terminal, too.")
@by_officer
@click.pass_obj
def find(
    settings: Settings,
    *,
    words: tuple[str, ...],
    case_name: str,
    why: str,
    only: str | None,
    as_json: bool,
    named: str | None,
) -> None:
    """Find the items of a case with a text that holds all WORDS: a path, a comment, XMP or IPTC, a series, a note.

    What is written in texts, pages, chats and mails is searched, too, and the pictures and videos near are named.
    Words are compared whole, without case. The texts are unsealed for this search and put down nowhere.
    """
    with session(settings, named) as here:
        from safelight.casework.access import Acting
        from safelight.casework.finding.actions import do_search_case
        from safelight.casework.finding.words import Only

        acting = Acting(here.node, here.officer, here.by)
        found = do_search_case(
            case_name, " ".join(words), why=why, acting=acting, now=here.now, only=Only(only) if only else None
        )
    if as_json or not for_people():
        for one in found:
            _lines(one)
        line(event="search", case=case_name, items=len(found))
    elif found:
        rows = [[one.sha256.hex()[:16], where, text, _beside(one)] for one in found for where, text in one.texts]
        table(f"{len(found)} items of {case_name}", ["Item", "Where", "Text", "Met as; near"], rows)
    else:
        say(f"No text of {case_name} holds all of that.")


def _lines(one: "Found") -> None:
    """What was found of an item, a line for each text and for each picture or video near."""
    for where, text in one.texts:
        line(event="found", sha256=one.sha256.hex(), where=where, text=text)
    for path in one.paths:
        line(event="met", sha256=one.sha256.hex(), path=path)
    for near in one.near:
        line(event="near", sha256=one.sha256.hex(), near=near.sha256.hex(), path=near.path)


def _beside(one: "Found") -> str:
    """Where a text was met, and what is near, for people; the first few of them."""
    shown = list(one.paths[:_SHOWN]) + [f"near: {near.path} ({near.sha256.hex()[:16]})" for near in one.near[:_SHOWN]]
    more = max(len(one.paths) - _SHOWN, 0) + max(len(one.near) - _SHOWN, 0)
    return "; ".join(shown + ([f"and {more} more: --json lists all"] if more else []))
