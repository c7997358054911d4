"""The ways to read the work on a case, apart from its report."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import QuerySet

from safelight.casework.models import Case, Kept
from safelight.casework.report.model import Failure
from safelight.casework.rules import Verdict
from safelight.casework.stacking import lock_kept
from safelight.errors import InputError
from safelight.evidence.models import Exhibit, Item, Sighting, SightingState
from safelight.evidence.names import ITSELF, text_of
from safelight.evidence.queries import WITH_CURRENT, Standing, Standings, latest_run
from safelight.platform.walls import across_cases
from safelight.vault.content import Vault
from safelight.vault.fsck import Fault, FaultKind
from safelight.vault.queries import has, stored_of

_ITEMS = 2000

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


def check_kept(vault: Vault) -> Iterator[Fault]:
    """Name each item that is kept for a case, whichever, and of which the vault has no object that opens.

    What the vault itself cannot tell, since it knows no cases. An item whose digests do not open is left out: the
    vault's own check names their block.
    """
    items = sorted(_kept_items(Kept.objects.all()))
    for start in range(0, len(items), _ITEMS):
        suspected = _without_object(vault, items[start : start + _ITEMS])
        for item in _still_without(vault, suspected) if suspected else ():
            sentence = f"Item {item} is kept for a case, and the vault has no object of it: restore a backup."
            yield Fault(FaultKind.OBJECTLESS, f"item {item}", sentence)


def kept_contents(case: Case, vault: Vault) -> dict[bytes, int]:
    """SHA-256 and size in bytes of every content that is kept for a case, ascending.

    Raises:
        InputError: a row of the vault was altered or moved.
    """
    items = Kept.objects.filter(case=case, leaving=False).values_list("item__signature", flat=True)
    digests = [one.sha256 for one in vault.signatures.fetch(items, frames=False).values() if one.sha256 is not None]
    stored = stored_of(vault, digests, vault.keys.node)
    found = [vault.open_particulars(one.sealed, one.name) for one in stored]
    return {one.sha256: one.size for one in sorted(found, key=lambda one: one.sha256)}


def _kept_items(rows: QuerySet[Kept]) -> set[int]:
    with across_cases():  # who looks after the vault is a member of none
        return set(rows.filter(leaving=False).values_list("item_id", flat=True))


def _still_without(vault: Vault, suspected: list[int]) -> list[int]:
    """Look again while nobody keeps or lets go: it may have been let go of between the two questions."""
    with transaction.atomic():
        lock_kept()
        return _without_object(vault, sorted(_kept_items(Kept.objects.filter(item__in=suspected))))


def _without_object(vault: Vault, items: list[int]) -> list[int]:
    digests = _digests(vault, items)
    there = has(vault, digests.values(), vault.keys.node)
    return [item for item, digest in digests.items() if digest not in there]


def _digests(vault: Vault, items: list[int]) -> dict[int, bytes]:
    """The SHA-256 of items, as far as it opens."""
    item_of = dict(Item.objects.filter(pk__in=items).order_by("id").values_list("signature", "id"))
    try:
        found = vault.signatures.fetch(item_of, frames=False)
    except InputError:  # one block hides no other
        found = {}
        for one in item_of:
            with suppress(InputError):
                found |= vault.signatures.fetch([one], frames=False)
    return {item_of[number]: one.sha256 for number, one in found.items() if one.sha256}


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
        names.append(text_of(bytes(at.name)) or ITSELF)
        at = at.parent
    root, name = bytes(sighting.source.root), bytes(at.name)
    names.append(text_of(root + b"/" + name if name else root))
    return " > ".join(reversed(names))
