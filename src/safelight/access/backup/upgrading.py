"""Moves a node to another major version of PostgreSQL: the backup is restored into a new cluster, the old one is kept.

Rules kept here:
- nothing is moved before the restored node has been checked, and holds all that the old log had published;
- the old data folder is kept aside under a name that says of which PostgreSQL it is; nothing in it is changed.
"""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from safelight.access.backup.folder import in_words
from safelight.access.backup.restoring import Order, Restored, do_restore_node
from safelight.access.layout import log_store
from safelight.errors import InputError, UsageError
from safelight.log.checkpoints import Checkpoint
from safelight.log.merkle import root
from safelight.log.notes import Note
from safelight.log.reading import subtree_reader
from safelight.platform.postgres.folder import Layout
from safelight.platform.postgres.program import find_program
from safelight.platform.settings import DATABASE_FOLDER, Settings
from safelight.platform.writing import sync_folder


class OlderBackupError(InputError):
    """The backup is older than the node: something was done after it, and would be lost."""


def do_upgrade_database(order: Order, settings: Settings, *, now: datetime) -> tuple[Restored, Path]:
    """Restore the newest backup into a cluster of this PostgreSQL, in the place of an older one's.

    Returns what was restored, and where the old data folder is.

    Raises:
        UsageError: the database is not an embedded one of another version; there is nothing to upgrade.
        OlderBackupError: the node went on after the backup; nothing was changed.
        InputError, CannotRunError: as `restoring.do_restore_node`; nothing was changed.
    """
    data, here = settings.data, find_program().major
    made_by = Layout(data / DATABASE_FOLDER).major
    if settings.database_url is not None or made_by is None:
        raise UsageError(f"{data} holds no embedded database: a server of your own is upgraded by who runs it")
    if made_by == here:
        raise UsageError(f"The database in {data} is one of PostgreSQL {here} already: there is nothing to upgrade")
    new = data.with_name(f"{data.name}.postgres-{here}")
    old = data.with_name(f"{data.name}.postgres-{made_by}")
    if old.exists():
        raise UsageError(f"{old} is in the way: it is where the old data folder is kept; move it elsewhere")
    order = replace(order, loses=False)  # a node that went on is refused below
    done = do_restore_node(order, settings.model_copy(update={"data": new}), now=now)
    _refuse_older(data, new)
    with in_words(data):
        data.rename(old)
        new.rename(data)
        sync_folder(data.parent)
    return done, old


def _refuse_older(data: Path, new: Path) -> None:
    """Compare what the old node published with what the new one holds."""
    note = log_store(data).checkpoint()
    if note is None:
        return
    published = Checkpoint.parse(Note.parse(note).text)
    store = log_store(new)
    restored = Checkpoint.parse(Note.parse(store.checkpoint() or b"").text)
    if restored.size < published.size or root(subtree_reader(store, restored.size), published.size) != published.root:
        raise OlderBackupError(
            f"The node in {data} went on after the backup, and nothing was changed: start it with the release before, "
            f"take a backup when nobody works, remove {new}, and repeat this."
        )
