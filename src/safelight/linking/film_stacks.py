"""Videos into stacks of copies.

Rules kept here:
- Videos whose encoded pictures are the same bytes, whichever container they lie in, are one before all else is asked.
- A copy shows what the representative shows, when it shows it, from end to end. Each frame of either is looked for in
  the other at its time: for at most a tenth of the time may nothing be near, and never for two seconds. So a scene that
  was put in or cut out makes no copy of it; one of less than two seconds can pass.
- Where a film is like itself at other times, too (a camera that stands in a room), being near says little: there frames
  have to agree as closely as those of pictures in a stack.
- Items are taken in one order that depends on nothing but themselves (most pixels, most bytes, smallest digest): each
  joins the representative of which most of its frames are near, or becomes one. Copies of copies are not chained.
- What shares a passage with a representative and is no copy of it has a stack of its own, and stands as near copy
  beside the one that it shares most with.
- A frame without much to see takes no part in finding, since walls look alike; at its time it has to agree as well.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.linking.alignment import LEAST_FRAMES, Passage, passages
from safelight.linking.frames import Numbers, near_frames
from safelight.linking.types import FilmFrames, FramesOf, Stack, StackFilm, StackMember
from safelight.search.banded import BandedIndex

RADIUS = 31
STILL_RADIUS = 10
ALONE = 0.1
"""The share of the time at which one may have no like in the other."""
MISSED = 2_000_000
"""Microseconds for which one may show nothing of the other: less than this passes for noise."""
_AROUND = 300_000
"""Microseconds: two films may be shown at other rates, and cut a frame apart."""
_TOGETHER = 200_000
"""Microseconds that are asked about as one: where a camera is swung, a frame is like none but itself."""
_INDEXED, _ASKED = 500_000, 100_000
"""Microseconds between frames by which a film is found, and by which it is looked for."""
_MOST_ASKED = 36_000
_ASKED_AT_ONCE = 500
_MOST_HITS = 20_000_000
"""A scene that stands still before hundreds that do: asking ends here, most have been named many times over."""
_MOST_TRIED = 16
"""Representatives that a film is compared with, those that it has most frames in common with."""
_FILMS_HELD = 32


Moments = NDArray[np.floating[Any]]


@dataclass
class _Group:
    """Films of one stream, and what became of them."""

    films: list[StackFilm]
    joined: "tuple[_Group, int] | None" = None
    near: "_Group | None" = None
    members: list[StackMember] = field(default_factory=list)
    beside: list[StackMember] = field(default_factory=list)

    @property
    def key(self) -> int:
        """The key of the first, which stands for all."""
        return self.films[0].key


def build_film_stacks(films: Iterable[StackFilm], frames_of: FramesOf, *, radius: int = RADIUS) -> list[Stack]:
    """Stacks of all videos, each in exactly one, in the order of their representatives. Keys must be distinct."""
    groups = _same_streams(films)
    search = _Search(frames_of, radius)
    for group in groups:
        search.settle(group)
    return _as_stacks(groups)


def _same_streams(films: Iterable[StackFilm]) -> list[_Group]:
    groups: dict[bytes, _Group] = {}
    for film in sorted(films, key=lambda one: (-one.pixels, -one.byte_size, one.digest, one.key)):
        groups.setdefault(film.stream or film.digest, _Group([])).films.append(film)
    return list(groups.values())


class _Search:
    """The films that represent a stack so far, by some of their frames."""

    def __init__(self, frames_of: FramesOf, radius: int) -> None:
        self._frames_of = lru_cache(_FILMS_HELD)(frames_of)
        self._radius = radius
        self._index = BandedIndex()
        self._groups: list[_Group] = []

    def settle(self, group: _Group) -> None:
        """Find what a film joins or stands near to; it represents a stack where it joins none."""
        film = self._frames_of(group.key)
        shared: list[tuple[int, int]] = []
        for place in self._alike(film):
            other = self._frames_of(self._groups[place].key)
            found = _passages(film, other, self._radius)
            distance = _copy(film, other, found, self._radius) if found else None
            if distance is not None:
                group.joined = self._groups[place], distance
                return
            if found:
                shared.append((-sum(one.frames for one in found), place))
        if shared:
            group.near = self._groups[min(shared)[1]]
        self._add(group, film)

    def _alike(self, film: FilmFrames) -> list[int]:
        """The representatives that share most frames with a film, from the one with most on."""
        rows = _apart(film, _ASKED)
        rows = rows[np.linspace(0, len(rows) - 1, min(_MOST_ASKED, len(rows))).astype(np.int64)]
        if not len(rows) or not self._groups:
            return []
        rounds = -(-len(rows) // _ASKED_AT_ONCE)
        counts = np.zeros(len(self._groups), np.int64)
        met = 0
        for start in range(rounds):
            hits = self._index.within(film.codes[rows[start::rounds]], self._radius)  # spread over the whole film
            pairs = np.unique(hits.query * len(self._groups) + hits.key)
            counts += np.bincount(pairs % len(self._groups), minlength=len(self._groups))
            met += len(hits.key)
            if met > _MOST_HITS:
                break
        order = np.argsort(-counts, kind="stable")[:_MOST_TRIED]
        chosen: list[int] = order[counts[order] >= min(LEAST_FRAMES, len(rows))].tolist()
        return chosen

    def _add(self, group: _Group, film: FilmFrames) -> None:
        rows = _apart(film, _INDEXED)
        self._index.add(np.full(len(rows), len(self._groups), np.int64), film.codes[rows])
        self._groups.append(group)


def _apart(film: FilmFrames, each: int) -> Numbers:
    """The rows of telling frames, the first of each such stretch of time, with what stands beside it."""
    rows = np.flatnonzero(film.telling)
    stretches, starts = np.unique(film.times[rows] // each, return_index=True)
    first = film.times[rows][starts]
    chosen: Numbers = rows[film.times[rows] == first[np.searchsorted(stretches, film.times[rows] // each)]]
    return chosen


def _passages(film: FilmFrames, other: FilmFrames, radius: int) -> list[Passage]:
    rows, known = _apart(film, _ASKED), np.flatnonzero(other.telling)
    index = BandedIndex()
    index.add(np.arange(len(known)), other.codes[known])
    asked, met = near_frames(index, film.codes[rows], radius)
    return passages(film.times[rows][asked], other.times[known][met])


def _copy(film: FilmFrames, other: FilmFrames, found: Sequence[Passage], radius: int) -> int | None:
    """The middle distance of the frames of two films that are copies; None where they are none."""
    longest = max(found, key=lambda one: one.frames)
    first, last = found[0], found[-1]
    span = last.query_end - first.query_start
    drift = (last.known_end - first.known_start) / span if span else 1.0
    for rate, offset in (
        (1.0, float(longest.known_start - longest.query_start)),
        (drift, first.known_start - drift * first.query_start),
    ):
        if rate <= 0:
            continue
        at = film.times * rate + offset
        limit = STILL_RADIUS if _stands(film, other, at, radius) else radius
        forth = _distances(film, other, at)
        if _agrees(film, forth, limit) and _agrees(
            other, _distances(other, film, (other.times - offset) / rate), limit
        ):
            return int(np.median(forth[forth <= limit]))
    return None


def _stands(film: FilmFrames, other: FilmFrames, at: Moments, radius: int) -> bool:
    """Whether the two are near each other at wrong times as well: a third of the film away."""
    span = float(at[-1] - at[0]) + 1
    elsewhere = at[0] + (at - at[0] + span / 3) % span
    return bool(np.median(_distances(film, other, elsewhere)) <= radius)


def _distances(film: FilmFrames, other: FilmFrames, at: Moments) -> Numbers:
    """How far each frame is from the nearest that the other shows around its time, or that stands there since."""
    first = np.maximum(np.searchsorted(other.times, at - _AROUND, side="right") - 1, 0)
    last = np.searchsorted(other.times, at + _AROUND, side="right")
    nearest = np.full(len(film.times), 257, np.int64)
    for step in range(int((last - first).max(initial=0))):
        rows = np.flatnonzero(first + step < last)
        distance = np.bitwise_count(film.codes[rows] ^ other.codes[first[rows] + step]).sum(axis=1, dtype=np.int64)
        nearest[rows] = np.minimum(nearest[rows], distance)
    return nearest


def _agrees(film: FilmFrames, distances: Numbers, radius: int) -> bool:
    """Whether a film is little alone, and never for long: what stands, stands until something else is shown."""
    times, starts = np.unique(film.times // _TOGETHER * _TOGETHER, return_index=True)
    alone = np.minimum.reduceat(distances, starts) > radius
    if alone.mean() > ALONE or alone[-1]:
        return False
    since = None
    for time, is_alone in zip(times.tolist(), alone.tolist(), strict=True):
        if is_alone:
            since = time if since is None else since
        elif since is not None:
            if time - since >= MISSED:
                return False
            since = None
    return True


def _as_stacks(groups: list[_Group]) -> list[Stack]:
    """Stacks in the order of their representatives; members in order, near copies by how much they share."""
    for group in groups:
        first, *others = group.films
        if group.joined is None:
            group.members.append(StackMember(first.key, "representative", None, None))
            group.members += [StackMember(film.key, "same stream", None, None) for film in others]
        else:
            other, distance = group.joined
            other.members += [StackMember(film.key, "copy", distance, None) for film in group.films]
        if group.near is not None:
            group.near.beside.append(StackMember(first.key, "near", None, None))
    return [Stack(tuple(group.members), tuple(group.beside)) for group in groups if group.joined is None]
