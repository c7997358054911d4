"""Whose a public key is and when it counts: what signatures by nodes and officers are held against.

Rules kept here:
- a key counts from when it begins until it ends or is revoked;
- it is named by its SHA-256, so that a signature names it without saying whose it is.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class KeyRecord:
    """A public key: whose it is, and when it counts. `officer` is a pseudonym, None for a node's key."""

    public: bytes
    agency: str
    officer: str | None
    begins: datetime
    ends: datetime
    revoked: datetime | None = None

    @property
    def name(self) -> str:
        """The SHA-256 of the public key, by which signatures name it."""
        return key_name(self.public)

    def counts_at(self, moment: datetime) -> bool:
        """Whether what it signs at this moment is valid."""
        return self.begins <= moment < self.ends and (self.revoked is None or moment < self.revoked)


def key_name(public: bytes) -> str:
    """The name of a public key: its SHA-256."""
    return hashlib.sha256(public).hexdigest()
