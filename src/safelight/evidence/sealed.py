"""What was seen of an item that tells what it shows: its small picture, its metadata. Sealed.

Raw metadata, XMP and IPTC hold embedded pictures and what people wrote of a picture, comments what it was made from. So
they are not working data, as camera, times and place are.
"""

import msgspec

from safelight.errors import InputError
from safelight.vault.sealing import ColumnSealer

TABLE = "evidence_item"
_COLUMN = "sealed"


class BadSeenError(InputError):
    """A sealed part of an item holds what this release does not write there: restore the database from a backup."""


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`tile`: 64 x 64 grey bytes.

    `raw`: metadata blocks by name; `texts`: "xmp", "iptc" and "text" (comments) as they were parsed.
    """

    tile: bytes | None = None
    raw: dict[str, bytes] | None = None
    texts: dict[str, dict[str, str]] | None = None


_decoder = msgspec.msgpack.Decoder(Seen)
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
