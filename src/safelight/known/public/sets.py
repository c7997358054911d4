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
    tail_bytes,
    tails_of,
)
from safelight.known.public.tables import DamagedTableError, Seal, Table
from safelight.vault.signature_blocks import NewSignature

_FLAGS = (0, STRONGER_SHA256, STRONGER_SHA1, STRONGER_SHA256 | STRONGER_SHA1)


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
        hits: dict[int, Hit] = {}
        for name, table in self.tables.items():
            if len(table.rows):
                for hit in _found(table, KINDS[name], asked):
                    hits.setdefault(hit.question, hit)
        return [hits[question] for question in sorted(hits)]

    def check(self) -> list[str]:
        """Read every row; what is wrong, a sentence for each file."""
        faults = []
        for table in self.tables.values():
            try:
                table.check()
            except DamagedTableError as error:
                faults.append(error.message)
        return faults


def _found(table: Table, kind: Kind, asked: Questions) -> list[Hit]:
    """What one file says."""
    keys, numbers = asked.keys[kind.name], asked.numbers[kind.name]
    begin = np.zeros((len(keys), kind.width), np.uint8)
    begin[:, : kind.digest] = keys
    firsts = table.first_not_below(begin)
    within = firsts < len(table.rows)
    agreeing = within.copy()
    agreeing[within] = (table.rows[firsts[within], : kind.digest] == keys[within]).all(axis=1)
    places = np.flatnonzero(agreeing)
    if kind.width == kind.digest:
        table.proved(firsts[places])
        return [Hit(int(numbers[at]), kind.name, keys[at].tobytes(), None) for at in places.tolist()]
    found = _by_size(
        table, kind, keys[places], asked.sizes[numbers[places]], asked.stronger[kind.name][numbers[places]]
    )
    told = {0: False, 1: None, 2: True}
    pairs = zip(places.tolist(), found.tolist(), strict=True)
    return [Hit(int(numbers[at]), kind.name, keys[at].tobytes(), told[how]) for at, how in pairs if how >= 0]


def _by_size(
    table: Table, kind: Kind, keys: Rows, sizes: NDArray[np.uint64], stronger: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Of m digests that stand in the file: 2 where a row agrees in size, 1 where a side tells none, 0 where all differ.

    -1 where every row has a stronger digest that the content has too: since that did not agree, the row is no match.
    """
    best = np.full(len(keys), -1, np.int64)
    for flag in _FLAGS:
        open_to = (stronger & np.uint64(flag)) == 0
        for size, worth in ((sizes, 2), (np.uint64(NO_SIZE), 1), (np.uint64(0), 0)):
            wanted = np.flatnonzero(open_to & (best < worth))
            tails = np.broadcast_to(np.asarray(size | np.uint64(flag)), len(keys))[wanted]
            rows = np.concatenate([keys[wanted], tail_bytes(tails)], axis=1)
            firsts = table.first_not_below(rows)
            near = firsts < len(table.rows)
            wanted, rows, firsts, tails = wanted[near], rows[near], firsts[near], tails[near]
            stored = table.rows[firsts]
            same = (stored[:, : kind.digest] == rows[:, : kind.digest]).all(axis=1)
            there = tails_of(stored, kind)
            same &= there == tails if worth else (there & np.uint64(STRONGER_SHA256 | STRONGER_SHA1)) == flag
            table.proved(firsts[same])
            best[wanted[same]] = np.where(sizes[wanted[same]] == NO_SIZE, 1, worth)
    return best
