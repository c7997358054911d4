"""The ways to read what is kept: whether, and the content itself; what is held; what was erased.

Rules kept here:
- absent and another owner's look alike;
- a content is found by its SHA-256 and its owner together; neither alone finds anything;
- nothing is shown to a person without a consultation, which is in the log before.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from safelight.log.consultation import Consultation
from safelight.vault.certificates import Act, Certificate, Lifting, ReceiptState
from safelight.vault.chunked import ChunkedReader
from safelight.vault.content import NotKeptError, ObjectName, Vault
from safelight.vault.models import (
    Handout,
    Hold,
    ObjectKey,
    Receipt,
    Signature,
    SignatureBlock,
    SignatureKey,
    StoredObject,
    Tombstone,
)
from safelight.vault.signatures import Realm

HANDOUTS = "vault_handout"
BUNDLES = "vault_handout bundle"
"""The table that seals who was given something, and the realm in which bundles are found by their manifest."""

_ROWS = 2000
_BLOCKS = 200


class NotErasedError(NotKeptError):
    """Nothing was erased that has this SHA-256."""


class Sent(StrEnum):
    """How far handing something out has come; closed vocabulary."""

    NOT_BEGUN = "not begun"
    NOT_WRITTEN = "not written"
    WRITTEN = "written"


@dataclass(frozen=True)
class Given:
    """A content that a recipient was given: when, whether that bundle was written, and what came of it.

    `sha256` is None once the content is no longer kept; `awaited` says that the receipt of its destruction is missing.
    """

    recipient: str
    at: datetime
    sent: Sent
    sha256: bytes | None
    awaited: bool


@dataclass(frozen=True)
class Stored:
    """An object's rows as they are stored; `wrapped` is None where the key is missing."""

    name: ObjectName
    digest_index: bytes
    sealed: bytes
    wrapped: bytes | None


@dataclass(frozen=True)
class StoredBlock:
    """A block of signatures as it is stored; `wrapped` is None where the key is missing.

    `rows` has of each signature that is said to lie in it the realm, the indexes (MD5, SHA-1, SHA-256) and the size.
    """

    number: int
    realm: int
    sealed: bytes
    wrapped: bytes | None
    rows: dict[int, tuple[int, bytes | None, bytes | None, bytes | None, int | None]]


def has(vault: Vault, digests: Iterable[bytes], owner: str) -> set[bytes]:
    """Which of these contents, by SHA-256, an owner keeps."""
    return _indexed(vault, digests, owner, StoredObject.objects.filter(key__isnull=False))


def is_anyones(vault: Vault, sha256: bytes) -> bool:
    """Whether any owner keeps this content, or it is an item of the node's own; what a list says of it is no copy."""
    owners = StoredObject.objects.order_by("owner").values_list("owner", flat=True).distinct()
    kept = any(stored_of(vault, [sha256], owner) for owner in owners)
    return kept or bool(vault.signatures.under(Realm.ITEM, sha256))


def open_content(vault: Vault, sha256: bytes, owner: str) -> ChunkedReader:
    """A content as a file, readable from anywhere; for the program's own work. People are given `shown_content`.

    Raises:
        NotKeptError: the owner keeps no such content.
        InputError: what is kept is damaged (`Vault.reader` says how): restore it from a backup.
    """
    for stored in stored_of(vault, [sha256], owner):
        if stored.wrapped is not None:
            particulars = vault.open_particulars(stored.sealed, stored.name)
            return vault.reader(particulars, stored.wrapped, stored.name)
    raise NotKeptError(f"The vault keeps no content with the SHA-256 {sha256.hex()} for {owner}.")


def shown_content(
    vault: Vault, sha256: bytes, owner: str, consultation: Consultation, *, acting_user: str, now: datetime
) -> ChunkedReader:
    """A content as a file, for a person whose look is in the log. Whoever calls this has asked `access`.

    Raises:
        NotConsultedError: the consultation does not cover this content, this person or this moment.
        NotKeptError, InputError: as `open_content`.
    """
    consultation.require(sha256, acting_user=acting_user, now=now)
    return open_content(vault, sha256, owner)


def stored_of(vault: Vault, digests: Iterable[bytes], owner: str) -> list[Stored]:
    """The rows of these contents of an owner."""
    index = vault.owner_index(owner)
    rows = StoredObject.objects.filter(owner=owner, digest_index__in=[index.of(digest) for digest in digests])
    return [_stored(*values) for values in rows.values_list(*_COLUMNS)]


def stored_objects() -> Iterator[Stored]:
    """The rows of all objects of all owners, streamed in the order of their numbers."""
    rows = StoredObject.objects.order_by("id").values_list(*_COLUMNS)
    for values in rows.iterator(chunk_size=_ROWS):
        yield _stored(*values)


def stored_object(number: UUID) -> Stored | None:
    """The rows of one object, None where there is none."""
    values = StoredObject.objects.filter(pk=number).values_list(*_COLUMNS).first()
    return _stored(*values) if values is not None else None


def generations_in_use() -> set[int]:
    """Under which generations a key in the tables is wrapped, of an object, of a block, or of nothing."""
    every = (ObjectKey.objects, SignatureKey.objects)
    return {number for rows in every for number in rows.values_list("generation", flat=True).distinct()}


def owners() -> set[str]:
    """Every owner that the vault has heard of: who keeps, erased or holds something."""
    every = (StoredObject.objects, Tombstone.objects, Hold.objects)
    return {owner for rows in every for owner in rows.values_list("owner", flat=True).distinct()}


def keys_of_nothing() -> Iterator[tuple[UUID, bytes]]:
    """The numbers of keys whose object is not there, and the wrapped keys.

    They are of erased contents, where an older table of keys was restored; or the objects' rows are lost (`rowless`).
    """
    keys = ObjectKey.objects.exclude(stored_id__in=StoredObject.objects.values("id")).order_by("stored_id")
    for number, wrapped in keys.values_list("stored_id", "wrapped").iterator(chunk_size=_ROWS):
        yield number, bytes(wrapped)


def stored_blocks() -> Iterator[StoredBlock]:
    """Every block of signatures with the rows that lie in it, streamed. Blocks that change meanwhile may look torn."""
    numbers = list(SignatureBlock.objects.order_by("id").values_list("id", flat=True))
    for start in range(0, len(numbers), _BLOCKS):
        yield from _blocks(numbers[start : start + _BLOCKS])


def stored_block(number: int) -> StoredBlock | None:
    """One block as it is at one moment, None where there is none."""
    with transaction.atomic():
        list(SignatureBlock.objects.select_for_update().filter(pk=number))  # who changes it holds this lock
        return next(_blocks([number]), None)


def signatures_of_nothing() -> Iterator[int]:
    """The numbers of signatures whose block is not there."""
    rows = Signature.objects.exclude(block__in=SignatureBlock.objects.values("id")).order_by("id")
    yield from rows.values_list("id", flat=True).iterator(chunk_size=_ROWS)


def block_keys_of_nothing() -> Iterator[int]:
    """The numbers of keys whose block is not there, as `keys_of_nothing`."""
    keys = SignatureKey.objects.exclude(block__in=SignatureBlock.objects.values("id")).order_by("block")
    yield from keys.values_list("block", flat=True).iterator(chunk_size=_ROWS)


def held(vault: Vault, digests: Iterable[bytes]) -> set[bytes]:
    """Which of these contents are under a legal hold, by whomever."""
    by_index = {vault.hold_index.of(digest): digest for digest in digests}
    found = Hold.objects.filter(content_index__in=list(by_index)).values_list("content_index", flat=True)
    return {by_index[bytes(one)] for one in found}


def erased(vault: Vault, digests: Iterable[bytes], owner: str) -> set[bytes]:
    """Which of these contents an owner erased, and did not let in again."""
    return _indexed(vault, digests, owner, Tombstone.objects.filter(lifted_at__isnull=True))


def tombstone_of(vault: Vault, sha256: bytes, owner: str) -> Tombstone:
    """What is left of a content that an owner erased, the last time.

    Raises:
        NotErasedError: the owner erased no such content.
    """
    found = Tombstone.objects.filter(owner=owner, digest_index=vault.owner_index(owner).of(sha256))
    last = found.order_by("-erased_at").first()
    if last is None:
        raise NotErasedError(f"{owner} erased no content with the SHA-256 {sha256.hex()}.")
    return last


def certificate(vault: Vault, sha256: bytes, owner: str) -> Certificate:
    """The certificate of an erasure. The digest is kept nowhere: whoever asks brings it.

    Raises:
        NotErasedError: the owner erased no such content.
        SealedValueError: what is kept of the erasure was altered.
    """
    stone = tombstone_of(vault, sha256, owner)
    columns = vault.columns("vault_tombstone")
    act = Act(**json.loads(columns.open(bytes(stone.act), "act", str(stone.pk))))
    receipts = sorted(receipts_of(vault, stone), key=lambda receipt: receipt.recipient)
    lifting = None
    if stone.lifted_at is not None and stone.lifting is not None:
        said = json.loads(columns.open(bytes(stone.lifting), "lifting", str(stone.pk)))
        lifting = Lifting(stone.lifted_at, **said)
    return Certificate(stone.pk, sha256, owner, stone.erased_at, act, tuple(receipts), lifting)


def receipts_of(vault: Vault, stone: Tombstone) -> Iterator[ReceiptState]:
    """Who was given copies of an erased content, and who said that they are destroyed."""
    columns = vault.columns("vault_receipt")
    for row in Receipt.objects.filter(tombstone=stone):
        recipient = columns.open(bytes(row.recipient), "recipient", str(row.pk)).decode()
        yield ReceiptState(row.pk, recipient, row.received_at)


def handout_state(vault: Vault, manifest: bytes) -> Sent:
    """How far the handing out of what a manifest (by its SHA-256) lists has come."""
    rows = Handout.objects.filter(bundle=vault.index(BUNDLES).of(manifest)).values_list("written_at", flat=True)
    found = list(rows[:1])
    if not found:
        return Sent.NOT_BEGUN
    return Sent.NOT_WRITTEN if found[0] is None else Sent.WRITTEN


def recipients_of(vault: Vault, sha256: bytes, owner: str) -> list[str]:
    """Who was given a content of an owner, each once, the first one first.

    Raises:
        SealedValueError: a row was altered or moved.
    """
    rows = Handout.objects.filter(owner=owner, content_index=vault.owner_index(owner).of(sha256)).order_by("at", "id")
    return list(dict.fromkeys(_recipient(vault, row) for row in rows))


def handouts(vault: Vault, owner: str) -> list[Given]:
    """Everything of an owner that anybody was given, the earliest first.

    Raises:
        SealedValueError, BadParticularsError: a row was altered or moved.
    """
    rows = list(Handout.objects.filter(owner=owner).order_by("at", "id"))
    indexes = {bytes(row.content_index) for row in rows}
    kept = StoredObject.objects.filter(owner=owner, digest_index__in=indexes).values_list(*_COLUMNS)
    digests = {one.digest_index: _sha256(vault, one) for one in (_stored(*values) for values in kept)}
    stones = Tombstone.objects.filter(owner=owner, digest_index__in=indexes)
    missing = {
        (bytes(stone.digest_index), receipt.recipient)
        for stone in stones
        for receipt in receipts_of(vault, stone)
        if receipt.received_at is None
    }
    return [_given(vault, row, digests, missing) for row in rows]


_INDEXES = ("md5", "sha1", "sha256")
_COLUMNS = ("id", "owner", "digest_index", "particulars", "key__wrapped")


def _stored(number: UUID, owner: str, digest_index: bytes, sealed: bytes, wrapped: bytes | None) -> Stored:
    key = bytes(wrapped) if wrapped is not None else None
    return Stored(ObjectName(number, owner), bytes(digest_index), bytes(sealed), key)


def _blocks(numbers: list[int]) -> Iterator[StoredBlock]:
    keys = dict(SignatureKey.objects.filter(block__in=numbers).values_list("block", "wrapped"))
    rows: dict[int, dict[int, Any]] = defaultdict(dict)
    found = Signature.objects.filter(block__in=numbers)
    for block, number, realm, size, *indexes in found.values_list("block", "id", "realm", "size", *_INDEXES):
        rows[block][number] = (realm, *(None if one is None else bytes(one) for one in indexes), size)
    for block in SignatureBlock.objects.filter(pk__in=numbers).order_by("id"):
        key = bytes(keys[block.pk]) if block.pk in keys else None
        yield StoredBlock(block.pk, block.realm, bytes(block.sealed), key, rows[block.pk])


def _indexed(vault: Vault, digests: Iterable[bytes], owner: str, rows: QuerySet[Any]) -> set[bytes]:
    """Which of these digests of an owner stand in the rows of a table."""
    index = vault.owner_index(owner)
    by_index = {index.of(digest): digest for digest in digests}
    found = rows.filter(owner=owner, digest_index__in=list(by_index)).values_list("digest_index", flat=True)
    return {by_index[bytes(one)] for one in found}


def _recipient(vault: Vault, row: Handout) -> str:
    return vault.columns(HANDOUTS).open(bytes(row.recipient), "recipient", str(row.pk)).decode()


def _sha256(vault: Vault, stored: Stored) -> bytes:
    return vault.open_particulars(stored.sealed, stored.name).sha256


def _given(vault: Vault, row: Handout, digests: dict[bytes, bytes], missing: set[tuple[bytes, str]]) -> Given:
    recipient, index = _recipient(vault, row), bytes(row.content_index)
    sent = Sent.NOT_WRITTEN if row.written_at is None else Sent.WRITTEN
    return Given(recipient, row.at, sent, digests.get(index), (index, recipient) in missing)
