"""`safelight find`: items of a case by the words of their texts."""

import click

from safelight.cli.acting import by_officer, session
from safelight.cli.showing import for_people, line, say, table
from safelight.platform.settings import Settings


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--case", "case_name", required=True, help="The case whose items are searched.")
@click.option("--why", required=True, help="Why it is searched; it stands in the log.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on a terminal, too.")
@by_officer
@click.pass_obj
def find(
    settings: Settings, *, words: tuple[str, ...], case_name: str, why: str, as_json: bool, named: str | None
) -> None:
    """Find the items of a case with a text that holds all WORDS: a path, a comment, XMP or IPTC, a series, a note.

    Words are compared whole, without case. The texts are unsealed for this search and put down nowhere.
    """
    with session(settings, named) as here:
        from safelight.casework.access import Acting
        from safelight.casework.finding.actions import do_search_case

        acting = Acting(here.node, here.officer, here.by)
        found = do_search_case(case_name, " ".join(words), why=why, acting=acting, now=here.now)
    if as_json or not for_people():
        for one in found:
            for where, text in one.texts:
                line(event="found", sha256=one.sha256.hex(), where=where, text=text)
        line(event="search", case=case_name, items=len(found))
    elif found:
        rows = [[one.sha256.hex()[:16], where, text] for one in found for where, text in one.texts]
        table(f"{len(found)} items of {case_name}", ["Item", "Where", "Text"], rows)
    else:
        say(f"No text of {case_name} holds all of that.")
