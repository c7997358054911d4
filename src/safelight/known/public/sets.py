"""A published list as it is asked: what its files say of a whole batch of contents at once.

Rules kept here:
- a content is answered once by a set, by the strongest of its digests that agrees;
- a digest that agrees is no match where a stronger one, which the list and the content both have, differs;
- a size agrees, differs, or is told by one side only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from safelight.known.public.kinds import (
    KINDS,
    NO_SIZE,
    STRONGER_SHA1,
    STRONGER_SHA256,
    Kind,
    Rows,
)
from safelight.known.public.lookup import best_rows
from safelight.known.public.tables import DamagedTableError, Seal, Table
from safelight.vault.signature_blocks import NewSignature


class Seals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the files of a set are held to, by the name of the kind; each kind has one, though it be empty."""

    tables: dict[str, Seal]

    @property
    def entries(self) -> int:
        """Of how many contents the set tells, each counted by its strongest digest."""
        return sum(seal.strongest for seal in self.tables.values())


class Hit(NamedTuple):
    """What a set says of one content: its place among the questions, how it agreed, and whether the size does too."""

    question: int
    how: str
    digest: bytes
    size_agrees: bool | None


@dataclass(frozen=True)
class Questions:
    """Contents that are asked about: their digests of each kind as arrays, with the number of the content of each."""

    count: int
    keys: dict[str, Rows]
    numbers: dict[str, NDArray[np.int64]]
    sizes: NDArray[np.uint64]
    stronger: dict[str, NDArray[np.uint64]]
    """Of each kind and content the flags of the stronger digests that the content has."""

    @classmethod
    def of(cls, contents: Sequence[NewSignature]) -> Self:
        """Make the arrays once for all sets."""
        keys, numbers = {}, {}
        had: dict[str, NDArray[np.bool_]] = {}
        for kind in KINDS.values():
            digests = [getattr(content, kind.name) for content in contents]
            having = [number for number, digest in enumerate(digests) if digest is not None]
            keys[kind.name] = np.frombuffer(b"".join(digests[number] for number in having), np.uint8).reshape(
                -1, kind.digest
            )
            numbers[kind.name] = np.array(having, np.int64)
            had[kind.name] = np.zeros(len(contents), np.bool_)
            had[kind.name][having] = True
        sizes = np.array([NO_SIZE if one.size is None else min(one.size, NO_SIZE) for one in contents], np.uint64)
        by_sha256 = np.where(had["sha256"], np.uint64(STRONGER_SHA256), np.uint64(0))
        by_sha1 = np.where(had["sha1"], np.uint64(STRONGER_SHA1), np.uint64(0))
        stronger = {"sha256": np.zeros(len(contents), np.uint64), "sha1": by_sha256, "md5": by_sha256 | by_sha1}
        return cls(len(contents), keys, numbers, sizes, stronger)


@dataclass
class DigestSet:
    """The files of one set, open."""

    tables: dict[str, Table]
    entries: int

    @classmethod
    def open(cls, folder: Path, seals: Seals) -> Self:
        """Open the files of a set.

        Raises:
            DamagedTableError: one is missing or not what was written.
        """
        tables = {name: Table.open(folder / name, kind, seals.tables[name]) for name, kind in KINDS.items()}
        return cls(tables, seals.entries)

    def find(self, asked: Questions) -> list[Hit]:
        """What the set says of each content that it tells of, by the order of the questions.

        Raises:
            DamagedTableError: a row that would answer is not what was written.
        """
        hits: list[Hit] = []
        waiting = np.ones(asked.count, np.bool_)
        for name, table in self.tables.items():
            if len(table.rows):
                found = _found(table, KINDS[name], asked, waiting)
                waiting[[hit.question for hit in found]] = False
                hits += found
        return sorted(hits)

    def check(self) -> list[str]:
        """Read every row; what is wrong, a sentence for each file."""
        faults = []
        for table in self.tables.values():
            try:
                table.check()
            except DamagedTableError as error:
                faults.append(error.message)
        return faults


def _found(table: Table, kind: Kind, asked: Questions, waiting: NDArray[np.bool_]) -> list[Hit]:
    """What one file says of the contents that still wait for an answer."""
    open_ = waiting[asked.numbers[kind.name]]
    keys, numbers = asked.keys[kind.name][open_], asked.numbers[kind.name][open_]
    begin = np.zeros((len(keys), kind.width), np.uint8)
    begin[:, : kind.digest] = keys
    firsts = table.first_not_below(begin)
    if kind.width == kind.digest:
        places = np.minimum(firsts, len(table.rows) - 1)
        agreeing = np.flatnonzero((table.rows[places] == keys).all(axis=1))
        table.proved(firsts[agreeing])
        return [Hit(int(numbers[at]), kind.name, keys[at].tobytes(), None) for at in agreeing.tolist()]
    found = best_rows(table.rows, firsts, keys, asked.sizes[numbers], asked.stronger[kind.name][numbers])
    agreeing = np.flatnonzero(found[:, 1] >= 0)
    table.proved(found[agreeing, 0])
    told = {0: False, 1: None, 2: True}
    pairs = zip(agreeing.tolist(), found[agreeing, 1].tolist(), strict=True)
    return [Hit(int(numbers[at]), kind.name, keys[at].tobytes(), told[how]) for at, how in pairs]
