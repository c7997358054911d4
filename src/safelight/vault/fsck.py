"""Checks the whole vault, row by row and blob by blob: every content is opened to its end and compared with its row.

So are the blocks of digests and hashes: each opens, and its rows are found by what is in it.

Rules kept here:
- each object has at most one fault, the first that keeps it from being opened; one fault hides no other object's;
- nothing is changed, and what others keep, let go or rotate meanwhile is no fault.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from safelight.errors import InputError
from safelight.vault.actions.turns import wait_for_keepers
from safelight.vault.blobs import Address, NoSuchBlobError, UnreadableBlobError
from safelight.vault.chunked import CutShortError, WrongKeyError
from safelight.vault.content import BadParticularsError, Particulars, Vault
from safelight.vault.keyring import WrappedKeyError
from safelight.vault.queries import (
    Stored,
    StoredBlock,
    block_keys_of_nothing,
    keys_of_nothing,
    signatures_of_nothing,
    stored_block,
    stored_blocks,
    stored_object,
    stored_objects,
)
from safelight.vault.records import record_size
from safelight.vault.rowless import UntriedPairsError, find_rowless
from safelight.vault.sealing import SealedValueError
from safelight.vault.signatures import Realm, block_key_name

_PIECE = 1 << 20


class FaultKind(StrEnum):
    """What can be wrong; closed vocabulary.

    `missing`: no blob. `truncated`: the blob is too short. `swapped`: the blob is another object's, or its first bytes
    were altered. `altered`: it is not what was kept. `unreadable`: the disk does not give it back. `keyless`: an object
    without a key. `bad-key`: its key does not open. `bad-row`: its row does not open, or was moved. `rowless`: its row
    is lost, and its blob and its key are there; or that cannot be found out. `orphan`: a blob of no object. `stray`:
    something in the store that is no blob. `key-of-nothing`: a key without its object. `objectless`: what somebody
    above the vault counts as kept has no object; the vault cannot tell that, and whoever asks it does. Of blocks of
    signatures: `missing`, `keyless`, `bad-key`, `swapped`, `truncated` and `altered` as of blobs; `bad-row`: rows are
    indexed under other digests than their own, or not at all.
    """

    MISSING = "missing"
    TRUNCATED = "truncated"
    SWAPPED = "swapped"
    ALTERED = "altered"
    UNREADABLE = "unreadable"
    KEYLESS = "keyless"
    BAD_KEY = "bad-key"
    BAD_ROW = "bad-row"
    ROWLESS = "rowless"
    ORPHAN = "orphan"
    STRAY = "stray"
    KEY_OF_NOTHING = "key-of-nothing"
    OBJECTLESS = "objectless"


_KINDS: tuple[tuple[type[InputError], FaultKind], ...] = (
    (NoSuchBlobError, FaultKind.MISSING),
    (UnreadableBlobError, FaultKind.UNREADABLE),
    (CutShortError, FaultKind.TRUNCATED),
    (WrongKeyError, FaultKind.SWAPPED),
    (WrappedKeyError, FaultKind.BAD_KEY),
    (SealedValueError, FaultKind.BAD_ROW),
    (BadParticularsError, FaultKind.BAD_ROW),
)
"""Which error says which fault; any other means that the blob was altered."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: what kind, where (an object's number, or a path in the store), and in words."""

    kind: FaultKind
    where: str
    sentence: str


def check_vault(vault: Vault) -> Iterator[Fault]:
    """Check everything; yield each fault as it is found, an empty stream where the vault is whole.

    Raises:
        NoSuchGenerationError: the file of node keys lacks a generation: it is an older one.
    """
    lying = set(vault.blobs.addresses())
    wait_for_keepers()
    for stored in stored_objects():
        address, fault = _check(vault, stored)
        if address is not None:
            lying.discard(address)
        if fault is not None and (now := stored_object(stored.name.number)) is not None:
            # It may have been wrapped anew since it was read, and is looked at again; or let go, and is no fault.
            again = fault if now == stored else _check(vault, now)[1]
            if again is not None:
                yield again
    yield from _check_left(vault, lying)
    for where in vault.blobs.strays():
        yield Fault(
            FaultKind.STRAY, where, f"{where} in the store is no blob: look where it comes from, and remove it."
        )
    yield from _check_signatures(vault)


def _check_left(vault: Vault, orphans: set[Address]) -> Iterator[Fault]:
    """What has no row: objects that lost theirs, then blobs and keys that belong to nothing."""
    keys = dict(keys_of_nothing())
    try:
        pairs = find_rowless(vault, sorted(orphans), list(keys.items()))
    except UntriedPairsError as error:
        yield Fault(FaultKind.ROWLESS, "vault_object", error.message)
        return
    for pair in pairs:
        sentence = (
            f"{str(pair.name).capitalize()} has its key and its blob {pair.address}, and its row is lost: restore the "
            "database from a backup; `safelight vault sweep` removes neither."
        )
        yield Fault(FaultKind.ROWLESS, str(pair.name.number), sentence)
    for address in sorted(orphans - {pair.address for pair in pairs}):
        sentence = f"Blob {address} belongs to no object: `safelight vault sweep` removes it."
        yield Fault(FaultKind.ORPHAN, address, sentence)
    for number in sorted(keys.keys() - {pair.name.number for pair in pairs}):
        sentence = f"The key of object {number} has no object: `safelight vault sweep` removes it."
        yield Fault(FaultKind.KEY_OF_NOTHING, str(number), sentence)


def _check(vault: Vault, stored: Stored) -> tuple[Address | None, Fault | None]:
    """Where an object's blob lies, as far as its row says so, and what is wrong with the object."""
    address = None
    try:
        particulars = vault.open_particulars(stored.sealed, stored.name)
        address = particulars.address
        fault = _check_row(vault, stored, particulars) or _check_blob(vault, stored, particulars)
    except InputError as error:
        fault = _fault(_kind_of(error), stored, error.message)
    return address, fault


def _check_row(vault: Vault, stored: Stored, particulars: Particulars) -> Fault | None:
    if vault.owner_index(stored.name.owner).of(particulars.sha256) != stored.digest_index:
        return _fault(FaultKind.BAD_ROW, stored, "It is indexed under another digest than its own.")
    if stored.wrapped is None:
        return _fault(FaultKind.KEYLESS, stored, "Its key is missing: restore the table of keys from a backup.")
    return None


def _check_blob(vault: Vault, stored: Stored, particulars: Particulars) -> Fault | None:
    """Open a content to its end."""
    reader = vault.reader(particulars, stored.wrapped or b"", stored.name)
    lying, kept = vault.blobs.size(particulars.address), record_size(particulars.size)
    if lying < kept:
        return _fault(FaultKind.TRUNCATED, stored, "Its blob is shorter than it was: restore it from a backup.")
    if lying > kept:
        return _fault(FaultKind.ALTERED, stored, "Its blob is longer than it was: restore it from a backup.")
    digest, size = hashlib.sha256(), 0
    while piece := reader.pread(size, _PIECE):
        digest.update(piece)
        size += len(piece)
    if (digest.digest(), size) != (particulars.sha256, particulars.size):
        return _fault(FaultKind.ALTERED, stored, "Its blob holds another content than its row says.")
    return None


def _check_signatures(vault: Vault) -> Iterator[Fault]:
    for stored in stored_blocks():
        # What changed while it was read is looked at again, under a lock.
        if _check_block(vault, stored) is not None and (now := stored_block(stored.number)) is not None:
            fault = _check_block(vault, now)
            if fault is not None:
                yield fault
    for number in signatures_of_nothing():
        sentence = f"Signature {number} lies in no block: restore the database from a backup."
        yield Fault(FaultKind.MISSING, f"signature {number}", sentence)
    for number in block_keys_of_nothing():
        name = block_key_name(number)
        sentence = f"The key of {name} has no block: `safelight vault sweep` removes it."
        yield Fault(FaultKind.KEY_OF_NOTHING, name, sentence)


def _check_block(vault: Vault, stored: StoredBlock) -> Fault | None:
    name = block_key_name(stored.number)
    if stored.wrapped is None:
        sentence = f"The key of {name} is missing: restore the table of keys from a backup."
        return Fault(FaultKind.KEYLESS, name, sentence)
    try:
        block = vault.signatures.open_block(stored.number, stored.sealed, stored.wrapped)
    except InputError as error:
        return Fault(_kind_of(error), name, f"{name.capitalize()}: {error.message}")
    realm = Realm(stored.realm)
    within = {number: block.signature(number) for number in block.numbers.tolist()}
    told = {number: (realm, *vault.signatures.indexes(realm, one), one.size) for number, one in within.items()}
    if told != stored.rows:
        sentence = f"Rows of {name} are not found by what is in it: restore the database from a backup."
        return Fault(FaultKind.BAD_ROW, name, sentence)
    return None


def _kind_of(error: InputError) -> FaultKind:
    return next((kind for cause, kind in _KINDS if isinstance(error, cause)), FaultKind.ALTERED)


def _fault(kind: FaultKind, stored: Stored, sentence: str) -> Fault:
    return Fault(kind, str(stored.name.number), f"{str(stored.name).capitalize()}: {sentence}")
