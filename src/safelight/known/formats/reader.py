"""The task that runs in the sandbox: a foreign list in, batches of checked messages out as msgpack.

What a file is, is told from its content: JSON begins with a brace or bracket, SQLite with its name, everything else is
read as a table.
"""

import codecs
import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO

import msgspec

from safelight.known.formats.packing import packed
from safelight.known.formats.rds import MAGIC, read_rds
from safelight.known.formats.table import RDS_FORMAT, read_table
from safelight.known.formats.text import NotKnownGoodError, UnreadableListError, encoding_of
from safelight.known.formats.vics import read_vics
from safelight.known.rows import FileHead, Message

BATCH_ROWS = 500
BATCH_BYTES = 1 << 19

_BINARY = {
    b"PK\x03\x04": "a zip archive (or office document)",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"%PDF": "a PDF document",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"<?xml": "an XML file",
}


class ReadOptions(msgspec.Struct, frozen=True):
    """What the reader needs to know beside the file: column name or number to field (`--map`), and what is said of it.

    `known_good`: it names harmless files, so that the rows of a published list are packed; `packed`: those of any list.
    """

    mapping: dict[str, str] = {}
    known_good: bool = False
    packed: bool = False


def messages(content: BinaryIO, options: ReadOptions) -> Iterator[Message]:
    """Every message of a list: one head, its rows and refusals in order, one end.

    Raises:
        UnreadableListError: it is empty or of no format that Safelight reads.
        UntoldColumnsError: `options` have to say what its columns mean.
        NotKnownGoodError: it names harmless files by its form, and `options` do not say so.
    """
    told = _told(content, options)
    yield from packed(told, anyway=options.packed) if options.known_good else _refusing_known_good(told)


def _refusing_known_good(told: Iterator[Message]) -> Iterator[Message]:
    head = next(told)
    if isinstance(head, FileHead) and head.format == RDS_FORMAT:
        raise NotKnownGoodError("this is an NSRL RDS, which names harmless files: import it with --known-good")
    yield head
    yield from told


def _told(content: BinaryIO, options: ReadOptions) -> Iterator[Message]:
    content.seek(0)
    head = content.read(4096)
    if not head.strip():
        raise UnreadableListError("the file is empty: nothing to import")
    for magic, what in _BINARY.items():
        if head.startswith(magic):
            raise UnreadableListError(f"this is {what}, not a list: unpack or export it as VICS JSON or CSV first")
    if head.startswith(MAGIC):
        yield from read_rds(content)
        return
    encoding, skip = encoding_of(head)
    begin = head[skip:].decode(encoding, "replace").lstrip()
    if begin.startswith(("{", "[")):
        yield from read_vics(content)
    else:
        yield from read_table(content, options.mapping)


def warm_up() -> None:
    """Load what reading needs later: once the sandbox has closed, no file can be opened any more."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        codecs.lookup(encoding)
    sample = b'{"value":[{"MD5":"00000000000000000000000000000001"}]}'
    for listed in (sample, b"md5\n00000000000000000000000000000001\n"):
        list(pack(messages(io.BytesIO(listed), ReadOptions(known_good=True, packed=True))))
    with suppress(UnreadableListError):
        list(read_rds(io.BytesIO(MAGIC)))


def read(content: BinaryIO, argument: bytes) -> Iterator[bytes]:
    """The sandbox's entry: `argument` is a msgpack `ReadOptions`; each reply a msgpack list of messages, bounded.

    Raises:
        UnreadableListError, UntoldColumnsError, NotKnownGoodError: as `messages`.
    """
    options = msgspec.msgpack.decode(argument, type=ReadOptions)
    return pack(messages(content, options))


def pack(stream: Iterable[Message]) -> Iterator[bytes]:
    """Messages as msgpack arrays of at most 500 messages and about 512 KiB each."""
    encoder = msgspec.msgpack.Encoder()
    batch: list[bytes] = []
    size = 0
    for message in stream:
        raw = encoder.encode(message)
        batch.append(raw)
        size += len(raw)
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield _array(batch)
            batch, size = [], 0
    if batch:
        yield _array(batch)


def _array(encoded: list[bytes]) -> bytes:
    """A msgpack array (16-bit length form) of values that are encoded already."""
    return b"\xdc" + len(encoded).to_bytes(2, "big") + b"".join(encoded)
