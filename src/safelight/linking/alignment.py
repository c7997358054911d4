"""Where two videos show the same, from frames that match.

Rules kept here:
- A passage is frames of both that match at one and the same offset, within `SLACK`, and follow each other with no
  longer gap than `BRIDGED`. What runs faster or slower by up to a twentieth (24 frames a second shown as 25) drifts,
  and stays one passage where its offset moves that slowly.
- It takes at least `LEAST_FRAMES` different frames of each side, over `LEAST_SPAN`: one frame that many others look
  like (a wall, a title card) is one frame, however long it stands, and makes no passage by itself.
- Each frame takes part once: the passage with most frames is taken first, and what is left is looked at again. So a
  film that holds two pieces of another, in whichever order, gives two passages.
- The order of the pairs changes nothing.
A vote for each offset (a Hough transform) finds where to look; the VCSL study measured the highest recall for it among
the methods without learning, and the lowest precision, which is what the demand for different frames in both is for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SLACK = 250_000
"""Microseconds: how far the offsets of neighbouring pairs of one passage may lie apart."""
BRIDGED = 6_000_000
"""Microseconds without a match that a passage goes on over: a logo, a blurred scene, frames that stand still."""
DRIFT = 0.05
LEAST_FRAMES = 3
LEAST_SPAN = 1_000_000
MOST_PASSAGES = 50
_MOST_PAIRS = 200_000

Times = NDArray[np.int64]


@dataclass(frozen=True)
class Passage:
    """One stretch that both show: where it begins and ends in each (microseconds), and how many frames support it."""

    query_start: int
    query_end: int
    known_start: int
    known_end: int
    frames: int


def passages(query: Times, known: Times) -> list[Passage]:
    """The passages of pairs of matching frames, each with its time in the query and in the known video (microseconds).

    In order of their beginning in the query. Of more than 200,000 pairs as many are taken, spread evenly.
    """
    pairs = np.unique(np.stack([query, known], axis=1), axis=0)
    if len(pairs) > _MOST_PAIRS:
        pairs = pairs[np.linspace(0, len(pairs) - 1, _MOST_PAIRS).astype(np.int64)]
    found: list[Passage] = []
    while len(pairs) >= LEAST_FRAMES and len(found) < MOST_PASSAGES:
        run = _best_run(pairs)
        if run is None:
            break
        found.append(_passage(run))
        inside = (pairs[:, 0] >= run[0, 0]) & (pairs[:, 0] <= run[-1, 0])
        inside |= (pairs[:, 1] >= run[0, 1]) & (pairs[:, 1] <= run[-1, 1])
        pairs = pairs[~inside]
    return sorted(found, key=lambda one: (one.query_start, one.known_start))


def _best_run(pairs: Times) -> Times | None:
    """The chain with most different frames around one of the offsets that most pairs vote for; None where none is."""
    offsets = (pairs[:, 1] - pairs[:, 0]) // SLACK
    values, counts = np.unique(offsets, return_counts=True)
    best: Times | None = None
    for offset in values[np.argsort(-counts, kind="stable")[:8]]:
        middle = (offset * SLACK) + SLACK // 2
        strayed = np.abs(pairs[:, 1] - pairs[:, 0] - middle)
        run = _longest_chain(pairs[strayed <= SLACK + (DRIFT * _reach(pairs, offsets == offset)).astype(np.int64)])
        if run is not None and (best is None or len(run) > len(best)):
            best = run
    return best


def _reach(pairs: Times, voting: NDArray[np.bool_]) -> Times:
    """How far in time each pair lies from the nearest that votes: so far its offset may have drifted."""
    at = pairs[voting, 0]
    place = np.searchsorted(at, pairs[:, 0]).clip(1, len(at) - 1) if len(at) > 1 else np.zeros(len(pairs), np.int64)
    before = np.abs(pairs[:, 0] - at[place - 1 if len(at) > 1 else place])
    reach: Times = np.minimum(before, np.abs(pairs[:, 0] - at[place]))
    return reach


def _longest_chain(pairs: Times) -> Times | None:
    """Of pairs sorted by the query's time: the longest that rises in both, each frame once, without a gap too wide."""
    chains: list[list[int]] = [[]]
    for row in range(len(pairs)):
        chain = chains[-1]
        if not chain:
            chain.append(row)
            continue
        steps = pairs[row] - pairs[chain[-1]]
        if steps[0] > BRIDGED or steps[1] > BRIDGED:
            chains.append([row])
        elif steps[0] > 0 and steps[1] > 0:
            chain.append(row)
    longest = pairs[max(chains, key=len)]
    spans = longest[-1] - longest[0] if len(longest) else np.zeros(2, np.int64)
    return longest if len(longest) >= LEAST_FRAMES and spans.min() >= LEAST_SPAN else None


def _passage(run: Times) -> Passage:
    (query_start, known_start), (query_end, known_end) = run[0].tolist(), run[-1].tolist()
    return Passage(query_start, query_end, known_start, known_end, len(run))
