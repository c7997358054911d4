"""Objects as files in a folder: `ab/cd/<sha256>`, each written beside its place, synced, and renamed into it.

A writer keeps its unfinished files in a folder of its own under `incoming`, which it locks as long as it lives; what a
dead writer left there is removed by the next one. (The order of syncs follows tessera's `storage/posix`.)
"""

import errno
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from safelight.errors import CannotRunError
from safelight.vault.objects import DamagedObjectError, Fault, Key, NoSuchObjectError, checked_key

_BLOCK = 1 << 20
_INCOMING = "incoming"
_IN_WORDS = {
    errno.ENOSPC: "the disk is full; make room",
    errno.EDQUOT: "the disk quota is used up; make room",
    errno.EROFS: "the disk is read-only; make it writable",
    errno.EACCES: "the folder may not be written; change its permissions",
}


class FolderStore:
    """An `ObjectStore` in a folder of a local disk. Made on first use; safe for many processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes | BinaryIO) -> Key:
        """Keep one content; see `ObjectStore`."""
        return self.put_many([content])[0]

    def put_many(self, contents: Iterable[bytes | BinaryIO]) -> list[Key]:
        """Keep many contents; see `ObjectStore`. All are on the disk before the first gets its name."""
        try:
            with _draft_folder(self.root) as drafts:
                written = [_write_draft(drafts / str(number), content) for number, content in enumerate(contents)]
                for number in range(len(written)):
                    _sync(drafts / str(number))
                self._give_names(drafts, written)
        except OSError as error:
            if error.errno not in _IN_WORDS:
                raise
            raise CannotRunError(f"Nothing can be kept in {self.root}: {_IN_WORDS[error.errno]}.") from error
        return [key for key, _ in written]

    def _give_names(self, drafts: Path, written: list[tuple[Key, int]]) -> None:
        places = [self._path(key) for key, _ in written]
        folders = sorted({place.parent for place in places})
        _make_folders(self.root, folders)
        for number, (place, (_, size)) in enumerate(zip(places, written, strict=True)):
            # One that is there already stays as it is, unless a disk fault has cut it short.
            if not place.exists() or place.stat().st_size != size:
                (drafts / str(number)).rename(place)
        for folder in folders:
            _sync(folder)

    def get(self, key: Key) -> bytes:
        """Return the bytes of an object; see `ObjectStore`."""
        try:
            content = self._path(key).read_bytes()
        except FileNotFoundError:
            raise NoSuchObjectError(f"Object {key} is not in the store: never kept, or removed.") from None
        if hashlib.sha256(content).hexdigest() != key:
            raise DamagedObjectError(f"Object {key} is damaged on the disk: restore it from a backup.")
        return content

    @contextmanager
    def open(self, key: Key) -> Iterator[BinaryIO]:
        """Open an object for reading; see `ObjectStore`."""
        try:
            file = self._path(key).open("rb")
        except FileNotFoundError:
            raise NoSuchObjectError(f"Object {key} is not in the store: never kept, or removed.") from None
        with file:
            if hashlib.file_digest(file, "sha256").hexdigest() != key:
                raise DamagedObjectError(f"Object {key} is damaged on the disk: restore it from a backup.")
            file.seek(0)
            yield file

    def exists(self, key: Key) -> bool:
        """Tell whether the store holds an object."""
        return self._path(key).is_file()

    def remove(self, key: Key) -> None:
        """Remove an object for good; see `ObjectStore`."""
        path = self._path(key)
        with suppress(FileNotFoundError):
            path.unlink()
            _sync(path.parent)

    def keys(self) -> Iterator[Key]:
        """Yield every key in ascending order."""
        for path in self._files():
            if not _misplaced(self.root, path):
                yield path.name

    def verify(self) -> Iterator[Fault]:
        """Check every file of the store; see `ObjectStore`."""
        for path in self._files():
            where = str(path.relative_to(self.root))
            if _misplaced(self.root, path):
                yield Fault(where, "does not belong into the store")
                continue
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != path.name:
                    yield Fault(path.name, "its bytes are not those that were kept")
        for folder in _abandoned(self.root / _INCOMING):
            yield Fault(f"{_INCOMING}/{folder.name}", "left unfinished by a writer that died; the next one removes it")

    def _path(self, key: Key) -> Path:
        checked_key(key)
        return self.root / key[:2] / key[2:4] / key

    def _files(self) -> Iterator[Path]:
        for folder, names, files in os.walk(self.root):
            if Path(folder) == self.root and _INCOMING in names:
                names.remove(_INCOMING)
            names.sort()
            yield from (Path(folder) / name for name in sorted(files))


def _misplaced(root: Path, path: Path) -> bool:
    try:
        key = checked_key(path.name)
    except ValueError:
        return True
    return path != root / key[:2] / key[2:4] / key


def _make_folders(root: Path, folders: list[Path]) -> None:
    """Make two levels of folders, so that they outlive a power cut before anything is put into them."""
    uppers = sorted({folder.parent for folder in folders})
    for step in (*uppers, *folders):
        with suppress(FileExistsError):
            step.mkdir(mode=0o700)
    for parent in (root, *uppers):
        _sync(parent)


@contextmanager
def _draft_folder(root: Path) -> Iterator[Path]:
    """Make a folder for unfinished files, locked while this process lives; remove what dead writers left."""
    incoming = root / _INCOMING
    if not incoming.exists():
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        incoming.mkdir(mode=0o700, exist_ok=True)
        _sync(root.parent)
    for left in _abandoned(incoming):
        shutil.rmtree(left, ignore_errors=True)
    drafts, lock = _locked_folder(incoming)
    try:
        yield drafts
    finally:
        shutil.rmtree(drafts, ignore_errors=True)
        os.close(lock)


def _locked_folder(incoming: Path) -> tuple[Path, int]:
    while True:
        drafts = incoming / secrets.token_hex(8)
        drafts.mkdir(mode=0o700)
        # Between the two steps another writer may take the folder for abandoned: then it is gone, and we try again.
        with suppress(FileNotFoundError, BlockingIOError):
            lock = os.open(drafts, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if drafts.exists():
                return drafts, lock
            os.close(lock)


def _abandoned(incoming: Path) -> Iterator[Path]:
    """Yield the draft folders that no living process has locked."""
    with suppress(FileNotFoundError):
        for folder in sorted(incoming.iterdir()):
            with suppress(FileNotFoundError, NotADirectoryError):  # cleared meanwhile, or a file that nobody needs
                lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield folder
                except BlockingIOError:
                    continue
                finally:
                    os.close(lock)


def _write_draft(path: Path, content: bytes | BinaryIO) -> tuple[Key, int]:
    """Write a content to a file of its own; return its key and size."""
    source = BytesIO(content) if isinstance(content, bytes) else content
    digest = hashlib.sha256()
    size = 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "wb") as file:
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
            file.write(block)
    return digest.hexdigest(), size


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
