"""`safelight node`: make a node, a further recovery kit of it, or have it back from one."""

import getpass
from functools import partial
from pathlib import Path

import click

from safelight.access.permissions import Permission
from safelight.cli.acting import by_officer, session
from safelight.cli.secret import new_secret, typed_root
from safelight.cli.showing import for_people, line, say
from safelight.errors import UsageError
from safelight.platform.settings import Settings
from safelight.platform.writing import write_private
from safelight.vault.recovery import Sheet, restore_root, words_of


@click.group()
def node() -> None:
    """The node: this installation, its name and its keys."""


@node.command()
@click.argument("name")
@click.option("--needed", default=2, show_default=True, help="Shares of the recovery kit that give the key back.")
@click.option("--shares", "total", default=3, show_default=True, help="Shares that are made.")
@click.option(
    "--kit",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the shares into this folder, a file each, to print them; else they are shown once.",
)
@click.pass_obj
def create(settings: Settings, *, name: str, needed: int, total: int, kit: Path | None) -> None:
    """Make the node NAME (an address such as unit-alpha.example): its keys, its recovery kit and its log.

    Its keys are locked by a passphrase, or by the key file that SAFELIGHT_KEY_FILE names, which is made if missing.
    """
    from safelight.platform.clock import now
    from safelight.platform.database import open_database
    from safelight.platform.settings import prepare_data
    from safelight.platform.walls import NOBODY_ENROLLED, acting

    prepare_data(settings)
    folder = _empty_folder(kit) if kit is not None else None
    with open_database(settings), acting(NOBODY_ENROLLED):
        from safelight.access.actions import do_create_node

        made = do_create_node(
            name,
            settings,
            lambda: new_secret(settings),
            needed=needed,
            total=total,
            acting_user=getpass.getuser(),
            now=now(),
        )
    for sheet in made.sheets:
        if folder is None:
            click.echo(sheet.text(), err=True)
        else:
            _write(folder, sheet)
    if for_people():
        say(f"Node {made.node.name}, key {made.node.keys.root.fingerprint()}.")
        say(f"Whoever checks its log needs this: {made.node.signer.key}")
    else:
        line(event="node", name=made.node.name, key=str(made.node.signer.key), kit=str(kit) if kit else None)


@node.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--needed", default=2, show_default=True, help="Shares of the kit that give the key back.")
@click.option("--shares", "total", default=3, show_default=True, help="Shares that are made.")
@click.option("--why", required=True, help="Why a further kit is made; it stands in the log.")
@by_officer
@click.pass_obj
def kit(settings: Settings, *, out: Path, needed: int, total: int, why: str, named: str | None) -> None:
    """Make a further recovery kit of the node's key, a share a file in the folder OUT, to print them.

    Earlier kits are not undone: each opens the same key by its own shares. Where officers are enrolled, two have to
    want it: `safelight act request vault:kit:make`.
    """
    with session(settings, named) as here:
        from safelight.access.actions import do_make_kit

        here.require(Permission.KIT_MAKE)
        folder = _empty_folder(out)
        do = partial(do_make_kit, here.node, needed=needed, total=total, why=why)
        for sheet in do(officer=here.officer, acting_user=here.by, now=here.now):
            _write(folder, sheet)
    if for_people():
        say(f"{total} shares are in {folder}: print them, put each away apart, and remove the files.")
        say("Shares of earlier kits still give the same key back, kit by kit; those of two kits do not go together.")
    else:
        line(event="kit", node=here.node.name, folder=str(folder), needed=needed, total=total)


@node.command()
@click.option(
    "--share",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with a share's words; given again for each. Without it they are typed in.",
)
@click.option("--why", required=True, help="Why the kit was opened; it stands in the log.")
@click.option("--name", help="The node's name, where the file of its keys is lost.")
@click.pass_obj
def recover(settings: Settings, *, files: tuple[Path, ...], why: str, name: str | None) -> None:
    """Lock the node's keys anew, with shares of its recovery kit, when its passphrase or key file is lost."""
    from safelight.platform.clock import now
    from safelight.platform.database import open_database
    from safelight.platform.settings import prepare_data
    from safelight.platform.walls import NOBODY_ENROLLED, acting

    prepare_data(settings)
    root = restore_root([_share(path) for path in files]) if files else typed_root()
    secret = new_secret(settings)
    with open_database(settings), acting(NOBODY_ENROLLED):
        from safelight.access.actions import do_recover_node

        back = do_recover_node(root, settings, secret, name=name, why=why, acting_user=getpass.getuser(), now=now())
    if for_people():
        say(f"Node {back.name} is back, key {back.keys.root.fingerprint()}: compare it with the sheets.")
    else:
        line(event="node", name=back.name, key=str(back.signer.key), kit=None)


def _empty_folder(kit: Path) -> Path:
    """The folder for the shares, made if it is missing; nothing in it is written over."""
    try:
        kit.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(kit.iterdir()):
            raise UsageError(f"{kit} is not empty: name a new folder for the recovery kit")
    except OSError as error:
        raise UsageError(f"the recovery kit cannot be written to {kit}: {error.strerror}") from error
    return kit


def _write(folder: Path, sheet: Sheet) -> None:
    path = folder / f"share-{sheet.number}-of-{sheet.total}.txt"
    write_private(path, sheet.text().encode())


def _share(path: Path) -> str:
    try:
        return words_of(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the share {path} cannot be read") from error
