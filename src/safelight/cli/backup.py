"""`safelight backup`: take backups while the node works, check them, let go of old ones, and restore from one.

Whoever may take backups also checks them and lets go of old ones: none of it shows content.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from safelight.access.permissions import Permission
from safelight.cli.acting import by_officer, kit_root, os_user, session
from safelight.cli.secret import asked_secret, new_secret
from safelight.cli.showing import for_people, line, say
from safelight.errors import InputError
from safelight.platform.settings import Settings

if TYPE_CHECKING:
    from safelight.access.backup.restoring import Order, Restored
    from safelight.vault.actions.erasing import Derived
    from safelight.vault.content import Vault
    from safelight.vault.fsck import Fault
    from safelight.vault.nodekeys import NodeKeys


class FaultyBackupError(InputError):
    """Not all of a backup is whole."""


_folder: Callable[[Any], Any] = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def backup() -> None:
    """Backups of the node: taken while it works, sealed, and kept in a folder on another disk."""


@backup.command()
@_folder
@by_officer
@click.pass_obj
def create(settings: Settings, *, folder: Path, named: str | None) -> None:
    """Take a backup into FOLDER. What lies there already of the content is not copied again."""
    with session(settings, named) as here:
        from safelight.access.backup.actions import do_create_backup

        here.require(Permission.BACKUP_TAKE)
        taken = do_create_backup(here.node, folder, acting_user=here.by, now=here.now)
    for sentence in taken.faults:
        say(sentence, err=True)
    if for_people():
        say(f"{taken.name} is whole: {taken.blobs} contents belong to it.")
        for name in taken.expired:
            say(f"{name} was removed: keys are kept for 30 days.")
    else:
        line(event="backup", name=taken.name, blobs=taken.blobs, expired=taken.expired, faults=len(taken.faults))
    if taken.faults:
        raise FaultyBackupError(f"{len(taken.faults)} contents are damaged in the vault, named above: run `vault fsck`")


@backup.command()
@_folder
@by_officer
@click.pass_obj
def verify(settings: Settings, *, folder: Path, named: str | None) -> None:
    """Read all that lies in FOLDER to its last byte, and name what is damaged."""
    with session(settings, named) as here:
        here.require(Permission.BACKUP_TAKE)
        from safelight.access.backup.checking import check_backups, counted
        from safelight.access.backup.folder import BackupFolder

        place = BackupFolder(folder)
        faults = list(check_backups(place, here.node, now=here.now))
        bundles = {kind.value: count for kind, count in counted(place).items()}
    for fault in faults:
        say(fault.sentence, err=True)
        if not for_people():
            line(event="fault", bundle=fault.bundle, sentence=fault.sentence)
    if not for_people():
        line(event="backups", **bundles, faults=len(faults))
    if faults:
        raise FaultyBackupError(f"not all in {folder} is whole: {len(faults)} faults, named above")
    if for_people():
        say(f"All is whole: {bundles['backup']} backups, {bundles['keys']} bundles of keys.")


@backup.command()
@_folder
@click.option("--keep", type=click.IntRange(min=1), help="Remove all backups but the newest so many, too.")
@by_officer
@click.pass_obj
def prune(settings: Settings, *, folder: Path, keep: int | None, named: str | None) -> None:
    """Remove keys from FOLDER that are older than 30 days; with --keep, older backups and what only they named, too."""
    with session(settings, named) as here:
        from safelight.access.backup.actions import do_prune_backups

        here.require(Permission.BACKUP_TAKE)
        removed = do_prune_backups(here.node, folder, keep=keep, now=here.now)
    if for_people():
        say(f"Removed: {', '.join(removed) or 'nothing'}.")
    else:
        line(event="pruned", removed=removed)


@backup.command()
@_folder
@click.option("--why", required=True, help="Why; it stands in the log.")
@click.option("--name", help="The backup to restore; else the newest.")
@click.option("--share", "shares", multiple=True, type=click.File(encoding="utf-8"),
              help="A file with a share of the recovery kit; given again for each.")  # fmt: skip
@click.pass_obj
def restore(settings: Settings, *, folder: Path, why: str, name: str | None, shares: tuple[IO[str], ...]) -> None:
    """Restore the node into an empty data folder from a backup in FOLDER.

    The node's secret of the time of the keys is asked for; or the recovery kit takes its place.
    """
    from safelight.platform.clock import now

    order = order_of(settings, folder, why=why, name=name, shares=shares)
    from safelight.access.backup.restoring import do_restore_node

    show(do_restore_node(order, settings, now=now()))


def order_of(settings: Settings, folder: Path, *, why: str, name: str | None, shares: tuple[IO[str], ...]) -> "Order":
    """What somebody asked to have restored, with who asked and how the keys open.

    Raises:
        BadShareError, UsageError: the shares give no key.
    """
    from safelight.platform.database import set_up_django
    from safelight.vault.nodekeys import load_keys, load_keys_by_root

    set_up_django()
    from safelight.access.backup.folder import BackupFolder
    from safelight.access.backup.restoring import Order
    from safelight.casework.actions import WorkOnItems, do_forget_unsigned
    from safelight.casework.queries import check_kept
    from safelight.evidence.actions import RecordedOfItems
    from safelight.vault.fsck import check_vault

    root = kit_root(shares) if shares else None

    def unlock(path: Path) -> "NodeKeys":
        if root is None:
            return load_keys(path, asked_secret(settings))
        return load_keys_by_root(path, root).locked_by(new_secret(settings))

    def made_of(vault: "Vault") -> "Iterable[Derived]":
        return WorkOnItems(vault), RecordedOfItems(vault)

    def check(vault: "Vault") -> "Iterable[Fault]":
        return chain(check_vault(vault), check_kept(vault))

    return Order(BackupFolder(folder), unlock, os_user(), why, name, made_of, check, do_forget_unsigned)


def show(done: "Restored") -> None:
    """Show what was restored.

    Raises:
        FaultyBackupError: not all of it opens.
    """
    for sentence in done.faults:
        say(sentence, err=True)
    if for_people():
        say(f"Restored from {done.backup}: the log has {done.entries} entries, the last of which says so.")
        say("What was done after that backup is lost; whoever holds a later checkpoint of the log sees it as a fork.")
        if done.keys is None:
            say("No bundle of keys of the last 30 days was there: no content that was kept opens any more.")
        if done.erased_again:
            say(f"Erased again, since it was erased after that backup: {done.erased_again} contents.")
        if done.erasures_known_to is not None:
            say(
                f"What was erased after {done.erasures_known_to:%Y-%m-%d %H:%M:%S} UTC is here again: erase it once "
                "more (`safelight vault certificate SHA256` shows what counts as erased), then close the review "
                "(`safelight act list`)."
            )
    else:
        known_to = done.erasures_known_to.isoformat() if done.erasures_known_to is not None else None
        line(event="restored", backup=done.backup, keys=done.keys, entries=done.entries,
             erased_again=done.erased_again, erasures_known_to=known_to, faults=len(done.faults))  # fmt: skip
    if done.faults:
        raise FaultyBackupError(
            f"the node is restored, and not all of it opens: {len(done.faults)} faults, named above"
        )
