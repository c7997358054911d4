"""The blobs of a backup: which the database named at its moment, and what lies of them in the folder of backups.

A blob is sealed in the vault already, under a key of its own that only the table of keys holds; it is copied as it is.

Rules kept here:
- a blob is written once: one that lies in the folder already is not copied again;
- what the database named and the vault let go of before it was copied is listed as gone: its row goes, too, when the
  backup is restored. What is missing though its row still stands is damage, and is named;
- what was copied is held against a digest of each blob, so that a check needs no key of a content.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec

from safelight.errors import InputError
from safelight.vault.blobs import Address, BlobStore, NoSuchBlobError
from safelight.vault.content import Vault
from safelight.vault.queries import stored_object, stored_objects

_AT_A_TIME = 100
_PIECE = 1 << 20


class Copied(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A blob in the folder of backups: its size in bytes, and the SHA-256 of its bytes as they lie."""

    size: int
    sha256: str


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which blobs belong to a backup, by address; and the numbers of objects that were gone before the copying."""

    blobs: dict[Address, Copied]
    gone: tuple[UUID, ...]


@dataclass(frozen=True)
class Named:
    """The blobs that the database names, by address, each with its object; and what is wrong with some rows."""

    blobs: Mapping[Address, UUID]
    faults: tuple[str, ...]


def named_blobs(vault: Vault) -> Named:
    """Which blobs the database names now."""
    blobs, faults = {}, []
    for stored in stored_objects():
        try:
            blobs[vault.open_particulars(stored.sealed, stored.name).address] = stored.name.number
        except InputError as error:
            faults.append(error.message)
    return Named(blobs, tuple(faults))


@dataclass
class Copier:
    """Copies blobs from the vault to the folder of backups; `known` are those of earlier backups."""

    source: BlobStore
    target: BlobStore
    known: Mapping[Address, Copied]

    def copy(self, named: Mapping[Address, UUID]) -> tuple[Contents, list[str]]:
        """Copy what is not there yet; return what belongs to the backup, and what is missing, a sentence each.

        Raises:
            UnreadableBlobError: the vault's disk does not give a blob back.
            CannotRunError: the disk of the backup is full or read-only; what was copied stays for the next time.
        """
        there = set(self.target.addresses())
        found: dict[Address, Copied] = {}
        missing = []
        for some in _groups(sorted(set(named) - there)):
            missing += self._copy_some(some, found)
        for address in sorted(set(named) & there):
            found[address] = self.known.get(address) or copied_of(self.target, address)
        damaged = [address for address in missing if stored_object(named[address]) is not None]
        gone = tuple(named[address] for address in missing)
        sentences = [f"Blob {address} of object {named[address]} is not in the vault." for address in damaged]
        return Contents(found, gone), sentences

    def _copy_some(self, addresses: list[Address], found: dict[Address, Copied]) -> list[Address]:
        """Copy a few blobs, synced once for all; return those that are not there."""
        missing: list[Address] = []

        def present() -> Iterator[tuple[Address, Iterable[bytes]]]:
            for address in addresses:
                try:
                    self.source.size(address)
                except NoSuchBlobError:
                    missing.append(address)
                    continue
                yield address, _counted(self.source, address, found)

        try:
            self.target.put_many(present())
        except NoSuchBlobError:  # let go of while it was read: nothing was put, so once more without it
            for address in addresses:
                found.pop(address, None)
            return self._copy_some(addresses, found)
        return missing


def check_contents(store: BlobStore, contents: Contents) -> Iterator[str]:
    """What is wrong with the blobs of a backup, a sentence each."""
    for address, expected in sorted(contents.blobs.items()):
        try:
            found = copied_of(store, address)
        except InputError as error:
            yield error.message
            continue
        if found != expected:
            yield f"Blob {address} is not what was copied: remove it, and the next backup copies it again."


def copied_of(store: BlobStore, address: Address) -> Copied:
    """Size and digest of a blob as it lies.

    Raises:
        NoSuchBlobError, UnreadableBlobError: it is not there, or the disk does not give it back.
    """
    digest, size = hashlib.sha256(), 0
    while piece := store.read_at(address, size, _PIECE):
        digest.update(piece)
        size += len(piece)
    return Copied(size, digest.hexdigest())


def put_back(source: BlobStore, target: BlobStore, addresses: Iterable[Address]) -> None:
    """Copy blobs from the folder of backups into an empty vault.

    Raises:
        NoSuchBlobError, UnreadableBlobError: one is not there, or the disk does not give it back.
        CannotRunError: the vault's disk is full or read-only.
    """
    for some in _groups(sorted(addresses)):
        target.put_many((address, _pieces(source, address)) for address in some)


def _counted(source: BlobStore, address: Address, found: dict[Address, Copied]) -> Iterator[bytes]:
    digest, read = hashlib.sha256(), 0
    for piece in _pieces(source, address):
        digest.update(piece)
        read += len(piece)
        yield piece
    found[address] = Copied(read, digest.hexdigest())


def _pieces(source: BlobStore, address: Address) -> Iterator[bytes]:
    at = 0
    while piece := source.read_at(address, at, _PIECE):
        yield piece
        at += len(piece)


def _groups(addresses: list[Address]) -> Iterator[list[Address]]:
    for begin in range(0, len(addresses), _AT_A_TIME):
        yield addresses[begin : begin + _AT_A_TIME]
