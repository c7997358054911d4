"""Puts contents under legal hold, and releases them.

Rules kept here:
- any owner's hold stops the erasure by every owner, until each that was put is released by who put it;
- hold and release say why, in the log, which names the content by its keyed index and never by its digest;
- a hold does not need the content to be here yet.
"""

from datetime import datetime
from uuid import uuid4

from django.db import transaction

from safelight.errors import UsageError
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.vault.actions.turns import take_turn
from safelight.vault.content import Vault
from safelight.vault.models import Hold


def do_hold_content(
    vault: Vault,
    sha256: bytes,
    owner: str,
    *,
    why: str,
    acting_user: str,
    now: datetime,
) -> None:
    """Put a content under legal hold, whoever keeps it.

    Raises:
        UsageError: the owner holds it already, or `why` says nothing.
    """
    index = vault.hold_index.of(sha256)
    with transaction.atomic():
        take_turn()
        if Hold.objects.filter(content_index=index, owner=owner).exists():
            raise UsageError(f"{owner} holds this content already; release that hold first")
        number = uuid4()
        reason = vault.columns("vault_hold").seal(_said(why), "reason", str(number))
        Hold.objects.create(id=number, content_index=index, owner=owner, since=now, reason=reason)
        about = {"hold": str(number), "owner": owner, "content": index.hex()}
        do_add_entry(Entry(Event.HELD, acting_user, now, why, about), vault.log_sealer)


def do_release_hold(
    vault: Vault,
    sha256: bytes,
    owner: str,
    *,
    why: str,
    acting_user: str,
    now: datetime,
) -> None:
    """Release the hold that an owner has put on a content; those of others stay.

    Raises:
        UsageError: the owner has put none, or `why` says nothing.
    """
    _said(why)
    index = vault.hold_index.of(sha256)
    with transaction.atomic():
        take_turn()
        hold = Hold.objects.filter(content_index=index, owner=owner).first()
        if hold is None:
            raise UsageError(f"{owner} holds no content with the SHA-256 {sha256.hex()}")
        about = {"hold": str(hold.pk), "owner": owner, "content": index.hex()}
        hold.delete()
        do_add_entry(Entry(Event.HOLD_RELEASED, acting_user, now, why, about), vault.log_sealer)


def _said(why: str) -> bytes:
    if not why.strip():
        raise UsageError("a legal hold is neither put nor released without a reason: say why")
    return why.encode()
