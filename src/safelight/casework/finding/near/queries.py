"""Media near a text: in the same mail or folder, or in the same archive.

Rules kept here:
- near are pictures and videos in the same folder of the same source, archive or disk image; in a mailbox, in the same
  message. What else is in the same archive (an office document is one) is near, too, and comes after;
- the stream beside a file (`picture.jpg:Zone.Identifier`) is nearest to that file;
- at most `MOST` are named for each text, in the order in which the case met them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from safelight.casework.models import Case
from safelight.evidence.models import ItemState, Sighting, SightingHow
from safelight.evidence.names import ITSELF, text_of
from safelight.media.types import ARCHIVES, Kind

MOST = 20
_CHUNK = 1000
_SHOWS = (ItemState.PICTURE, ItemState.VIDEO, ItemState.DAMAGED)
_WHOLE = frozenset(kind.value for kind in ARCHIVES - {Kind.MAILBOX})
_Folder = tuple[int, int | None, bytes | None]
"""Source, what it lies in, folder; None stands for all that is in an archive."""


@dataclass(frozen=True)
class Place:
    """Where something was met: the sighting's number, its item, and its path for people."""

    sighting: int
    item: int
    path: str


def places_of(case: Case, items: Collection[int]) -> dict[int, list[Place]]:
    """For each item where it was met in this case, in that order."""
    found: dict[int, list[Place]] = defaultdict(list)
    rows = list(_sightings(case).filter(item__in=items).order_by("id"))
    paths = _paths(rows)
    for row in rows:
        found[row.item_id or 0].append(Place(row.pk, row.item_id or 0, paths[row.pk]))
    return found


def media_near(case: Case, sightings: Collection[int]) -> dict[int, list[Place]]:
    """For each of these sightings the media near it."""
    if not sightings:
        return {}
    asked = list(_sightings(case).filter(pk__in=sightings).select_related("parent__item").order_by("id"))
    wanted = {row.pk: _folders(row) for row in asked}
    found: dict[_Folder, list[Sighting]] = {folder: [] for folders in wanted.values() for folder in folders}
    beside = {name for row in asked if (name := _beside(row)) is not None}
    streams: dict[tuple[int, int | None, bytes], Sighting] = {}
    media = _sightings(case).filter(item__state__in=_SHOWS).exclude(how=SightingHow.EMBEDDED).order_by("id")
    for row in media.iterator(chunk_size=_CHUNK):
        for folder in (_folder(row), (row.source_id, row.parent_id, None)):
            if len(known := found.get(folder, _FULL)) < MOST:
                known.append(row)
        if (name := (row.source_id, row.parent_id, bytes(row.name))) in beside:
            streams[name] = row
    nearest = {row.pk: _nearest(row, wanted[row.pk], found, streams) for row in asked}
    paths = _paths([one for rows in nearest.values() for one in rows])
    return {
        number: [Place(row.pk, row.item_id or 0, paths[row.pk]) for row in rows] for number, rows in nearest.items()
    }


class _Full(list[Sighting]):
    """Stands for a folder that nobody asks for: nothing is added to it."""

    def __len__(self) -> int:
        return MOST


_FULL = _Full()


def _nearest(
    text: Sighting,
    folders: Iterable[_Folder],
    found: dict[_Folder, list[Sighting]],
    streams: dict[tuple[int, int | None, bytes], Sighting],
) -> list[Sighting]:
    first = streams.get(_beside(text) or (0, None, b""))
    rows = [first] if first is not None else []
    rows += [row for folder in folders for row in found[folder]]
    different = {row.pk: row for row in rows if row.pk != text.pk}
    return list(different.values())[:MOST]


def _sightings(case: Case) -> QuerySet[Sighting]:
    return Sighting.objects.filter(exhibit__case=case.name)


def _folder(row: Sighting) -> _Folder:
    return (row.source_id, row.parent_id, bytes(row.name).rpartition(b"/")[0])


def _folders(text: Sighting) -> list[_Folder]:
    """Where near it is: its folder, and the whole archive in which it lies."""
    folders = [_folder(text)]
    if text.parent is not None and text.parent.item is not None and text.parent.item.kind in _WHOLE:
        folders.append((text.source_id, text.parent_id, None))
    return folders


def _beside(text: Sighting) -> tuple[int, int | None, bytes] | None:
    """The file that it is a stream of, if it may be one."""
    name, mark, _stream = bytes(text.name).rpartition(b":")
    return (text.source_id, text.parent_id, name) if mark else None


def _paths(rows: Collection[Sighting]) -> dict[int, str]:
    """The path of each of these sightings for people, with what it lies in."""
    known: dict[int, Sighting] = {row.pk: row for row in rows}
    ahead = {row.parent_id for row in rows if row.parent_id is not None} - known.keys()
    while ahead:
        above = {row.pk: row for row in Sighting.objects.filter(pk__in=ahead)}
        known |= above
        ahead = {row.parent_id for row in above.values() if row.parent_id is not None} - known.keys()
    return {row.pk: _path(row, known) for row in rows}


def _path(row: Sighting, known: dict[int, Sighting]) -> str:
    steps = []
    step: Sighting | None = row
    while step is not None:
        steps.append(text_of(bytes(step.name)) or ITSELF)
        step = known.get(step.parent_id) if step.parent_id is not None else None
    return " > ".join(reversed(steps))
