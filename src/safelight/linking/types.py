"""What stacking takes and gives."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StackItem:
    """One item as stacking sees it: its key, hashes (of the shown picture), tile, shown size, and a rank.

    `digest` is the item's SHA-256, `pixels` its pixel digest; `pdq` is None where there is no usable hash (or quality
    is below the limit). `tile` is 64 x 64 grey bytes. The representative of a stack is the item of most pixels, then
    most bytes, then smallest digest, so that the choice never depends on order.
    """

    key: int
    digest: bytes
    pixels: bytes
    pdq: bytes | None
    tile: bytes
    shown_size: tuple[int, int]
    byte_size: int


@dataclass(frozen=True)
class StackMember:
    """An item in a stack and why: "representative", "same pixels", or "copy" with distance and tile difference."""

    key: int
    how: str
    distance: int | None
    difference: float | None


@dataclass(frozen=True)
class Stack:
    """Copies of one picture; `members[0]` is the representative. `near` are items within the match radius that did not pass."""

    members: tuple[StackMember, ...]
    near: tuple[StackMember, ...]
