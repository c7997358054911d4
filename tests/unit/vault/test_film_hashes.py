"""Every frame is kept; of what was seized some in all turned versions; what lies inside borders stands beside."""

from itertools import pairwise

import numpy as np

from safelight.signatures.pdq import MATCHED_QUALITY
from safelight.vault.film_hashes import MOST_FRAMES, MOST_TURNED, asking_hashes, known_hashes
from safelight.vault.signature_blocks import NewPdq, Which
from tests.unit.vault.films import film_of, random_codes

CODES = random_codes(5)
TIMES = np.arange(5) * 40_000


def test_every_frame_is_known_by_its_moment_and_its_quality():
    assert list(known_hashes(film_of(TIMES, CODES, quality=61))) == [
        NewPdq(Which.FILM, 40 * at, CODES[at].tobytes(), 61) for at in range(5)
    ]


def test_what_was_seized_brings_turned_versions_of_some_frames():
    turned = np.random.default_rng(2).integers(0, 256, (2, 7, 32), dtype=np.uint8)
    versions = {0: turned[0].tobytes(), 3: turned[1].tobytes()}
    assert list(asking_hashes(film_of(TIMES, CODES, asking=TIMES[[0, 3]], turned=turned))) == [
        NewPdq(Which.FILM, 40 * at, CODES[at].tobytes(), 100, versions.get(at)) for at in range(5)
    ]


def test_what_lies_inside_borders_stands_behind_the_frame_without_turned_versions():
    inside = np.zeros((5, 32), np.uint8)
    inside[3] = CODES[4]
    film = film_of(TIMES, CODES, asking=TIMES[[0, 3]], trimmed=inside)
    beside = NewPdq(Which.FILM_INSIDE, 120, CODES[4].tobytes(), MATCHED_QUALITY)
    assert [one for one in known_hashes(film) if one.which is Which.FILM_INSIDE] == [beside]
    assert list(asking_hashes(film))[4] == beside


def test_a_film_without_end_is_thinned_evenly():
    n = 2 * MOST_FRAMES
    long = film_of(np.arange(n) * 40_000, np.zeros((n, 32)), asking=np.arange(2 * MOST_TURNED) * 400_000)
    kept, asking = list(known_hashes(long)), list(asking_hashes(long))
    assert len(kept) == MOST_FRAMES
    assert len([one for one in asking if one.turned is not None]) == MOST_TURNED
    assert MOST_FRAMES - MOST_TURNED <= len(asking) <= MOST_FRAMES
    for some in (kept, asking):
        assert (some[0].frame, some[-1].frame) == (0, (n - 1) * 40)
        assert max(b.frame - a.frame for a, b in pairwise(some)) <= 3 * 40
