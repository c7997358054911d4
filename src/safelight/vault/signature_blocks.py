"""The digests and hashes of some hundred contents as one run of bytes, which is sealed as a whole.

Sealing each value by itself would cost more than all else that is done with it. A block is: version (1 byte), then how
many contents, hashes and turned hashes it holds (4 bytes each), then a fixed record of each, all little-endian.

Rules kept here:
- what is unknown is told apart from zeros;
- a block of another version, or of another length than it says, is not read at all;
- hashes stand in the order of their contents, so that those of one are found without reading the rest.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from functools import cached_property
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from safelight.errors import InputError
from safelight.signatures.types import Digests, Still

_VERSION = 1
_HEAD = struct.Struct("<BIII")
_CONTENT = struct.Struct("<qB16s20s32sq16s")
_HASH = struct.Struct("<IBihi32s")
_TURNED_BYTES = 224
_CONTENT_TYPE = np.dtype([
    ("number", "<i8"), ("has", "u1"), ("md5", "u1", 16), ("sha1", "u1", 20), ("sha256", "u1", 32), ("size", "<i8"),
    ("pixels", "u1", 16),
])  # fmt: skip
_HASH_TYPE = np.dtype([
    ("row", "<u4"), ("which", "u1"), ("frame", "<i4"), ("quality", "<i2"), ("turned", "<i4"), ("bits", "u1", 32),
])  # fmt: skip
_MD5, _SHA1, _SHA256, _SIZE, _PIXELS = 1, 2, 4, 8, 16
_UNKNOWN = -1


class BadBlockError(InputError):
    """A block of signatures does not hold what this release writes there: restore the database from a backup."""


class Which(IntEnum):
    """Which hash of a content: of a picture, or of a video's frame, whose `frame` is its time in milliseconds.

    Of a picture as listed and exchanged, or as shown to a person; of a frame as it is, or inside its plain borders.
    """

    LISTED = 0
    SHOWN = 1
    FILM = 2
    FILM_INSIDE = 3

    @property
    def of_film(self) -> bool:
        """Whether it is of a video's frame."""
        return self >= Which.FILM


class NewPdq(msgspec.Struct, frozen=True, gc=False):
    """One PDQ hash to be stored: 32 bytes, quality 0 to 100 (None: the source did not say), frame from 0 (see `Which`).

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


class NewSignature(msgspec.Struct, frozen=True, gc=False):
    """The digests (raw bytes, None where unknown), size and hashes of one content. At least one must be given.

    `pixels`: the digest of the picture as shown (`signatures.types.Still`), None for what was not looked at here.
    """

    md5: bytes | None
    sha1: bytes | None
    sha256: bytes | None
    size: int | None
    pdqs: tuple[NewPdq, ...] = ()
    pixels: bytes | None = None

    @classmethod
    def of(cls, digests: Digests, stills: Sequence[Still] = ()) -> Self:
        """That of a content at hand, with every hash of its frames that carries information."""
        pixels = stills[0].pixels if stills else None
        return cls(digests.md5, digests.sha1, digests.sha256, digests.size, tuple(hashes_of(stills)), pixels)


def hashes_of(stills: Iterable[Still]) -> Iterator[NewPdq]:
    """Every hash of a picture's frames that carries information."""
    for still in stills:
        for which, pdq in ((Which.LISTED, still.listed), (Which.SHOWN, still.shown)):
            if pdq is not None and pdq.usable:
                yield NewPdq(which, still.index, pdq.bits, pdq.quality, pdq.versions[32:])


def encode_block(numbers: Sequence[int], signatures: Sequence[NewSignature]) -> bytes:
    """One block of signatures, each under its number.

    Raises:
        ValueError: a digest or hash has not its length, or there are not as many numbers as signatures.
    """
    contents = [_content(number, one) for number, one in zip(numbers, signatures, strict=True)]
    hashes: list[bytes] = []
    turned: list[bytes] = []
    for row, one in enumerate(signatures):
        for pdq in one.pdqs:
            at = _UNKNOWN
            if pdq.turned is not None:
                at = len(turned)
                turned.append(_long(pdq.turned, _TURNED_BYTES))
            quality = _UNKNOWN if pdq.quality is None else pdq.quality
            hashes.append(_HASH.pack(row, pdq.which, pdq.frame, quality, at, _long(pdq.bits, 32)))
    head = _HEAD.pack(_VERSION, len(contents), len(hashes), len(turned))
    return b"".join((head, *contents, *hashes, *turned))


def _content(number: int, one: NewSignature) -> bytes:
    has = (
        _MD5 * (one.md5 is not None)
        | _SHA1 * (one.sha1 is not None)
        | _SHA256 * (one.sha256 is not None)
        | _SIZE * (one.size is not None)
        | _PIXELS * (one.pixels is not None)
    )
    digests = _long(one.md5, 16), _long(one.sha1, 20), _long(one.sha256, 32)
    return _CONTENT.pack(number, has, *digests, one.size or 0, _long(one.pixels, 16))


def _long(value: bytes | None, length: int) -> bytes:
    if value is None:
        return b""
    if len(value) != length:
        raise ValueError(f"a value of {len(value)} bytes where {length} belong")
    return value


class Block:
    """A block that was opened. Numbers ascend, as they were given."""

    def __init__(self, raw: bytes) -> None:
        """Read the tables of a block.

        Raises:
            BadBlockError: it is none that this release writes.
        """
        if len(raw) < _HEAD.size:
            raise BadBlockError
        version, contents, hashes, turned = _HEAD.unpack_from(raw)
        tables = _CONTENT.size * contents, _HASH.size * hashes, _TURNED_BYTES * turned
        if version != _VERSION or len(raw) != _HEAD.size + sum(tables):
            raise BadBlockError
        self._raw = raw
        self._contents: NDArray[Any] = np.frombuffer(raw, _CONTENT_TYPE, contents, _HEAD.size)
        self._hashes: NDArray[Any] = np.frombuffer(raw, _HASH_TYPE, hashes, _HEAD.size + tables[0])
        self._turned_at = _HEAD.size + tables[0] + tables[1]

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """Whose signatures it holds."""
        return self._contents["number"].astype(np.int64)

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {number: row for row, number in enumerate(self.numbers.tolist())}

    @cached_property
    def _bounds(self) -> list[int]:
        """Where the hashes of each row begin, and where those of the last end."""
        bounds: list[int] = np.searchsorted(self._hashes["row"], np.arange(len(self._contents) + 1)).tolist()
        return bounds

    def __contains__(self, number: int) -> bool:
        """Whether it holds a signature."""
        return number in self._rows

    def signature(self, number: int, *, frames: bool = True) -> NewSignature:
        """The signature of a number; without `frames` those of a video's frames are left out.

        Raises:
            KeyError: the block holds none.
        """
        row = self._rows[number]
        _, has, md5, sha1, sha256, size, pixels = _CONTENT.unpack_from(self._raw, _HEAD.size + row * _CONTENT.size)
        first, end = self._bounds[row : row + 2]
        if not frames and first < end and Which(self._hashes["which"][first]).of_film:
            end = first
        return NewSignature(
            md5 if has & _MD5 else None,
            sha1 if has & _SHA1 else None,
            sha256 if has & _SHA256 else None,
            size if has & _SIZE else None,
            tuple(self._pdq(at) for at in range(first, end)),
            pixels if has & _PIXELS else None,
        )

    def _pdq(self, at: int) -> NewPdq:
        start = _HEAD.size + len(self._contents) * _CONTENT.size + at * _HASH.size
        _, which, frame, quality, turned, bits = _HASH.unpack_from(self._raw, start)
        return NewPdq(Which(which), frame, bits, quality if quality != _UNKNOWN else None, self._turned(turned))

    def _turned(self, at: int) -> bytes | None:
        if at == _UNKNOWN:
            return None
        start = self._turned_at + at * _TURNED_BYTES
        return self._raw[start : start + _TURNED_BYTES]

    def codes(self, min_quality: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Every hash of at least this quality, or of none that is known: n numbers, and n x 32 bytes."""
        taken = self._hashes[(self._hashes["quality"] == _UNKNOWN) | (self._hashes["quality"] >= min_quality)]
        return self.numbers[taken["row"]], np.ascontiguousarray(taken["bits"])

    def sha256s(self) -> list[bytes]:
        """The SHA-256 of every content that has one."""
        told = self._contents[(self._contents["has"] & _SHA256) > 0]
        return [bytes(one) for one in told["sha256"]]

    def without(self, gone: set[int]) -> bytes | None:
        """The block anew without these numbers; None where nothing would be left."""
        left = [number for number in self.numbers.tolist() if number not in gone]
        return encode_block(left, [self.signature(number) for number in left]) if left else None
