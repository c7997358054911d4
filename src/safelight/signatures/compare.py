"""Two examined pictures against each other: the nearest pair among their hashes, turned versions included."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight.signatures.tiles import difference
from safelight.signatures.types import TRANSFORMS, Examination, Pdq, Still, Transform

_TURNS: dict[Transform, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    Transform.ORIGINAL: lambda tile: tile,
    Transform.ROTATE90: np.rot90,
    Transform.ROTATE180: lambda tile: tile[::-1, ::-1],
    Transform.ROTATE270: lambda tile: np.rot90(tile, 3),
    Transform.FLIPX: np.flipud,
    Transform.FLIPY: np.fliplr,
    Transform.TRANSPOSE: np.transpose,
    Transform.ANTITRANSPOSE: lambda tile: tile[::-1, ::-1].T,
}


@dataclass(frozen=True)
class Comparison:
    """The nearest pair of hashes of two pictures A and B.

    `distance` in bits of 256; `a_hash` and `b_hash` say which hash of each ("listed" or "shown") of which still
    (`a_still`, `b_still`, from 0); `transform` is what has to be done to A to get B. `quality` is the lower of the two.
    `usable` is False where one of the pictures has no usable hash: the distance then says nothing.
    `tile_difference` is that of those two stills as a person sees them, A turned as it fits best, in levels of 255.
    `same_pixels` holds where both pictures show exactly the same pixels in some still.
    """

    distance: int
    a_hash: str
    b_hash: str
    a_still: int
    b_still: int
    transform: Transform
    quality: int
    usable: bool
    tile_difference: float
    same_pixels: bool


@dataclass(frozen=True)
class _Hash:
    still: int
    name: str
    pdq: Pdq


def compare(a: Examination, b: Examination) -> Comparison:
    """The nearest pair over all stills, both hashes and A's turned versions; of equally near ones the least turned."""
    left, right = _hashes(a), _hashes(b)
    usable = any(hashed.pdq.usable for hashed in left) and any(hashed.pdq.usable for hashed in right)
    if usable:
        left, right = [h for h in left if h.pdq.usable], [h for h in right if h.pdq.usable]
    distance, turned, mine, theirs = _nearest(left, right)
    return Comparison(
        distance=distance,
        a_hash=mine.name,
        b_hash=theirs.name,
        a_still=mine.still,
        b_still=theirs.still,
        transform=TRANSFORMS[turned],
        quality=min(mine.pdq.quality, theirs.pdq.quality),
        usable=usable,
        tile_difference=_tile_difference(a.stills[mine.still], b.stills[theirs.still]),
        same_pixels=not {_pixels(still) for still in a.stills}.isdisjoint(_pixels(still) for still in b.stills),
    )


def _hashes(examination: Examination) -> list[_Hash]:
    stills = list(enumerate(examination.stills))
    listed = [_Hash(place, "listed", still.listed) for place, still in stills]
    return listed + [_Hash(place, "shown", still.shown) for place, still in stills if still.shown is not None]


def _nearest(left: list[_Hash], right: list[_Hash]) -> tuple[int, int, _Hash, _Hash]:
    """Distance, place of the transform in `TRANSFORMS`, and the two hashes."""
    codes = np.frombuffer(b"".join(hashed.pdq.bits for hashed in right), np.uint8).reshape(-1, 32)
    found = []
    for mine in left:
        versions = np.frombuffer(mine.pdq.versions, np.uint8).reshape(8, 1, 32)
        distances = np.bitwise_count(versions ^ codes).sum(axis=2, dtype=np.int64)
        turned, place = np.unravel_index(int(distances.argmin()), distances.shape)
        found.append((int(distances[turned, place]), int(turned), mine, right[int(place)]))
    return min(found, key=lambda pair: pair[:2])


def _tile_difference(a: Still, b: Still) -> float:
    tile = np.frombuffer(a.tile, np.uint8).reshape(64, 64)
    return min(difference(np.ascontiguousarray(turn(tile)).tobytes(), b.tile) for turn in _TURNS.values())


def _pixels(still: Still) -> tuple[bytes, tuple[int, int]]:
    return still.pixels, still.shown_size
