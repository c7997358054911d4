"""`safelight vault`: whether all that is kept is whole, its keys, and what is erased or must not be."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from safelight.cli.acting import opened_node
from safelight.cli.showing import for_people, line, say
from safelight.errors import InputError
from safelight.platform.settings import Settings

if TYPE_CHECKING:
    from safelight.access.node import Node
    from safelight.vault.certificates import Certificate
    from safelight.vault.content import Vault


class FaultyVaultError(InputError):
    """Not all of the vault is whole."""


_why: Callable[[Any], Any] = click.option("--why", required=True, help="Why; it stands in the log.")
_approval: Callable[[Any], Any] = click.option("--approval", help="Which approval by a second person this rests on.")
_digest: Callable[[Any], Any] = click.argument("sha256")


@click.group()
def vault() -> None:
    """The vault: content that is kept sealed, its keys, and what was erased from it."""


@vault.command()
@click.option("--json", "as_json", is_flag=True, help="JSON lines, on a terminal too.")
@click.pass_obj
def fsck(settings: Settings, *, as_json: bool) -> None:
    """Open everything that is kept, and name all that is missing, truncated, swapped, altered, or nobody's."""
    count = 0
    with _opened(settings) as (opened, _):
        from safelight.vault.fsck import check_vault

        for count, fault in enumerate(check_vault(opened), 1):  # noqa: B007 - how many there were is used below
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
@click.pass_obj
def sweep(settings: Settings) -> None:
    """Remove what belongs to nothing: blobs that a kill left behind, and keys of erased content from an old backup."""
    with _opened(settings) as (opened, _):
        from safelight.vault.actions.sweeping import do_sweep

        swept = do_sweep(opened)
    if for_people():
        say(f"Removed: {swept.blobs} blobs, {swept.keys} keys.")
    else:
        line(event="swept", blobs=swept.blobs, keys=swept.keys)


@vault.command()
@_approval
@click.pass_obj
def rotate(settings: Settings, *, approval: str | None) -> None:
    """Begin a new generation of keys, and wrap every key anew. Content is not touched; a killed rotation goes on."""
    from safelight.platform.clock import now

    with _opened(settings) as (opened, _):
        from safelight.access.layout import keys_path
        from safelight.vault.actions.rotating import do_rotate_keys

        done = do_rotate_keys(opened, keys_path(settings), approval=approval, acting_user=getpass.getuser(), now=now())
    for sentence in done.failed:
        say(sentence, err=True)
    if for_people():
        say(f"Generation {done.generation}: {done.rewrapped} keys wrapped anew.")
    else:
        line(event="rotated", generation=done.generation, rewrapped=done.rewrapped, failed=len(done.failed))
    if done.failed:
        raise FaultyVaultError(f"{len(done.failed)} keys could not be wrapped anew, named above: run `vault fsck`")


@vault.command()
@_digest
@_why
@click.option("--legal-basis", required=True, help="On which legal basis; it stands in log and certificate.")
@click.option("--recipient", "recipients", multiple=True, help="Who was given a copy; given again for each.")
@_approval
@click.pass_obj
def erase(
    settings: Settings,
    *,
    sha256: str,
    why: str,
    legal_basis: str,
    recipients: tuple[str, ...],
    approval: str | None,
) -> None:
    """Erase the content with this SHA-256 for good, and show the certificate."""
    from safelight.platform.clock import now
    from safelight.vault.content import checked_digest

    digest = checked_digest(sha256)
    with _opened(settings) as (opened, node):
        from safelight.vault.actions.erasing import ErasureOrder, do_erase_content

        order = ErasureOrder(why, legal_basis, approval, recipients)
        shown = do_erase_content(opened, digest, node.name, order, acting_user=getpass.getuser(), now=now())
    _show(shown)


@vault.command()
@_digest
@click.pass_obj
def certificate(settings: Settings, *, sha256: str) -> None:
    """Show the certificate of the erasure of this SHA-256 as it is today."""
    from safelight.vault.content import checked_digest

    digest = checked_digest(sha256)
    with _opened(settings) as (opened, node):
        from safelight.vault import queries

        shown = queries.certificate(opened, digest, node.name)
    _show(shown)


@vault.command()
@_digest
@click.argument("recipient")
@click.pass_obj
def receipt(settings: Settings, *, sha256: str, recipient: str) -> None:
    """Note that RECIPIENT said that its copy of an erased content is destroyed."""
    from safelight.platform.clock import now
    from safelight.vault.content import checked_digest

    digest = checked_digest(sha256)
    with _opened(settings) as (opened, node):
        from safelight.vault.actions.erasing import do_note_receipt

        shown = do_note_receipt(opened, digest, node.name, recipient, acting_user=getpass.getuser(), now=now())
    _show(shown)


@vault.command()
@_digest
@_why
@_approval
@click.pass_obj
def hold(settings: Settings, *, sha256: str, why: str, approval: str | None) -> None:
    """Put a legal hold on the content with this SHA-256: nobody erases it before the hold is released."""
    from safelight.platform.clock import now
    from safelight.vault.content import checked_digest

    digest = checked_digest(sha256)
    with _opened(settings) as (opened, node):
        from safelight.vault.actions.holding import do_hold_content

        do = partial(do_hold_content, opened, digest, node.name, why=why, approval=approval)
        do(acting_user=getpass.getuser(), now=now())
    _tell("held", f"Held: {sha256.lower()}.", sha256)


@vault.command()
@_digest
@_why
@_approval
@click.pass_obj
def release(settings: Settings, *, sha256: str, why: str, approval: str | None) -> None:
    """Release the legal hold that this node has put on the content with this SHA-256."""
    from safelight.platform.clock import now
    from safelight.vault.content import checked_digest

    digest = checked_digest(sha256)
    with _opened(settings) as (opened, node):
        from safelight.vault.actions.holding import do_release_hold

        do = partial(do_release_hold, opened, digest, node.name, why=why, approval=approval)
        do(acting_user=getpass.getuser(), now=now())
    _tell("released", f"Released: {sha256.lower()}.", sha256)


@contextmanager
def _opened(settings: Settings) -> "Iterator[tuple[Vault, Node]]":
    """The vault of the data folder, with the database open; and whose it is."""
    with opened_node(settings) as (node, _):
        yield node.vault, node


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
