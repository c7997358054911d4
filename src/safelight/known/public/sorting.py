"""Sorts rows that do not fit into memory: sorted runs on the disk, merged a range of keys at a time.

Rules kept here:
- rows come out in the order of their bytes, each once, however often they went in;
- no more than some millions of rows are in memory at once, whatever the keys: a range that holds more is split by its
  next byte, down to the last.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from safelight.known.public.kinds import Rows

RUN_ROWS = 1 << 21
MERGE_ROWS = 1 << 22
_BYTES = np.arange(256, dtype=np.uint8)


class Sorter:
    """Takes rows of one width in any order, gives them back sorted; its runs lie in `folder`, which its owner removes.

    `run_rows` rows are sorted at once, and no more than `merge_rows` merged, or one of each run where that is more.
    """

    def __init__(
        self, folder: Path, name: str, width: int, *, run_rows: int = RUN_ROWS, merge_rows: int = MERGE_ROWS
    ) -> None:
        self._folder, self._name, self._width = folder, name, width
        self._run_rows, self._merge_rows = run_rows, merge_rows
        self._waiting: list[Rows] = []
        self._count = 0
        self._runs: list[Rows] = []

    def add(self, rows: Rows) -> None:
        """Take n x width bytes.

        Raises:
            OSError: the disk does not take a run.
        """
        self._waiting.append(rows)
        self._count += len(rows)
        if self._count >= self._run_rows:
            self._end_run()

    def merged(self, others: Sequence[Rows] = ()) -> Iterator[Rows]:
        """All rows, and those of `others`, which are sorted already, each once; in pieces of n x width bytes."""
        self._end_run()
        yield from _merged([*self._runs, *others], 0, self._width, self._merge_rows)

    def clear(self) -> None:
        """Remove the runs, once all is written."""
        for number in range(len(self._runs)):
            (self._folder / f"{self._name}-run-{number}").unlink()
        self._runs.clear()

    def _end_run(self) -> None:
        if not self._count:
            return
        run = sorted_once(np.concatenate(self._waiting))
        path = self._folder / f"{self._name}-run-{len(self._runs)}"
        run.tofile(path)
        self._runs.append(np.memmap(path, np.uint8, "r").reshape(-1, self._width))
        self._waiting, self._count = [], 0


def sorted_once(rows: Rows) -> Rows:
    """Rows in the order of their bytes, each once. Pieces that are sorted already cost little."""
    ordered = np.sort(_texts(rows), kind="stable")
    keep = np.ones(len(ordered), np.bool_)
    keep[1:] = ordered[1:] != ordered[:-1]
    return ordered[keep].view(np.uint8).reshape(-1, rows.shape[1])


def _texts(rows: Rows) -> NDArray[np.bytes_]:
    """Each row as one value that compares byte by byte; all are as wide, so zeros at the end change nothing."""
    return np.ascontiguousarray(rows).view(f"S{rows.shape[1]}").ravel()


def _merged(slices: Sequence[Rows], depth: int, width: int, most: int) -> Iterator[Rows]:
    """Merge slices whose rows agree on their first `depth` bytes."""
    slices = [one for one in slices if len(one)]
    if len(slices) == 1 and len(slices[0]) > most:
        yield from (slices[0][at : at + most] for at in range(0, len(slices[0]), most))
    elif sum(map(len, slices)) <= most or depth == width:
        if slices:
            yield sorted_once(np.concatenate(slices))
    else:
        begins = [[*np.searchsorted(one[:, depth], _BYTES).tolist(), len(one)] for one in slices]
        for value in range(256):
            within = [one[begin[value] : begin[value + 1]] for one, begin in zip(slices, begins, strict=True)]
            yield from _merged(within, depth + 1, width, most)
