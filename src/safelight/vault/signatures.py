"""The one table of digests and perceptual hashes, and the only module that touches it (a later issue seals it).

Both the known base and the items of cases keep their digests and PDQ hashes here, told apart by `Realm`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from safelight.platform.copying import binary_copy
from safelight.signatures.types import Digests, Still


class Realm(IntEnum):
    """Whose signatures: those of the known base, or those of items seen in cases."""

    KNOWN = 1
    ITEM = 2


class Which(IntEnum):
    """Which hash of a content: as listed and exchanged, or as shown to a person."""

    LISTED = 0
    SHOWN = 1


@dataclass(frozen=True, slots=True)
class NewPdq:
    """One PDQ hash to be stored: 32 bytes, quality 0 to 100 (None: the source did not say), frame from 0.

    `turned` holds its seven turned versions (7 * 32 bytes, `signatures.types.TRANSFORMS[1:]`) where they are known:
    they are questions, kept so that an item can be asked about again without being decoded; the known base has none.
    """

    which: Which
    frame: int
    bits: bytes
    quality: int | None
    turned: bytes | None = None

    @property
    def versions(self) -> bytes:
        """The hash and its turned versions, as far as they are known: k * 32 bytes."""
        return self.bits + (self.turned or b"")


@dataclass(frozen=True, slots=True)
class NewSignature:
    """The digests (raw bytes, None where unknown), size and hashes of one content. At least one must be given."""

    md5: bytes | None
    sha1: bytes | None
    sha256: bytes | None
    size: int | None
    pdqs: tuple[NewPdq, ...] = ()

    @classmethod
    def of(cls, digests: Digests, stills: Iterable[Still] = ()) -> Self:
        """That of a content at hand, with every hash of its frames that carries information."""
        return cls(digests.md5, digests.sha1, digests.sha256, digests.size, tuple(_pdqs(stills)))


def _pdqs(stills: Iterable[Still]) -> Iterator[NewPdq]:
    for still in stills:
        for which, pdq in ((Which.LISTED, still.listed), (Which.SHOWN, still.shown)):
            if pdq is not None and pdq.usable:
                yield NewPdq(which, still.index, pdq.bits, pdq.quality, pdq.versions[32:])


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


_CHUNK = 5000
"""Rows fetched at a time."""
_STRETCHES = 4
"""Stretches of ids fetched at a time; a stretch of one hash each comes to 2.6 MB."""

_RESERVE = "SELECT nextval(pg_get_serial_sequence('vault_signature', 'id')) FROM generate_series(1, %s)"
_COPY_SIGNATURES = "COPY vault_signature (id, realm, md5, sha1, sha256, size) FROM STDIN (FORMAT BINARY)"
_SIGNATURE_TYPES = ("int8", "int2", "bytea", "bytea", "bytea", "int8")
_COPY_PDQS = "COPY vault_pdq (signature_id, which, frame, bits, quality, turned) FROM STDIN (FORMAT BINARY)"
_PDQ_TYPES = ("int8", "int2", "int4", "bytea", "int2", "bytea")

# A pair is decided by the strongest digest that both sides have, so the three parts exclude each other.
# The digests come end to end in one value a column, and a byte a row says which it has: arrays of bytea would be quoted
# one by one.
_FIND = """
WITH question AS (
    SELECT row, size,
        CASE WHEN get_byte(%(has)s, row) & 1 > 0 THEN substr(%(md5)s::bytea, 16 * row + 1, 16) END AS md5,
        CASE WHEN get_byte(%(has)s, row) & 2 > 0 THEN substr(%(sha1)s::bytea, 20 * row + 1, 20) END AS sha1,
        CASE WHEN get_byte(%(has)s, row) & 4 > 0 THEN substr(%(sha256)s::bytea, 32 * row + 1, 32) END AS sha256
    FROM unnest(%(size)s::bigint[]) WITH ORDINALITY AS asked (size, number),
        LATERAL (SELECT number::int - 1) AS at (row)
)
SELECT q.row, s.id, 'sha256', s.size = q.size
    FROM question q JOIN vault_signature s ON s.realm = %(realm)s AND s.sha256 = q.sha256
UNION ALL
SELECT q.row, s.id, 'sha1', s.size = q.size
    FROM question q JOIN vault_signature s ON s.realm = %(realm)s AND s.sha1 = q.sha1
    WHERE s.sha256 IS NULL OR q.sha256 IS NULL
UNION ALL
SELECT q.row, s.id, 'md5', s.size = q.size
    FROM question q JOIN vault_signature s ON s.realm = %(realm)s AND s.md5 = q.md5
    WHERE (s.sha256 IS NULL OR q.sha256 IS NULL) AND (s.sha1 IS NULL OR q.sha1 IS NULL)
ORDER BY 1, 2
"""
_FETCH_SIGNATURES = "SELECT id, md5, sha1, sha256, size FROM vault_signature WHERE id = ANY(%s)"
_FETCH_PDQS = """
SELECT signature_id, which, frame, bits, quality, turned FROM vault_pdq WHERE signature_id = ANY(%s)
ORDER BY signature_id, which, frame, id
"""
# One value for each stretch of ids, packed by the server: a row to each hash would be most of the work.
_CODE_ARRAYS = """
SELECT string_agg(int8send(p.signature_id) || p.bits, ''::bytea)
FROM vault_pdq p JOIN vault_signature s ON s.id = p.signature_id
WHERE s.realm = %s AND (p.quality IS NULL OR p.quality >= %s) GROUP BY p.signature_id / 65536
"""
_PACKED = np.dtype([("signature", ">i8"), ("bits", np.uint8, (32,))])


def store(realm: Realm, rows: Sequence[NewSignature]) -> list[int]:
    """Store rows by COPY inside the caller's transaction; the ids come back in the order of the rows."""
    if not rows:
        return []
    whose = int(realm)
    with transaction.atomic():
        ids = _reserve(len(rows))
        with binary_copy(_COPY_SIGNATURES, _SIGNATURE_TYPES) as write:
            for number, row in zip(ids, rows, strict=True):
                write((number, whose, row.md5, row.sha1, row.sha256, row.size))
        hashes = [(number, pdq) for number, row in zip(ids, rows, strict=True) for pdq in row.pdqs]
        if hashes:
            with binary_copy(_COPY_PDQS, _PDQ_TYPES) as write:
                for number, pdq in hashes:
                    write((number, int(pdq.which), pdq.frame, pdq.bits, pdq.quality, pdq.turned))
    return ids


def _reserve(wanted: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, [wanted])
        return [number for (number,) in cursor.fetchall()]


def find(realm: Realm, questions: Sequence[NewSignature]) -> list[DigestHit]:
    """Every stored signature that shares a digest with a question and contradicts it in no stronger digest both have.

    Ordered by question, then id.
    """
    if not questions:
        return []
    values: dict[str, Any] = {
        "realm": int(realm),
        "has": bytes(_has(question) for question in questions),
        "md5": b"".join(question.md5 or bytes(16) for question in questions),
        "sha1": b"".join(question.sha1 or bytes(20) for question in questions),
        "sha256": b"".join(question.sha256 or bytes(32) for question in questions),
        "size": [question.size for question in questions],
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIND, values)
        return [DigestHit(*row) for row in cursor.fetchall()]


def _has(question: NewSignature) -> int:
    return (question.md5 is not None) + 2 * (question.sha1 is not None) + 4 * (question.sha256 is not None)


def fetch(signatures: Iterable[int]) -> dict[int, NewSignature]:
    """The stored rows by id; unknown ids are absent."""
    wanted = list(set(signatures))
    found: dict[int, NewSignature] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(wanted), _CHUNK):
            some = [wanted[start : start + _CHUNK]]
            cursor.execute(_FETCH_PDQS, some)
            hashes: dict[int, list[NewPdq]] = {}
            for number, which, *rest in cursor.fetchall():
                hashes.setdefault(number, []).append(NewPdq(Which(which), *rest))
            cursor.execute(_FETCH_SIGNATURES, some)
            for number, md5, sha1, sha256, size in cursor.fetchall():
                found[number] = NewSignature(md5, sha1, sha256, size, tuple(hashes.get(number, ())))
    return found


def code_arrays(realm: Realm, *, min_quality: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    """Every stored PDQ of a realm, in no order, as arrays: n ids of signatures and n x 32 bytes, streamed.

    Those of a quality below `min_quality` are left out; those whose source gave no quality are not.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(_CODE_ARRAYS, [int(realm), min_quality])
        while stretches := cursor.fetchmany(_STRETCHES):
            for (packed,) in stretches:
                rows = np.frombuffer(packed, _PACKED)
                yield rows["signature"].astype(np.int64), np.ascontiguousarray(rows["bits"])


def count(realm: Realm) -> int:
    """How many signatures a realm holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_signature WHERE realm = %s", [int(realm)])
        row: tuple[int] = cursor.fetchone()
    return row[0]


def remove(signatures: Sequence[int]) -> None:
    """Remove rows and their hashes inside the caller's transaction; unknown ids are ignored."""
    gone = [list(signatures)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM vault_pdq WHERE signature_id = ANY(%s)", gone)
        cursor.execute("DELETE FROM vault_signature WHERE id = ANY(%s)", gone)
