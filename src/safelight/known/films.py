"""What a video shares with a known one: a frame that looks alike is chance, a passage is not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight.linking.alignment import Passage, passages
from safelight.linking.frames import near_frames
from safelight.search.banded import BandedIndex
from safelight.search.ports import Codes
from safelight.signatures.types import TRANSFORMS, Transform
from safelight.vault.signature_blocks import NewPdq, NewSignature

_MICROSECONDS = 1000
_WORTH_MORE = 2
"""Frames that are near, from which on all are asked: one is chance, a title or a wall."""
_EACH = 100
"""Milliseconds."""


@dataclass(frozen=True)
class Shared:
    """The passages of two videos, and how the one in hand is turned to be the known one."""

    transform: Transform
    passages: tuple[Passage, ...]


def is_film(signature: NewSignature) -> bool:
    """Whether a content is a video."""
    return bool(signature.pdqs) and signature.pdqs[0].which.of_film


def asked_first(signature: NewSignature) -> list[NewPdq]:
    """The hashes by which a content is looked for: a picture's all, of a video a frame in a tenth of a second.

    Those whose turned versions are known are among them.
    """
    if not is_film(signature):
        return list(signature.pdqs)
    chosen: list[NewPdq] = []
    last = -_EACH
    for one in signature.pdqs:
        if one.turned is not None or one.frame - last >= _EACH or one.frame == last:  # two may be of one frame
            last = one.frame
            chosen.append(one)
    return chosen


def shared(asked: NewSignature, known: NewSignature, radius: int, min_quality: int) -> Shared | None:
    """Where a video shows what a known one shows; None where they share no passage.

    The frames that ask first decide; where some of them are near and show no passage, every frame is asked, upright.
    """
    theirs = _taking_part(known.pdqs, min_quality)
    first = _taking_part(asked_first(asked), min_quality)
    if not theirs or not first:
        return None
    index = BandedIndex()
    index.add(np.arange(len(theirs)), _codes(theirs, 0))
    found: list[tuple[float, int, tuple[Passage, ...]]] = []
    upright = 0
    for number in range(len(TRANSFORMS)):
        rows = [one for one in first if len(one.versions) > 32 * number]
        near, together = _together(index, rows, number, theirs, radius)
        upright = near if number == 0 else upright
        if together:
            found.append((-_support(together) / len(rows), number, together))
    if found:
        _, number, together = min(found)
        return Shared(TRANSFORMS[number], together)
    if upright < _WORTH_MORE:
        return None
    _, together = _together(index, _taking_part(asked.pdqs, min_quality), 0, theirs, radius)
    return Shared(Transform.ORIGINAL, together) if together else None


@dataclass(frozen=True)
class Frame:
    """The frame of a video that a picture is nearest to, when it is shown (microseconds), and how far away it is.

    `transform` is what has to be done to the picture to get the frame.
    """

    time: int
    distance: int
    transform: Transform


def nearest_frame(picture: NewSignature, film: NewSignature, min_quality: int) -> Frame | None:
    """Of a video's frames the nearest to a picture, the earliest of those; None where none takes part."""
    theirs = _taking_part(film.pdqs, min_quality)
    codes = _codes(theirs, 0)
    found: list[tuple[int, int, int]] = []
    for one in _taking_part(picture.pdqs, min_quality) if theirs else ():
        for turned, version in enumerate(np.frombuffer(one.versions, np.uint8).reshape(-1, 32)):
            distances = np.bitwise_count(codes ^ version).sum(axis=1, dtype=np.int64)
            at = int(distances.argmin())
            found.append((int(distances[at]), turned, theirs[at].frame * _MICROSECONDS))
    if not found:
        return None
    distance, turned, time = min(found)
    return Frame(time, distance, TRANSFORMS[turned])


def _together(
    index: BandedIndex, ours: Sequence[NewPdq], number: int, theirs: Sequence[NewPdq], radius: int
) -> tuple[int, tuple[Passage, ...]]:
    """How many frames turned in one way are near, and the passages that they make."""
    if not ours:
        return 0, ()
    asked, met = near_frames(index, _codes(ours, number), radius)
    return len(np.unique(asked)), tuple(passages(_times(ours)[asked], _times(theirs)[met]))


def _codes(hashes: Sequence[NewPdq], number: int) -> Codes:
    bits = b"".join(one.versions[32 * number : 32 * number + 32] for one in hashes)
    return np.frombuffer(bits, np.uint8).reshape(-1, 32)


def _taking_part(hashes: Sequence[NewPdq], min_quality: int) -> list[NewPdq]:
    return [one for one in hashes if one.quality is None or one.quality >= min_quality]


def _times(hashes: Sequence[NewPdq]) -> NDArray[np.int64]:
    return np.array([one.frame for one in hashes], np.int64) * _MICROSECONDS


def _support(found: Sequence[Passage]) -> int:
    return sum(one.frames for one in found)
