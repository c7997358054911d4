"""The walk: meets everything, skips what an earlier run answered, hands the rest to the readers."""

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from django.db import connections

from safelight.casework.check.line import Line
from safelight.casework.check.parcel import Parcel
from safelight.casework.check.progress import Tally
from safelight.casework.check.readers import Reader, same_file
from safelight.evidence.drafts import Draft
from safelight.evidence.models import Exhibit, SightingHow, SightingState, Source
from safelight.evidence.names import place, text_of
from safelight.evidence.queries import Known, known_places, recorded_files, with_digests
from safelight.evidence.walk import Found, Met, walk
from safelight.sandbox import Handover

_CHUNK = 500
_READERS = 2
_TASKS_WAITING = 64
_Task = tuple[Found, int, bytes, Known | None]


class Intake:
    """One walking thread and some reading ones; `finished` when everything met is on its way to the recorder."""

    def __init__(
        self, exhibit: Exhibit, sources: Sequence[Source], reader: Reader, line: Line, tally: Tally, *, resumed: bool
    ) -> None:
        self._exhibit, self._sources, self._reader, self._line, self._tally = exhibit, sources, reader, line, tally
        self._resumed = resumed
        self._tasks: Handover[_Task | None] = Handover(_TASKS_WAITING)
        self._closed: set[bytes] = set()
        self.failed: BaseException | None = None
        targets = [self._walk] + [self._read] * _READERS
        self._threads = [threading.Thread(target=self._guarded, args=(target,), daemon=True) for target in targets]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def finished(self) -> bool:
        """Whether every thread is done."""
        return not any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        """Wait for the threads, which end soon after the line is stopped."""
        for thread in self._threads:
            thread.join()

    def _guarded(self, target: Callable[[], None]) -> None:
        try:
            target()
        except BaseException as error:  # noqa: BLE001 - the border of the thread: the recording thread raises it again
            self.failed = self.failed or error
            self._line.stop.set()
        finally:
            connections.close_all()

    def _walk(self) -> None:
        for source in self._sources:
            root = bytes(source.root)
            seen: set[bytes] | None = set() if self._resumed else None
            self._closed.clear()
            found = self._noted(walk(root))
            while chunk := list(islice(found, _CHUNK)):
                for task in self._pending(chunk, source.pk, root, seen):
                    if not self._give(task):
                        return
            if seen is not None:
                self._name_vanished(source, root, seen)
        self._tally.walked = True
        for _ in range(_READERS):
            self._give(None)

    def _pending(self, chunk: list[Found], source: int, root: bytes, seen: set[bytes] | None) -> Iterator[_Task]:
        places = [place(root, found.name) for found in chunk]
        known = known_places(self._exhibit, places) if self._resumed else {}
        pending: list[tuple[Found, Known | None]] = []
        for where, found in zip(places, chunk, strict=True):
            if seen is not None:
                seen.add(where)
            self._tally.met += 1
            self._tally.met_bytes += found.status.st_size if found.status else 0
            before = known.get(where)
            before = self._reader.opened_again(before) if before is not None else None
            if before is not None and before.answered and same_file(before, found):
                self._tally.skipped += 1
                continue
            pending.append((found, before))
        compared = iter(with_digests([before for _found, before in pending if before is not None], self._line.vault))
        for found, before in pending:
            yield found, source, root, next(compared) if before is not None else None

    def _give(self, task: _Task | None) -> bool:
        return self._tasks.put(task, self._line.stop.is_set)

    def _read(self) -> None:
        while not self._line.stop.is_set():
            try:
                task = self._tasks.take(0.5)
            except queue.Empty:
                continue
            if task is None:
                return
            self._reader.read(*task)

    def _noted(self, things: Iterator[Found]) -> Iterator[Found]:
        """The things as they come, with a note of every folder that cannot be listed: what is in it did not vanish."""
        for found in things:
            if found.met is Met.UNREADABLE:
                self._closed.add(found.name)
            yield found

    def _hidden(self, name: bytes) -> bool:
        """Whether a path lies below something that could not be listed."""
        parts = name.split(b"/")
        return any(b"/".join(parts[:count]) in self._closed for count in range(len(parts)))

    def _name_vanished(self, source: Source, root: bytes, seen: set[bytes]) -> None:
        """Name files that an earlier run recorded and this one did not meet: what is recorded of them stands."""
        recorded = recorded_files(source.pk)
        gone = ((where, name) for where, name in recorded if where not in seen and not self._hidden(name))
        while chunk := list(islice(gone, _CHUNK)):
            known = known_places(self._exhibit, [where for where, _name in chunk])
            for where, name in chunk:
                if known[where].answered:  # what never was read, or is said to be gone, cannot vanish
                    draft = _vanished(source.pk, where, name, known[where].version + 1)
                    self._line.put(Parcel(draft, text_of(os.path.join(root, name))))  # noqa: PTH118 - exact bytes


def _vanished(source: int, where: bytes, name: bytes, version: int) -> Draft:
    return Draft(
        source=source,
        parent=None,
        place=where,
        how=SightingHow.FILE,
        name=name,
        state=SightingState.UNREADABLE,
        failure="vanished",
        reason="an earlier run read it here, now it is gone: what is recorded of it stands",
        version=version,
    )
