"""Chunked encryption: content of any size as sealed chunks that can be read from the middle (C2SP).

The scheme is c2sp.org/chunked-encryption@v1, revision 6f65019a, as Cobblestone-256: HKDF-Expand with SHA-512, and
AES-256-GCM. Sealed bytes are salt (24), commitment (32), then chunks of 16 KiB and a tag each, the last always shorter.

Rules kept here:
- a key and a context fit one content or none: the commitment is checked before any chunk is opened;
- nothing is handed out that did not authenticate, and no end is believed that did not: the size of a content is known
  only when its last chunk was opened;
- each chunk has one place: one that was moved, left out, put in or altered is refused;
- an error says what is known, never more: damage and forgery look alike.
"""

import hmac
import io
import secrets
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from safelight.errors import InputError, UsageError

KEY_BYTES = 32
CHUNK_BYTES = 16 * 1024
PREFIX_BYTES = 56
"""Salt and commitment, before the first chunk."""

_SALT_BYTES, _COMMITMENT_BYTES, _NONCE_BYTES, _TAG_BYTES = 24, 32, 12, 16
_SEALED_BYTES = CHUNK_BYTES + _TAG_BYTES
_MAX_CHUNKS = 2**38
_LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"

Block = bytes | bytearray | memoryview
ReadAt = Callable[[int, int], bytes]
"""Asked with (offset, length): the bytes from there, fewer only where the source ends."""


class SealBrokenError(InputError):
    """Sealed content cannot be opened."""


class WrongKeyError(SealBrokenError):
    """It was sealed with another key or for another place, or its first 56 bytes were altered."""


class CutShortError(SealBrokenError):
    """The sealed content is cut short."""


class AlteredError(SealBrokenError):
    """A chunk of the sealed content is not the one that was sealed there."""


class TooLargeError(UsageError):
    """The content is larger than chunked encryption allows, 4 PiB."""


def sealed_size(size: int) -> int:
    """How many bytes a content of `size` bytes has when it is sealed."""
    return PREFIX_BYTES + size + (size // CHUNK_BYTES + 1) * _TAG_BYTES


def split_head(blocks: Iterable[Block], count: int) -> tuple[bytes, Iterator[Block]]:
    """The first `count` bytes, fewer where there are no more, and the blocks that follow them."""
    others = iter(blocks)
    head, rest = b"", memoryview(b"")
    for block in others:
        missing = count - len(head)
        head += block[:missing]
        rest = memoryview(block)[missing:]
        if len(head) == count:
            break
    return head, chain([rest], others)


def encrypt(blocks: Iterable[Block], key: bytes, context: bytes) -> Iterator[bytearray]:
    """Seal a content.

    `blocks` are its bytes, cut as the caller likes (128 KiB each is quick); `key` is 32 uniformly random bytes, best
    one for each content; `context` says what is sealed, and must be given again to open it. Yields the sealed bytes,
    to be written one after the other.

    Raises:
        ValueError: the key does not have 32 bytes.
        TooLargeError: the content has 4 PiB or more.
    """
    salt = secrets.token_bytes(_SALT_BYTES)
    chunks, commitment = _derive(key, salt, context)
    yield bytearray(salt + commitment)
    number = 0
    for span in _spans(blocks, CHUNK_BYTES):
        sealed = chunks.seal(span, number)
        number += len(span) // CHUNK_BYTES
        yield sealed


def decrypt(blocks: Iterable[Block], key: bytes, context: bytes) -> Iterator[bytearray]:
    """Open a content from its first byte to its last.

    Yields it as it opens. What was yielded is authentic; that it is also complete is known only when the iterator ends
    without an error, so nothing may be acknowledged before.

    Raises:
        ValueError: the key does not have 32 bytes.
        WrongKeyError: the key or the context is another.
        CutShortError: the end is missing.
        AlteredError: a chunk is not the one that was sealed there.
    """
    prefix, rest = split_head(blocks, PREFIX_BYTES)
    chunks = _committed(prefix, key, context)
    number = 0
    for span in _spans(rest, _SEALED_BYTES):
        is_last = len(span) < _SEALED_BYTES
        if is_last and len(span) < _TAG_BYTES:
            raise CutShortError(f"The sealed content is cut short within chunk {number}: its end is missing.")
        yield chunks.open(span, number, is_last=is_last)
        number += len(span) // _SEALED_BYTES


class ChunkedReader(io.RawIOBase):
    """A sealed content as a file for reading: only the chunks that are asked for are read and opened.

    The size is known once the last chunk was opened, which seeking from the end, `size`, and reading up to the end do.
    """

    def __init__(self, read_at: ReadAt, sealed_length: int, key: bytes, context: bytes) -> None:
        """Open the sealed bytes that `read_at` reads, `sealed_length` in all.

        Raises:
            ValueError: the key does not have 32 bytes.
            WrongKeyError: the key or the context is another.
            CutShortError: the length shows that the end is missing.
        """
        super().__init__()
        self._read_at = read_at
        self._count, self._last_bytes = _layout(sealed_length)
        self._chunks = _committed(read_at(0, PREFIX_BYTES), key, context)
        self._size: int | None = None
        self._place = 0

    def size(self) -> int:
        """How many bytes the content has; the last chunk was opened to say so.

        Raises:
            CutShortError, AlteredError: the last chunk is not that of the content.
        """
        if self._size is None:
            last = self._count - 1
            self._open(last, self._count)
            self._size = last * CHUNK_BYTES + self._last_bytes - _TAG_BYTES
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only where the content ends.

        Raises:
            ValueError: offset or length is negative.
            CutShortError, AlteredError: a chunk that is needed is not there as it was sealed.
        """
        if offset < 0 or length < 0:
            raise ValueError("neither an offset nor a length can be negative")
        if length == 0:
            return b""
        first = offset // CHUNK_BYTES
        after = (offset + length - 1) // CHUNK_BYTES + 1
        if after >= self._count:
            # The end is in reach: what is handed out may stop there, so the end itself must be opened.
            length = max(0, min(length, self.size() - offset))
            if length == 0:
                return b""
            after = (offset + length - 1) // CHUNK_BYTES + 1
        opened = self._open(first, after)
        begin = offset - first * CHUNK_BYTES
        return bytes(memoryview(opened)[begin : begin + length])

    def readable(self) -> bool:
        """A sealed content can be read."""
        return True

    def seekable(self) -> bool:
        """A sealed content can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to an offset from the start, from here, or from the end, which opens the last chunk.

        Raises:
            ValueError: that is before the start, or from nowhere that there is.
            CutShortError, AlteredError: the last chunk is not that of the content.
        """
        origins = {io.SEEK_SET: lambda: 0, io.SEEK_CUR: lambda: self._place, io.SEEK_END: self.size}
        if whence not in origins:
            raise ValueError(f"cannot seek from {whence}, only from 0, 1 or 2")
        place = origins[whence]() + offset
        if place < 0:
            raise ValueError("cannot seek to before the start")
        self._place = place
        return self._place

    def readall(self) -> bytes:
        """Return everything from here on, each chunk opened once.

        Raises:
            CutShortError, AlteredError: a chunk that is needed is not there as it was sealed.
        """
        part = self.pread(self._place, self.size())
        self._place += len(part)
        return part

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # no wider type has a name
        """Fill a buffer from here on; return how many bytes there were.

        Raises:
            CutShortError, AlteredError: a chunk that is needed is not there as it was sealed.
        """
        target = memoryview(buffer).cast("B")
        part = self.pread(self._place, len(target))
        target[: len(part)] = part
        self._place += len(part)
        return len(part)

    def _open(self, first: int, after: int) -> bytearray:
        """Read and open chunks `first` to `after`, in one read."""
        is_last = after == self._count
        length = (after - first) * _SEALED_BYTES if not is_last else self._span_to_end(first)
        sealed = self._read_at(PREFIX_BYTES + first * _SEALED_BYTES, length)
        if len(sealed) != length:
            raise CutShortError(f"The sealed content ends before chunk {after - 1} does: its end is missing.")
        return self._chunks.open(memoryview(sealed), first, is_last=is_last)

    def _span_to_end(self, first: int) -> int:
        return (self._count - 1 - first) * _SEALED_BYTES + self._last_bytes


class _Chunks:
    """The cipher of one content: what is derived from key, salt and context."""

    def __init__(self, key: bytes, base_nonce: bytes) -> None:
        self._cipher = AESGCM(key)
        self._base = int.from_bytes(base_nonce)

    def seal(self, span: memoryview, number: int) -> bytearray:
        """Seal whole chunks, or the shorter last one, the first being chunk `number`."""
        count = max(1, len(span) // CHUNK_BYTES)
        sealed = bytearray(len(span) + count * _TAG_BYTES)
        target = memoryview(sealed)
        for index in range(count):
            part = span[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
            place = target[index * _SEALED_BYTES :][: len(part) + _TAG_BYTES]
            self._cipher.encrypt_into(self._nonce(number + index), part, None, place)
        return sealed

    def open(self, span: memoryview, number: int, *, is_last: bool) -> bytearray:
        """Open whole chunks and, where `is_last`, the shorter last one; the first is chunk `number`."""
        count = len(span) // _SEALED_BYTES + is_last
        opened = bytearray(len(span) - count * _TAG_BYTES)
        target = memoryview(opened)
        for index in range(count):
            part = span[index * _SEALED_BYTES : (index + 1) * _SEALED_BYTES]
            place = target[index * CHUNK_BYTES :][: len(part) - _TAG_BYTES]
            try:
                self._cipher.decrypt_into(self._nonce(number + index), part, None, place)
            except InvalidTag:
                raise _altered(number + index, is_last=is_last and index == count - 1) from None
        return opened

    def _nonce(self, number: int) -> bytes:
        if number >= _MAX_CHUNKS:
            raise TooLargeError
        return (self._base ^ number).to_bytes(_NONCE_BYTES)


def _altered(number: int, *, is_last: bool) -> AlteredError:
    if is_last:
        return AlteredError(
            f"The sealed content does not end as it was sealed: its last chunk, {number}, was altered, cut or added to."
        )
    return AlteredError(f"Chunk {number} of the sealed content is not the one that was sealed there: altered or moved.")


def _derive(key: bytes, salt: bytes, context: bytes) -> tuple[_Chunks, bytes]:
    """The cipher of a content, and its commitment."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key has {len(key)} bytes instead of {KEY_BYTES}")
    length = KEY_BYTES + _NONCE_BYTES + _COMMITMENT_BYTES
    derived = HKDFExpand(SHA512(), length, _LABEL + salt + context).derive(key)
    return _Chunks(derived[:KEY_BYTES], derived[KEY_BYTES:-_COMMITMENT_BYTES]), derived[-_COMMITMENT_BYTES:]


def _committed(prefix: bytes, key: bytes, context: bytes) -> _Chunks:
    """The cipher of a content that begins with `prefix`, when key and context are those it was sealed with."""
    if len(prefix) < PREFIX_BYTES:
        raise CutShortError(f"The sealed content has {len(prefix)} bytes: not even its first 56 are there.")
    chunks, commitment = _derive(key, prefix[:_SALT_BYTES], context)
    if not hmac.compare_digest(commitment, prefix[_SALT_BYTES:]):
        raise WrongKeyError
    return chunks


def _layout(sealed_length: int) -> tuple[int, int]:
    """How many chunks so many sealed bytes hold, and how many sealed bytes the last of them has."""
    whole, last_bytes = divmod(max(0, sealed_length - PREFIX_BYTES), _SEALED_BYTES)
    if last_bytes < _TAG_BYTES:
        raise CutShortError(f"Sealed content of {sealed_length} bytes is cut short: its end is missing.")
    return whole + 1, last_bytes


def _spans(blocks: Iterable[Block], size: int) -> Iterator[memoryview]:
    """Regroup: whole chunks of `size`, as many as come at once, and lastly the rest, shorter than one, maybe empty."""
    rest = bytearray()
    for block in blocks:
        view = memoryview(block)
        if rest:
            missing = size - len(rest)
            rest += view[:missing]
            view = view[missing:]
            if len(rest) < size:
                continue
            yield memoryview(rest)
            rest = bytearray()
        whole = len(view) - len(view) % size
        if whole:
            yield view[:whole]
        rest += view[whole:]
    yield memoryview(rest)
