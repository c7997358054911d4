"""What stacking takes and gives."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StackItem:
    """One item as stacking sees it: its key, hashes (of the shown picture), tile, shown size, and a rank.

    `digest` is the item's SHA-256, `pixels` its pixel digest; `pdq` is None where there is no usable hash (or quality
    is below the limit). `tile` is 64 x 64 grey bytes. The representative of a stack is the item of most pixels, then
    most bytes, then smallest digest, so that the choice never depends on order. `tile` is read only where it is needed.
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
