"""Takes a backup while the node works, and lets go of old ones.

Rules kept here:
- the log's checkpoint is read before the snapshot of the database: the database holds every entry that it covers. The
  blobs are copied after it: none that it names was not there;
- the tables of keys and the tombstones go into a bundle of their own, and each backup removes those of that folder that
  are older than 30 days: that makes an erasure real;
- that a backup is taken is in the log, and in the backup.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from django.db import transaction

import safelight
from safelight.access.backup.contents import Contents, Copied, Copier, named_blobs
from safelight.access.backup.folder import BackupFolder, Bundle, BundleWriter, in_words, open_bundle
from safelight.access.backup.manifest import Kind, bundle_name, is_expired, made_at
from safelight.access.backup.tables import KEY_TABLES, STONE_TABLES, Schema, copy_out, read_schema, snapshot
from safelight.access.layout import KEYS_FILE
from safelight.access.node import Node
from safelight.errors import InputError, UsageError
from safelight.log.actions import do_add_entry, do_publish_entries
from safelight.log.entries import Entry, Event
from safelight.platform.settings import DEMO
from safelight.platform.writing import sync_folder
from safelight.vault.blobs import Address

SCHEMA, FILES, CONTENTS = "schema", "files", "contents"
"""The parts that say which other parts hold which table, which file, and which blobs belong to the backup."""

_FOLDERS = ("quarantine", "schemes", "screening")
_PIECE = 1 << 17


@dataclass(frozen=True)
class Taken:
    """A backup: its name, how many blobs belong to it, which bundles of keys were removed, and what is damaged."""

    name: str
    blobs: int
    expired: tuple[str, ...]
    faults: tuple[str, ...]


def do_create_backup(node: Node, root: Path, *, acting_user: str, now: datetime) -> Taken:
    """Take a backup of a node into a folder, beside whatever the node does meanwhile.

    Call it outside any transaction.

    Raises:
        UsageError: the folder lies in the data folder; or there is a backup of this second.
        BusyError: another command is at work in the folder.
        CannotRunError: the disk is full, read-only or failing; nothing that was whole was changed.
    """
    folder = _prepared(root, node.data)
    name, keys_name = bundle_name(Kind.BACKUP, now), bundle_name(Kind.KEYS, now)
    with folder.alone(), folder.draft() as drafts:
        if name in folder.bundles(Kind.BACKUP):
            raise UsageError(f"There is a backup of this second in {root}: try again")
        with transaction.atomic():
            do_add_entry(Entry(Event.BACKUP_TAKEN, acting_user, now, about={"backup": name}), node.log_sealer)
        do_publish_entries(node.log_store, node.signer)
        checkpoint = (node.log_store.checkpoint() or b"").decode()
        main, keys = BundleWriter(drafts / name, node), BundleWriter(drafts / keys_name, node)
        with snapshot():
            _write_tables(main, read_schema())
            _write_tables(keys, read_schema((*KEY_TABLES, *STONE_TABLES)))
            named = named_blobs(node.vault)
        contents, missing = Copier(node.vault.blobs, folder.contents, _known(folder, node)).copy(named.blobs)
        main.add(CONTENTS, [msgspec.json.encode(contents)])
        _write_files(main, node.data)
        locked = (node.data / KEYS_FILE).read_bytes()
        for writer, kind in ((keys, Kind.KEYS), (main, Kind.BACKUP)):
            writer.add_locked(KEYS_FILE, locked)
            writer.finish(kind, checkpoint, safelight.__version__, now)
            folder.put(writer.folder)
        expired = _remove_expired(folder, now)
    return Taken(name, len(contents.blobs), expired, (*named.faults, *missing))


def do_prune_backups(node: Node, root: Path, *, keep: int | None, now: datetime) -> list[str]:
    """Remove bundles of keys that are older than 30 days; with `keep`, all backups but the newest so many, too.

    Blobs that no backup names any more go with them. Returns the names of the bundles that were removed.

    Raises:
        BusyError: another command is at work in the folder.
        InputError: a manifest was altered, or is another node's.
        CannotRunError: the disk is read-only or failing.
    """
    folder = BackupFolder(root)
    with folder.alone(), folder.draft():  # a draft clears away what killed ones left
        removed = list(_remove_expired(folder, now))
        if keep is not None:
            for name in folder.bundles(Kind.BACKUP)[: -keep or None]:
                folder.remove(name)
                removed.append(name)
            _remove_unnamed(folder, node)
    return removed


def read_contents(bundle: Bundle) -> Contents:
    """Which blobs belong to a backup.

    Raises:
        InputError, CannotRunError: the part that says so is damaged or missing.
    """
    return msgspec.json.decode(b"".join(bundle.read(CONTENTS)), type=Contents)


def _prepared(root: Path, data: Path) -> BackupFolder:
    if root.resolve().is_relative_to(data.resolve()):
        raise UsageError(f"{root} lies in the data folder: put backups on another disk")
    with in_words(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(root.resolve().parent)
    return BackupFolder(root)


def _write_tables(writer: BundleWriter, schema: Schema) -> None:
    for table in schema.tables:
        writer.add(f"table-{table.name}", copy_out(table))
    writer.add(SCHEMA, [msgspec.json.encode(schema)])


def _write_files(writer: BundleWriter, data: Path) -> None:
    """The small files of the data folder. Their names are sealed too: they tell sources."""
    paths = [path for path in [data / DEMO, *_files(data)] if path.is_file()]
    for number, path in enumerate(paths):
        writer.add(f"file-{number}", _pieces(path))
    writer.add(FILES, [msgspec.json.encode([os.fspath(path.relative_to(data)) for path in paths])])


def _files(data: Path) -> Iterator[Path]:
    for name in _FOLDERS:
        yield from sorted(path for path in (data / name).glob("*") if not path.name.startswith("."))


def _pieces(path: Path) -> Iterator[bytes]:
    with in_words(path.parent), path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _known(folder: BackupFolder, node: Node) -> dict[Address, Copied]:
    """What the newest backup says of the blobs in the folder; nothing where it does not open: they are read again."""
    names = folder.bundles(Kind.BACKUP)
    if not names:
        return {}
    try:
        return read_contents(open_bundle(folder, names[-1], node)).blobs
    except InputError:
        return {}


def _remove_expired(folder: BackupFolder, now: datetime) -> tuple[str, ...]:
    """By their names, so that a damaged manifest keeps no key; and what a killed removal left."""
    folder.clear()
    expired = [name for name in folder.bundles(Kind.KEYS) if is_expired(made_at(name), now)]
    for name in expired:
        folder.remove(name)
    return tuple(expired)


def _remove_unnamed(folder: BackupFolder, node: Node) -> None:
    named: set[Address] = set()
    for name in folder.bundles(Kind.BACKUP):
        named.update(read_contents(open_bundle(folder, name, node)).blobs)
    folder.contents.remove_many(sorted(set(folder.contents.addresses()) - named))
