"""The ways to read custody records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from safelight.evidence.models import Exhibit, Run, Sighting

RETRIED = frozenset({"unreadable", "vanished", "changed"})
"""Failures to read a place that may be over by the next run."""


@dataclass(frozen=True)
class Known:
    """What is recorded of a place: its latest version, and what tells whether the file there is still the same."""

    sighting: int
    version: int
    size: int | None
    modified: int | None
    inode: int | None
    device: int | None
    complete: bool
    item: int | None
    failure: str | None

    @property
    def answered(self) -> bool:
        """Whether it was read to its end, or is nothing that is read; what could not be read is tried again."""
        return self.complete and (self.item is not None or self.failure not in RETRIED)

    def same_file(self, size: int, modified: int, inode: int, device: int) -> bool:
        """Whether size, time and inode are those recorded: then the content is taken to be, too."""
        return (self.size, self.modified, self.inode, self.device) == (size, modified, inode, device)


def known_places(exhibit: Exhibit, places: Sequence[bytes]) -> dict[bytes, Known]:
    """The latest version of each place that is recorded."""
    rows = Sighting.objects.filter(exhibit=exhibit, place__in=list(places)).order_by("version")
    columns = ("place", "id", "version", "size", "modified", "inode", "device", "complete", "item_id", "failure")
    return {bytes(place): Known(*rest) for place, *rest in rows.values_list(*columns)}


def recorded_files(source: int) -> Iterator[tuple[bytes, bytes]]:
    """(place, name) of every place recorded directly below a source, streamed, each once whatever its versions."""
    rows = Sighting.objects.filter(source_id=source, parent=None, version=1).values_list("place", "name")
    for place, name in rows.iterator(chunk_size=5000):
        yield bytes(place), bytes(name)


def latest_run(exhibit: Exhibit) -> Run | None:
    """The exhibit's last run."""
    return Run.objects.filter(exhibit=exhibit).order_by("-number").first()
