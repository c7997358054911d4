"""What a content kept in the vault is: a blob, its key, and a row that says sealed where it lies and what it is.

Rules kept here:
- each owner's copy of a content is an object of its own, with its own key and its own blob;
- blob, wrapped key and row are bound to the object's number and its owner: put in another's place, none of them opens;
- an owner's index of digests is keyed for that owner: two owners' rows of one content cannot be told to be the same.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from safelight.errors import InputError, UsageError
from safelight.log.ports import Sealer
from safelight.vault.blobs import Address, BlobStore
from safelight.vault.chunked import ChunkedReader
from safelight.vault.keyring import Keyring
from safelight.vault.nodekeys import NodeKeys
from safelight.vault.records import record_reader, record_size
from safelight.vault.sealing import BlindIndex, ColumnSealer

if TYPE_CHECKING:
    from safelight.vault.signatures import Signatures

SHA256_BYTES = 32
_ADDRESS_BYTES, _SIZE_BYTES = 16, 8
_CONTEXT = b"safelight/object/v1\x00"


class NotKeptError(InputError):
    """The vault keeps no such content for this owner."""


class ErasedContentError(InputError):
    """The content was erased for this owner, and does not come back by itself."""


class HeldContentError(UsageError):
    """The content is under a legal hold, and cannot be erased before all holds are released."""


class BadParticularsError(InputError):
    """A row of the vault does not hold what this release writes there."""


@dataclass(frozen=True)
class Particulars:
    """What a row says, sealed: where the blob lies, and the SHA-256 and size of the content."""

    address: Address
    sha256: bytes
    size: int

    def encoded(self) -> bytes:
        """Address (16 bytes), SHA-256 (32), size (8, the highest first)."""
        return bytes.fromhex(self.address) + self.sha256 + self.size.to_bytes(_SIZE_BYTES, "big")

    @classmethod
    def decode(cls, raw: bytes) -> "Particulars":
        """What `encoded` gave.

        Raises:
            BadParticularsError: there are not as many bytes.
        """
        if len(raw) != _ADDRESS_BYTES + SHA256_BYTES + _SIZE_BYTES:
            raise BadParticularsError
        address, rest = raw[:_ADDRESS_BYTES], raw[_ADDRESS_BYTES:]
        return cls(address.hex(), rest[:SHA256_BYTES], int.from_bytes(rest[SHA256_BYTES:], "big"))


@dataclass(frozen=True)
class ObjectName:
    """Which object: its number, drawn at random, and whose it is."""

    number: UUID
    owner: str

    def __str__(self) -> str:
        return f"object {self.number} of {self.owner}"

    @property
    def context(self) -> bytes:
        """What the sealed content is bound to."""
        return _CONTEXT + str(self).encode()


@dataclass(frozen=True)
class Vault:
    """The vault with its keys at hand: a node's keys, where blobs lie, and what seals the log's records."""

    keys: NodeKeys
    blobs: BlobStore
    log_sealer: Sealer

    @cached_property
    def keyring(self) -> Keyring:
        """Wraps and unwraps the objects' keys."""
        return self.keys.keyring()

    @cached_property
    def _rows(self) -> ColumnSealer:
        return self.columns("vault_object")

    @cached_property
    def signatures(self) -> "Signatures":
        """The digests and hashes of contents."""
        from safelight.vault.signatures import Signatures  # noqa: PLC0415 - brings numpy, and most commands ask no hash

        return Signatures(self.keys)

    def columns(self, table: str) -> ColumnSealer:
        """Seals values of one table."""
        return ColumnSealer(self.keys.root, table)

    def index(self, realm: str) -> BlindIndex:
        """Finds equal values of one realm."""
        return BlindIndex(self.keys.root, realm)

    def owner_index(self, owner: str) -> BlindIndex:
        """Finds contents of one owner by their SHA-256."""
        return BlindIndex(self.keys.root, f"vault_object {owner}")

    @cached_property
    def hold_index(self) -> BlindIndex:
        """Finds contents under legal hold by their SHA-256, whoever holds them."""
        return BlindIndex(self.keys.root, "vault_hold")

    def seal_particulars(self, particulars: Particulars, name: ObjectName) -> bytes:
        """What the row of an object holds."""
        return self._rows.seal(particulars.encoded(), "particulars", str(name))

    def open_particulars(self, sealed: bytes, name: ObjectName) -> Particulars:
        """What the row of an object says.

        Raises:
            SealedValueError: it was altered, is another object's, or another node's.
            BadParticularsError: it holds something else.
        """
        return Particulars.decode(self._rows.open(sealed, "particulars", str(name)))

    def reader(self, particulars: Particulars, wrapped: bytes, name: ObjectName) -> ChunkedReader:
        """The content of an object as a file, readable from anywhere; each part is authentic when it is handed out.

        Raises:
            WrappedKeyError, NoSuchGenerationError: the key does not open.
            NoSuchBlobError, UnreadableBlobError: the blob is not there, or the disk does not give it back.
            SealBrokenError, NotARecordError, OtherSuiteError: the blob is not the one that was kept.
        """
        key = self.keyring.unwrap(wrapped, str(name))

        def read_at(offset: int, length: int) -> bytes:
            return self.blobs.read_at(particulars.address, offset, length)

        return record_reader(read_at, record_size(particulars.size), key, name.context)


def checked_digest(untrusted_text: str) -> bytes:
    """The bytes of a SHA-256 that somebody typed.

    Raises:
        UsageError: it does not have 64 hexadecimal digits.
    """
    try:
        digest = bytes.fromhex(untrusted_text)
    except ValueError:
        digest = b""
    if len(digest) != SHA256_BYTES or len(untrusted_text) != 2 * SHA256_BYTES:
        raise UsageError(f"{untrusted_text[:80]!r} is no SHA-256: give its 64 hexadecimal digits")
    return digest
