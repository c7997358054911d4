"""What stacking takes and gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


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


TilesOf = Callable[[Sequence[int]], list[bytes]]
"""Answers keys with their items' tiles, 64 x 64 grey bytes each; few at a time, since they lie elsewhere."""


@dataclass(frozen=True)
class StackMember:
    """An item in a stack and why: "representative", "same pixels", or "copy" or "near" with distance and difference.

    Distance (bits of 256) and tile difference (levels of 255, `signatures.tiles`) are those to the representative.
    """

    key: int
    how: str
    distance: int | None
    difference: float | None


@dataclass(frozen=True)
class Stack:
    """Copies of one picture; `members[0]` is the representative.

    `near` are representatives of other stacks that lie within the match radius of this one's and did not pass for
    copies; each is listed once, beside the nearest.
    """

    members: tuple[StackMember, ...]
    near: tuple[StackMember, ...]
