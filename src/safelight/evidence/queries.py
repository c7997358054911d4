"""The ways to read custody records, and the one definition of which sightings are current.

A sighting is *superseded* when its place has a newer version, or when what it lies in is superseded. One that is not is
*current*, unless it says that the file vanished: then nothing is there any more. Everything that counts an exhibit as
it stands counts current sightings; the others are its history.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Coalesce

from safelight.evidence.drafts import Times
from safelight.evidence.models import Exhibit, Item, Run, Sighting, SightingState
from safelight.vault.content import Vault
from safelight.vault.signatures import NewSignature, Realm

VANISHED = "vanished"
NO_DIGEST = b""
"""Stands for the SHA-256 of what was erased."""
RETRIED = frozenset({"unreadable", VANISHED, "changed"})
"""Failures to read a place that may be over by the next run."""

WITH_CURRENT = """
WITH RECURSIVE superseded (id) AS (
    SELECT older.id
      FROM evidence_sighting newer
      JOIN evidence_sighting older
        ON older.exhibit_id = newer.exhibit_id AND older.place = newer.place AND older.version < newer.version
     WHERE newer.exhibit_id = ANY(%(exhibits)s) AND newer.version > 1
    UNION
    SELECT child.id FROM superseded JOIN evidence_sighting child ON child.parent_id = superseded.id
), current_sighting AS (
    SELECT s.*
      FROM evidence_sighting s
     WHERE s.exhibit_id = ANY(%(exhibits)s) AND s.failure IS DISTINCT FROM 'vanished'
       AND NOT EXISTS (SELECT 1 FROM superseded WHERE superseded.id = s.id)
)
"""
"""The beginning of a query about the `current_sighting`s of `exhibits`, and about the ids of those `superseded`."""
_SUPERSEDED = "SELECT id FROM superseded"
_ABOVE_LOCKED = """
, above (id) AS (
    SELECT parent_id FROM current_sighting WHERE state = 'locked'
    UNION
    SELECT s.parent_id FROM above JOIN evidence_sighting s ON s.id = above.id
)
SELECT id FROM above WHERE id IS NOT NULL
"""


@dataclass(frozen=True)
class Known:
    """What is recorded of a place: its latest version, and what tells whether the file there is still the same.

    `modified`, `changed` and `inode` are those by which it was last met. `sha256` is filled in by `with_digests`.
    """

    sighting: int
    version: int
    size: int | None
    modified: int | None
    changed: int | None
    inode: int | None
    complete: bool
    item: int | None
    failure: str | None
    reason: str | None
    news: bool
    locked: bool
    sha256: bytes | None = None

    @property
    def erased(self) -> bool:
        """Whether what was read there was erased since, so that nothing can be compared with it."""
        return self.item is not None and self.sha256 is None

    @property
    def answered(self) -> bool:
        """Whether it was read to its end, or is nothing that is read; what could not be read is tried again."""
        return self.complete and (self.item is not None or self.news or self.failure not in RETRIED)

    def same_file(self, met: Times) -> bool:
        """Whether size, times and inode are those by which it was last met: then the content is taken to be, too.

        The device is not asked: the same disk has another number each time it is plugged in.
        """
        unchanged = self.changed is None or met.changed is None or self.changed == met.changed
        return unchanged and (self.size, self.modified, self.inode) == (met.size, met.modified, met.inode)


def known_places(exhibit: Exhibit, places: Sequence[bytes]) -> dict[bytes, Known]:
    """The latest version of each place that is recorded."""
    rows = Sighting.objects.filter(exhibit=exhibit, place__in=list(places)).order_by("version")
    met = (Coalesce("met_modified", "modified"), Coalesce("met_changed", "changed"), Coalesce("met_inode", "inode"))
    rows = rows.annotate(locked=Q(state=SightingState.LOCKED))
    last = ("complete", "item_id", "failure", "reason", "news", "locked")
    found = rows.values_list("place", "id", "version", "size", *met, *last)
    return {bytes(place): Known(*rest) for place, *rest in found}


def above_locked(exhibit: Exhibit) -> frozenset[int]:
    """The sightings in which something lies, however deep, that a password locks and that no later run has opened."""
    with connection.cursor() as cursor:
        cursor.execute(f"{WITH_CURRENT} {_ABOVE_LOCKED}", {"exhibits": [exhibit.pk]})
        return frozenset(number for (number,) in cursor.fetchall())


def with_digests(known: Sequence[Known], vault: Vault) -> list[Known]:
    """The same with the SHA-256 of what was read there, where anything was and has not been erased since."""
    if not known:
        return []
    signatures = dict(
        Item.objects.filter(pk__in={one.item for one in known if one.item}).values_list("id", "signature")
    )
    stored = vault.signatures.fetch(signatures.values(), frames=False)
    digests = {item: stored[signature].sha256 for item, signature in signatures.items() if signature in stored}
    return [replace(one, sha256=digests.get(one.item or 0)) for one in known]


class Standing(StrEnum):
    """Whether a sighting is current, or history: a newer one replaced it, or it says that nothing is there any more."""

    CURRENT = "current"
    REPLACED = "replaced"
    VANISHED = "vanished"


class Standings:
    """How the sightings of some exhibits stand."""

    def __init__(self, exhibits: Sequence[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"{WITH_CURRENT} {_SUPERSEDED}", {"exhibits": list(exhibits)})
            self._superseded = {number for (number,) in cursor.fetchall()}

    def of(self, sighting: Sighting) -> Standing:
        """How one of them stands."""
        if sighting.pk in self._superseded:
            return Standing.REPLACED
        return Standing.VANISHED if sighting.failure == VANISHED else Standing.CURRENT


def items_of(sha256: bytes, vault: Vault) -> list[int]:
    """The numbers of the item with this SHA-256: one, or none."""
    hits = vault.signatures.find(Realm.ITEM, [NewSignature(None, None, sha256, None)])
    exact = [hit.signature for hit in hits if hit.how == "sha256"]
    return list(Item.objects.filter(signature__in=exact).values_list("id", flat=True))


def items_signed(signatures: Iterable[int]) -> list[int]:
    """The items whose signatures have these numbers."""
    return list(Item.objects.filter(signature__in=list(signatures)).order_by("id").values_list("id", flat=True))


def recorded_files(source: int) -> Iterator[tuple[bytes, bytes]]:
    """(place, name) of every place recorded directly below a source, streamed, each once whatever its versions."""
    rows = Sighting.objects.filter(source_id=source, parent=None, version=1).values_list("place", "name")
    for place, name in rows.iterator(chunk_size=5000):
        yield bytes(place), bytes(name)


def latest_run(exhibit: Exhibit) -> Run | None:
    """The exhibit's last run."""
    return Run.objects.filter(exhibit=exhibit).order_by("-number").first()
