"""`safelight log`: what an outside controller checks, with a copy of the log and its public key alone."""

from pathlib import Path

import click

from safelight.cli.secret import asked_secret
from safelight.cli.showing import for_people, line, say
from safelight.errors import InputError, UsageError
from safelight.platform.settings import Settings


class FaultyLogError(InputError):
    """The log does not hold."""


@click.group()
def log() -> None:
    """The log: what was done, by whom, when and why, so that an outsider can check it."""


@log.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--key", required=True, help="The log's public key, as `safelight node create` showed it.")
@click.option(
    "--checkpoint",
    "older",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A checkpoint that was kept outside; may be given again.",
)
def verify(folder: Path, *, key: str, older: tuple[Path, ...]) -> None:
    """Verify the copied log in FOLDER offline: that nothing in it was changed, and it goes on from each checkpoint.

    Without a checkpoint that was kept outside, a log that its owner wrote anew from the start looks like the true one.
    """
    from safelight.log.checkpoints import open_checkpoint
    from safelight.log.notes import VerifierKey
    from safelight.log.stores.folder import FolderTileStore
    from safelight.log.verify import verify_log

    signer = VerifierKey.parse(key)
    kept = [open_checkpoint(_read(path), signer) for path in older]
    findings = verify_log(FolderTileStore(folder), signer, kept)
    for fault in findings.faults:
        say(f"{fault.kind.value}: {fault.sentence}", err=True)
    size = findings.checkpoint.size if findings.checkpoint else None
    if not for_people():
        faults = [{"kind": fault.kind.value, "sentence": fault.sentence} for fault in findings.faults]
        line(event="log", entries=size, checkpoints=len(kept), faults=faults)
    if findings.faults:
        raise FaultyLogError(f"the log in {folder} does not hold: {len(findings.faults)} faults, named above")
    if for_people():
        against = f", and goes on from {len(kept)} checkpoints kept outside" if kept else ""
        say(f"The log holds: {size} entries{against}.")
        if not kept:
            say("No checkpoint kept outside was given: that it was not written anew from the start is not shown.")


@log.command()
@click.pass_obj
def checkpoint(settings: Settings) -> None:
    """Publish what waits, and print the log's checkpoint: keep it where whoever owns this machine cannot change it."""
    from safelight.platform.database import open_database

    with open_database(settings):
        from safelight.access.node import open_node
        from safelight.log.actions import do_publish_entries

        node = open_node(settings, asked_secret(settings))
        do_publish_entries(node.log_store, node.signer)
        click.echo((node.log_store.checkpoint() or b"").decode(), nl=False)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"the checkpoint {path} cannot be read: {error.strerror}") from error
