"""What a source said of a content in its own words: sealed, since words name series, people and places.

Rules kept here:
- the words of an entry are sealed together, and bound to their row: put beside another entry, they do not open;
- grades and flags stand in clear beside them: without a digest they say nothing about anything.
"""

from collections.abc import Sequence

import msgspec

from safelight.errors import InputError
from safelight.known.rows import KnownRow
from safelight.vault.sealing import ColumnSealer

TABLE = "known_entry"
_COLUMN = "words"


class BadWordsError(InputError):
    """The words of an entry hold what this release does not write there: restore the database from a backup."""


class Words(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The texts of one entry; `opaque` values are kept and never computed (photodna, zz40, lace)."""

    external_id: str | None
    series: str | None
    agency: str | None
    comment: str | None
    tags: list[str]
    opaque: dict[str, str]
    notes: list[str]


_decoder = msgspec.msgpack.Decoder(Words)
_encode = msgspec.msgpack.Encoder().encode


def words_of(row: KnownRow) -> Words:
    """The words of a row."""
    return Words(row.external_id, row.series, row.agency, row.comment, row.tags, row.opaque, row.notes)


def seal_words(words: Sequence[Words], entries: Sequence[int], columns: ColumnSealer) -> list[bytes]:
    """The words, each sealed for the entry of its id by the sealer of `TABLE`."""
    return columns.seal_each([_encode(one) for one in words], _COLUMN, [str(entry) for entry in entries])


def open_words(sealed: bytes, entry: int, columns: ColumnSealer) -> Words:
    """What was sealed for the entry of this id.

    Raises:
        SealedValueError: it was altered, moved from another entry, or sealed by another node.
        BadWordsError: it holds something else.
    """
    try:
        return _decoder.decode(columns.open(sealed, _COLUMN, str(entry)))
    except msgspec.DecodeError:
        raise BadWordsError from None
