"""A folder of backups on some disk: bundles of sealed parts, and the blobs that they name, each once for all bundles.

    backup-20260314T120000Z/   database without keys, small files; manifest
    keys-20260314T120000Z/     tables of keys, tombstones; manifest. Kept for 30 days at most
    contents/ab/<address>      blobs as they lie in the vault, where they are sealed already

Rules kept here:
- a bundle is written beside its place, synced, and renamed into it: a killed backup is never taken for a whole one;
- one process at a time writes into a folder;
- nothing is believed of a bundle but what its manifest says, and that only under the node's signature.
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from safelight.access.backup.manifest import FORMAT, Kind, Manifest, Part, part_context, part_key
from safelight.access.layout import KEYS_FILE
from safelight.access.node import Node
from safelight.errors import CannotRunError, InputError
from safelight.platform.database import BusyError
from safelight.platform.writing import sync_folder
from safelight.vault.chunked import Block
from safelight.vault.records import open_record, seal_record
from safelight.vault.stores.drafts import draft_folder, sync_file, write_draft
from safelight.vault.stores.sealed_folder import SealedFolder

MANIFEST = "manifest"
_CONTENTS = "contents"
_INCOMING = "incoming"
_PIECE = 1 << 17


class NoBackupError(InputError):
    """There is no such backup in the folder."""


class DamagedBackupError(InputError):
    """The backup is damaged: take another one."""


class BackupFolder:
    """Where the backups of one node lie."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def contents(self) -> SealedFolder:
        """The blobs of all bundles."""
        return SealedFolder(self.root / _CONTENTS)

    def bundles(self, kind: Kind) -> list[str]:
        """The names of the bundles of a kind, the oldest first.

        Raises:
            CannotRunError: the folder cannot be read.
        """
        with in_words(self.root):
            return sorted(path.name for path in self._folders(kind) if (path / MANIFEST).is_file())

    def newest(self, kind: Kind) -> str:
        """The name of the newest bundle of a kind.

        Raises:
            NoBackupError: there is none.
        """
        names = self.bundles(kind)
        if not names:
            raise NoBackupError(f"There is no bundle of {kind.value} in {self.root}.")
        return names[-1]

    def keys_file(self, name: str) -> Path:
        """Where a bundle holds the file of node keys, which is locked by itself."""
        return self.root / name / KEYS_FILE

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes out of the folder as long as the block lasts.

        Raises:
            BusyError: another process has it.
            CannotRunError: there is no such folder.
        """
        with in_words(self.root):
            lock = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _take(lock, self.root)
            yield
        finally:
            os.close(lock)

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A folder for bundles that are not whole yet."""
        with in_words(self.root), draft_folder(self.root / _INCOMING) as drafts:
            yield drafts

    def put(self, draft: Path) -> None:
        """Put a bundle that was written to its end in its place; it is there for good when this returns."""
        with in_words(self.root):
            sync_folder(draft)
            draft.rename(self.root / draft.name)
            sync_folder(self.root)

    def clear(self) -> None:
        """Remove what a killed removal left: bundles without a manifest."""
        with in_words(self.root):
            for kind in Kind:
                for path in self._folders(kind):
                    if not (path / MANIFEST).exists():
                        shutil.rmtree(path)

    def _folders(self, kind: Kind) -> list[Path]:
        named = re.compile(rf"{kind.value}-\d{{8}}T\d{{6}}Z")
        return [path for path in self.root.iterdir() if named.fullmatch(path.name) and path.is_dir()]

    def remove(self, name: str) -> None:
        """Remove a bundle; its manifest first, so that a killed removal leaves nothing that looks whole."""
        with in_words(self.root):
            folder = self.root / name
            (folder / MANIFEST).unlink()
            sync_folder(folder)
            shutil.rmtree(folder)
            sync_folder(self.root)


@dataclass
class BundleWriter:
    """Writes the parts of one bundle into a folder that has the bundle's name, which it makes."""

    folder: Path
    node: Node
    _parts: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(mode=0o700)
        self._key = part_key(self.node.keys.root, self.folder.name)

    def add(self, name: str, content: Iterable[Block]) -> None:
        """Write a part, sealed."""
        self._write(name, seal_record(content, self._key, part_context(self.folder.name, name)))

    def add_locked(self, name: str, content: bytes) -> None:
        """Write a part as it is: one that is locked by itself."""
        self._write(name, [content])

    def finish(self, kind: Kind, checkpoint: str, version: str, now: datetime) -> None:
        """Write the manifest, signed; everything is on the disk when this returns."""
        keys = self.node.keys
        manifest = Manifest(
            FORMAT, kind, self.folder.name, keys.node, keys.root.fingerprint(), now, version, checkpoint,
            tuple(self._parts),
        )  # fmt: skip
        for part in self._parts:
            sync_file(self.folder / part.name)
        write_draft(self.folder / MANIFEST, [manifest.signed(self.node.signer)])
        sync_file(self.folder / MANIFEST)

    def _write(self, name: str, pieces: Iterable[Block]) -> None:
        digest, size = hashlib.sha256(), 0

        def counted() -> Iterator[Block]:
            nonlocal size
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                yield piece

        write_draft(self.folder / name, counted())
        self._parts.append(Part(name, size, digest.hexdigest()))


@dataclass(frozen=True)
class Bundle:
    """A bundle whose manifest is the node's own."""

    folder: Path
    manifest: Manifest
    node: Node

    def read(self, name: str) -> Iterator[bytearray]:
        """A part, opened; it is complete only when the iterator ends without an error.

        Raises:
            InputError: it is damaged (`vault.records.open_record`).
            CannotRunError: it is not there, or the disk does not give it back.
        """
        key = part_key(self.node.keys.root, self.manifest.name)
        yield from open_record(self.raw(name), key, part_context(self.manifest.name, name))

    def raw(self, name: str) -> Iterator[bytes]:
        """The bytes of a part as they lie.

        Raises:
            CannotRunError: it is not there, or the disk does not give it back.
        """
        with in_words(self.folder), (self.folder / name).open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    def faults(self) -> Iterator[str]:
        """What is wrong with the parts, a sentence each; every part is read, and opened where it is sealed."""
        for part in self.manifest.parts:
            try:
                digest, size = hashlib.sha256(), 0
                for piece in self.raw(part.name):
                    digest.update(piece)
                    size += len(piece)
            except CannotRunError as error:
                yield f"{self.manifest.name}/{part.name}: {error.message}"
                continue
            if (size, digest.hexdigest()) != (part.size, part.sha256):
                yield f"{self.manifest.name}/{part.name} is not what was written: it was altered or cut short."


def _take(lock: int, root: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError(f"Another command is at work on the backups in {root}: wait for it.") from None


def open_bundle(folder: BackupFolder, name: str, node: Node) -> Bundle:
    """A bundle of this node.

    Raises:
        NoBackupError: it is not there.
        BadManifestError, BadNoteError, BadSignatureError, UnsignedError: its manifest was altered, or is another
            node's.
    """
    place = folder.root / name
    try:
        note = (place / MANIFEST).read_bytes()
    except OSError as error:
        raise NoBackupError(f"There is no bundle {name} in {folder.root}: {error.strerror}.") from error
    return Bundle(place, Manifest.opened(note, name, node.signer), node)


@contextmanager
def in_words(place: Path) -> Iterator[None]:
    """Say in a sentence what the disk refuses.

    Raises:
        CannotRunError: in place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise CannotRunError(
            f"The backup in {place} cannot be read or written: {error.strerror or error}; what was whole there still "
            "is. Put that right and repeat the command."
        ) from error
