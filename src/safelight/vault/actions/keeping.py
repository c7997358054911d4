"""Keeps contents, and lets go of them.

Rules kept here:
- blobs are on the disk before the rows that name them are committed: killed in between, a blob is left that nobody
  names, which `fsck` finds and `sweep` removes; never a row without its blob;
- an owner keeps a content once, and two owners keep two objects with two keys;
- what an owner erased does not come back by itself;
- what is let go loses its key with its row, then its blob; what is under a legal hold stays.
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from django.db import transaction

from safelight.errors import InputError
from safelight.vault.actions.turns import share_turn, take_turn
from safelight.vault.blobs import Address, new_address
from safelight.vault.chunked import Block
from safelight.vault.content import ErasedContentError, ObjectName, Particulars, Vault
from safelight.vault.keys import KEY_BYTES
from safelight.vault.models import ObjectKey, StoredObject
from safelight.vault.queries import Stored, erased, held, stored_of
from safelight.vault.records import record_size, seal_record

if TYPE_CHECKING:
    from hashlib import _Hash

_PIECE = 1 << 17


@dataclass(frozen=True)
class Kept:
    """A content that is kept; `is_new` where it was not before."""

    sha256: bytes
    size: int
    is_new: bool


@dataclass(eq=False)
class _Draft:
    """A content on its way in, equal to none other; digest and size are known when it was read to its end."""

    name: ObjectName
    address: Address = field(default_factory=new_address)
    key: bytes = field(default_factory=lambda: secrets.token_bytes(KEY_BYTES), repr=False)
    digest: "_Hash" = field(default_factory=hashlib.sha256)
    size: int = 0

    @property
    def sha256(self) -> bytes:
        return self.digest.digest()

    def read(self, content: bytes | BinaryIO) -> Iterator[Block]:
        """The pieces of a content, counted and hashed as they pass."""
        for piece in _pieces(content):
            self.digest.update(piece)
            self.size += len(piece)
            yield piece


def do_keep_contents(vault: Vault, contents: Iterable[bytes | BinaryIO], owner: str) -> list[Kept]:
    """Keep contents for an owner, each as bytes or as a file that is read from where it stands; syncing once for all.

    They are acknowledged with the transaction: the caller's, where there is one. Content that is kept already is left
    as it is, unless its blob, key or row is damaged: then this one takes its place.

    Raises:
        ErasedContentError: the owner erased one of them; nothing was kept. `queries.erased` tells before.
        CannotRunError: the disk is full or read-only; nothing was kept.
    """
    drafts: list[_Draft] = []
    with transaction.atomic():
        share_turn()
        vault.blobs.put_many(_sealed(contents, owner, drafts))
        try:
            _refuse_erased(vault, drafts, owner)
            new = _record(vault, drafts, owner)
            vault.blobs.remove_many([draft.address for draft in drafts if draft not in new])
        except BaseException:
            vault.blobs.remove_many([draft.address for draft in drafts])
            raise
    return [Kept(draft.sha256, draft.size, draft in new) for draft in drafts]


def do_release_contents(vault: Vault, digests: Iterable[bytes], owner: str) -> set[bytes]:
    """Let go of contents that an owner has no more use for, by SHA-256; return those that a legal hold keeps.

    Keys and rows go with the transaction (the caller's, where there is one), blobs after it. What is not kept is no
    error, and what is let go may be kept again.
    """
    wanted = set(digests)
    with transaction.atomic():
        take_turn()
        stay = held(vault, wanted)
        addresses = [address for one in stored_of(vault, wanted - stay, owner) if (address := remove_rows(vault, one))]
        transaction.on_commit(lambda: vault.blobs.remove_many(addresses))
    return stay


def remove_rows(vault: Vault, stored: Stored) -> Address | None:
    """Remove the key and the row of an object; return where its blob lies, None where the row does not say so."""
    ObjectKey.objects.filter(stored_id=stored.name.number).delete()
    StoredObject.objects.filter(pk=stored.name.number).delete()
    try:
        return vault.open_particulars(stored.sealed, stored.name).address
    except InputError:
        return None  # the blob is an orphan now: `fsck` names it, `sweep` removes it


def _sealed(
    contents: Iterable[bytes | BinaryIO], owner: str, drafts: list[_Draft]
) -> Iterator[tuple[Address, Iterable[Block]]]:
    for content in contents:
        draft = _Draft(ObjectName(uuid4(), owner))
        drafts.append(draft)
        yield draft.address, seal_record(draft.read(content), draft.key, draft.name.context)


def _pieces(content: bytes | BinaryIO) -> Iterator[Block]:
    if isinstance(content, bytes):
        view = memoryview(content)
        yield from (view[begin : begin + _PIECE] for begin in range(0, len(view), _PIECE))
        return
    while piece := content.read(_PIECE):
        yield piece


def _refuse_erased(vault: Vault, drafts: list[_Draft], owner: str) -> None:
    refused = erased(vault, [draft.sha256 for draft in drafts], owner)
    if refused:
        named = ", ".join(sorted(digest.hex() for digest in refused))
        raise ErasedContentError(f"{owner} erased this content, so it is not kept again: SHA-256 {named}.")


def _record(vault: Vault, drafts: list[_Draft], owner: str) -> set[_Draft]:
    """Write the rows and keys of what is not kept yet; return the drafts that they are of."""
    first = {draft.sha256: draft for draft in reversed(drafts)}
    addresses = [_replaced(vault, one) for one in stored_of(vault, first, owner)]
    gone = [address for address in addresses if address]
    index = vault.owner_index(owner)
    StoredObject.objects.bulk_create(
        (
            StoredObject(
                id=draft.name.number,
                owner=owner,
                digest_index=index.of(sha256),
                particulars=vault.seal_particulars(Particulars(draft.address, sha256, draft.size), draft.name),
            )
            for sha256, draft in first.items()
        ),
        ignore_conflicts=True,
    )
    numbers = [draft.name.number for draft in first.values()]
    ours = set(StoredObject.objects.filter(pk__in=numbers).values_list("pk", flat=True))
    new = {draft for draft in first.values() if draft.name.number in ours}
    ObjectKey.objects.bulk_create(_wrapped(vault, draft.name, draft.key) for draft in new)
    transaction.on_commit(lambda: vault.blobs.remove_many(gone))
    return new


def _wrapped(vault: Vault, name: ObjectName, key: bytes) -> ObjectKey:
    generation = vault.keyring.generations.current
    return ObjectKey(stored_id=name.number, generation=generation, wrapped=vault.keyring.wrap(key, str(name)))


def _replaced(vault: Vault, stored: Stored) -> Address | None:
    """Remove the rows of an object that cannot be opened; return where what is left of its blob lies."""
    return None if _is_whole(vault, stored) else remove_rows(vault, stored)


def _is_whole(vault: Vault, stored: Stored) -> bool:
    """Whether an object opens, and its blob has the length that it should have."""
    try:
        particulars = vault.open_particulars(stored.sealed, stored.name)
        vault.reader(particulars, stored.wrapped or b"", stored.name)
        return vault.blobs.size(particulars.address) == record_size(particulars.size)
    except InputError:
        return False
