"""Restores a node from a backup: into an empty data folder, beside its place, and then in one step into it.

Rules kept here:
- everything is verified before the first byte is put anywhere;
- the node is made in a draft beside the data folder, checked there, and renamed: killed in between, there is no node;
- the log goes on from the checkpoint of the backup, and says that it was restored, from what and why. What was logged
  after the backup is lost; whoever holds a later checkpoint sees a fork, as he should;
- what was erased after the backup is erased again, as far as a bundle of keys tells of it, and what log and requests
  said of it goes with it; keys older than 30 days are
  not used: their erasures were called complete;
- an erasure cannot reach a backup: from when on erasures are unknown is said, logged and put up for review, so that
  somebody repeats them and says so.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

import msgspec
from django.db import DataError, ProgrammingError, transaction

from safelight.access.backup.actions import FILES, SCHEMA, read_contents
from safelight.access.backup.checking import check_bundle
from safelight.access.backup.contents import Contents, put_back
from safelight.access.backup.folder import BackupFolder, Bundle, DamagedBackupError, in_words, open_bundle
from safelight.access.backup.manifest import Kind, is_expired, made_at
from safelight.access.backup.tables import (
    STONE_TABLES,
    Schema,
    copy_in,
    empty,
    make_tables,
    refuse_filled,
    renew_tables,
    set_sequences,
)
from safelight.access.forgetting import contents_of_acts, do_forget_acts
from safelight.access.four_eyes import RESTORING, do_note_glass
from safelight.access.layout import KEYS_FILE
from safelight.access.node import Node
from safelight.errors import CannotRunError, UsageError
from safelight.log.actions import do_add_entry, do_forget_content, do_publish_entries
from safelight.log.checkpoints import Checkpoint, open_checkpoint
from safelight.log.entries import Entry, Event
from safelight.log.growth import grow
from safelight.log.merkle import EMPTY_ROOT
from safelight.log.queries import leaves, named_contents
from safelight.log.verify import verify_log
from safelight.platform.database import open_database
from safelight.platform.postgres.folder import Layout, server_processes
from safelight.platform.postgres.locks import is_held
from safelight.platform.settings import Settings
from safelight.platform.walls import walls_down
from safelight.platform.writing import sync_folder
from safelight.vault.actions.erasing import Derived
from safelight.vault.actions.restoring import do_bury_again, do_drop_closed_blocks, do_forget_objects
from safelight.vault.content import Vault
from safelight.vault.fsck import Fault, check_vault
from safelight.vault.nodekeys import NodeKeys, save_keys
from safelight.vault.queries import is_anyones

_LEAVES = 10_000
_PAUSE = 0.05
_UNSIGNED = (
    "The signatures of {} items lay beside some that were erased since, and are gone: check their sources again, which "
    "examines them anew."
)
_RESTORABLE = frozenset({"quarantine", "schemes", "screening"})

Unlock = Callable[[Path], NodeKeys]
"""The keys in a file of node keys, unlocked."""


@dataclass(frozen=True)
class Order:
    """What is to be restored, by whom and why; `name` is that of the backup, None for the newest."""

    folder: BackupFolder
    unlock: Unlock
    acting_user: str
    why: str
    name: str | None = None
    derived: Callable[[Vault], Iterable[Derived]] = lambda _: ()
    """What layers above have made of contents."""
    check: Callable[[Vault], Iterable[Fault]] = check_vault
    """Whether vault and database agree."""
    forget_unsigned: Callable[[Vault], int] = lambda _: 0
    """Lets go of what layers above say of contents whose signatures are lost, so that they are examined anew."""
    loses: bool = True
    """Whether something may have been done after the backup; if not, nothing is put up for review."""


@dataclass(frozen=True)
class Restored:
    """What was restored, from which bundles; the log's entries by then; and what does not open, a sentence each.

    What was erased after `erasures_known_to` is here again, unless it is erased once more; None where nothing was.
    """

    backup: str
    keys: str | None
    entries: int
    erased_again: int
    faults: tuple[str, ...]
    erasures_known_to: datetime | None


@dataclass(frozen=True)
class _Sources:
    """The bundles to restore from, whole."""

    backup: Bundle
    keys: Bundle | None
    contents: Contents

    @property
    def erasures_known_to(self) -> datetime:
        """The newest moment of which a tombstone can tell."""
        return max(one.manifest.made_at for one in (self.backup, self.keys) if one is not None)


def do_restore_node(order: Order, settings: Settings, *, now: datetime) -> Restored:
    """Restore the node of a backup into an empty data folder.

    Raises:
        UsageError: the data folder or the database is not empty, or `why` says nothing.
        NoBackupError, DamagedBackupError: there is no such backup, or it is damaged; nothing was put anywhere.
        BusyError: another command is at work in the folder of backups.
        CannotRunError: the disk is full or failing, or the backup is a newer version's; nothing is in place.
    """
    if not order.why.strip():
        raise UsageError("a node is not restored without a reason: say why")
    refuse_filled_folder(settings.data)
    with order.folder.alone():
        draft = settings.data.with_name(f".{settings.data.name}.restoring")
        drafted = settings.model_copy(update={"data": draft})
        keys, sources = _verified(order, draft, now)
        _clear(draft)
        done = _restore(order, sources, keys, drafted, now)
        with in_words(draft):
            draft.rename(settings.data)
            sync_folder(settings.data.parent)
    return done


def refuse_filled_folder(data: Path) -> None:
    """Go on only where nothing lies.

    Raises:
        UsageError: something does.
    """
    with in_words(data):
        if data.exists() and (not data.is_dir() or any(data.iterdir())):
            raise UsageError(f"{data} is not empty: a backup is restored into a new data folder only")


def _verified(order: Order, draft: Path, now: datetime) -> tuple[NodeKeys, _Sources]:
    """The bundles, each checked to its last byte, and the node's keys as they were last."""
    folder = order.folder
    name = order.name or folder.newest(Kind.BACKUP)
    fresh = [one for one in folder.bundles(Kind.KEYS) if not is_expired(made_at(one), now)]
    keys_name = fresh[-1] if fresh else None
    keys = order.unlock(folder.keys_file(keys_name or name))
    node = Node(keys, draft)
    for one in filter(None, (name, keys_name)):
        faults = list(check_bundle(folder, one, node))
        if faults:
            raise DamagedBackupError(
                f"{one} is damaged ({len(faults)} faults; the first: {faults[0].sentence}), and nothing was restored: "
                "`safelight backup verify` names all; restore another one."
            )
    backup = open_bundle(folder, name, node)
    sources = _Sources(backup, open_bundle(folder, keys_name, node) if keys_name else None, read_contents(backup))
    return keys, sources


def _clear(draft: Path) -> None:
    """Remove what a killed restore left, once its database has ended; make the draft."""
    with in_words(draft):
        if draft.exists():
            wait_until_stopped(draft)
            shutil.rmtree(draft)
        draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)


def _restore(order: Order, sources: _Sources, keys: NodeKeys, settings: Settings, now: datetime) -> Restored:
    node = Node(keys, settings.data)
    _put_files(sources.backup, settings.data)
    with open_database(settings, as_owner=True):
        with transaction.atomic():
            refuse_filled()
            with walls_down():
                _load_tables(sources)
            do_forget_objects(node.vault, sources.contents.gone)
            closed = do_drop_closed_blocks(node.vault)
            buried = do_bury_again(node.vault, _named(node), order.derived(node.vault))
            _forget(buried.contents, order, node, now)
            unsigned = order.forget_unsigned(node.vault)
            checkpoint = _regrow_log(node, sources.backup)
        put_back(order.folder.contents, node.vault.blobs, set(sources.contents.blobs) - buried.addresses)
        do_publish_entries(node.log_store, node.signer)  # what waited when the backup was taken, in the same order
        backup_name, keys_name = sources.backup.manifest.name, sources.keys.manifest.name if sources.keys else None
        about = {
            "backup": backup_name,
            "keys": keys_name,
            "checkpoint": checkpoint.size,
            "erased again": len(buried.contents),
            "erasures known to": sources.erasures_known_to.isoformat(),
        }
        _log_restored(order, about, node, now)
        entries = do_publish_entries(node.log_store, node.signer).size
        faults = [fault.sentence for fault in verify_log(node.log_store, node.signer.key, [checkpoint]).faults]
        faults += [fault.sentence for fault in order.check(node.vault)]
        if closed:
            faults.append(f"{closed} blocks of signatures have no key any more, and were removed.")
        if unsigned:
            faults.append(_UNSIGNED.format(unsigned))
    wait_until_stopped(settings.data)
    save_keys(settings.data / KEYS_FILE, keys, replacing=None)
    known_to = sources.erasures_known_to if order.loses else None
    return Restored(backup_name, keys_name, entries, len(buried.contents), tuple(faults), known_to)


def _named(node: Node) -> Iterator[bytes]:
    """Every content that the log or an act names."""
    yield from named_contents(node.log_sealer)
    yield from contents_of_acts(node)


def _forget(contents: Iterable[bytes], order: Order, node: Node, now: datetime) -> None:
    """Destroy what log and acts say of these contents, as their erasure did."""
    for sha256 in contents:
        if not is_anyones(node.vault, sha256):
            do_forget_content(sha256, node.log_sealer, acting_user=order.acting_user, now=now)
            do_forget_acts(sha256, node)


def _log_restored(order: Order, about: Mapping[str, object], node: Node, now: datetime) -> None:
    """Log the restore, and put it up for review where something may have been erased after the backup."""
    with transaction.atomic():
        do_add_entry(Entry(Event.NODE_RESTORED, order.acting_user, now, order.why, about), node.log_sealer)
        if order.loses:
            told = {name: str(about[name]) for name in ("backup", "erasures known to")}
            do_note_glass(RESTORING, told, why=order.why, acting_user=order.acting_user, node=node, now=now)


def _put_files(backup: Bundle, data: Path) -> None:
    names = msgspec.json.decode(b"".join(backup.read(FILES)), type=list[str])
    for number, name in enumerate(names):
        place = data / _checked(name)
        with in_words(place):
            place.parent.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.writelines(backup.read(f"file-{number}"))
                file.flush()
                os.fsync(handle)
            sync_folder(place.parent)


def _checked(name: str) -> str:
    """A file's name, which leads nowhere but into the folders that are backed up."""
    parts = PurePosixPath(name).parts
    if len(parts) > 2 or ".." in parts or (len(parts) == 2 and parts[0] not in _RESTORABLE):
        raise DamagedBackupError(f"The backup names a file {name!r}, which does not belong into a data folder.")
    return name


def _load_tables(sources: _Sources) -> None:
    backup, keys = sources.backup, sources.keys
    schema = _schema(backup)
    make_tables(schema)
    _load(backup, schema, ())
    if keys is None:
        renew_tables()
    else:
        _load_keys(keys, schema, stones=keys.manifest.made_at >= backup.manifest.made_at)
    set_sequences(schema)


def _load_keys(keys: Bundle, backup: Schema, *, stones: bool) -> None:
    """Load the tables of keys, and the tombstones where they are later than the backup's; at the keys' release."""
    schema = _schema(keys)
    same = set(schema.migrations) == set(backup.migrations)
    if not same:
        renew_tables()
    try:
        if stones:
            told = {table.name for table in schema.tables}
            empty([one for one in reversed(STONE_TABLES) if one in told])  # those that point at others first
        _load(keys, schema, () if stones else STONE_TABLES)
    except (ProgrammingError, DataError) as error:
        raise CannotRunError(
            f"{keys.manifest.name} was taken by another version of Safelight ({keys.manifest.version}) whose keys do "
            "not fit this one: restore with that version, then install this one."
        ) from error
    if same:
        renew_tables()


def _load(bundle: Bundle, schema: Schema, left_out: Iterable[str]) -> None:
    for table in schema.tables:
        if table.name not in left_out:
            copy_in(table, bundle.read(f"table-{table.name}"))


def _schema(bundle: Bundle) -> Schema:
    return msgspec.json.decode(b"".join(bundle.read(SCHEMA)), type=Schema)


def _regrow_log(node: Node, backup: Bundle) -> Checkpoint:
    """Make the log's tiles anew out of the database's leaves, which have to lead to the backup's checkpoint."""
    note = backup.manifest.checkpoint.encode()
    checkpoint = open_checkpoint(note, node.signer.key)
    size, root = 0, EMPTY_ROOT
    while size < checkpoint.size and (fresh := leaves(size, min(_LEAVES, checkpoint.size - size))):
        size, root = grow(node.log_store, size, root, fresh)
    if (size, root) != (checkpoint.size, checkpoint.root):
        raise DamagedBackupError("The log in the backup's database does not lead to the backup's checkpoint.")
    node.log_store.replace_checkpoint(note)
    return checkpoint


def wait_until_stopped(data: Path, *, seconds: float = 60.0) -> None:
    """Return when no server and no keeper works in a data folder any more.

    Raises:
        CannotRunError: they did not end in time.
    """
    layout = Layout(data / "postgres")
    until = time.monotonic() + seconds
    while layout.home.exists() and (is_held(layout.keeper_lock) or server_processes(layout)):
        if time.monotonic() > until:
            raise CannotRunError(f"The database in {data} does not end: end its processes, then try again.")
        time.sleep(_PAUSE)
