"""What stacking takes and gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from safelight.search.ports import Codes


class StackItem(Protocol):
    """One item as stacking sees it.

    The representative of a stack is the item of most pixels, then most bytes, then smallest digest, so that the choice
    never depends on order.
    """

    @property
    def key(self) -> int:
        """The caller's number of the item."""

    @property
    def digest(self) -> bytes:
        """The item's SHA-256."""

    @property
    def pixels(self) -> bytes:
        """The digest of its shown pixels."""

    @property
    def pdq(self) -> bytes | None:
        """The hash of the shown picture; None where it is not usable, or its quality is below the limit."""

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height as shown."""

    @property
    def byte_size(self) -> int:
        """The item's size in bytes."""


@dataclass(frozen=True)
class StackFilm:
    """A video as stacking sees it: `stream` digests its encoded pictures, `pixels` counts those of a frame."""

    key: int
    digest: bytes
    stream: bytes | None
    pixels: int
    byte_size: int


@dataclass(frozen=True)
class FilmFrames:
    """The hashes of a video: `times` (n, microseconds, never falling) and `codes` (n x 32 bytes).

    More than one may be of one frame. `telling` (n) says which have enough to see to be found by.
    """

    times: NDArray[np.int64]
    codes: Codes
    telling: NDArray[np.bool_]


FramesOf = Callable[[int], FilmFrames]
"""Answers a video's key with its hashes, which are too many to hold those of all."""
TilesOf = Callable[[Sequence[int]], list[bytes]]
"""Answers keys with their items' tiles, 64 x 64 grey bytes each; few at a time, since they lie elsewhere."""


@dataclass(frozen=True)
class StackMember:
    """An item in a stack and why: "representative", "same pixels", "same stream", or "copy" or "near" with distance.

    Distance (bits of 256; of a video the middle one of its frames) and, of pictures, tile difference (levels of 255,
    `signatures.tiles`) are those to the representative.
    """

    key: int
    how: str
    distance: int | None
    difference: float | None


@dataclass(frozen=True)
class Stack:
    """Copies of one picture or recording; `members[0]` is the representative.

    `near` are representatives of other stacks that lie within the match radius of this one's and did not pass for
    copies; each is listed once, beside the nearest.
    """

    members: tuple[StackMember, ...]
    near: tuple[StackMember, ...]
