"""The ways to read the work on a case, apart from its report."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from safelight.casework.models import Case, StackMember
from safelight.casework.report.model import Failure
from safelight.casework.rules import Verdict
from safelight.errors import UsageError
from safelight.evidence.models import Exhibit, Sighting, SightingState
from safelight.evidence.names import text_of

_COUNTS = """
SELECT coalesce(a.verdict, s.state), count(*), count(DISTINCT s.item_id)
  FROM evidence_sighting s
  LEFT JOIN casework_answer a ON a.item_id = s.item_id AND a.case_id = %(case)s AND a.current
 WHERE s.exhibit_id = %(exhibit)s
   AND NOT EXISTS (SELECT 1 FROM evidence_sighting n
                    WHERE n.exhibit_id = s.exhibit_id AND n.place = s.place AND n.version > s.version)
 GROUP BY 1
"""


@dataclass(frozen=True)
class Summary:
    """Counts of an exhibit as it stands: sightings and items by verdict, named failures; stacks of its case."""

    sightings: Counter[str]
    items: Counter[str]
    failures: int
    stacks: int


def access_case(name: str) -> Case:
    """The case of this name.

    Raises:
        UsageError: there is none.
    """
    try:
        return Case.objects.get(name=name)
    except Case.DoesNotExist as error:
        known = ", ".join(repr(one) for one in sorted(Case.objects.values_list("name", flat=True))[:20]) or "none yet"
        raise UsageError(f"there is no case {name!r}; cases here: {known}") from error


def summarise(case: Case, exhibit_name: str) -> Summary:
    """Count what was answered about an exhibit of a case."""
    exhibit = Exhibit.objects.get(case=case.name, name=exhibit_name)
    sightings: Counter[str] = Counter()
    items: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"case": case.pk, "exhibit": exhibit.pk})
        for verdict, count, distinct in cursor.fetchall():
            word = Verdict.NOT_EXAMINED.value if verdict == SightingState.EXAMINED else verdict
            sightings[word] += count
            items[word] += distinct
    failures = Sighting.objects.filter(exhibit=exhibit, failure__isnull=False).count()
    stacks = StackMember.objects.filter(case=case, near=False).values("representative").distinct().count()
    return Summary(sightings, items, failures, stacks)


def failures_of(exhibits: list[int]) -> Iterator[Failure]:
    """Every named failure of these exhibits, in the order in which they were recorded."""
    rows = Sighting.objects.filter(exhibit__in=exhibits, failure__isnull=False).select_related("source").order_by("id")
    for row in rows.iterator(chunk_size=2000):
        yield Failure(path_text(row), row.failure or "", row.reason or "")


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
