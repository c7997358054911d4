"""What an entry of the log says: which event, by whom, when, why, and about what; and the leaf that stands for it.

Rules kept here:
- events are a closed vocabulary, `package:thing:done`;
- what shows content, hands it out or takes it away says why: there is no entry of it without a reason;
- a leaf is a commitment to the entry with a random salt of its own. The salt is stored, and destroyed, with the entry:
  after that the leaf proves only that something was there, to whoever guesses the entry, too;
- every SHA-256 that stands in an entry, in whatever field or text, counts as one that it names: nobody who writes
  entries can forget to say so, and what is no content's is never asked for.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import rfc8785

from safelight.errors import UsageError

SALT_BYTES = 16
_COMMITMENT = b"safelight log entry v1\n"
_SHA256 = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])")
_STRUCK = "(erased)"


class Event(StrEnum):
    """What happened, as `package:thing:done`."""

    ASSERTED = "assertions:assertion:made"
    BATCH_ASSERTED = "assertions:batch:made"
    CONSULTED = "vault:content:consulted"
    ERASED = "vault:content:erased"
    HELD = "vault:content:held"
    HOLD_RELEASED = "vault:hold:released"
    READMITTED = "vault:content:readmitted"
    RECEIPT_NOTED = "vault:receipt:noted"
    KEY_ROTATED = "vault:key:rotated"
    REDACTED = "log:entry:redacted"
    NODE_CREATED = "access:node:created"
    NODE_RECOVERED = "access:node:recovered"
    NODE_RESTORED = "access:node:restored"
    KIT_MADE = "access:kit:made"
    BACKUP_TAKEN = "access:backup:taken"
    NAMES_SHOWN = "access:officer:names-shown"
    OFFICER_ENROLLED = "access:officer:enrolled"
    OFFICER_KEY_REVOKED = "access:officer-key:revoked"
    ROLE_CHANGED = "access:role:changed"
    REFUSED = "access:record:refused"
    APPROVAL_USED = "access:act:approval-used"
    APPROVED = "access:act:approved"
    CASE_MEMBER_CHANGED = "access:case-member:changed"
    GLASS_BROKEN = "access:break-glass:used"
    JOINING_PUT_UP = "access:joining:put-up-for-review"
    RESTORE_PUT_UP = "access:restore:put-up-for-review"
    GLASS_REVIEWED = "access:break-glass:reviewed"
    REQUESTED = "access:act:requested"
    LIST_IMPORTED = "known:list:imported"
    LIST_REMOVED = "known:list:removed"
    QUARANTINE_SHOWN = "known:quarantine:shown"
    SEARCHED = "known:base:searched"
    CHECKED = "casework:exhibit:checked"
    REPORTED = "casework:case:reported"
    PICTURES_REPORTED = "casework:case:pictures-reported"
    CASE_SEARCHED = "casework:case:searched"
    EXPORTED = "casework:content:exported"
    ANSWERS_WRITTEN = "exchange:answers:written"
    KEPT_ON = "casework:content:kept-on"


REASONED = frozenset(
    {
        Event.ANSWERS_WRITTEN,
        Event.CASE_SEARCHED,
        Event.CONSULTED,
        Event.ERASED,
        Event.EXPORTED,
        Event.GLASS_BROKEN,
        Event.GLASS_REVIEWED,
        Event.JOINING_PUT_UP,
        Event.KEPT_ON,
        Event.KIT_MADE,
        Event.NAMES_SHOWN,
        Event.NODE_RECOVERED,
        Event.NODE_RESTORED,
        Event.OFFICER_KEY_REVOKED,
        Event.PICTURES_REPORTED,
        Event.QUARANTINE_SHOWN,
        Event.REQUESTED,
        Event.RESTORE_PUT_UP,
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


def named_digests(record: bytes) -> frozenset[bytes]:
    """Every SHA-256 that stands in an entry as `Entry.encoded` wrote it."""
    return frozenset(bytes.fromhex(one) for text in _texts(json.loads(record)) for one in _SHA256.findall(text))


def redacted(record: bytes, row: int, number: int | None, content: bytes, *, acting_user: str, now: datetime) -> Entry:
    """What is said in place of an entry that named an erased content (by SHA-256), and others.

    It says which entry that was (its id, and its number where it had one), its event, who, when and why, and every
    other SHA-256 in it. In place of a redacted entry it speaks of the first one.
    """
    said = json.loads(record)
    first = {"entry": row, "number": number} | {name: said.get(name) for name in ("event", "by", "at", "why")}
    told = said["about"]["of"] if said["event"] == Event.REDACTED else first
    text = re.compile(content.hex(), re.IGNORECASE)
    of = {name: text.sub(_STRUCK, one) if isinstance(one, str) else one for name, one in told.items()}
    others = sorted(one.hex() for one in named_digests(record) - {content})
    return Entry(Event.REDACTED, acting_user, now, about={"of": of, "digests": others})


def _texts(said: object) -> Iterator[str]:
    """Every text in plain values, names among them."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, Mapping):
        for name, value in said.items():
            yield name
            yield from _texts(value)
    elif isinstance(said, list):
        for value in said:
            yield from _texts(value)


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
