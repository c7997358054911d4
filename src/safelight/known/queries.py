"""What can be asked of the tables: sources for lists and reports, current entries for matching."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import msgspec
import numpy as np
from django.db import connection
from django.db.models import Count, Max, Q

from safelight.errors import UsageError
from safelight.known.models import KnownEntry, KnownImport, KnownSet, KnownSource
from safelight.known.public.sets import Seals
from safelight.known.rules import HashState
from safelight.search.ports import Keys

_AT_ONCE = 20_000
_ACTIVE = """
SELECT string_agg(int8send(signature), ''::bytea) FROM known_entry
WHERE superseded_at IS NULL AND signature IS NOT NULL AND hash_state = %s GROUP BY signature / 1048576
"""


@dataclass(frozen=True)
class SourceSummary:
    """One source with its counts: entries that answer, those of them with a hash that takes part, imports."""

    id: int
    name: str
    role: str
    trust: str
    scheme: str | None
    list_date: date | None
    added_at: datetime
    removed_at: datetime | None
    entries: int
    hashes: int
    complete: bool
    """The latest import was read to the end of its file."""
    published: int = 0
    """Of the entries, those that answer from the files of a published list."""


@dataclass(frozen=True)
class ImportSummary:
    """One import into a source, as it was recorded."""

    file_name: str
    file_sha256: str
    file_size: int
    format: str
    version: str | None
    imported_at: datetime
    imported_by: str
    read: int
    new: int
    repeated: int
    superseded: int
    refused: int
    quarantined_hashes: int
    complete: bool
    problem: str | None
    quarantine_file: str | None


@dataclass(frozen=True)
class SourceDetail:
    """A source with its imports (latest first), its current entries by grade, and its hashes by state."""

    summary: SourceSummary
    imports: tuple[ImportSummary, ...]
    by_grade: dict[str | None, int]
    by_hash_state: dict[str, int]
    published_rows: dict[str, int]
    """Of the files of a published list: the kind of digest, and how many rows there are of it."""


class CurrentEntry(NamedTuple):
    """What a source that still answers says of a content, in the columns that an answer needs."""

    signature: int
    id: int
    source_id: int
    words: bytes
    """Sealed; see `known.words`."""
    grade: str | None
    victim_identified: bool | None
    offender_identified: bool | None
    distributed: bool | None
    self_generated: bool | None
    suspected: bool | None
    baseline: bool | None


def list_sources(*, removed: bool = False) -> list[SourceSummary]:
    """Every source by name; with `removed` also those that answer no more."""
    current = Q(entries__superseded_at__isnull=True)
    sources = KnownSource.objects.annotate(
        current=Count("entries", filter=current),
        hashes=Count("entries", filter=current & Q(entries__hash_state=HashState.MATCHED)),
    ).order_by("name", "id")
    if not removed:
        sources = sources.filter(removed_at__isnull=True)
    sets = {one.source.pk: one.entries for one in current_sets()}
    latest = dict(KnownImport.objects.order_by("id").values_list("source", "complete"))
    return [
        SourceSummary(
            id=source.pk,
            name=source.name,
            role=source.role,
            trust=source.trust,
            scheme=source.scheme,
            list_date=source.list_date,
            added_at=source.added_at,
            removed_at=source.removed_at,
            entries=source.current + sets.get(source.pk, 0),
            hashes=source.hashes,
            complete=latest.get(source.pk, False),
            published=sets.get(source.pk, 0),
        )
        for source in sources
    ]


def held_signatures(source: KnownSource) -> Iterator[dict[int, int]]:
    """Entry to signature, for every entry of a source that still has one, some thousands at a time."""
    entries = KnownEntry.objects.filter(source=source, signature__isnull=False).order_by("id")
    last = 0
    while some := list(entries.filter(id__gt=last).values_list("id", "signature")[:_AT_ONCE]):
        last = some[-1][0]
        yield {number: signature for number, signature in some if signature is not None}


def show_source(name: str) -> SourceDetail:
    """The source of this name; where it was removed, the one removed last.

    Raises:
        UsageError: there never was one.
    """
    named = [source for source in list_sources(removed=True) if source.name == name]
    if not named:
        raise UsageError(f"there is no source {name!r} in the known base: `safelight known list` shows all")
    summary = next((source for source in named if source.removed_at is None), named[-1])
    current = KnownEntry.objects.filter(source=summary.id, superseded_at__isnull=True)
    return SourceDetail(
        summary=summary,
        imports=tuple(_summary(made) for made in KnownImport.objects.filter(source=summary.id).order_by("-id")),
        published_rows=_published_rows(summary.id),
        by_grade=dict(current.values_list("grade").annotate(Count("id")).order_by("grade")),
        by_hash_state=dict(current.values_list("hash_state").annotate(Count("id")).order_by("hash_state")),
    )


def current_sets(source: KnownSource | int | None = None) -> list[KnownSet]:
    """The sets that the database counts on, with their sources; or that of one source."""
    current = KnownSet.objects.filter(ended_at__isnull=True).select_related("source").order_by("id")
    return list(current if source is None else current.filter(source=source))


def _published_rows(source: int) -> dict[str, int]:
    for stored in current_sets(source):
        seals = msgspec.json.decode(stored.seals, type=Seals)
        return {name: seal.rows for name, seal in seals.tables.items()}
    return {}


def base_version() -> str:
    """A text that differs whenever an import or a removal has changed what the base answers."""
    latest = KnownImport.objects.aggregate(latest=Max("id"))["latest"]
    removed = KnownSource.objects.filter(removed_at__isnull=False).count()
    return f"{latest or 0}.{removed}"


def active_signatures() -> Keys:
    """The vault's numbers of the current entries whose hash takes part in matching, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE, [HashState.MATCHED.value])
        packed = b"".join(part for (part,) in cursor.fetchall())
    return np.sort(np.frombuffer(packed, ">i8").astype(np.int64))


def current_entries(signatures: Iterable[int]) -> dict[int, list[CurrentEntry]]:
    """The current entries of these signatures, in the order they came in; signatures without one are absent."""
    grouped: dict[int, list[CurrentEntry]] = {}
    current = KnownEntry.objects.filter(superseded_at__isnull=True, signature__in=list(signatures))
    for row in current.order_by("id").values_list(*CurrentEntry._fields):
        entry = CurrentEntry(*row)
        grouped.setdefault(entry.signature, []).append(entry)
    return grouped


def sources_by_id(ids: Iterable[int]) -> dict[int, KnownSource]:
    """Sources by their number, removed ones too."""
    return KnownSource.objects.in_bulk(set(ids))


def _summary(made: KnownImport) -> ImportSummary:
    return ImportSummary(
        file_name=made.file_name,
        file_sha256=made.file_sha256,
        file_size=made.file_size,
        format=made.format,
        version=made.version,
        imported_at=made.imported_at,
        imported_by=made.imported_by,
        read=made.read,
        new=made.new,
        repeated=made.repeated,
        superseded=made.superseded,
        refused=made.refused,
        quarantined_hashes=made.quarantined_hashes,
        complete=made.complete,
        problem=made.problem,
        quarantine_file=made.quarantine_file,
    )
