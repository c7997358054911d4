"""Takes the rows of a published list as they come out of the sandbox, and makes the files of a set of them.

Rules kept here:
- what comes out of the sandbox is not believed: a packed row that says what no row says is refused;
- a row that grades or flags names no harmless file, whatever the list is called: it is refused, and named;
- hashes other than digests are not taken, and counted.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from safelight.errors import InputError, UsageError
from safelight.known.formats.packing import pack_row
from safelight.known.formats.values import NEVER
from safelight.known.public.kinds import KINDS, Rows, rows_of
from safelight.known.public.sets import DigestSet, Seals
from safelight.known.public.sorting import Sorter
from safelight.known.public.tables import write_table
from safelight.known.rows import PACKED_BYTES, BadRow, Given, KnownRow, PackedRows, Told
from safelight.known.rules import BENIGN, row_problem, speaks_demo

Refuse = Callable[[int, str, str], None]
"""Takes line, reason and text of what is not taken."""
_DIGESTS = Given.MD5 | Given.SHA1 | Given.SHA256


class BadReplyOfReaderError(InputError):
    """The reader of the list answered what no reader answers: nothing was imported."""


class SetIntake:
    """Takes rows, then makes the files in `folder`, where what is sorted on the way lies too."""

    def __init__(self, folder: Path, refuse: Refuse, *, demo_folder: bool) -> None:
        self.read, self.without_hashes = 0, 0
        self._folder, self._refuse, self._demo_folder = folder, refuse, demo_folder
        self._sorters = {kind.name: Sorter(folder, kind.name, kind.width) for kind in KINDS.values()}

    def take(self, messages: Sequence[Told]) -> None:
        """Take messages of the reader, in order.

        Raises:
            BadReplyOfReaderError: a message holds no whole rows.
            UsageError: a row declares itself a demonstration in a real base.
            OSError: the disk does not take them.
        """
        for message in messages:
            if isinstance(message, PackedRows):
                self._add(message.rows)
                continue
            self.read += 1
            if isinstance(message, BadRow):
                self._refuse(message.line, message.reason, message.text)
            elif (problem := row_problem(message) or self._unfit(message)) is not None:
                self._refuse(message.line, problem, message.comment or message.external_id or "")
            else:
                self.without_hashes += bool(message.pdq or message.opaque)
                self._sort(_as_array(pack_row(message.md5, message.sha1, message.sha256, message.size)))

    def finish(self, before: DigestSet | None = None) -> Seals:
        """Write the files: all rows, and those of the set `before`, which was checked, each once.

        Raises:
            OSError: the disk does not take them.
        """
        seals = {}
        for kind in KINDS.values():
            earlier = []
            if before is not None:
                earlier.append(before.tables[kind.name].rows)
            sorter = self._sorters.pop(kind.name)
            seals[kind.name] = write_table(self._folder / kind.name, kind, sorter.merged(earlier))
            sorter.clear()
        return Seals(seals)

    def _add(self, raw: bytes) -> None:
        if len(raw) % PACKED_BYTES:
            raise BadReplyOfReaderError
        rows = _as_array(raw)
        self.read += len(rows)
        good = _credible(rows)
        if not good.all():
            bad = int(np.count_nonzero(~good))
            self._refuse(0, f"{bad} packed rows hold no digest, or one that every empty file has", "")
            rows = rows[good]
        self._sort(rows)

    def _sort(self, rows: Rows) -> None:
        for kind in KINDS.values():
            self._sorters[kind.name].add(rows_of(rows, kind))

    def _unfit(self, row: KnownRow) -> str | None:
        if not self._demo_folder and speaks_demo(row):
            raise UsageError(
                f"line {row.line} declares itself a demonstration: such a list is taken in a demonstration data folder "
                "only; nothing was imported"
            )
        if row.category not in (None, BENIGN):
            return f"it has the grade {row.category[:60]!r}, in a published list of known good"
        flags = (row.victim_identified, row.offender_identified, row.distributed, row.self_generated, row.suspected)
        if any(flags) or row.baseline or row.series is not None:
            return "it says more than that a file is harmless, in a published list of known good"
        if not (row.md5 or row.sha1 or row.sha256):
            return "no digest in it: a published list of known good is asked by digests only"
        return None


def _as_array(raw: bytes) -> Rows:
    return np.frombuffer(raw, np.uint8).reshape(-1, PACKED_BYTES)


def _credible(rows: Rows) -> NDArray[np.bool_]:
    """Which packed rows say that they hold what they can hold, and no digest that is that of no content."""
    given = rows[:, 0]
    good = ((given & _DIGESTS) != 0) & (given <= (_DIGESTS | Given.SIZE))
    for kind in KINDS.values():
        digests = rows[:, kind.at : kind.at + kind.digest]
        for never in NEVER:
            if len(never) == kind.digest:
                alike = (digests == np.frombuffer(never, np.uint8)).all(axis=1)
                good &= ~(alike & ((given & kind.given) != 0))
    return np.asarray(good)
