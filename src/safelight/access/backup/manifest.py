"""The manifest of a bundle: which sealed parts belong to it, of which node, from when; as a signed note (C2SP).

A bundle is a folder of parts. Those of kind `backup` hold the database without its keys, and the small files of the
data folder; those of kind `keys` hold the tables of keys and the tombstones, and are kept for 30 days at most.

Rules kept here:
- the manifest is one line of canonical JSON (RFC 8785) under the node's signature: it can be no checkpoint of the log;
- a part is bound to its name and its bundle: in another's place it does not open;
- the key of a bundle is derived from the root: the recovery kit alone opens it, years later, and no key of a backup has
  to be kept that only a lost disk had.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

import msgspec
import rfc8785

from safelight.errors import InputError
from safelight.log.notes import Note, Signer, sign, verify
from safelight.vault.certificates import KEY_BACKUP_DAYS
from safelight.vault.keys import Purpose, RootKey

FORMAT: Literal["safelight-backup/1"] = "safelight-backup/1"
_STAMP = "%Y%m%dT%H%M%SZ"
_CONTEXT = b"safelight/backup/v1\x00"


class BadManifestError(InputError):
    """The manifest of a backup is not one of this release, or was altered: take another backup."""


class Kind(StrEnum):
    """What a bundle holds; its name begins with it."""

    BACKUP = "backup"
    KEYS = "keys"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a bundle: its name, its size in bytes, and the SHA-256 of its bytes as they lie, in hexadecimal."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle is. `checkpoint` is the log's signed checkpoint at that moment, `version` that of Safelight."""

    format: Literal["safelight-backup/1"]
    kind: Kind
    name: str
    node: str
    root: str
    made_at: datetime
    version: str
    checkpoint: str
    parts: tuple[Part, ...]

    def signed(self, signer: Signer) -> bytes:
        """The manifest as a signed note."""
        text = rfc8785.dumps(msgspec.to_builtins(self)).decode() + "\n"
        return sign(text, signer).encode()

    @classmethod
    def opened(cls, untrusted_note: bytes, name: str, signer: Signer) -> "Manifest":
        """The manifest of the bundle `name` in a note that this node signed.

        Raises:
            BadManifestError: it is none of this release, or of another bundle.
            BadNoteError, BadSignatureError, UnsignedError: it was altered, or is another node's.
        """
        note = Note.parse(untrusted_note)
        verify(note, [signer.key])
        try:
            found = msgspec.json.decode(note.text, type=cls)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise BadManifestError(f"The manifest of {name} is none of this release: {error}.") from None
        if found.name != name:
            raise BadManifestError(
                f"The manifest in {name} is that of {found.name}: put each bundle under its own name."
            )
        return found


def bundle_name(kind: Kind, at: datetime) -> str:
    """The name of a bundle: its kind and its second in UTC."""
    return f"{kind.value}-{at:{_STAMP}}"


def made_at(bundle: str) -> datetime:
    """From when a bundle of this name is.

    Raises:
        ValueError: it is no name of a bundle.
    """
    return datetime.strptime(bundle.partition("-")[2], _STAMP).replace(tzinfo=UTC)


def is_expired(keys_made_at: datetime, now: datetime) -> bool:
    """Whether a bundle of keys is older than one may be kept: erasures are called complete on the strength of that."""
    return now >= keys_made_at + timedelta(days=KEY_BACKUP_DAYS)


def part_key(root: RootKey, bundle: str) -> bytes:
    """The key of all parts of a bundle; each record derives its own from it with a salt."""
    return root.derive(Purpose.BACKUP, bundle)


def part_context(bundle: str, part: str) -> bytes:
    """What a part is bound to."""
    return _CONTEXT + f"{bundle}\0{part}".encode()
