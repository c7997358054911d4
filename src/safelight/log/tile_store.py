"""Where a log's files are kept: the port, and what can go wrong."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from safelight.log.tiles import DamagedLogError, Tile


class NoSuchTileError(DamagedLogError):
    """A file of the log is not there: restore it from a copy."""


class TileStore(Protocol):
    """The tiles, entry bundles and the one checkpoint of one log.

    A driver MUST:
    - acknowledge (return from `write`, `replace_checkpoint`) only what survives a power cut at the next instruction;
    - make a file appear whole or not at all, and one checkpoint take the place of the other in one step, also to other
      processes;
    - take the same bytes for the same tile again as a success that changes nothing;
    - refuse other bytes for a tile that is there with `DamagedLogError`: what was written may have been published;
    - raise `NoSuchTileError` for a tile it does not hold, and `CannotRunError` for a full or read-only disk, leaving
      every file as it was;
    - let two writers at once wait for each other. (That only one of them appends is the caller's to see to.)

    A driver MUST NOT:
    - change or remove a full tile, or a partial one whose full tile is not there;
    - interpret a checkpoint, or follow a name out of the log.
    """

    def write(self, files: Iterable[tuple[Tile, bytes]]) -> None:
        """Keep tiles and bundles; they may appear in any order, and all are there on return."""

    def read(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle as they are, unchecked, and not much more of them than it can have."""

    def drop_partials(self, tile: Tile) -> None:
        """Remove the partial tiles of this full tile, if there are any; where it is not there itself, do nothing."""

    def tiles(self) -> Iterator[Tile]:
        """Every tile and bundle that is there, in no order; what is none of these is passed over."""

    def checkpoint(self) -> bytes | None:
        """The checkpoint as it was written, or None before the first."""

    def replace_checkpoint(self, checkpoint: bytes) -> None:
        """Put a checkpoint in the place of the one before."""
