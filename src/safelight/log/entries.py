"""What an entry of the log says: which event, by whom, when, why, and about what; and the leaf that stands for it.

Rules kept here:
- events are a closed vocabulary, `package:thing:done`;
- what shows content, hands it out or takes it away says why: there is no entry of it without a reason;
- a leaf is a commitment to the entry with a random salt of its own. The salt is stored, and destroyed, with the entry:
  after that the leaf proves only that something was there, to whoever guesses the entry, too.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import rfc8785

from safelight.errors import UsageError

SALT_BYTES = 16
_COMMITMENT = b"safelight log entry v1\n"


class Event(StrEnum):
    """What happened, as `package:thing:done`."""

    ASSERTED = "assertions:assertion:made"
    BATCH_ASSERTED = "assertions:batch:made"
    CONSULTED = "vault:content:consulted"
    ERASED = "vault:content:erased"
    HELD = "vault:content:held"
    HOLD_RELEASED = "vault:hold:released"
    RECEIPT_NOTED = "vault:receipt:noted"
    KEY_ROTATED = "vault:key:rotated"
    NODE_CREATED = "access:node:created"
    NODE_RECOVERED = "access:node:recovered"
    NODE_RESTORED = "access:node:restored"
    KIT_MADE = "access:kit:made"
    BACKUP_TAKEN = "access:backup:taken"
    OFFICER_ENROLLED = "access:officer:enrolled"
    OFFICER_KEY_REVOKED = "access:officer-key:revoked"
    ROLE_CHANGED = "access:role:changed"
    REFUSED = "access:record:refused"
    APPROVAL_USED = "access:act:approval-used"
    APPROVED = "access:act:approved"
    CASE_MEMBER_CHANGED = "access:case-member:changed"
    GLASS_BROKEN = "access:break-glass:used"
    GLASS_REVIEWED = "access:break-glass:reviewed"
    REQUESTED = "access:act:requested"
    LIST_IMPORTED = "known:list:imported"
    LIST_REMOVED = "known:list:removed"
    QUARANTINE_SHOWN = "known:quarantine:shown"
    SEARCHED = "known:base:searched"
    CHECKED = "casework:exhibit:checked"
    REPORTED = "casework:case:reported"
    PICTURES_REPORTED = "casework:case:pictures-reported"
    EXPORTED = "casework:content:exported"


REASONED = frozenset(
    {
        Event.CONSULTED,
        Event.ERASED,
        Event.EXPORTED,
        Event.GLASS_BROKEN,
        Event.GLASS_REVIEWED,
        Event.KIT_MADE,
        Event.NODE_RECOVERED,
        Event.NODE_RESTORED,
        Event.OFFICER_KEY_REVOKED,
        Event.PICTURES_REPORTED,
        Event.QUARANTINE_SHOWN,
        Event.REQUESTED,
        Event.SEARCHED,
    }
)
"""Events of which no entry is taken without a reason."""


@dataclass(frozen=True)
class Entry:
    """One entry. `about` holds plain values (texts, whole numbers, lists and maps of them) under their names.

    Raises:
        UsageError: the event needs a reason and has none, or `at` has no time zone.
    """

    event: Event
    by: str
    at: datetime
    why: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.event in REASONED and not (self.why or "").strip():
            raise UsageError(f"{self.event.value} is not done without a reason: say why")
        if self.at.utcoffset() is None:
            raise UsageError(f"the time of {self.event.value} has no time zone")

    def encoded(self) -> bytes:
        """The entry as canonical JSON (RFC 8785)."""
        said: dict[str, Any] = {"event": self.event.value, "by": self.by, "at": self.at.isoformat()}
        if self.why is not None:
            said["why"] = self.why
        return rfc8785.dumps(said | {"about": dict(self.about)})


def new_salt() -> bytes:
    """A salt for one entry."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(record: bytes, salt: bytes) -> bytes:
    """The leaf of an entry: 32 bytes that show nothing of `record` without its salt.

    Raises:
        ValueError: the salt is not one of `new_salt`.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return hashlib.sha256(_COMMITMENT + salt + record).digest()
