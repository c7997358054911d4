"""`safelight review`: what has to be looked at again: statements, legal holds, erasures that are not complete.

What says that a child may be at risk now goes before everything else, whatever its date.
"""

from datetime import timedelta

import click

from safelight.access.permissions import Permission
from safelight.cli.acting import by_officer, session
from safelight.cli.showing import for_people, line, say, table
from safelight.platform.settings import Settings


@click.command()
@click.option("--days", default=30, show_default=True, type=click.IntRange(min=0), help="How far to look ahead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on a terminal, too.")
@by_officer
@click.pass_obj
def review(settings: Settings, *, days: int, as_json: bool, named: str | None) -> None:
    """List what is due for review within so many days, and what already was: the urgent, then the earliest first."""
    with session(settings, named) as here:
        from safelight.assertions.fold import is_urgent
        from safelight.assertions.handling import Reader
        from safelight.assertions.queries import due_for_review
        from safelight.assertions.vocabularies import load_terms
        from safelight.vault.reviews.queries import due_reviews

        here.require(Permission.ASSERTION_MAKE)
        before = here.now + timedelta(days=days)
        reader = Reader(here.node.name, frozenset(load_terms("purposes")), here.now)
        said = due_for_review(before, reader, here.node)
        urgent = [("statement", one.review, one.id, one.kind) for one in said if is_urgent(one)]
        rows = [("statement", one.review, one.id, one.kind) for one in said if not is_urgent(one)]
        rows += [(one.kind.value, one.at, one.number, one.sentence) for one in due_reviews(before, here.now)]
    rows = urgent + sorted(rows, key=lambda row: row[1])
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
