"""The store of blobs: sealed bytes under random addresses. The port, and what can go wrong.

A blob store learns nothing: no content, no owner, no digest; only how many sealed bytes lie where, and when they were
written and read. What an address holds and whose it is stands sealed in the database.
"""

import re
import secrets
from collections.abc import Iterable, Iterator
from typing import Protocol

from safelight.errors import InputError, UsageError
from safelight.vault.chunked import Block

Address = str
"""Where a blob lies: 32 lower-case hexadecimal digits, drawn at random."""

_ADDRESS = re.compile(r"[0-9a-f]{32}\Z")


class NoSuchBlobError(InputError):
    """The blob is not in the store: never put there, or removed."""


class UnreadableBlobError(InputError):
    """The blob cannot be read from the disk: look at the disk, and restore the blob from a backup."""


class AddressTakenError(UsageError):
    """The address holds a blob already, and a blob is written once."""


class BlobStore(Protocol):
    """Sealed bytes under addresses that the caller drew at random, written once.

    A driver MUST:
    - acknowledge (return from `put_many`, `remove_many`) only what survives a power cut at the next instruction;
    - make a blob appear whole or not at all, also to other processes;
    - take the blobs of one call in their order, and each to its end before it asks for the next;
    - raise `AddressTakenError` for an address that holds a blob, `CannotRunError` for a full or read-only disk, and
      what a source raises, leaving every older blob as it was and none of the new ones under its address;
    - raise `NoSuchBlobError` for an address that holds nothing, and `UnreadableBlobError` where the disk does not give
      back what it holds;
    - serve any number of readers and writers at once, in this process and others.

    A driver MUST NOT:
    - change a blob, or hand one out after `remove_many` has returned;
    - interpret a blob, say which were put together, or let a malformed address reach a path (`ValueError`).
    """

    def put_many(self, blobs: Iterable[tuple[Address, Iterable[Block]]]) -> None:
        """Keep many blobs, each as its address and its pieces, syncing once for all."""

    def size(self, address: Address) -> int:
        """How many bytes a blob has."""

    def read_at(self, address: Address, offset: int, length: int) -> bytes:
        """`length` bytes of a blob from `offset`, fewer only where it ends."""

    def remove_many(self, addresses: Iterable[Address]) -> None:
        """Remove blobs for good; one that is not there is no error."""

    def addresses(self) -> Iterator[Address]:
        """Every address that holds a blob, in ascending order."""

    def strays(self) -> Iterator[str]:
        """What lies in the store and is no blob, as paths inside it; what a living writer works on is none."""


def new_address() -> Address:
    """An address that nobody has used."""
    return secrets.token_hex(16)


def checked_address(untrusted_address: str) -> Address:
    """Return an address that has the right form.

    Raises:
        ValueError: it has not; nothing was looked up.
    """
    if not _ADDRESS.match(untrusted_address):
        raise ValueError(f"not an address of 32 lower-case hexadecimal digits: {untrusted_address[:80]!r}")
    return untrusted_address
