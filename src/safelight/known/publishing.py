"""A published list of known good becomes a set of its own: files of sorted digests, and one row that counts on them.

Rules kept here:
- files first, then the row: a set that the database counts on is whole, whenever the power fails;
- one list at a time, for each takes a good part of the memory and the disk;
- a list named again adds to what its source holds; where that is damaged, the list stands alone, and it is said.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from django.db import Error as DatabaseError

from safelight.known.intake import SHOWN_PROBLEMS, Counts
from safelight.known.models import KnownSource
from safelight.known.public.places import new_set, settle, sweep
from safelight.known.public.sets import DigestSet, Seals
from safelight.known.public.taking import SetIntake
from safelight.known.published import LOCK, open_sets
from safelight.known.quarantine import Quarantine
from safelight.known.queries import current_sets
from safelight.known.rows import Told
from safelight.platform.database import advisory_lock
from safelight.platform.disk import disk_in_words

LARGE_BYTES = 64 << 20
"""From this size on, about a million rows, a list of known good that is public becomes a set whatever its form."""


@dataclass(frozen=True)
class Published:
    """What became of the rows, what the files are held to, their folder (None in a dry run), and remarks."""

    counts: Counts
    seals: Seals
    folder: str | None
    notes: list[str]


@dataclass
class Publishing:
    """One published list on its way into a set, inside the caller's transaction.

    `after` ends once that transaction has: only then is it known which folders to keep.
    """

    source: KnownSource
    data: Path
    quarantine: Quarantine
    demo_folder: bool
    after: ExitStack

    def take(
        self, rows: Iterable[Sequence[Told]], on_rows: Callable[[int], None] | None, *, dry_run: bool
    ) -> "Published":
        """Take every row and put the set into its place.

        Raises:
            BusyError: another published list is being imported.
            CannotRunError: the disk does not take it.
            UsageError, InputError: as `SetIntake.take`.
        """
        self.after.enter_context(advisory_lock(LOCK))
        self.after.callback(self._sweep)
        self._sweep()
        counts = Counts()
        with disk_in_words(f"The published list in {self.data}"):
            folder = new_set(self.data)
            intake = SetIntake(folder, lambda *told: self._refuse(counts, *told), demo_folder=self.demo_folder)
            for some in rows:
                intake.take(some)
                if on_rows is not None:
                    on_rows(intake.read)
            before, notes = self._before()
            seals = intake.finish(before)
            counts.read = intake.read
            held = before.entries if before is not None else 0
            counts.new = seals.entries - held
            counts.repeated = max(0, counts.read - counts.refused - counts.new)
            if intake.without_hashes:
                counts.left_out["pdq and others"] = intake.without_hashes
            return Published(counts, seals, None if dry_run else settle(folder), notes)

    def _before(self) -> tuple[DigestSet | None, list[str]]:
        """What the source holds, to be added to; and what is to be said where that cannot be."""
        for state in open_sets(self.data, source=self.source):
            sentence = state.fault
            if state.opened is not None:
                sentence = next(iter(state.opened.check()), None)
                if sentence is None:
                    return state.opened, []
            return None, [
                f"what the source held before is gone, import it again too where this list lacks it: {sentence}"
            ]
        return None, []

    def _refuse(self, counts: Counts, line: int, reason: str, text: str) -> None:
        counts.refused += 1
        if len(counts.problems) < SHOWN_PROBLEMS:
            counts.problems.append((line, reason))
        self.quarantine.hold(line, reason, text)

    def _sweep(self) -> None:
        """Remove what nothing counts on. Where the database is gone the next import does it."""
        with suppress(DatabaseError):
            sweep(self.data, [one.folder for one in current_sets()])
