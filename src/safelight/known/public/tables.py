"""One file of sorted rows: written once, never changed, mapped into memory when it is asked.

    rows             n x width bytes, sorted, each once
    fan-out          65,537 numbers (8 bytes, the lowest first): at which row those with these first two bytes begin
    proofs           a SHA-256 for each 1,024 rows

Rules kept here:
- a file is opened by its seal, which names its rows and the SHA-256 of fan-out and proofs: those are compared when it
  is opened, and the rows of an answer when it is given. So no altered row ever answers; one that was taken away or
  altered may keep an answer back until the file is checked;
- a file that is not what was written is named, with what to do.
"""

import hashlib
import mmap
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from safelight.errors import InputError
from safelight.known.public.kinds import Kind, Rows, strongest
from safelight.known.public.lookup import FAN, lower_bounds

PROVED_ROWS = 1024
_PROOF_BYTES = 32
_FAN_BYTES = (FAN + 1) * 8
_PIECE = 1 << 22


class DamagedTableError(InputError):
    """A file of digests is not what was written: import its list again, or remove the source."""


class Seal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file is held to: its rows, the SHA-256 of fan-out and proofs; and of how many contents it tells alone."""

    rows: int
    index: str
    strongest: int


def write_table(path: Path, kind: Kind, pieces: Iterable[Rows]) -> Seal:
    """Write a new file of rows that come sorted, each once; it is on the disk when this returns.

    Raises:
        OSError: the disk does not take it.
    """
    proofs, counts, alone = _Proofs(), np.zeros(FAN, np.int64), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for piece in pieces:
            rows = np.ascontiguousarray(piece)
            file.write(rows.data)
            proofs.add(rows)
            counts += np.bincount(rows[:, 0].astype(np.int64) << 8 | rows[:, 1], minlength=FAN)
            alone += strongest(rows, kind)
        fan = np.concatenate([[0], np.cumsum(counts)]).astype("<i8").tobytes()
        index = fan + proofs.ended()
        file.write(index)
        file.flush()
        os.fsync(file.fileno())
    return Seal(int(counts.sum()), hashlib.sha256(index).hexdigest(), alone)


class _Proofs:
    """The SHA-256 of each so many rows, as they are written."""

    def __init__(self) -> None:
        self._digests: list[bytes] = []
        self._begun, self._rows = hashlib.sha256(), 0

    def add(self, rows: Rows) -> None:
        at = 0
        while at < len(rows):
            some = rows[at : at + PROVED_ROWS - self._rows]
            self._begun.update(some.data)
            at, self._rows = at + len(some), self._rows + len(some)
            if self._rows == PROVED_ROWS:
                self._end()

    def ended(self) -> bytes:
        if self._rows:
            self._end()
        return b"".join(self._digests)

    def _end(self) -> None:
        self._digests.append(self._begun.digest())
        self._begun, self._rows = hashlib.sha256(), 0


class Table:
    """A file of sorted rows, open; it stays readable for who has it open, also after it was removed."""

    def __init__(self, path: Path, kind: Kind, seal: Seal, mapped: mmap.mmap) -> None:
        self.kind, self.path = kind, path
        size = seal.rows * kind.width
        self.rows: Rows = np.frombuffer(mapped, np.uint8, size).reshape(-1, kind.width)
        self._fan = np.frombuffer(mapped, "<i8", FAN + 1, size)
        self._proofs = np.frombuffer(mapped, np.uint8, offset=size + _FAN_BYTES).reshape(-1, _PROOF_BYTES)
        self._proved = np.zeros(len(self._proofs), np.bool_)

    @classmethod
    def open(cls, path: Path, kind: Kind, seal: Seal) -> Self:
        """Open a file.

        Raises:
            DamagedTableError: it is missing, too short or too long, or its fan-out or proofs were altered.
        """
        size = seal.rows * kind.width
        whole = size + _FAN_BYTES + _PROOF_BYTES * -(-seal.rows // PROVED_ROWS)
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_size != whole:
                    raise DamagedTableError(_said(path, "has another length than it was written with"))
                mapped = mmap.mmap(file.fileno(), whole, mmap.MAP_SHARED, mmap.PROT_READ)
        except OSError as error:
            raise DamagedTableError(_said(path, f"cannot be read ({error.strerror or error})")) from error
        with memoryview(mapped) as bytes_, bytes_[size:] as index:
            if hashlib.sha256(index).hexdigest() != seal.index:
                raise DamagedTableError(_said(path, "was altered"))
        return cls(path, kind, seal, mapped)

    def first_not_below(self, keys: Rows) -> NDArray[np.int64]:
        """Of each of m keys (m x width bytes) the first row that is not below it: m numbers, 0 to the count of rows."""
        return lower_bounds(self.rows, self._fan, np.ascontiguousarray(keys))

    def proved(self, numbers: NDArray[np.int64]) -> Rows:
        """The rows of these numbers, once it is sure that they are those that were written.

        Raises:
            DamagedTableError: they are not.
        """
        blocks = np.unique(numbers // PROVED_ROWS)
        for block in blocks[~self._proved[blocks]].tolist():
            self._prove(block)
        return self.rows[numbers]

    def check(self) -> None:
        """Read every row.

        Raises:
            DamagedTableError: some are not what was written.
        """
        for block in range(len(self._proofs)):
            self._prove(block)

    def pieces(self) -> Iterator[Rows]:
        """Every row in order, some thousands at a time, each proved.

        Raises:
            DamagedTableError: some are not what was written.
        """
        step = _PIECE // PROVED_ROWS // self.kind.width * PROVED_ROWS
        for at in range(0, len(self.rows), step):
            yield self.proved(np.arange(at, min(at + step, len(self.rows))))

    def _prove(self, block: int) -> None:
        rows = self.rows[block * PROVED_ROWS : (block + 1) * PROVED_ROWS]
        if hashlib.sha256(rows.data).digest() != self._proofs[block].tobytes():
            raise DamagedTableError(_said(self.path, f"was altered near row {block * PROVED_ROWS}"))
        self._proved[block] = True


def _said(path: Path, what: str) -> str:
    return (
        f"{path} {what}: import its list again (a list that lies in {path.parent.parent} is in no backup), "
        "or remove the source with `safelight known remove`"
    )
