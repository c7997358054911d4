"""The one table of digests and perceptual hashes, and the only module that touches it.

Both the known base and the items of cases keep their digests and PDQ hashes here, told apart by `Realm`.

Rules kept here:
- digests and hashes lie in sealed blocks (`signature_blocks`); in clear are sizes, and nothing else about a content;
- equality is found by blind indexes, whose key differs for each realm and kind of digest: from a copy of the database
  nobody learns whether an item of a case is in the known base, nor asks it about a digest at hand;
- what is removed is gone from its block, which is sealed anew.
"""

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from safelight.platform.copying import reserve_ids, write_columns
from safelight.platform.reading import binary_rows
from safelight.vault.keyring import generation_of
from safelight.vault.keys import KEY_BYTES
from safelight.vault.models import Signature, SignatureBlock
from safelight.vault.nodekeys import NodeKeys
from safelight.vault.records import open_record, seal_record
from safelight.vault.sealing import INDEX_BYTES, BlindIndex
from safelight.vault.signature_blocks import Block, NewPdq, NewSignature, Which, encode_block

__all__ = ["DigestHit", "KeptBlocks", "NewPdq", "NewSignature", "Realm", "Signatures", "Which"]

Write = Callable[[str, Sequence[str], Sequence[str], Sequence[Sequence[Any]]], None]
"""Writes columns into a table, as `platform.copying.write_columns`."""


class Realm(IntEnum):
    """Whose signatures: those of the known base, or those of items seen in cases."""

    KNOWN = 1
    ITEM = 2


@dataclass(frozen=True)
class DigestHit:
    """One answer.

    `query` is the row of the question; `how` "sha256", "sha1" or "md5", the strongest that agrees; `size_agrees` is
    None where either side has no size.
    """

    query: int
    signature: int
    how: str
    size_agrees: bool | None


BLOCK_ROWS = 256
"""Contents to a block: few enough that a match is looked up quickly, and enough to seal them at next to no cost."""
_CHUNK = 5000
_BLOCKS = 200
"""Blocks opened at a time."""
_BLOCKS_KEPT = 512
"""Some 35 MB where each content has one hash: 38 KB a block, and as much again to find things in it."""
_LENGTHS = {"md5": 16, "sha1": 20, "sha256": 32}
_KINDS = tuple(_LENGTHS)
_MISSING = bytes(INDEX_BYTES)

_COLUMNS = ("id", "realm", "block", "md5", "sha1", "sha256", "size")
_TYPES = ("int8", "int2", "int8", "bytea", "bytea", "bytea", "int8")
_DESTROY = """
WITH destroyed AS (DELETE FROM vault_signature_key WHERE block = %(block)s)
DELETE FROM vault_signature_block WHERE id = %(block)s
"""
_FORGET = "DELETE FROM vault_signature WHERE id = ANY(%s)"
_HOLD = "SELECT id, realm FROM vault_signature_block WHERE id = ANY(%s::int8[]) ORDER BY id FOR UPDATE"
_BLOCKS_IN = "SELECT id FROM vault_signature_block WHERE realm = %s ORDER BY id"
_BLOCKS_OF = "SELECT id, block FROM vault_signature WHERE id = ANY(%s::int8[])"
_BLOCKS_AND_KEYS = """
SELECT b.id, b.sealed, k.wrapped FROM vault_signature_block b JOIN vault_signature_key k ON k.block = b.id
WHERE b.id = ANY(%s::int8[]) ORDER BY b.id
"""
# A pair is decided by the strongest digest that both sides have, so the three parts exclude each other.
# The digests come end to end in one value a column, and a byte a row says which it has: arrays of bytea would be quoted
# one by one.
# OFFSET keeps each look-up by itself: for some thousand questions the planner would rather read the whole table.
_FIND = """
WITH question AS (
    SELECT row, size,
        CASE WHEN get_byte(%(has)b::bytea, row) & 1 > 0 THEN substr(%(md5)b::bytea, 16 * row + 1, 16) END AS md5,
        CASE WHEN get_byte(%(has)b::bytea, row) & 2 > 0 THEN substr(%(sha1)b::bytea, 16 * row + 1, 16) END AS sha1,
        CASE WHEN get_byte(%(has)b::bytea, row) & 4 > 0 THEN substr(%(sha256)b::bytea, 16 * row + 1, 16) END AS sha256
    FROM unnest(%(size)s::bigint[]) WITH ORDINALITY AS asked (size, number),
        LATERAL (SELECT number::int - 1) AS at (row)
)
SELECT q.row, s.id, 'sha256', s.size = q.size
    FROM question q CROSS JOIN LATERAL (
        SELECT id, size FROM vault_signature WHERE realm = %(realm)s::int2 AND sha256 = q.sha256 OFFSET 0
    ) AS s
UNION ALL
SELECT q.row, s.id, 'sha1', s.size = q.size
    FROM question q CROSS JOIN LATERAL (
        SELECT id, size, sha256 FROM vault_signature WHERE realm = %(realm)s::int2 AND sha1 = q.sha1 OFFSET 0
    ) AS s WHERE s.sha256 IS NULL OR q.sha256 IS NULL
UNION ALL
SELECT q.row, s.id, 'md5', s.size = q.size
    FROM question q CROSS JOIN LATERAL (
        SELECT id, size, sha256, sha1 FROM vault_signature WHERE realm = %(realm)s::int2 AND md5 = q.md5 OFFSET 0
    ) AS s WHERE (s.sha256 IS NULL OR q.sha256 IS NULL) AND (s.sha1 IS NULL OR q.sha1 IS NULL)
ORDER BY 1, 2
"""


class KeptBlocks:
    """Opened blocks that stay in memory, the ones asked for last: a base is asked about the same series many times.

    What was removed since is still in them; nobody is given its number any more, by which it could be asked for.
    """

    def __init__(self, most: int = _BLOCKS_KEPT) -> None:
        self._most = most
        self._blocks: dict[int, Block] = {}

    def get(self, number: int) -> Block | None:
        """A block that is kept."""
        block = self._blocks.pop(number, None)
        if block is not None:
            self._blocks[number] = block
        return block

    def keep(self, number: int, block: Block) -> None:
        """Keep a block, and let go of the one that was not asked for the longest."""
        self._blocks[number] = block
        if len(self._blocks) > self._most:
            del self._blocks[next(iter(self._blocks))]


class Signatures:
    """The signatures of a node whose keys are at hand."""

    def __init__(self, keys: NodeKeys) -> None:
        self._keyring = keys.keyring()
        self._indexes = {
            realm: {kind: BlindIndex(keys.root, f"signature {realm.name.lower()} {kind}") for kind in _KINDS}
            for realm in Realm
        }

    def store(self, realm: Realm, rows: Sequence[NewSignature], write: Write = write_columns) -> list[int]:
        """Store rows inside the caller's transaction; the ids come back in the order of the rows.

        `write` is how: at once, or while the caller goes on (`platform.behind`).
        """
        if not rows:
            return []
        with transaction.atomic(savepoint=False):
            numbers = reserve_ids(Signature, len(rows))
            starts = range(0, len(rows), BLOCK_ROWS)
            blocks = reserve_ids(SignatureBlock, len(starts))
            slices = [slice(start, start + BLOCK_ROWS) for start in starts]
            encoded = [encode_block(numbers[some], rows[some]) for some in slices]
            self._write_blocks(realm, blocks, encoded, write)
            blinded = [self._blinded(realm, [getattr(row, kind) for row in rows], kind) for kind in _KINDS]
            lies = [blocks[at // BLOCK_ROWS] for at in range(len(rows))]
            whose, sizes = [int(realm)] * len(rows), [row.size for row in rows]
            values: list[Sequence[Any]] = [numbers, whose, lies, *blinded, sizes]
            write("vault_signature", _COLUMNS, _TYPES, values)
        return numbers

    def find(self, realm: Realm, questions: Sequence[NewSignature]) -> list[DigestHit]:
        """Every stored signature that shares a digest with a question and contradicts it in no stronger one both have.

        Ordered by question, then id.
        """
        if not questions:
            return []
        values: dict[str, Any] = {
            "realm": int(realm),
            "has": bytes(_has(question) for question in questions),
            "size": [question.size for question in questions],
        }
        for kind in _KINDS:
            asked = self._blinded(realm, [getattr(question, kind) for question in questions], kind)
            values[kind] = b"".join(one or _MISSING for one in asked)
        return [DigestHit(*row) for row in binary_rows(_FIND, values, often=True)]

    def under(self, realm: Realm, digest: bytes) -> list[int]:
        """The stored signatures with this MD5 (16 bytes), SHA-1 (20) or SHA-256 (32), by id."""
        md5, sha1, sha256 = (digest if len(digest) == length else None for length in _LENGTHS.values())
        return [hit.signature for hit in self.find(realm, [NewSignature(md5, sha1, sha256, None)])]

    def fetch(
        self, signatures: Iterable[int], kept: KeptBlocks | None = None, *, frames: bool = True
    ) -> dict[int, NewSignature]:
        """The stored rows by id; unknown ids are absent. Blocks that are `kept` from earlier calls are not opened anew.

        Without `frames` the hashes of a video's frames, of which there may be a hundred thousand, are left out.

        Raises:
            InputError: a block was altered, or does not belong to this node.
        """
        wanted = list(set(signatures))
        found: dict[int, NewSignature] = {}
        for start in range(0, len(wanted), _CHUNK):
            by_block: dict[int, list[int]] = defaultdict(list)
            for number, block in binary_rows(_BLOCKS_OF, [wanted[start : start + _CHUNK]]):
                by_block[block].append(number)
            for block, opened in self._opened(by_block) if kept is None else self._kept(by_block, kept):
                found.update((number, opened.signature(number, frames=frames)) for number in by_block[block])
        return found

    def code_arrays(self, realm: Realm, *, min_quality: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        """Every stored PDQ of a realm, in no order, as arrays: n ids of signatures and n x 32 bytes, streamed.

        Those of a quality below `min_quality` are left out; those whose source gave no quality are not.
        """
        wanted = [block for (block,) in binary_rows(_BLOCKS_IN, [int(realm)])]
        for start in range(0, len(wanted), _BLOCKS):
            parts = [opened.codes(min_quality) for _, opened in self._opened(wanted[start : start + _BLOCKS])]
            yield np.concatenate([numbers for numbers, _ in parts]), np.concatenate([bits for _, bits in parts])

    def digests(self, realm: Realm) -> Iterator[bytes]:
        """The SHA-256 of every content of a realm that has one, in no order, streamed."""
        for _, opened in self._opened(block for (block,) in binary_rows(_BLOCKS_IN, [int(realm)])):
            yield from opened.sha256s()

    def remove(self, signatures: Iterable[int]) -> None:
        """Remove rows and their hashes inside the caller's transaction; unknown ids are ignored.

        Their blocks are sealed anew under new keys, and the old keys destroyed.
        """
        gone = set(signatures)
        with transaction.atomic():
            blocks = sorted({block for _, block in binary_rows(_BLOCKS_OF, [list(gone)])})
            held: dict[int, Any] = dict(binary_rows(_HOLD, [blocks]))
            _run(_FORGET, list(gone))
            for block, opened in self._opened(list(held)):
                left = opened.without(gone)
                _run(_DESTROY, {"block": block})
                if left is not None:
                    self._write_blocks(Realm(held[block]), [block], [left], write_columns)

    def open_block(self, number: int, sealed: bytes, wrapped: bytes) -> Block:
        """A block as it is stored, opened.

        Raises:
            WrappedKeyError, NoSuchGenerationError: its key does not open.
            InputError: it was altered, or does not belong to this node.
        """
        key = self._keyring.unwrap(wrapped, block_key_name(number))
        return Block(b"".join(open_record([sealed], key, _context(number))))

    def indexes(self, realm: Realm, one: NewSignature) -> tuple[bytes | None, ...]:
        """By which blind indexes a content's MD5, SHA-1 and SHA-256 are found in a realm; None where it has none."""
        return tuple(self._blinded(realm, [getattr(one, kind)], kind)[0] for kind in _KINDS)

    def _blinded(self, realm: Realm, digests: Iterable[bytes | None], kind: str) -> list[bytes | None]:
        of = self._indexes[realm][kind].of
        return [None if digest is None else of(digest) for digest in digests]

    def _write_blocks(self, realm: Realm, blocks: Sequence[int], raw: Sequence[bytes], write: Write) -> None:
        keys = [secrets.token_bytes(KEY_BYTES) for _ in blocks]
        sealed = [
            b"".join(seal_record([one], key, _context(block)))
            for block, key, one in zip(blocks, keys, raw, strict=True)
        ]
        wrapped = [self._keyring.wrap(key, block_key_name(block)) for block, key in zip(blocks, keys, strict=True)]
        of_block = blocks, [int(realm)] * len(blocks), sealed
        write("vault_signature_block", ("id", "realm", "sealed"), ("int8", "int2", "bytea"), of_block)
        of_key = blocks, [generation_of(one) for one in wrapped], wrapped
        write("vault_signature_key", ("block", "generation", "wrapped"), ("int8", "int8", "bytea"), of_key)

    def _kept(self, blocks: Iterable[int], kept: KeptBlocks) -> Iterator[tuple[int, Block]]:
        missing = []
        for block in blocks:
            opened = kept.get(block)
            if opened is None:
                missing.append(block)
            else:
                yield block, opened
        for block, opened in self._opened(missing):
            kept.keep(block, opened)
            yield block, opened

    def _opened(self, blocks: Iterable[int]) -> Iterator[tuple[int, Block]]:
        wanted = list(blocks)
        for start in range(0, len(wanted), _BLOCKS):
            for block, sealed, wrapped in binary_rows(_BLOCKS_AND_KEYS, [wanted[start : start + _BLOCKS]]):
                yield block, self.open_block(block, sealed, wrapped)


def block_key_name(block: int) -> str:
    """The name to which the key of a block is bound."""
    return f"signatures {block}"


def _context(block: int) -> bytes:
    return b"safelight/signatures/v1\x00" + block.to_bytes(8, "big")


def _has(question: NewSignature) -> int:
    return (question.md5 is not None) + 2 * (question.sha1 is not None) + 4 * (question.sha256 is not None)


def count(realm: Realm) -> int:
    """How many signatures a realm holds."""
    [(found,)] = binary_rows("SELECT count(*) FROM vault_signature WHERE realm = %s", [int(realm)])
    return int(found)


def _run(statement: str, values: dict[str, Any] | list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values if isinstance(values, dict) else [values])
