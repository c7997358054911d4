"""`safelight database`: moves the node to a new major version of the embedded PostgreSQL."""

from pathlib import Path
from typing import IO

import click

from safelight.cli.backup import order_of, show
from safelight.cli.showing import for_people, line, say
from safelight.platform.settings import Settings


@click.group()
def database() -> None:
    """The database that the node stands on."""


@database.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--share", "shares", multiple=True, type=click.File(encoding="utf-8"),
              help="A file with a share of the recovery kit; given again for each.")  # fmt: skip
@click.pass_obj
def upgrade(settings: Settings, *, folder: Path, shares: tuple[IO[str], ...]) -> None:
    """Put the newest backup in FOLDER in the place of a database of an older PostgreSQL, and keep that one aside.

    Take the backup with the release before, when nobody works; then install this release, and run this.
    """
    from safelight.platform.clock import now

    order = order_of(settings, folder, why="a new major version of PostgreSQL", name=None, shares=shares)
    from safelight.access.backup.upgrading import do_upgrade_database

    done, old = do_upgrade_database(order, settings, now=now())
    if for_people():
        say(f"The old data folder is kept as {old}: remove it when the new one has proved itself.")
    else:
        line(event="upgraded", kept=str(old))
    show(done)
