"""What examining one file's content yields: values only, bounded, checked by msgspec on their way out of the sandbox.

PDQ: 256-bit hash of Meta's ThreatExchange `pdq/`, 32 bytes, most significant bit first (as its hex spelling reads).
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from safelight.media.types import MOST_EMBEDDED_BYTES, Clip, Metadata

PdqBits = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_LARGEST = (1 << 31) - 1
Count = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]
"""A number that a database's plain integer holds."""
Tile = Annotated[bytes, msgspec.Meta(min_length=4096, max_length=4096)]


class Transform(StrEnum):
    """The eight turned and mirrored versions, named by what was done to the picture at hand to get the version.

    As `pdqhash.compute_dihedral` has them: rotations go counter-clockwise, FLIPX turns upside down (mirrors at the
    horizontal axis), FLIPY swaps left and right, TRANSPOSE mirrors at the falling diagonal (top left stays),
    ANTITRANSPOSE at the rising one. `rotate90` on a match reads: turn the file in hand by 90 degrees counter-clockwise
    and it is the known picture.
    """

    ORIGINAL = "original"
    ROTATE90 = "rotate90"
    ROTATE180 = "rotate180"
    ROTATE270 = "rotate270"
    FLIPX = "flipx"
    FLIPY = "flipy"
    TRANSPOSE = "transpose"
    ANTITRANSPOSE = "antitranspose"


TRANSFORMS = tuple(Transform)


class Pdq(msgspec.Struct, frozen=True):
    """One PDQ hash with its seven turned versions.

    `versions` holds 8 * 32 bytes in the order of `TRANSFORMS`; the first is the hash itself. `quality` is 0 to 100.
    `usable` is False where all but zero coefficients carry no information: such a hash is never matched.
    """

    versions: Annotated[bytes, msgspec.Meta(min_length=256, max_length=256)]
    quality: Annotated[int, msgspec.Meta(ge=0, le=100)]
    usable: bool

    @property
    def bits(self) -> bytes:
        """The hash itself, 32 bytes."""
        return self.versions[:32]


class Still(msgspec.Struct, frozen=True):
    """The signatures of one frame.

    `listed` is the PDQ of the pixels exactly as `threatexchange` takes them; `shown` that of the picture as a person
    sees it (orientation, alpha over grey, borders trimmed), None where it is the same. `tile` is the shown picture as
    64 x 64 grey bytes; `shown_size` its width and height after trimming; `pixels` an xxh3-128 of the shown pixels.
    """

    index: Count
    listed: Pdq
    shown: Pdq | None
    tile: Tile
    shown_size: tuple[Count, Count]
    pixels: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


class Embedded(msgspec.Struct, frozen=True):
    """A picture found inside a file, with a sighting of its own: what it is, and its bytes."""

    kind: Annotated[str, msgspec.Meta(max_length=40)]
    content: Annotated[bytes, msgspec.Meta(max_length=MOST_EMBEDDED_BYTES)]


class Examination(msgspec.Struct, frozen=True):
    """What one picture file turned out to be.

    `size` is width and height as stored; `damaged` says what is wrong where pixels came out all the same.
    The first still is the picture; further ones are frames of an animation that differ from every earlier one. `clips`
    are videos inside it, to be read by themselves.
    """

    format: Annotated[str, msgspec.Meta(max_length=20)]
    size: tuple[Count, Count]
    orientation: Annotated[int, msgspec.Meta(ge=1, le=8)]
    frames: Annotated[int, msgspec.Meta(ge=1, le=_LARGEST)]
    mode: Annotated[str, msgspec.Meta(max_length=20)]
    stills: Annotated[list[Still], msgspec.Meta(min_length=1, max_length=2000)]
    embedded: Annotated[list[Embedded], msgspec.Meta(max_length=16)]
    metadata: Metadata
    damaged: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    clips: Annotated[list[Clip], msgspec.Meta(max_length=4)] = []


class Digests(msgspec.Struct, frozen=True):
    """MD5, SHA-1 and SHA-256 of a content of `size` bytes, as raw bytes."""

    md5: bytes
    sha1: bytes
    sha256: bytes
    size: int
