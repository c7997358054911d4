"""The evidence of an answer as it is stored: sealed, for it holds digests, hashes and the sources' own words."""

from collections.abc import Sequence

import msgspec

from safelight.casework.report.model import Evidence
from safelight.errors import InputError
from safelight.vault.sealing import ColumnSealer

TABLE = "casework_answer"
_COLUMN = "evidence"
_decoder = msgspec.msgpack.Decoder(list[Evidence])
_encode = msgspec.msgpack.Encoder().encode


class BadEvidenceError(InputError):
    """The evidence of an answer holds what this release does not write there: restore the database from a backup."""


def seal_evidence(evidence: Sequence[Evidence], answer: int, columns: ColumnSealer) -> bytes:
    """The evidence, sealed for the answer of this id by the sealer of `TABLE`."""
    return columns.seal(_encode(evidence), _COLUMN, str(answer))


def open_evidence(sealed: bytes, answer: int, columns: ColumnSealer) -> list[Evidence]:
    """What was sealed for the answer of this id.

    Raises:
        SealedValueError: it was altered, moved from another answer, or sealed by another node.
        BadEvidenceError: it holds something else.
    """
    try:
        return _decoder.decode(columns.open(sealed, _COLUMN, str(answer)))
    except msgspec.DecodeError:
        raise BadEvidenceError from None
