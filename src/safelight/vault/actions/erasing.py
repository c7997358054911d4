"""Erases contents so that nobody can have them back, and notes what their recipients answer.

Rules kept here:
- key, row and what was derived go in one transaction with the tombstone and the log's entry; the blob, which nothing
  opens any more, goes right after it;
- a legal hold of any owner stops it; what other owners keep stays theirs;
- the log names the tombstone and never the digest;
- whoever is recorded as having been given a copy is awaited to say that it is destroyed, named in the order or not;
- where no owner has the content any more, what the log said of it before goes in the same transaction.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

from django.db import transaction

from safelight.errors import UsageError
from safelight.log.actions import do_add_entry, do_forget_content
from safelight.log.entries import Entry, Event
from safelight.vault.actions.keeping import remove_rows
from safelight.vault.actions.turns import take_turn
from safelight.vault.certificates import Act, Certificate
from safelight.vault.content import ErasedContentError, HeldContentError, NotKeptError, Vault
from safelight.vault.models import Receipt, Tombstone
from safelight.vault.queries import (
    certificate,
    erased,
    held,
    is_anyones,
    receipts_of,
    recipients_of,
    stored_of,
    tombstone_of,
)


class Derived(Protocol):
    """What was made of a content and is kept elsewhere: signatures, thumbnails.

    `destroy` MUST remove all of it that this owner has, inside the transaction it is called in, and MUST touch nothing
    of other owners. What it keeps outside the database it removes after the commit (`transaction.on_commit`).
    """

    def destroy(self, sha256: bytes, owner: str) -> Mapping[str, int]:
        """Destroy it; return how many of what there were, under the names that the certificate is to use."""


@dataclass(frozen=True)
class ErasureOrder:
    """Why a content is to be erased, on which legal basis, and who else was given copies than is recorded.

    Raises:
        UsageError: the reason or the legal basis says nothing.
    """

    why: str
    legal_basis: str
    recipients: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.why.strip() or not self.legal_basis.strip():
            raise UsageError("nothing is erased without a reason and a legal basis: say both")


def do_erase_content(
    vault: Vault,
    sha256: bytes,
    owner: str,
    order: ErasureOrder,
    *,
    approve: Callable[[], str],
    derived: Iterable[Derived] = (),
    acting_user: str,
    now: datetime,
) -> Certificate:
    """Erase a content that an owner keeps, or has made something of.

    The certificate that is returned is pending until backups of keys are gone.

    `approve` uses up what allows this, inside the transaction, and names it (`access.four_eyes.use_approval`); what it
    raises undoes everything.

    Raises:
        NotKeptError: the owner keeps no such content, and has made nothing of it.
        ErasedContentError: the owner erased it before; `queries.certificate` shows what was done.
        UsageError: the order itself names the digest.
        HeldContentError: somebody has put a legal hold on it.
        CannotRunError: the blob could not be removed; its key is destroyed, and `vault sweep` removes it.
    """
    _refuse_named(sha256, order)
    with transaction.atomic():
        take_turn()
        if erased(vault, [sha256], owner):
            raise ErasedContentError(f"{owner} erased the content with the SHA-256 {sha256.hex()} before.")
        if held(vault, [sha256]):
            raise HeldContentError
        rows = stored_of(vault, [sha256], owner)
        destroyed = {"keys": sum(one.wrapped is not None for one in rows), "rows": len(rows)}
        addresses = [address for one in rows if (address := remove_rows(vault, one))]
        destroyed["blobs"] = len(addresses)
        for one in derived:
            destroyed |= one.destroy(sha256, owner)
        if not any(destroyed.values()):
            raise NotKeptError(f"Nothing is here of a content with the SHA-256 {sha256.hex()} for {owner}.")
        allowed = approve()
        act = Act(acting_user, order.why, order.legal_basis, allowed, destroyed)
        stone = _bury(vault, sha256, owner, act, now)
        awaited = dict.fromkeys((*recipients_of(vault, sha256, owner), *order.recipients))
        _await_receipts(vault, stone, awaited)
        _log(vault, stone, act, len(awaited), now)
        if not is_anyones(vault, sha256):
            do_forget_content(sha256, vault.log_sealer, acting_user=acting_user, now=now)
        transaction.on_commit(lambda: vault.blobs.remove_many(addresses))
    return certificate(vault, sha256, owner)


def do_note_receipt(
    vault: Vault, sha256: bytes, owner: str, recipient: str, *, acting_user: str, now: datetime
) -> Certificate:
    """Note that a recipient said that its copy is destroyed; return the certificate as it is now.

    Raises:
        NotErasedError: the owner erased no such content.
        UsageError: no receipt of this recipient is awaited.
    """
    with transaction.atomic():
        take_turn()
        stone = tombstone_of(vault, sha256, owner)
        number = _awaited(vault, stone, recipient)
        Receipt.objects.filter(pk=number).update(received_at=now)
        about = {"tombstone": str(stone.pk), "recipient": recipient}
        do_add_entry(Entry(Event.RECEIPT_NOTED, acting_user, now, about=about), vault.log_sealer)
    return certificate(vault, sha256, owner)


def _refuse_named(sha256: bytes, order: ErasureOrder) -> None:
    """Refuse an order in whose words the digest would outlast the content."""
    if any(sha256.hex() in said.lower() for said in (order.why, order.legal_basis, *order.recipients)):
        raise UsageError("The reason, the legal basis or a recipient names the SHA-256 that is to go: say it without.")


def _awaited(vault: Vault, stone: Tombstone, recipient: str) -> UUID:
    for one in receipts_of(vault, stone):
        if one.recipient == recipient and one.received_at is None:
            return one.number
    raise UsageError(f"no receipt of {recipient} is awaited for this content")


def _bury(vault: Vault, sha256: bytes, owner: str, act: Act, now: datetime) -> Tombstone:
    number = uuid4()
    said = json.dumps(asdict(act)).encode()
    return Tombstone.objects.create(
        id=number,
        owner=owner,
        digest_index=vault.owner_index(owner).of(sha256),
        erased_at=now,
        act=vault.columns("vault_tombstone").seal(said, "act", str(number)),
    )


def _await_receipts(vault: Vault, stone: Tombstone, recipients: Iterable[str]) -> None:
    columns = vault.columns("vault_receipt")
    for recipient in recipients:
        number = uuid4()
        sealed = columns.seal(recipient.encode(), "recipient", str(number))
        Receipt.objects.create(id=number, tombstone=stone, recipient=sealed)


def _log(vault: Vault, stone: Tombstone, act: Act, recipients: int, now: datetime) -> None:
    about = {
        "tombstone": str(stone.pk),
        "owner": stone.owner,
        "legal basis": act.legal_basis,
        "approval": act.approval,
        "destroyed": dict(act.destroyed),
        "receipts awaited": recipients,
    }
    do_add_entry(Entry(Event.ERASED, act.by, now, act.why, about), vault.log_sealer)
