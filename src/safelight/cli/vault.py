"""`safelight vault`: whether all that is kept is whole, its keys, and what is erased or must not be.

Whoever may rotate the keys looks after the vault: checks it and sweeps it, and sees no content in doing so.
"""

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from safelight.access.permissions import Permission
from safelight.cli.acting import by_officer, session
from safelight.cli.showing import for_people, line, say
from safelight.errors import InputError
from safelight.platform.settings import Settings

if TYPE_CHECKING:
    from safelight.vault.certificates import Certificate


class FaultyVaultError(InputError):
    """Not all of the vault is whole."""


_why: Callable[[Any], Any] = click.option("--why", required=True, help="Why; it stands in the log.")
_digest: Callable[[Any], Any] = click.argument("sha256")


@click.group()
def vault() -> None:
    """The vault: content that is kept sealed, its keys, and what was erased from it."""


@vault.command()
@click.option("--json", "as_json", is_flag=True, help="JSON lines, on a terminal too.")
@by_officer
@click.pass_obj
def fsck(settings: Settings, *, as_json: bool, named: str | None) -> None:
    """Open everything that is kept, and name all that is missing, truncated, swapped, altered, lost, or nobody's."""
    count = 0
    with session(settings, named) as here:
        here.require(Permission.KEY_ROTATE)
        from safelight.casework.queries import check_kept
        from safelight.known.published import check_sets
        from safelight.vault.fsck import Fault, FaultKind, check_vault

        damaged = (Fault(FaultKind.ALTERED, *told) for told in check_sets(settings.data.expanduser().absolute()))
        faults = chain(check_vault(here.node.vault), check_kept(here.node.vault), damaged)
        for count, fault in enumerate(faults, 1):  # noqa: B007 - how many there were is used below
            say(f"{fault.kind.value}: {fault.sentence}", err=True)
            if as_json or not for_people():
                line(event="fault", kind=fault.kind.value, where=fault.where, sentence=fault.sentence)
    if as_json or not for_people():
        line(event="vault", faults=count)
    if count:
        raise FaultyVaultError(f"not all of the vault is whole: {count} faults, named above")
    if for_people() and not as_json:
        say("The vault is whole.")


@vault.command()
@by_officer
@click.pass_obj
def sweep(settings: Settings, *, named: str | None) -> None:
    """Remove what belongs to nothing: blobs that a kill left behind, and keys of erased content from an old backup."""
    with session(settings, named) as here:
        here.require(Permission.KEY_ROTATE)
        from safelight.vault.actions.sweeping import do_sweep

        swept = do_sweep(here.node.vault)
    if for_people():
        say(f"Removed: {swept.blobs} blobs, {swept.keys} keys.")
    else:
        line(event="swept", blobs=swept.blobs, keys=swept.keys)


@vault.command()
@by_officer
@click.pass_obj
def rotate(settings: Settings, *, named: str | None) -> None:
    """Begin a new generation of keys, and wrap every key anew. Content is not touched; a killed rotation goes on.

    Where officers are enrolled, two have to want it: `safelight act request vault:key:rotate`.
    """
    with session(settings, named) as here:
        here.require(Permission.KEY_ROTATE)
        from safelight.access.four_eyes import use_approval
        from safelight.access.layout import keys_path
        from safelight.vault.actions.rotating import do_rotate_keys

        def approve(generation: int) -> str:
            wanted = {"generation": str(generation)}
            return use_approval(Permission.KEY_ROTATE, wanted, officer=here.officer, node=here.node, now=here.now)

        do = partial(do_rotate_keys, here.node.vault, keys_path(settings), approve=approve)
        done = do(acting_user=here.by, now=here.now)
    for sentence in done.failed:
        say(sentence, err=True)
    if for_people():
        say(f"Generation {done.generation}: {done.rewrapped} keys wrapped anew.")
        if done.unused:
            numbers = ", ".join(map(str, done.unused))
            say(f"Nothing here is wrapped any more under {numbers}: only backups of keys from before need that.")
    else:
        line(
            event="rotated",
            generation=done.generation,
            rewrapped=done.rewrapped,
            failed=len(done.failed),
            unused=done.unused,
        )
    if done.failed:
        raise FaultyVaultError(f"{len(done.failed)} keys could not be wrapped anew, named above: run `vault fsck`")


@vault.command()
@_digest
@_why
@click.option("--legal-basis", required=True, help="On which legal basis; it stands in log and certificate.")
@click.option("--recipient", "recipients", multiple=True, help="Who was given a copy; given again for each.")
@by_officer
@click.pass_obj
def erase(
    settings: Settings, *, sha256: str, why: str, legal_basis: str, recipients: tuple[str, ...], named: str | None
) -> None:
    """Erase the content with this SHA-256 and all that was made of it, for good, and show the certificate.

    Where officers are enrolled, two have to want it: `safelight act request vault:content:erase`.
    """
    with session(settings, named) as here:
        from safelight.vault.content import checked_digest

        digest = checked_digest(sha256)
        from safelight.casework.access import Acting
        from safelight.casework.actions import do_erase_item
        from safelight.vault.actions.erasing import ErasureOrder

        order = ErasureOrder(why, legal_basis, recipients)
        shown = do_erase_item(digest, order, acting=Acting(here.node, here.officer, here.by), now=here.now)
    _show(shown)


@vault.command()
@_digest
@_why
@click.option("--legal-basis", required=True, help="On which legal basis; it stands in log and certificate.")
@by_officer
@click.pass_obj
def readmit(settings: Settings, *, sha256: str, why: str, legal_basis: str, named: str | None) -> None:
    """Let the erased content with this SHA-256 be taken in again, by the next check or import that meets it.

    Where officers are enrolled, two have to want it: `safelight act request vault:content:readmit`, for the tombstone
    that the certificate names.
    """
    with session(settings, named) as here:
        from safelight.vault.content import checked_digest

        digest = checked_digest(sha256)
        from safelight.casework.access import Acting
        from safelight.casework.actions import do_readmit_item
        from safelight.vault.actions.readmitting import ReadmissionOrder

        order = ReadmissionOrder(why, legal_basis)
        shown = do_readmit_item(digest, order, acting=Acting(here.node, here.officer, here.by), now=here.now)
    _show(shown)


@vault.command()
@_digest
@by_officer
@click.pass_obj
def certificate(settings: Settings, *, sha256: str, named: str | None) -> None:
    """Show the certificate of the erasure of this SHA-256 as it is today."""
    with session(settings, named) as here:
        from safelight.vault.content import checked_digest

        digest = checked_digest(sha256)
        from safelight.access.authorising import require_one_of
        from safelight.vault import queries

        readers = (Permission.CONTENT_ERASE, Permission.LOG_READ)  # who may order it, and who audits it
        require_one_of(here.officer, readers, sealer=here.node.log_sealer, now=here.now)
        shown = queries.certificate(here.node.vault, digest, here.node.name)
    _show(shown)


@vault.command()
@_digest
@click.argument("recipient")
@by_officer
@click.pass_obj
def receipt(settings: Settings, *, sha256: str, recipient: str, named: str | None) -> None:
    """Note that RECIPIENT said that its copy of an erased content is destroyed."""
    with session(settings, named) as here:
        from safelight.vault.content import checked_digest

        digest = checked_digest(sha256)
        here.require(Permission.CONTENT_ERASE)
        from safelight.vault.actions.erasing import do_note_receipt

        do = partial(do_note_receipt, here.node.vault, digest, here.node.name, recipient)
        shown = do(acting_user=here.by, now=here.now)
    _show(shown)


@vault.command()
@_digest
@_why
@by_officer
@click.pass_obj
def hold(settings: Settings, *, sha256: str, why: str, named: str | None) -> None:
    """Put a legal hold on the content with this SHA-256: nobody erases it before the hold is released."""
    with session(settings, named) as here:
        from safelight.vault.content import checked_digest

        digest = checked_digest(sha256)
        here.require(Permission.HOLD_PLACE)
        from safelight.vault.actions.holding import do_hold_content

        do_hold_content(here.node.vault, digest, here.node.name, why=why, acting_user=here.by, now=here.now)
    _tell("held", f"Held: {sha256.lower()}.", sha256)


@vault.command()
@_digest
@_why
@by_officer
@click.pass_obj
def release(settings: Settings, *, sha256: str, why: str, named: str | None) -> None:
    """Release the legal hold that this node has put on the content with this SHA-256."""
    with session(settings, named) as here:
        from safelight.vault.content import checked_digest

        digest = checked_digest(sha256)
        here.require(Permission.HOLD_LIFT)
        from safelight.vault.actions.holding import do_release_hold

        do_release_hold(here.node.vault, digest, here.node.name, why=why, acting_user=here.by, now=here.now)
    _tell("released", f"Released: {sha256.lower()}.", sha256)


def _tell(event: str, sentence: str, sha256: str) -> None:
    if for_people():
        say(sentence)
    else:
        line(event=event, sha256=sha256.lower())


def _show(shown: "Certificate") -> None:
    from safelight.platform.clock import now

    if for_people():
        for sentence in shown.text(now()).splitlines():
            say(sentence)
    else:
        line(event="certificate", **shown.as_json(now()))
