"""`safelight review`: what has to be looked at again: statements, kept content, legal holds, incomplete erasures.

What says that a child may be at risk now goes before everything else, whatever its date.
"""

from datetime import UTC, datetime, timedelta

import click

from safelight.access.permissions import Permission
from safelight.cli.acting import NUMBER, Session, by_officer, session
from safelight.cli.showing import for_people, line, say, table
from safelight.platform.settings import Settings


@click.group(invoke_without_command=True)
@click.option("--days", default=30, show_default=True, type=click.IntRange(min=0), help="How far to look ahead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on a terminal, too.")
@by_officer
@click.pass_context
def review(context: click.Context, *, days: int, as_json: bool, named: str | None) -> None:
    """List what is due for review within so many days, and what already was: the urgent, then the earliest first."""
    if context.invoked_subcommand is not None:
        return
    with session(context.obj, named) as here:
        here.require(Permission.ASSERTION_MAKE)
        rows = _due(here, here.now + timedelta(days=days))
    if as_json or not for_people():
        for kind, at, name, about in rows:
            line(event="review", kind=kind, at=at.isoformat(), name=name, about=about)
        line(event="reviews", days=days, due=len(rows))
    elif rows:
        table(
            "Due for review", ("what", "when", "name", "about"), [(k, f"{at:%Y-%m-%d}", n, s) for k, at, n, s in rows]
        )
    else:
        say(f"Nothing is due for review within {days} days.")


@review.command()
@click.argument("number", type=NUMBER)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="When it is reviewed again (else after five years).")
@click.option("--why", required=True, help="Why it is kept on; it stands in the log.")
@by_officer
@click.pass_obj
def keep(settings: Settings, *, number: int, until: datetime | None, why: str, named: str | None) -> None:
    """Keep the content on that the queue names by NUMBER. `safelight vault erase` is the other answer."""
    with session(settings, named) as here:
        from safelight.casework.access import Acting
        from safelight.casework.kept_reviews.actions import do_keep_on

        wanted = None if until is None else until.replace(tzinfo=UTC)
        at = do_keep_on(number, until=wanted, why=why, acting=Acting(here.node, here.officer, here.by), now=here.now)
    line(event="kept", number=number, until=at.isoformat())


def _due(here: Session, before: datetime) -> list[tuple[str, datetime, str, str]]:
    """What is due before a time: what it is, when, under which name, and about what."""
    from safelight.assertions.fold import is_urgent
    from safelight.assertions.handling import Reader
    from safelight.assertions.queries import due_for_review
    from safelight.assertions.vocabularies import load_terms
    from safelight.casework.access import Acting
    from safelight.casework.kept_reviews.queries import kept_due
    from safelight.vault.reviews.queries import due_reviews

    reader = Reader(here.node.name, frozenset(load_terms("purposes")), here.now)
    said = due_for_review(before, reader, here.node)
    urgent = [("statement", one.review, one.id, one.kind) for one in said if is_urgent(one)]
    rows = [("statement", one.review, one.id, one.kind) for one in said if not is_urgent(one)]
    kept = kept_due(before, Acting(here.node, here.officer, here.by), now=here.now)
    rows += [
        ("content", one.at, str(one.number), f"content kept for {one.case}, SHA-256 {one.sha256.hex()}") for one in kept
    ]
    rows += [(one.kind.value, one.at, one.number, one.sentence) for one in due_reviews(before, here.now)]
    return urgent + sorted(rows, key=lambda row: row[1])
