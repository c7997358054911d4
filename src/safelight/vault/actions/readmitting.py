"""Lets in again what was erased: a tombstone keeps a content out silently, and two persons lift it openly.

Rules kept here:
- the tombstone stays, with who lifted it, why and on which legal basis; nothing comes back by being let in;
- the log and the approval name the tombstone and never the digest, which is kept nowhere until the content is there;
- what is erased again has a tombstone of its own.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from safelight.errors import UsageError
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.vault.actions.turns import take_turn
from safelight.vault.certificates import Certificate
from safelight.vault.content import Vault
from safelight.vault.queries import certificate, tombstone_of


@dataclass(frozen=True)
class ReadmissionOrder:
    """Why a content may be taken in again, and on which legal basis.

    Raises:
        UsageError: the reason or the legal basis says nothing.
    """

    why: str
    legal_basis: str

    def __post_init__(self) -> None:
        if not self.why.strip() or not self.legal_basis.strip():
            raise UsageError("nothing is let in again without a reason and a legal basis: say both")


def do_readmit_content(
    vault: Vault,
    sha256: bytes,
    owner: str,
    order: ReadmissionOrder,
    *,
    approve: Callable[[str], str],
    acting_user: str,
    now: datetime,
) -> Certificate:
    """Lift the tombstone of a content that an owner erased; return its certificate, which says so from now on.

    `approve` is given the tombstone's number; it uses up what allows this, inside the transaction, and names it; what
    it raises undoes everything.

    Raises:
        NotErasedError: the owner erased no such content.
        UsageError: the order names the digest, or the content may be taken in already.
    """
    if any(sha256.hex() in said.lower() for said in (order.why, order.legal_basis)):
        raise UsageError("The reason or the legal basis names the SHA-256: say it without, for the log keeps it.")
    with transaction.atomic():
        take_turn()
        stone = tombstone_of(vault, sha256, owner)
        if stone.lifted_at is not None:
            raise UsageError(f"This content may be taken in already, since {stone.lifted_at.isoformat()}.")
        number = str(stone.pk)
        allowed = approve(number)
        said = {"by": acting_user, "why": order.why, "legal_basis": order.legal_basis, "approval": allowed}
        stone.lifting = vault.columns("vault_tombstone").seal(json.dumps(said).encode(), "lifting", number)
        stone.lifted_at = now
        stone.save(update_fields=["lifted_at", "lifting"])
        about = {"tombstone": number, "owner": owner, "legal basis": order.legal_basis, "approval": allowed}
        do_add_entry(Entry(Event.READMITTED, acting_user, now, order.why, about), vault.log_sealer)
    return certificate(vault, sha256, owner)
