"""What a video shares with a known one: a frame that looks alike is chance, a passage is not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight.linking.alignment import Passage, passages
from safelight.search.banded import BandedIndex
from safelight.search.ports import Codes
from safelight.signatures.types import TRANSFORMS, Transform
from safelight.vault.signature_blocks import NewPdq, NewSignature

_MICROSECONDS = 1000
_PAIRS_AT_ONCE = 4_000_000
_MOST_NEAR = 50
"""Known frames that one frame is taken to be near; more are a scene that stands still."""
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Shared:
    """The passages of two videos, and how the one in hand is turned to be the known one."""

    transform: Transform
    passages: tuple[Passage, ...]


def is_film(signature: NewSignature) -> bool:
    """Whether a content is a video."""
    return bool(signature.pdqs) and signature.pdqs[0].which.of_film


def shared(asked: NewSignature, known: NewSignature, radius: int, min_quality: int) -> Shared | None:
    """Where a video shows what a known one shows; None where they share no passage."""
    theirs = _taking_part(known, min_quality)
    ours = _taking_part(asked, min_quality)
    if not theirs or not ours:
        return None
    index = BandedIndex()
    index.add(np.arange(len(theirs)), np.frombuffer(b"".join(one.bits for one in theirs), np.uint8).reshape(-1, 32))
    known_times, times = _times(theirs), _times(ours)
    best: Shared | None = None
    for number, transform in enumerate(TRANSFORMS):
        rows = [row for row, one in enumerate(ours) if len(one.versions) > 32 * number]
        if not rows:
            break
        codes = b"".join(ours[row].versions[32 * number : 32 * number + 32] for row in rows)
        near = _pairs(index, np.frombuffer(codes, np.uint8).reshape(-1, 32), radius, len(theirs))
        found = passages(times[np.array(rows)[near[0]]], known_times[near[1]])
        if found and (best is None or _support(found) > _support(best.passages)):
            best = Shared(transform, tuple(found))
    return best


def _pairs(index: BandedIndex, codes: Codes, radius: int, known: int) -> tuple[Numbers, Numbers]:
    """Which row is near which known frame; of one that is near very many, the nearest."""
    step = max(1, _PAIRS_AT_ONCE // known)
    asked, met = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for at in range(0, len(codes), step):
        hits = index.within(codes[at : at + step], radius)
        order = np.lexsort((hits.key, hits.distance, hits.query))
        query, key = hits.query[order], hits.key[order]
        counts = np.bincount(query, minlength=1)
        place = np.arange(len(query)) - (np.cumsum(counts) - counts)[query]
        kept = place < _MOST_NEAR
        asked.append(query[kept] + at)
        met.append(key[kept])
    return np.concatenate(asked), np.concatenate(met)


def _taking_part(signature: NewSignature, min_quality: int) -> list[NewPdq]:
    return [one for one in signature.pdqs if one.quality is None or one.quality >= min_quality]


def _times(hashes: list[NewPdq]) -> NDArray[np.int64]:
    return np.array([one.frame for one in hashes], np.int64) * _MICROSECONDS


def _support(found: list[Passage] | tuple[Passage, ...]) -> int:
    return sum(one.frames for one in found)
