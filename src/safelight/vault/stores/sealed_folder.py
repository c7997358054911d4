"""Blobs as files in a folder: `ab/<address>`, each written beside its place, synced, and linked into it.

All of one call are on the disk before the first gets its name; then each folder that got one is synced once. Modes are
0400 for files and 0700 for folders. How large a blob is can be seen from outside, and so can its time.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from safelight.platform.disk import disk_in_words
from safelight.platform.writing import sync_folder
from safelight.vault.blobs import (
    Address,
    AddressTakenError,
    NoSuchBlobError,
    UnreadableBlobError,
    checked_address,
)
from safelight.vault.chunked import Block
from safelight.vault.stores.drafts import abandoned, draft_folder, sync_file, write_draft

_INCOMING = "incoming"
_NO_FILE = (FileNotFoundError, NotADirectoryError)


class SealedFolder:
    """A `BlobStore` in a folder of a local disk. Made on first use; safe for many processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put_many(self, blobs: Iterable[tuple[Address, Iterable[Block]]]) -> None:
        """Keep many blobs; see `BlobStore`."""
        with self._in_words(), draft_folder(self.root / _INCOMING) as drafts:
            written: list[Address] = []
            for address, pieces in blobs:
                checked_address(address)
                if (drafts / address).exists():
                    raise AddressTakenError
                write_draft(drafts / address, pieces)
                written.append(address)
            for address in written:
                sync_file(drafts / address)
            self._give_names(drafts, written)

    def _give_names(self, drafts: Path, written: list[Address]) -> None:
        """Link the drafts into their places, all of them or none."""
        places = {address: self._path(address) for address in written}
        folders = sorted({place.parent for place in places.values()})
        with ExitStack() as undo:
            for folder in folders:
                folder.mkdir(mode=0o700, exist_ok=True)
            for address, place in places.items():
                try:
                    os.link(drafts / address, place)
                except FileExistsError:
                    raise AddressTakenError from None
                undo.callback(place.unlink, missing_ok=True)
            for folder in folders:
                sync_folder(folder)
            sync_folder(self.root)
            undo.pop_all()

    def size(self, address: Address) -> int:
        """How many bytes a blob has; see `BlobStore`."""
        with self._reading(address) as handle:
            return os.fstat(handle).st_size

    def read_at(self, address: Address, offset: int, length: int) -> bytes:
        """Bytes of a blob; see `BlobStore`."""
        found = bytearray()
        with self._reading(address) as handle:
            while piece := os.pread(handle, length - len(found), offset + len(found)):
                found += piece
        return bytes(found)

    def remove_many(self, addresses: Iterable[Address]) -> None:
        """Remove blobs for good; see `BlobStore`."""
        folders = set()
        with self._in_words():
            for address in addresses:
                path = self._path(address)
                with suppress(*_NO_FILE):
                    path.unlink()
                    folders.add(path.parent)
            for folder in sorted(folders):
                sync_folder(folder)

    def addresses(self) -> Iterator[Address]:
        """Every address in ascending order; see `BlobStore`."""
        for path in self._entries():
            if self._is_blob(path):
                yield path.name

    def strays(self) -> Iterator[str]:
        """What is no blob; see `BlobStore`."""
        for path in self._entries():
            if not self._is_blob(path):
                yield str(path.relative_to(self.root))
        for folder in abandoned(self.root / _INCOMING):
            yield str(folder.relative_to(self.root))

    def _path(self, address: Address) -> Path:
        checked_address(address)
        return self.root / address[:2] / address

    def _is_blob(self, path: Path) -> bool:
        try:
            return path == self._path(path.name) and stat.S_ISREG(path.lstat().st_mode)
        except (ValueError, *_NO_FILE):
            return False

    def _entries(self) -> Iterator[Path]:
        """Everything that is no folder, outside the folder of unfinished files; links are not followed."""
        for folder, names, files in os.walk(self.root):
            above = Path(folder)
            if above == self.root and _INCOMING in names:
                names.remove(_INCOMING)
            names.sort()
            linked = [name for name in names if (above / name).is_symlink()]
            yield from (above / name for name in sorted([*files, *linked]))

    @contextmanager
    def _reading(self, address: Address) -> Iterator[int]:
        path = self._path(address)
        try:
            # A pipe in a blob's place is not waited for, and a link is not followed out of the store.
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise FileNotFoundError
                yield handle
            finally:
                os.close(handle)
        except _NO_FILE:
            raise NoSuchBlobError(f"Blob {address} is not in the store: restore it from a backup.") from None
        except OSError as error:
            raise UnreadableBlobError(
                f"Blob {address} cannot be read ({error.strerror}): look at the disk, and restore it from a backup."
            ) from error

    def _in_words(self) -> AbstractContextManager[None]:
        return disk_in_words(f"The content in {self.root}")
