"""The record of a kept object: one line that says how it is sealed, then its sealed bytes.

The line names format, hash, cipher and the revision of the specification, so that whoever finds a record in ten years
knows how to open it. What is sealed (its context) and the key stand elsewhere and are never part of a record.

Rules kept here:
- there is one line today, compared byte for byte: a record that says anything else is not opened at all;
- the sealed bytes bind the line: it is part of the context, so a later form cannot be passed off as this one.
"""

from collections.abc import Iterable, Iterator

from safelight.errors import InputError
from safelight.vault import chunked
from safelight.vault.chunked import Block, ChunkedReader, CutShortError, ReadAt

HEADER = b"safelight-object v1 c2sp.org/chunked-encryption@v1 6f65019a SHA-512 AEAD_AES_256_GCM\n"
HEAD_BYTES = len(HEADER) + chunked.PREFIX_BYTES
"""How many bytes of a record tell by which key and for what it was sealed."""
_MAGIC = b"safelight-object "


class NotARecordError(InputError):
    """These bytes are no record of a kept object."""


class OtherSuiteError(InputError):
    """The object is sealed in a way that this release does not know: use the release that wrote it, or a later one."""


def record_size(size: int) -> int:
    """How many bytes the record of an object of `size` bytes has."""
    return len(HEADER) + chunked.sealed_size(size)


def seal_record(blocks: Iterable[Block], key: bytes, context: bytes) -> Iterator[bytes | bytearray]:
    """Yield the record of an object, to be written one piece after the other; arguments as of `chunked.encrypt`.

    Raises:
        ValueError: the key does not have 32 bytes.
        TooLargeError: the object has 4 PiB or more.
    """
    yield HEADER
    yield from chunked.encrypt(blocks, key, HEADER + context)


def open_record(blocks: Iterable[Block], key: bytes, context: bytes) -> Iterator[bytearray]:
    """Yield an object from its record; it is complete only when the iterator ends without an error.

    Raises:
        NotARecordError: the bytes begin with something else.
        OtherSuiteError: the record is of another form.
        SealBrokenError: it cannot be opened, and why (see `chunked.decrypt`).
    """
    head, sealed = chunked.split_head(blocks, len(HEADER))
    _check_header(head)
    yield from chunked.decrypt(sealed, key, HEADER + context)


def record_reader(read_at: ReadAt, length: int, key: bytes, context: bytes) -> ChunkedReader:
    """An object as a file, from a record of `length` bytes that `read_at` reads anywhere.

    Raises:
        NotARecordError: the bytes begin with something else.
        OtherSuiteError: the record is of another form.
        WrongKeyError: the key or the context is another.
        CutShortError: the length shows that the end is missing.
    """
    _check_header(read_at(0, len(HEADER)))

    def sealed_at(offset: int, count: int) -> bytes:
        return read_at(len(HEADER) + offset, count)

    return ChunkedReader(sealed_at, length - len(HEADER), key, HEADER + context)


def is_sealed_by(head: bytes, key: bytes, context: bytes) -> bool:
    """Whether a record that begins with `head` (`HEAD_BYTES`) was sealed by this key for this context.

    Raises:
        ValueError: the key does not have 32 bytes.
    """
    try:
        record_reader(lambda offset, count: head[offset : offset + count], record_size(0), key, context)
    except InputError:
        return False
    return True


def _check_header(head: bytes) -> None:
    if head == HEADER:
        return
    if HEADER.startswith(head):
        raise CutShortError(f"The record has {len(head)} bytes: not even its first line is there.")
    if head.startswith(_MAGIC):
        raise OtherSuiteError
    raise NotARecordError
