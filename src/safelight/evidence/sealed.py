"""What was seen of an item that tells what it shows or says: its small picture, metadata, text. Sealed.

Raw metadata, XMP and IPTC hold embedded pictures and what people wrote of a picture, comments what it was made from. So
they are not working data, as camera, times and place are. What a mail says in its fields belongs to the place at which
it was met, since the same content may come with many mails: it is sealed with the sighting of the mail's first part.
"""

import msgspec

from safelight.errors import InputError
from safelight.vault.sealing import ColumnSealer
from safelight.writing.types import Written

TABLE = "evidence_item"
SIGHTINGS = "evidence_sighting"
_COLUMN = "sealed"


class BadSeenError(InputError):
    """A sealed part of an item holds what this release does not write there: restore the database from a backup."""


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`tile`: 64 x 64 grey bytes.

    `raw`: metadata blocks by name; `texts`: "xmp", "iptc" and "text" (comments) as they were parsed. `written`: of
    a text.
    """

    tile: bytes | None = None
    raw: dict[str, bytes] | None = None
    texts: dict[str, dict[str, str]] | None = None
    written: Written | None = None


_decoder = msgspec.msgpack.Decoder(Seen)
_letter_decoder = msgspec.msgpack.Decoder(Written)
_encode = msgspec.msgpack.Encoder().encode


def seal_seen(seen: Seen, item: int, columns: ColumnSealer) -> bytes:
    """Seal it for the item of this id by the sealer of `TABLE`."""
    return columns.seal(_encode(seen), _COLUMN, str(item))


def open_seen(sealed: bytes | memoryview | None, item: int, columns: ColumnSealer) -> Seen:
    """What was sealed for the item of this id; nothing where it has no picture.

    Raises:
        SealedValueError: it was altered, moved from another item, or sealed by another node.
        BadSeenError: it holds something else.
    """
    if sealed is None:
        return Seen()
    try:
        return _decoder.decode(columns.open(bytes(sealed), _COLUMN, str(item)))
    except msgspec.DecodeError:
        raise BadSeenError from None


def seal_letter(letter: Written, sighting: int, columns: ColumnSealer) -> bytes:
    """Seal what a mail's fields say for the sighting of this id by the sealer of `SIGHTINGS`."""
    return columns.seal(_encode(letter), _COLUMN, str(sighting))


def open_letter(sealed: bytes | memoryview, sighting: int, columns: ColumnSealer) -> Written:
    """What was sealed for the sighting of this id.

    Raises:
        SealedValueError, BadSeenError: as for `open_seen`.
    """
    try:
        return _letter_decoder.decode(columns.open(bytes(sealed), _COLUMN, str(sighting)))
    except msgspec.DecodeError:
        raise BadSeenError from None
