"""Finds objects whose row is lost: a key of no object, and the blob of no object that it opens.

Row, key and blob are kept and let go together: a key and a blob that fit, with no row, are content whose row was lost.

Rules kept here:
- a key is tried for every owner that the vault has heard of, on every blob; only the first bytes of a blob are read;
- what was erased is not lost: an older table of keys may have brought its key back;
- where too many would have to be tried, or a key does not open, nothing is said of any, and nothing may be removed.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from safelight.errors import InputError
from safelight.vault.blobs import Address, NoSuchBlobError
from safelight.vault.chunked import ChunkedReader
from safelight.vault.content import ObjectName, Vault
from safelight.vault.keyring import WrappedKeyError
from safelight.vault.queries import erased, owners
from safelight.vault.records import HEAD_BYTES, is_sealed_by, record_reader

MOST_TRIALS = 1_000_000
"""How many keys times blobs are tried: a minute or two."""
_PIECE = 1 << 20


class UntriedPairsError(InputError):
    """Whether keys of no object open blobs of no object cannot be found out: restore the database from a backup."""


@dataclass(frozen=True)
class Rowless:
    """An object that has its key and its blob, and no row."""

    name: ObjectName
    address: Address


def find_rowless(vault: Vault, orphans: Collection[Address], keys: Collection[tuple[UUID, bytes]]) -> list[Rowless]:
    """The objects among these blobs and wrapped keys, of which neither has a row; in the order of the keys.

    Raises:
        UntriedPairsError: there are more than `MOST_TRIALS`, or a key opens for no owner.
        NoSuchGenerationError: the file of node keys lacks a generation: it is an older one.
    """
    if not orphans or not keys:
        return []
    if len(orphans) * len(keys) > MOST_TRIALS:
        raise UntriedPairsError(
            f"{len(orphans)} blobs and {len(keys)} keys have no object, too many to try each key on each blob: rows "
            "are lost, restore the database from a backup; `safelight vault sweep` removes none of them."
        )
    heads = list(_heads(vault, orphans))
    known = sorted(owners() | {vault.keys.node})
    found = []
    for number, wrapped in keys:
        name, key = _unwrapped(vault, number, wrapped, known)
        fitting = [address for address, head in heads if is_sealed_by(head, key, name.context)]
        found += [Rowless(name, address) for address in fitting if not _was_erased(vault, name, address, key)]
    return found


def _heads(vault: Vault, orphans: Iterable[Address]) -> Iterator[tuple[Address, bytes]]:
    for address in orphans:
        try:
            yield address, vault.blobs.read_at(address, 0, HEAD_BYTES)
        except NoSuchBlobError:
            continue  # let go of meanwhile
        except InputError as error:
            raise UntriedPairsError(
                f"Blob {address} of no object cannot be read, so that no key can be tried on it: look at the disk."
            ) from error


def _unwrapped(vault: Vault, number: UUID, wrapped: bytes, known: Iterable[str]) -> tuple[ObjectName, bytes]:
    for owner in known:
        name = ObjectName(number, owner)
        try:
            return name, vault.keyring.unwrap(wrapped, str(name))
        except WrappedKeyError:
            continue
    raise UntriedPairsError(
        f"The key of object {number} has no object and opens for no owner known here, so that no blob can be told to "
        "be nobody's: restore the database from a backup."
    )


def _was_erased(vault: Vault, name: ObjectName, address: Address, key: bytes) -> bool:
    """Whether a tombstone stands for the content of a blob; False where it does not open to its end."""
    try:
        reader = record_reader(
            lambda offset, count: vault.blobs.read_at(address, offset, count),
            vault.blobs.size(address), key, name.context,
        )  # fmt: skip
        return bool(erased(vault, [_digest(reader)], name.owner))
    except InputError:
        return False


def _digest(reader: ChunkedReader) -> bytes:
    digest, size = hashlib.sha256(), 0
    while piece := reader.pread(size, _PIECE):
        digest.update(piece)
        size += len(piece)
    return digest.digest()
