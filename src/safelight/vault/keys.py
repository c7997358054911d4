"""A node's root key, and every key that is derived from it.

Rules kept here:
- one root of 32 random bytes, held in memory only; shown or logged, it says nothing;
- each purpose has a label of its own in one closed vocabulary, so that no key is ever used for two things; within a
  purpose, each generation, realm or table has its own key;
- derived is with HKDF-Expand and SHA-512 (RFC 5869; the root is uniformly random, so nothing needs extracting).
"""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

KEY_BYTES = 32
_LABEL = "safelight/key/v1/"


class Purpose(StrEnum):
    """What a derived key is for; closed vocabulary. A word is never given a second meaning: keys hang on it.

    `node-signing`: the node's Ed25519 key. `key-encryption`: wraps data keys, one for each generation. `blind-index`:
    equality of sealed values, one for each realm. `sealed-column`: values of sealed columns, one for each table.
    `keys-file`: shows that the file of node keys was written by who knows the root. `fingerprint`: names the root.
    `backup`: seals the parts of a backup, one key for each bundle of them.
    """

    NODE_SIGNING = "node-signing"
    KEY_ENCRYPTION = "key-encryption"
    BLIND_INDEX = "blind-index"
    SEALED_COLUMN = "sealed-column"
    KEYS_FILE = "keys-file"
    FINGERPRINT = "fingerprint"
    BACKUP = "backup"


@dataclass(frozen=True)
class RootKey:
    """The secret that all of a node's keys come from; lost, everything sealed is lost."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a root key has {KEY_BYTES} bytes, not {len(self.secret)}")

    def derive(self, purpose: Purpose, name: str = "") -> bytes:
        """The 32-byte key for a purpose and, within it, for one generation, realm or table."""
        info = f"{_LABEL}{purpose.value}\0{name}".encode()
        return HKDFExpand(SHA512(), KEY_BYTES, info).derive(self.secret)

    def signing_key(self) -> Ed25519PrivateKey:
        """The node's own signing key (Ed25519, RFC 8032)."""
        return Ed25519PrivateKey.from_private_bytes(self.derive(Purpose.NODE_SIGNING))

    def fingerprint(self) -> str:
        """16 hexadecimal digits in fours that name this root and tell nothing about it."""
        digits = self.derive(Purpose.FINGERPRINT)[:8].hex()
        return "-".join(digits[place : place + 4] for place in range(0, 16, 4))


def new_root() -> RootKey:
    """A root key that nobody has seen."""
    return RootKey(secrets.token_bytes(KEY_BYTES))
