"""`safelight log`: what an outside controller checks, with a copy of the log and its public key alone.

Only what works offline, on a copy, asks nobody who he is.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.access.permissions import Permission
from safelight.cli.acting import by_officer, session
from safelight.cli.showing import for_people, line, say
from safelight.errors import InputError, UsageError
from safelight.platform.settings import Settings

if TYPE_CHECKING:
    from safelight.log.notes import VerifierKey


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
    from safelight.log.stores.folder import FolderTileStore
    from safelight.log.verify import verify_log

    signer = _key(key)
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
@by_officer
@click.pass_obj
def checkpoint(settings: Settings, *, named: str | None) -> None:
    """Publish what waits, and print the log's checkpoint: keep it where whoever owns this machine cannot change it."""
    with session(settings, named) as here:
        here.require(Permission.LOG_VERIFY)
        from safelight.log.actions import do_hand_out_checkpoint

        made = do_hand_out_checkpoint(here.node.log_store, here.node.signer, now=here.now)
    click.echo(made.decode(), nl=False)


@log.command()
@click.argument("note", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--policy",
    "policy_file",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A trust policy (c2sp.org/tlog-policy): which witnesses must have seen the log.",
)
@by_officer
@click.pass_obj
def cosigned(settings: Settings, *, note: Path, policy_file: Path, named: str | None) -> None:
    """Take back the checkpoint in the file NOTE, which witnesses cosigned: that the log goes on from it is checked."""
    with session(settings, named) as here:
        here.require(Permission.LOG_VERIFY)
        from safelight.log.actions import do_note_cosigned
        from safelight.log.policy import Policy

        policy = Policy.parse(_read(policy_file))
        endorsed = do_note_cosigned(here.node.log_store, here.node.signer.key, _read(note), policy, now=here.now)
    witnesses = sorted(name.decode("utf-8", "backslashreplace") for name in endorsed.witnesses)
    line(event="cosigned", entries=endorsed.checkpoint.size, witnesses=witnesses)


@log.command()
@click.argument("number", type=click.IntRange(min=0))
@by_officer
@click.pass_obj
def prove(settings: Settings, *, number: int, named: str | None) -> None:
    """Print the proof of entry NUMBER. It shows what the entry says: hand it to nobody who may not know."""
    with session(settings, named) as here:
        here.require(Permission.LOG_READ)
        from safelight.log.proving import prove_entry
        from safelight.log.queries import recorded_entry

        entry = recorded_entry(number, here.node.log_sealer)
        if entry.record is None or entry.salt is None:
            raise UsageError(f"entry {number} was erased: nothing can be shown of it any more")
        bundle = prove_entry(here.node.log_store, here.node.signer.key, number, entry.record, entry.salt)
    click.echo(bundle.encode().decode(), nl=False)


@log.command("open")
@click.argument("proof", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", help="The log's public key; no witness has to have seen the log then.")
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A trust policy (c2sp.org/tlog-policy): which logs are known, and which witnesses must have seen them.",
)
def open_(proof: Path, *, key: str | None, policy_file: Path | None) -> None:
    """Check the proof in the file PROOF, offline, and show the entry that it is about."""
    from safelight.log.policy import Policy
    from safelight.log.proving import open_proof

    if (key is None) == (policy_file is None):
        raise UsageError("give either --key or --policy")
    policy = Policy.parse(
        _read(policy_file) if policy_file is not None else f"log {_key(key or '')}\nquorum none\n".encode()
    )
    shown = open_proof(_read(proof), policy)
    checkpoint = shown.endorsed.checkpoint
    line(event="entry", log=checkpoint.origin, size=checkpoint.size, number=shown.number, entry=shown.said)


def _key(text: str) -> "VerifierKey":
    from safelight.log.notes import BadKeyError, VerifierKey

    try:
        return VerifierKey.parse(text)
    except BadKeyError as error:
        raise UsageError(f"--key: {error.message}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
