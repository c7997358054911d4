"""Which of a film's frames are stored as hashes.

Rules kept here:
- each frame that differs from the one before, of what is known and of what was seized: so each that is asked about
  meets the very moment it was taken from, and two films that were seized can be laid side by side;
- of what was seized, one in half a second in all its turned versions, by which it is looked for;
- of a film too long for that, as many frames are taken as there may be, spread evenly;
- a frame inside plain borders has a hash beside the whole one's, without turned versions.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from safelight.signatures.film_reading import Film
from safelight.signatures.pdq import MATCHED_QUALITY
from safelight.vault.signature_blocks import NewPdq, Which

MOST_FRAMES = 100_000
"""More than an hour in which every frame differs from the one before."""
MOST_TURNED = 7_200
"""An hour, at two a second."""


def asking_hashes(film: Film) -> Iterator[NewPdq]:
    """The hashes of a film that was seized."""
    places: list[int] = np.searchsorted(film.times, film.turned_times).tolist()
    turned = {places[one]: film.turned[one].tobytes() for one in _spread(len(places), MOST_TURNED)}
    for at in sorted(turned.keys() | set(_spread(len(film.times), MOST_FRAMES - len(turned)))):
        yield NewPdq(Which.FILM, _moment(film, at), *_whole(film, at), turned.get(at))
        yield from _inside(film, at)


def known_hashes(film: Film) -> Iterator[NewPdq]:
    """The hashes by which a film that is known is found."""
    for at in _spread(len(film.times), MOST_FRAMES):
        yield NewPdq(Which.FILM, _moment(film, at), *_whole(film, at))
        yield from _inside(film, at)


def _moment(film: Film, at: int) -> int:
    return int(film.times[at]) // 1000


def _whole(film: Film, at: int) -> tuple[bytes, int]:
    return film.hashes[at].tobytes(), int(film.qualities[at])


def _inside(film: Film, at: int) -> Iterator[NewPdq]:
    if film.trimmed[at].any():
        yield NewPdq(Which.FILM_INSIDE, _moment(film, at), film.trimmed[at].tobytes(), MATCHED_QUALITY)


def _spread(count: int, most: int) -> list[int]:
    taken: NDArray[np.int64] = np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.int64)
    chosen: list[int] = taken.tolist()
    return chosen
