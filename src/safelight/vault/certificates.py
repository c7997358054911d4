"""The certificate of an erasure: what was destroyed, when, why, and what is not gone yet.

Rules kept here:
- it says *pending* as long as a backup of the table of keys may still hold the key: 30 days, the longest that one is
  kept; and as long as somebody who was given a copy has not said that it is destroyed. *Complete* afterwards;
- it never says more than was done: copies that others were given are theirs to destroy, and are listed apart.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

KEY_BACKUP_DAYS = 30
"""The longest that a backup of the table of keys is kept, in days."""

_LIMITS = """\
Not covered: what a deleted row leaves in the database's files until it is overwritten, and backups of the table of \
keys that were kept longer than they may be."""


@dataclass(frozen=True)
class Act:
    """An erasure as it was decided and done: by whom, why, on which legal basis, who approved, what was destroyed."""

    by: str
    why: str
    legal_basis: str
    approval: str | None
    destroyed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Lifting:
    """That the content may be taken in again: since when, by whom, why, on which legal basis, who approved."""

    at: datetime
    by: str
    why: str
    legal_basis: str
    approval: str | None


@dataclass(frozen=True)
class ReceiptState:
    """Somebody who was given a copy, and when he said that it is destroyed, None until then."""

    number: UUID
    recipient: str
    received_at: datetime | None


@dataclass(frozen=True)
class Certificate:
    """What can be said of one content that one owner erased; `number` is that of the tombstone."""

    number: UUID
    sha256: bytes
    owner: str
    erased_at: datetime
    act: Act
    receipts: tuple[ReceiptState, ...] = ()
    lifting: Lifting | None = None

    @property
    def complete_at(self) -> datetime:
        """When the last backup of the key is gone."""
        return self.erased_at + timedelta(days=KEY_BACKUP_DAYS)

    def state(self, now: datetime) -> str:
        """`pending` as long as a backup may hold the key or a receipt is missing, then `complete`."""
        waits = any(one.received_at is None for one in self.receipts)
        return "complete" if self._no_backup(now) and not waits else "pending"

    def as_json(self, now: datetime) -> dict[str, Any]:
        """The certificate for machines; times in ISO 8601."""
        return {
            "state": self.state(now),
            "tombstone": str(self.number),
            "sha256": self.sha256.hex(),
            "owner": self.owner,
            "erased_at": self.erased_at.isoformat(),
            "complete_at": self.complete_at.isoformat(),
            **asdict(self.act),
            "receipts": [
                {"recipient": one.recipient, "received_at": one.received_at.isoformat() if one.received_at else None}
                for one in self.receipts
            ],
            "lifted": asdict(self.lifting) | {"at": self.lifting.at.isoformat()} if self.lifting else None,
        }

    def text(self, now: datetime) -> str:
        """The certificate for people, a line for each thing that it says."""
        destroyed = ", ".join(f"{count} {name}" for name, count in self.act.destroyed.items())
        lines = [
            f"Erasure of SHA-256 {self.sha256.hex()}, kept by {self.owner}: {self.state(now)}",
            f"Erased on {self.erased_at.isoformat()} by {self.act.by}; tombstone {self.number}.",
            f"Why: {self.act.why}",
            f"Legal basis: {self.act.legal_basis}",
            f"Approved by: {self.act.approval or 'nobody else'}",
            f"Destroyed here: {destroyed}.",
            self._backups(now),
            *(_receipt(one) for one in self.receipts),
            *self._lifted(),
            _LIMITS,
        ]
        return "\n".join(lines)

    def _lifted(self) -> list[str]:
        if self.lifting is None:
            return []
        by = f"by {self.lifting.by}, approved by {self.lifting.approval or 'nobody else'}"
        return [
            f"May be taken in again since {self.lifting.at.isoformat()}, {by}.",
            f"Why: {self.lifting.why}",
            f"Legal basis: {self.lifting.legal_basis}",
        ]

    def _no_backup(self, now: datetime) -> bool:
        return now >= self.complete_at

    def _backups(self, now: datetime) -> str:
        on = self.complete_at.isoformat()
        if self._no_backup(now):
            return f"Backups of the table of keys, kept for {KEY_BACKUP_DAYS} days at most, were gone on {on}."
        return f"Pending: a backup of the table of keys may hold the key until {on}."


def _receipt(one: ReceiptState) -> str:
    if one.received_at is None:
        return f"{one.recipient} was given a copy: the receipt that it is destroyed is awaited."
    return f"{one.recipient} was given a copy, and said on {one.received_at.isoformat()} that it is destroyed."
