"""The reading threads: open, read, digest, tell what it is, and send it down the line; archives entry by entry."""

import os
import threading
from pathlib import Path

from safelight.casework.check.line import Line
from safelight.casework.check.parcel import Archive, Parcel
from safelight.casework.check.settling import NAMED_FAILURES, settle_unexamined
from safelight.evidence.archives.messages import ArchiveLimits
from safelight.evidence.drafts import Content, Draft, Times
from safelight.evidence.errors import ReadingError
from safelight.evidence.models import Exhibit, ItemState, SightingHow, SightingState
from safelight.evidence.names import child_place, place, text_of
from safelight.evidence.queries import Known, known_places
from safelight.evidence.reading import PICTURE_BYTES, Reading, read_file
from safelight.evidence.unpacking import Unpacked, Unpacking
from safelight.evidence.walk import Found, Met
from safelight.media.types import ARCHIVES
from safelight.sandbox import Nursery

_CONTAINER_REASON = "an archive: its entries are listed below it"


class Reader:
    """Reads what was found, one thing at a time; several work side by side on one line."""

    def __init__(self, exhibit: Exhibit, nursery: Nursery, line: Line, limits: ArchiveLimits, spool: Path) -> None:
        self._exhibit, self._nursery, self._line = exhibit, nursery, line
        self._limits = limits
        self._spool = spool

    def read(self, found: Found, source: int, root: bytes, before: Known | None) -> None:
        """Read one thing met by the walk; `before` is what an earlier run recorded of its place, if anything."""
        draft = Draft(
            source=source,
            parent=None,
            place=place(root, found.name),
            how=SightingHow.FILE,
            name=found.name,
            state=SightingState.NOT_EXAMINED,
            times=_times(found.status),
        )
        parcel = Parcel(draft, text_of(found.path))
        resumed = before is not None and not before.complete and same_file(before, found)
        if before is not None and not resumed:
            draft.version = before.version + 1
        if found.met is not Met.FILE or found.status is None:
            self._not_a_file(parcel, found)
            return
        size = min(found.status.st_size, PICTURE_BYTES)
        if not self._line.budget.take(size, self._line.stop.is_set):
            return
        parcel.held = size
        try:
            reading = read_file(found.path, found.status)
        except ReadingError as error:
            draft.state, draft.failure, draft.reason = SightingState.UNREADABLE, error.kind, error.message
            self._line.put(parcel)
            return
        if before is not None and not resumed and before.failure not in ("vanished", "changed"):
            draft.failure = "changed"
            draft.reason = f"it is not what stood here in an earlier run (then {before.size} bytes): both are recorded"
        self._dispatch(parcel, reading, depth=1, existing=before.sighting if resumed and before else None)

    def _not_a_file(self, parcel: Parcel, found: Found) -> None:
        parcel.draft.reason = found.reason
        if found.met is Met.UNREADABLE:
            parcel.draft.state, parcel.draft.failure = SightingState.UNREADABLE, "unreadable"
        self._line.put(parcel)

    def _dispatch(self, parcel: Parcel, reading: Reading, *, depth: int, existing: int | None = None) -> None:
        if reading.content is not None:
            parcel.content = reading.content
            self._line.examine(parcel, reading)
        elif reading.kind in ARCHIVES and reading.fd is not None:
            self._archive(parcel, reading, depth, existing)
        else:
            earlier = (parcel.draft.failure, parcel.draft.reason)
            settle_unexamined(parcel.draft, reading)
            if reading.kind in NAMED_FAILURES:
                parcel.draft.failure = "not examined"
            if earlier[0] is not None:
                parcel.draft.failure, parcel.draft.reason = earlier
            self._line.put(parcel)

    def _archive(self, parcel: Parcel, reading: Reading, depth: int, existing: int | None) -> None:
        """Record the archive itself, then its entries below it, and mark it complete when all of them are recorded."""
        fd, reading.fd = reading.fd, None
        assert fd is not None
        try:
            self._line.let_go(parcel)
            if depth > self._limits.depth:
                parcel.draft.failure = "limit"
                parcel.draft.reason = (
                    f"an archive {depth} deep in archives: the limit is {self._limits.depth}, it was not opened"
                )
                parcel.draft.content = Content(
                    reading.digests, reading.kind.value, ItemState.NO_MEDIA, parcel.draft.reason
                )
                self._line.put(parcel)
                return
            archive = self._begin(parcel, reading, existing)
            if archive is None:
                return
            unpacking = Unpacking(self._nursery, fd, reading.kind, reading.digests.size, self._limits, self._spool)
            for unpacked in unpacking:
                if self._line.stop.is_set():
                    self._drop(unpacked)
                    return
                self._entry(parcel, archive, unpacked, depth)
            self._end(parcel, archive, unpacking.problem)
        finally:
            os.close(fd)

    def _begin(self, parcel: Parcel, reading: Reading, existing: int | None) -> Archive | None:
        draft = parcel.draft
        draft.complete = False
        draft.reason = draft.reason or _CONTAINER_REASON
        draft.content = Content(reading.digests, reading.kind.value, ItemState.NO_MEDIA, _CONTAINER_REASON)
        inner = child_place(draft.place, b"", draft.version)
        if existing is not None:
            return Archive(existing, inner, resumed=True)
        parcel.recorded = threading.Event()
        self._line.put(parcel)
        while not parcel.recorded.wait(0.2):
            if self._line.stop.is_set():
                return None
        return Archive(draft.number, inner, resumed=False)

    def _end(self, parcel: Parcel, archive: Archive, problem: str | None) -> None:
        """The archive's own last word: what was wrong with it, or only that it is walked to its end."""
        last = Draft(
            source=parcel.draft.source,
            parent=archive.number,
            place=child_place(archive.place, b"problem", 0),
            how=SightingHow.ENTRY,
            name=b"",
            state=SightingState.UNREADABLE,
            failure="archive",
            reason=problem,
            version=parcel.draft.version,
        )
        end = Parcel(last, parcel.path, within=archive)
        if problem is None or (archive.resumed and known_places(self._exhibit, [last.place])):
            end.existing = archive.number
        archive.expect()
        archive.arrived(walked=True)
        self._line.put(end)

    def _entry(self, parcel: Parcel, archive: Archive, unpacked: Unpacked, depth: int) -> None:
        entry, reading = unpacked.entry, unpacked.reading
        draft = Draft(
            source=parcel.draft.source,
            parent=archive.number,
            place=child_place(archive.place, entry.name, entry.number),
            how=SightingHow.ENTRY,
            name=entry.name,
            state=SightingState.NOT_EXAMINED,
            times=Times(size=reading.digests.size if reading else entry.size, modified=entry.modified),
            version=1,
        )
        before = known_places(self._exhibit, [draft.place]).get(draft.place) if archive.resumed else None
        if before is not None and before.complete:
            self._drop(unpacked)
            return
        archive.expect()
        inner = Parcel(draft, f"{parcel.path} > {text_of(entry.name)}", within=archive)
        if entry.locked:
            draft.state, draft.reason = SightingState.LOCKED, unpacked.problem
        elif reading is None:
            draft.reason = unpacked.problem or f"a {entry.what}, not followed"
        elif unpacked.problem is not None:
            draft.state, draft.failure, draft.reason = SightingState.UNREADABLE, "unreadable", unpacked.problem
            self._drop(unpacked)
        else:
            self._dispatch(inner, reading, depth=depth + 1, existing=before.sighting if before else None)
            return
        self._line.put(inner)

    @staticmethod
    def _drop(unpacked: Unpacked) -> None:
        reading = unpacked.reading
        if reading is None:
            return
        if reading.content is not None:
            reading.content.close()
        if reading.fd is not None:
            os.close(reading.fd)


def _times(status: os.stat_result | None) -> Times:
    if status is None:
        return Times()
    return Times(
        size=status.st_size,
        modified=status.st_mtime_ns,
        changed=status.st_ctime_ns,
        accessed=status.st_atime_ns,
        inode=_signed(status.st_ino),
        device=_signed(status.st_dev),
    )


def _signed(number: int) -> int:
    """An unsigned 64-bit number of the system as the database's signed one."""
    return number - (1 << 64) if number >= 1 << 63 else number


def same_file(before: Known, found: Found) -> bool:
    """Whether the file met is the one recorded, by size, time and inode. What is no file is met anew without reading."""
    status = found.status
    if found.met is Met.UNREADABLE:
        return before.failure == "unreadable"
    return status is not None and before.same_file(
        status.st_size, status.st_mtime_ns, _signed(status.st_ino), _signed(status.st_dev)
    )
