"""The ways to read the work on a case, apart from its report."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from safelight.casework.models import Case
from safelight.casework.report.model import Failure
from safelight.casework.rules import Verdict
from safelight.evidence.models import Exhibit, Sighting, SightingState
from safelight.evidence.names import text_of
from safelight.evidence.queries import WITH_CURRENT, Standing, Standings, latest_run

_COUNTS = """
SELECT coalesce(a.verdict, s.state), count(*), count(DISTINCT s.item_id),
       count(*) FILTER (WHERE s.failure IS NOT NULL AND NOT s.news),
       count(*) FILTER (WHERE s.failure IS NOT NULL AND NOT s.news AND s.run_id <> %(run)s)
  FROM current_sighting s
  LEFT JOIN casework_answer a ON a.item_id = s.item_id AND a.case_id = %(case)s AND a.current
 GROUP BY 1
"""
_STACKS = """
SELECT count(DISTINCT m.representative_id)
  FROM casework_stackmember m
 WHERE m.case_id = %(case)s AND NOT m.near AND EXISTS (SELECT 1 FROM current_sighting s WHERE s.item_id = m.item_id)
"""


@dataclass(frozen=True)
class Summary:
    """Counts of an exhibit as it stands: current sightings and items by verdict, failures; stacks of its case.

    `failures` are those that stand; `named_before` how many of them the last run did not name, since earlier ones had.
    """

    sightings: Counter[str]
    items: Counter[str]
    failures: int
    named_before: int
    stacks: int


def summarise(case: Case, exhibit_name: str) -> Summary:
    """Count what was answered about an exhibit of a case."""
    exhibit = Exhibit.objects.get(case=case.name, name=exhibit_name)
    sightings: Counter[str] = Counter()
    items: Counter[str] = Counter()
    failures = named_before = 0
    run = latest_run(exhibit)
    every = list(Exhibit.objects.filter(case=case.name).values_list("id", flat=True))
    with connection.cursor() as cursor:
        values = {"case": case.pk, "run": run.pk if run else 0}
        cursor.execute(f"{WITH_CURRENT} {_COUNTS}", {**values, "exhibits": [exhibit.pk]})
        for verdict, count, distinct, failed, before in cursor.fetchall():
            word = Verdict.NOT_EXAMINED.value if verdict == SightingState.EXAMINED else verdict
            sightings[word] += count
            items[word] += distinct
            failures += failed
            named_before += before
        cursor.execute(f"{WITH_CURRENT} {_STACKS}", {**values, "exhibits": every})
        [stacks] = cursor.fetchone()
    return Summary(sightings, items, failures, named_before, stacks)


def failures_of(exhibits: list[int]) -> Iterator[Failure]:
    """Every named failure of these exhibits, in the order in which they were recorded, also those that are history."""
    standings = Standings(exhibits)
    rows = Sighting.objects.filter(exhibit__in=exhibits, failure__isnull=False).select_related("source").order_by("id")
    for row in rows.iterator(chunk_size=2000):
        stands = standings.of(row) is Standing.CURRENT and not row.news
        yield Failure(path_text(row), row.failure or "", row.reason or "", stands)


def path_text(sighting: Sighting) -> str:
    """The whole path of a sighting for people, archives and embedded pictures included."""
    names = []
    at = sighting
    while at.parent is not None:
        names.append(text_of(bytes(at.name)) or "(the archive itself)")
        at = at.parent
    root, name = bytes(sighting.source.root), bytes(at.name)
    names.append(text_of(root + b"/" + name if name else root))
    return " > ".join(reversed(names))
