"""Verification of a copied log, offline and with the log's public key alone.

Rules kept here:
- every entry is held against its hash, every tile against the level below it, the tree against the checkpoint, and the
  checkpoint against those that were kept outside;
- what is wrong is named, and the search goes on: one damaged file does not hide another;
- files beyond the checkpoint are not part of the log yet, and nothing is said about them;
- without a checkpoint kept outside, a log that its owner wrote anew from the start cannot be told from the true one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from safelight.errors import InputError
from safelight.log.checkpoints import Checkpoint, open_checkpoint
from safelight.log.merkle import leaf_hash, root, root_of
from safelight.log.notes import BadKeyError, VerifierKey
from safelight.log.reading import read_entries, read_hashes, subtree_reader
from safelight.log.tile_store import NoSuchTileError, TileStore
from safelight.log.tiles import TILE_WIDTH, DamagedLogError, Tile, count_at, tile_at, tiles_of

_Read = TypeVar("_Read")


class FaultKind(StrEnum):
    """What was done to a log; closed vocabulary.

    `edit`: bytes were changed. `truncation`: files that the checkpoint covers are missing. `rollback`: the log is
    shorter than it was. `fork`: the log tells another history than it told before.
    """

    EDIT = "edit"
    TRUNCATION = "truncation"
    ROLLBACK = "rollback"
    FORK = "fork"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: its kind, and a sentence about it."""

    kind: FaultKind
    sentence: str


@dataclass(frozen=True)
class Findings:
    """The checkpoint that was verified, None where there is no valid one, and everything that is wrong."""

    checkpoint: Checkpoint | None
    faults: tuple[Fault, ...]


def verify_log(store: TileStore, key: VerifierKey, older: Sequence[Checkpoint] = ()) -> Findings:
    """Verify a whole log under its public key, and against older checkpoints of it (opened under the same key).

    Hashes every entry once; holds one bundle at a time, and 32 bytes for each 256 entries.

    Raises:
        BadKeyError: the key is one of a witness.
        ValueError: an older checkpoint is of another log.
    """
    if any(one.origin != key.name for one in older):
        raise ValueError("an older checkpoint is of another log")
    untrusted_checkpoint = store.checkpoint()
    if untrusted_checkpoint is None:
        return Findings(
            None, (Fault(FaultKind.TRUNCATION, "The log has no checkpoint: nothing in it can be verified."),)
        )
    try:
        checkpoint = open_checkpoint(untrusted_checkpoint, key)
    except BadKeyError:
        raise
    except InputError as error:
        return Findings(None, (Fault(FaultKind.EDIT, f"The log's checkpoint cannot be trusted: {error.message}"),))
    search = _Search(store, checkpoint)
    search.run()
    for one in older:
        search.compare(one)
    return Findings(checkpoint, tuple(search.faults))


class _Search:
    """Goes through the files that a checkpoint covers and notes each fault once."""

    def __init__(self, store: TileStore, checkpoint: Checkpoint) -> None:
        self.store = store
        self.checkpoint = checkpoint
        self.faults: dict[Fault, None] = {}
        self._subtree = subtree_reader(store, checkpoint.size)

    def run(self) -> None:
        self._check_entries()
        level = 0
        while count_at(self.checkpoint.size, level + 1):
            self._check_level(level)
            level += 1
        reached = self._try(lambda: root(self._subtree, self.checkpoint.size))
        if reached not in {None, self.checkpoint.root}:
            self._note(FaultKind.EDIT, "The log's tiles do not lead to the root in its checkpoint: one was changed.")
        for tile in self.store.tiles():
            self._check_partial(tile)

    def compare(self, older: Checkpoint) -> None:
        """Whether the log goes on from an older checkpoint of it."""
        size = self.checkpoint.size
        if older.size > size:
            self._note(
                FaultKind.ROLLBACK,
                f"The log has {size} entries, and had {older.size} at an older checkpoint: it was rolled back.",
            )
            return
        reached = self.checkpoint.root
        if older.size < size:
            reached = self._try(lambda: root(self._subtree, older.size)) or older.root
        if reached != older.root:
            self._note(
                FaultKind.FORK,
                f"The log does not go on from its older checkpoint of {older.size} entries: its history was rewritten.",
            )

    def _check_entries(self) -> None:
        for bundle in tiles_of(None, 0, self.checkpoint.size):
            tile = replace(bundle, level=0)
            entries, leaves = self._read(bundle), self._read(tile)
            if entries is None or leaves is None:
                continue
            for place, (entry, leaf) in enumerate(zip(entries, leaves, strict=True)):
                if leaf_hash(entry) != leaf:
                    number = bundle.number * TILE_WIDTH + place
                    self._note(
                        FaultKind.EDIT,
                        f"Entry {number} of the log does not fit its hash in {tile.path}: one was changed.",
                    )

    def _check_level(self, level: int) -> None:
        """Every full tile of a level against its hash in the level above."""
        for upper in tiles_of(level + 1, 0, count_at(self.checkpoint.size, level + 1)):
            for place, expected in enumerate(self._read(upper) or ()):
                tile = Tile(level, upper.number * TILE_WIDTH + place)
                hashes = self._read(tile)
                if hashes is not None and root_of(hashes) != expected:
                    self._note(
                        FaultKind.EDIT,
                        f"{tile.path} of the log does not fit its hash in {upper.path}: one was changed.",
                    )

    def _check_partial(self, tile: Tile) -> None:
        """A partial tile of an earlier size against what it has grown to."""
        count = count_at(self.checkpoint.size, tile.level)
        if tile.number * TILE_WIDTH + tile.width >= count or tile.is_full:
            return
        whole, part = self._read(tile_at(tile.level, tile.number, count)), self._read(tile)
        if whole is not None and part is not None and whole[: tile.width] != part:
            self._note(FaultKind.EDIT, f"{tile.path} of the log does not fit what it has grown to: one was changed.")

    def _read(self, tile: Tile) -> list[bytes] | None:
        read = read_entries if tile.level is None else read_hashes
        return self._try(lambda: read(self.store, tile))

    def _try(self, read: Callable[[], _Read]) -> _Read | None:
        """What is read, or None where it cannot be, which is noted."""
        try:
            return read()
        except DamagedLogError as error:
            missing = isinstance(error, NoSuchTileError)
            self._note(FaultKind.TRUNCATION if missing else FaultKind.EDIT, error.message)
            return None

    def _note(self, kind: FaultKind, sentence: str) -> None:
        self.faults[Fault(kind, sentence)] = None
