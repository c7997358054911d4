"""A log as files in a folder, named as C2SP's tiled logs are served: any web server can publish it, any copy is whole.

A file is written in `.incoming`, synced, and renamed to its place; then the folders above it are synced. Who writes
holds a lock on `.incoming`, and removes first what a dead writer left there.
"""

import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safelight.log.tile_store import NoSuchTileError
from safelight.log.tiles import DamagedLogError, Tile
from safelight.platform.disk import disk_in_words
from safelight.platform.writing import sync_folder

_INCOMING = ".incoming"
_CHECKPOINT = "checkpoint"
_MAX_CHECKPOINT_BYTES = 1 << 20
_NO_FILE = (FileNotFoundError, NotADirectoryError)


class FolderTileStore:
    """A `TileStore` in a folder of a local disk. Made on the first write; reading never changes anything."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Iterable[tuple[Tile, bytes]]) -> None:
        """Keep tiles and bundles; see `TileStore`."""
        with self._writing() as incoming:
            folders: set[Path] = set()
            for tile, content in files:
                place = self.root / tile.path
                folders.update(_make_folders(self.root, place.parent))
                if place.exists():
                    self._check_same(tile, content)
                    continue
                _write(incoming / "tile", content)
                (incoming / "tile").rename(place)
            for folder in sorted(folders, reverse=True):
                sync_folder(folder)

    def read(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle; see `TileStore`."""
        try:
            return _read(self.root / tile.path, tile.max_bytes + 1)
        except _NO_FILE:
            raise NoSuchTileError(f"{tile.path} of the log is missing: restore it from a copy.") from None

    def drop_partials(self, tile: Tile) -> None:
        """Remove the partial tiles of a full one; see `TileStore`."""
        full = self.root / tile.full.path
        partials = full.with_name(f"{full.name}.p")
        with self._writing(), suppress(FileNotFoundError):
            if full.exists():
                for path in partials.iterdir():
                    path.unlink()
                partials.rmdir()

    def tiles(self) -> Iterator[Tile]:
        """Every tile and bundle that is there; see `TileStore`."""
        for path in (self.root / "tile").rglob("*"):
            with suppress(ValueError):
                tile = Tile.parse(path.relative_to(self.root).as_posix())
                if path.is_file():
                    yield tile

    def checkpoint(self) -> bytes | None:
        """The checkpoint as it was written; see `TileStore`."""
        try:
            return _read(self.root / _CHECKPOINT, _MAX_CHECKPOINT_BYTES)
        except _NO_FILE:
            return None

    def replace_checkpoint(self, checkpoint: bytes) -> None:
        """Put a checkpoint in the place of the one before; see `TileStore`."""
        with self._writing() as incoming:
            _write(incoming / _CHECKPOINT, checkpoint)
            (incoming / _CHECKPOINT).rename(self.root / _CHECKPOINT)
            sync_folder(self.root)

    def _check_same(self, tile: Tile, content: bytes) -> None:
        if self.read(tile) != content:
            raise DamagedLogError(
                f"{tile.path} of the log is there with other bytes: restore the log, or the database, from a copy."
            )

    @contextmanager
    def _writing(self) -> Iterator[Path]:
        """A folder for unfinished files, empty and locked."""
        incoming = self.root / _INCOMING
        with disk_in_words(f"The log in {self.root}"):
            if not incoming.exists():
                self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
                incoming.mkdir(mode=0o700, exist_ok=True)
                sync_folder(self.root.parent)
            lock = os.open(incoming, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                for left in incoming.iterdir():
                    left.unlink()
                yield incoming
            finally:
                os.close(lock)


def _make_folders(root: Path, folder: Path) -> list[Path]:
    """Make a folder below `root` and those between; return them all, `root` with them: each has to be synced."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [folder, *(above for above in folder.parents if above.is_relative_to(root))]


def _read(path: Path, limit: int) -> bytes:
    """The first `limit` bytes of a file; anything but a file counts as not there, and is not waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise FileNotFoundError
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(handle)


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
