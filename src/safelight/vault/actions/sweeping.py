"""Removes what nobody names: blobs that were left by a kill or a transaction that was undone, and keys of nothing.

Rules kept here:
- a blob of content that is just being kept is none of these: who was keeping when the blobs were listed is waited for;
- a blob is removed only where every row says where its own lies: else the lost row could be that of the blob;
- a blob and a key that fit stay: they are content whose row was lost, and a backup of the database has that row.
"""

from dataclasses import dataclass

from django.db import transaction

from safelight.errors import InputError
from safelight.vault.actions.turns import take_turn, wait_for_keepers
from safelight.vault.content import Vault
from safelight.vault.models import ObjectKey, SignatureKey
from safelight.vault.queries import block_keys_of_nothing, keys_of_nothing, stored_objects
from safelight.vault.rowless import UntriedPairsError, find_rowless


class UnsureOrphansError(InputError):
    """A row of the vault does not open, so that no blob can be told to be nobody's: restore the row from a backup.

    Or a key of no object could not be tried on every blob of no object; the message says so.
    """


@dataclass(frozen=True)
class Swept:
    """How many blobs and keys were removed; keys of objects and of blocks of signatures."""

    blobs: int
    keys: int


def do_sweep(vault: Vault) -> Swept:
    """Remove orphaned blobs and keys of nothing, but for those of objects whose row is lost.

    Raises:
        UnsureOrphansError: a row does not say where its blob lies, or what lost its row cannot be found out; nothing
            was removed.
        CannotRunError: the disk is read-only.
    """
    lying = set(vault.blobs.addresses())
    wait_for_keepers()
    for stored in stored_objects():
        try:
            lying.discard(vault.open_particulars(stored.sealed, stored.name).address)
        except InputError as error:
            raise UnsureOrphansError from error
    tried = dict(keys_of_nothing())
    try:
        lost = find_rowless(vault, sorted(lying), list(tried.items()))
    except UntriedPairsError as error:
        raise UnsureOrphansError(error.message) from error
    lying -= {pair.address for pair in lost}
    sweepable = tried.keys() - {pair.name.number for pair in lost}
    with transaction.atomic():
        take_turn()
        keys = [number for number, _ in keys_of_nothing() if number in sweepable]
        ObjectKey.objects.filter(stored_id__in=keys).delete()
        blocks = list(block_keys_of_nothing())
        SignatureKey.objects.filter(block__in=blocks).delete()
    vault.blobs.remove_many(sorted(lying))
    return Swept(len(lying), len(keys) + len(blocks))
