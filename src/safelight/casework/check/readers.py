"""The reading threads: open, read, digest, tell what it is, and send it down the line; archives entry by entry.

Disk images go the way of archives; "archive" means both here.
"""

import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from safelight.casework.check.line import Line
from safelight.casework.check.parcel import Archive, Parcel
from safelight.casework.check.settling import name_failure, settle_no_file, settle_part, settle_unexamined
from safelight.evidence.archives.messages import ArchiveLimits
from safelight.evidence.drafts import Content, Draft, Times
from safelight.evidence.errors import ReadingError
from safelight.evidence.models import Exhibit, ItemState, SightingHow, SightingState
from safelight.evidence.names import ITSELF, child_place, place, text_of
from safelight.evidence.queries import Known, above_locked, known_places
from safelight.evidence.reading import PICTURE_BYTES, Reading, read_file
from safelight.evidence.unpacking import Allowance, Unpacked, Unpacking
from safelight.evidence.walk import Found, Met
from safelight.media.types import ARCHIVES, CONTAINERS, IMAGES, PICTURES, VIDEOS, Kind
from safelight.sandbox import Nursery

_LATEST = (1 << 63) - 1
_MAY_BE_MORE = PICTURES | VIDEOS | ARCHIVES
"""A file whose name makes it a further part of a raw image is examined as what it is by its content, too."""
_LEAST_DISK = 64 << 10
"""A raw image that is smaller is a boot sector or a few: no file system fits."""
_HOLDS = {
    Kind.MAIL: "a mail: its parts are listed below it",
    Kind.MAILBOX: "a mailbox: what is in it is listed below it",
    Kind.PDF: "a document (PDF): its pictures, pages and attached files are listed below it",
}


class Reader:
    """Reads what was found, one thing at a time; several work side by side on one line."""

    def __init__(
        self,
        exhibit: Exhibit,
        nursery: Nursery,
        line: Line,
        limits: ArchiveLimits,
        spool: Path,
        passwords: tuple[bytes, ...] = (),
    ) -> None:
        self._exhibit, self._nursery, self._line = exhibit, nursery, line
        self._limits, self._spool, self._passwords = limits, spool, passwords
        self._again = above_locked(exhibit) if passwords else frozenset[int]()

    def opened_again(self, known: Known) -> Known:
        """What is recorded of a place, as if it were not read to its end where passwords may open something in it."""
        return replace(known, complete=False) if known.sighting in self._again else known

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
            version=before.version + 1 if before else 1,
        )
        parcel = Parcel(draft, text_of(found.path))
        if found.met is Met.UNREADABLE:
            self._refused(parcel, before, "unreadable", found.reason or "")
        elif found.met is not Met.FILE or found.status is None:
            self._unread(parcel, before, found.reason or "")
        elif self._take(parcel, min(found.status.st_size, PICTURE_BYTES)):
            try:
                reading = read_file(found.path, found.status)
            except ReadingError as error:
                self._refused(parcel, before, error.kind, error.message)
            else:
                self._compare(parcel, reading, before)

    def _unread(self, parcel: Parcel, before: Known | None, reason: str) -> None:
        """Record what is no file, by what was told of it, unless an earlier run has told just that."""
        parcel.draft.reason = reason
        if before is not None and before.answered:
            if before.item is None and (before.reason or "").endswith(reason):
                self._meet_again(parcel, before)
                return
            parcel.draft.altered = _altered(before)
        self._line.put(parcel)

    def _compare(self, parcel: Parcel, reading: Reading, before: Known | None) -> None:
        """Decide by SHA-256 whether this is what stands recorded: the same sighting, or a further version."""
        if before is None:
            self._dispatch(parcel, reading, _Below())
        elif before.sha256 != reading.digests.sha256:
            told = not before.erased and (before.answered or before.item is not None)
            parcel.draft.altered = _altered(before) if told else None
            self._dispatch(parcel, reading, _Below())
        elif before.complete or (reading.segments.lone and (before.reason or "").endswith(reading.segments.lone)):
            reading.close()
            self._meet_again(parcel, before)
        elif reading.kind in IMAGES and not (before.reason or "").endswith(_container_reason(reading)):
            self._dispatch(parcel, reading, _Below())  # segments came or went: walked anew, as a further version
        else:
            if not before.same_file(parcel.draft.times):
                self._meet_again(Parcel(replace(parcel.draft), parcel.path), before)
            self._dispatch(parcel, reading, _Below(), before)

    def _meet_again(self, parcel: Parcel, before: Known) -> None:
        """What is here stands recorded: only by which times and inode it was met is."""
        self._line.let_go(parcel)
        parcel.existing, parcel.met_again = before.sighting, True
        self._line.put(parcel)

    def _take(self, parcel: Parcel, size: int) -> bool:
        """Wait until memory may hold the content; False where the run was stopped meanwhile."""
        if not self._line.budget.take(size, self._line.stop.is_set):
            return False
        parcel.held = size
        return True

    def _refused(self, parcel: Parcel, before: Known | None, failure: str, reason: str) -> None:
        """Name what cannot be read, unless an earlier run has said just that."""
        if before is not None and before.item is None and before.failure == failure:
            self._line.let_go(parcel)
            return
        parcel.draft.state, parcel.draft.failure, parcel.draft.reason = SightingState.UNREADABLE, failure, reason
        self._line.put(parcel)

    def _dispatch(self, parcel: Parcel, reading: Reading, below: "_Below", resumed: Known | None = None) -> None:
        if reading.segments.part_of is not None and reading.kind not in _MAY_BE_MORE:
            reading.close()
            self._line.let_go(parcel)
            settle_part(parcel.draft, reading)
            self._line.put(parcel)
        elif reading.content is not None:
            parcel.content = reading.content
            self._line.examine(parcel, reading)
        elif reading.fd is not None and _is_walked(reading):
            self._archive(parcel, reading, below, resumed)
        elif reading.kind in VIDEOS and reading.fd is not None:
            self._line.let_go(parcel)  # it is read piece by piece, and holds no memory meanwhile
            parcel.opened, reading.fd = reading.fd, None
            self._line.examine(parcel, reading)
        else:
            reading.close()
            self._line.let_go(parcel)
            parcel.draft.complete = reading.segments.lone is None
            settle_unexamined(parcel.draft, reading)
            self._line.read(parcel, reading)

    def _archive(self, parcel: Parcel, reading: Reading, below: "_Below", resumed: Known | None) -> None:
        """Record the archive itself, then its entries below it, and mark it complete when all of them are recorded."""
        assert reading.fd is not None
        fds = [reading.fd, *reading.segments.further]
        try:
            self._line.let_go(parcel)
            if below.depth > self._limits.depth:
                self._too_deep(parcel, reading, below.depth)
                return
            archive = self._begin(parcel, reading, resumed)
            if archive is None:
                return
            allowance = below.allowance or Allowance.of(self._limits, reading.whole_size)
            unpacking = Unpacking(
                self._nursery, fds, reading.kind, allowance, self._spool, self._passwords, verify=True
            )
            for unpacked in unpacking:
                if self._line.stop.is_set():
                    self._drop(unpacked)
                    return
                self._entry(parcel, archive, unpacked, _Below(below.depth + 1, allowance))
            self._end(parcel, archive, unpacking)
        finally:
            reading.close()

    def _too_deep(self, parcel: Parcel, reading: Reading, depth: int) -> None:
        reason = f"an archive {depth} deep in archives: the limit is {self._limits.depth}, it was not opened"
        name_failure(parcel.draft, "limit", reason)
        parcel.draft.content = Content(reading.digests, reading.kind.value, ItemState.NO_MEDIA, reason)
        self._line.put(parcel)

    def _begin(self, parcel: Parcel, reading: Reading, resumed: Known | None) -> Archive | None:
        draft, missing = parcel.draft, reading.segments.missing is not None
        if resumed is not None:  # it is recorded, and so what `within` expects is this archive's own end
            inner = child_place(draft.place, b"", resumed.version)
            return Archive(resumed.sighting, inner, resumed.version, resumed=True, outer=parcel.within, missing=missing)
        draft.complete = False
        reason = _container_reason(reading)
        draft.reason = draft.reason or reason
        draft.failure = draft.failure or ("segment missing" if missing else None)
        draft.content = Content(reading.digests, reading.kind.value, ItemState.NO_MEDIA, reason)
        parcel.recorded = threading.Event()
        if parcel.within is not None:
            parcel.within.expect()
        self._line.put(parcel)
        while not parcel.recorded.wait(0.2):
            if self._line.stop.is_set():
                return None
        inner = child_place(draft.place, b"", draft.version)
        return Archive(draft.number, inner, draft.version, resumed=False, outer=parcel.within, missing=missing)

    def _end(self, parcel: Parcel, archive: Archive, unpacking: Unpacking) -> None:
        """The archive's own last word: what was wrong with it, or only that it is walked to its end."""
        problem = unpacking.problem
        last = Draft(
            source=parcel.draft.source,
            parent=archive.number,
            place=child_place(archive.place, b"problem", 0),
            how=SightingHow.ENTRY,
            name=b"",
            state=SightingState.UNREADABLE,
            failure="disk image" if unpacking.kind in IMAGES else "archive",
            reason=problem,
        )
        end = Parcel(last, parcel.path, within=archive)
        if problem is None or (archive.resumed and known_places(self._exhibit, [last.place])):
            end.existing = archive.number
        self._line.put(end)

    def _entry(self, parcel: Parcel, archive: Archive, unpacked: Unpacked, below: "_Below") -> None:
        entry, reading = unpacked.entry, unpacked.reading
        draft = Draft(
            source=parcel.draft.source,
            parent=archive.number,
            place=child_place(archive.place, entry.name, entry.number),
            how=SightingHow.DELETED if entry.what == "deleted" else SightingHow.ENTRY,
            name=entry.name,
            state=SightingState.NOT_EXAMINED,
            times=Times(size=reading.digests.size if reading else entry.size, modified=entry.modified),
            letter=entry.letter,
        )
        before = known_places(self._exhibit, [draft.place]).get(draft.place) if archive.resumed else None
        before = self.opened_again(before) if before is not None else None
        if before is not None and before.complete and (entry.locked or not before.locked):
            self._drop(unpacked)
            return
        draft.version = before.version + 1 if before else 1
        archive.expect()
        inner = Parcel(draft, f"{parcel.path} > {text_of(entry.name) or ITSELF}", within=archive)
        if entry.locked:
            draft.state, draft.reason = SightingState.LOCKED, unpacked.problem
        elif reading is None:
            settle_no_file(draft, entry, unpacked.problem)
        elif unpacked.problem is not None:
            draft.state, draft.failure, draft.reason = SightingState.UNREADABLE, "unreadable", unpacked.problem
            self._drop(unpacked)
        elif self._take(inner, reading.content.size if reading.content else 0):
            self._dispatch(inner, reading, below, before)
            return
        else:
            self._drop(unpacked)
            return
        self._line.put(inner)

    @staticmethod
    def _drop(unpacked: Unpacked) -> None:
        if unpacked.reading is not None:
            unpacked.reading.close()


@dataclass(frozen=True)
class _Below:
    """Where in nested archives the reading is: how deep an archive here would stand, and what may still be unfolded."""

    depth: int = 1
    allowance: Allowance | None = None


def _is_walked(reading: Reading) -> bool:
    """Whether this is an archive, or the beginning of a disk image that can hold files."""
    short = reading.kind is Kind.RAW_IMAGE and reading.whole_size < _LEAST_DISK
    return reading.kind in CONTAINERS and not short and reading.segments.lone is None


def _container_reason(reading: Reading) -> str:
    if reading.kind not in IMAGES:
        return _HOLDS.get(reading.kind, "an archive: its entries are listed below it")
    others = f" in {len(reading.segments.further) + 1} files" if reading.segments.further else ""
    missing = f"; {reading.segments.missing}" if reading.segments.missing else ""
    return f"a disk image{others}: its files are listed below it{missing}"


def _times(status: os.stat_result | None) -> Times:
    if status is None:
        return Times()
    return Times(
        size=status.st_size,
        modified=_within(status.st_mtime_ns),
        changed=_within(status.st_ctime_ns),
        accessed=_within(status.st_atime_ns),
        inode=_signed(status.st_ino),
        device=_signed(status.st_dev),
    )


def _signed(number: int) -> int:
    """An unsigned 64-bit number of the system as the database's signed one."""
    return number - (1 << 64) if number >= 1 << 63 else number


def _within(nanoseconds: int) -> int:
    """A time that the database can hold: file systems know years after 2262, too."""
    return max(-_LATEST, min(nanoseconds, _LATEST))


def _altered(before: Known) -> str:
    return f"not what stood here in an earlier run (then {before.size} bytes): both are recorded"


def same_file(before: Known, found: Found) -> bool:
    """Whether the file met is the one recorded, by size, times and inode. What is no file is met anew, unread."""
    if found.met is Met.UNREADABLE:
        return before.failure == "unreadable"
    return found.status is not None and before.same_file(_times(found.status))
