"""Rows of published lists of known good, packed: digests and size, and nothing of what else a list says of them.

Rules kept here:
- a row is packed only where leaving the rest out loses no more than names of files: one that grades (other than as
  benign), flags, finds by more than digests, or declares itself a demonstration is handed out as it is;
- the content of no bytes, which such lists hold, is counted and passed over: every empty file is good without them.
"""

from collections.abc import Iterator

import msgspec

from safelight.known.formats.values import OF_EMPTY_FILE
from safelight.known.rows import BadRow, FileEnd, FileHead, Given, KnownRow, Message, PackedRows
from safelight.known.rules import BENIGN, speaks_demo

PACK_BYTES = 1 << 18
_NO_MD5, _NO_SHA1, _NO_SHA256 = bytes(16), bytes(20), bytes(32)
_MD5, _SHA1, _SHA256, _SIZE = (given.value for given in Given)  # read row by row: an enumeration's members are slow


def packed(stream: Iterator[Message], *, anyway: bool) -> Iterator[Message]:
    """The messages of a list, its rows packed where its head says that it is published, or `anyway`."""
    head = next(stream)
    if not isinstance(head, FileHead) or not (head.published or anyway):
        yield head
        yield from stream
        return
    yield msgspec.structs.replace(head, published=True)
    waiting, empty = bytearray(), 0
    for message in stream:
        if isinstance(message, KnownRow) and _is_plain(message):
            waiting += pack_row(message.md5, message.sha1, message.sha256, message.size)
            if len(waiting) >= PACK_BYTES:
                yield PackedRows(bytes(waiting))
                waiting.clear()
            continue
        if isinstance(message, BadRow) and message.reason.endswith(OF_EMPTY_FILE):
            empty += 1
            continue
        if waiting:
            yield PackedRows(bytes(waiting))
            waiting.clear()
        yield _ended(message, empty) if isinstance(message, FileEnd) else message


def pack_row(md5: bytes | None, sha1: bytes | None, sha256: bytes | None, size: int | None) -> bytes:
    """One row as `PACKED_BYTES` bytes."""
    given = (
        (md5 is not None and _MD5)
        | (sha1 is not None and _SHA1)
        | (sha256 is not None and _SHA256)
        | (size is not None and _SIZE)
    )
    digests = md5 or _NO_MD5, sha1 or _NO_SHA1, sha256 or _NO_SHA256
    return b"%c%b%b%b%b" % (given, *digests, (size or 0).to_bytes(8, "big"))


def _is_plain(row: KnownRow) -> bool:
    if row.category is not None and row.category != BENIGN:
        return False
    if row.pdq is not None or row.path is not None or row.series is not None or row.opaque:
        return False
    if row.victim_identified or row.offender_identified or row.distributed or row.self_generated or row.suspected:
        return False
    return not ((row.md5 is None and row.sha1 is None and row.sha256 is None) or row.baseline or speaks_demo(row))


def _ended(end: FileEnd, empty: int) -> FileEnd:
    if not empty:
        return end
    return msgspec.structs.replace(end, notes=[*end.notes, f"{empty:,} rows of the empty file were passed over"])
