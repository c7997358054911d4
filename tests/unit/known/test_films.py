"""What two films share, by the hashes that are stored of them."""

from itertools import pairwise

import numpy as np

from safelight.known.films import is_film, shared
from safelight.signatures.film import FilmEnd
from safelight.signatures.film_reading import Film
from safelight.signatures.types import TRANSFORMS, Transform
from safelight.vault.film_hashes import MOST_ASKING, MOST_KNOWN, asking_hashes, known_hashes
from safelight.vault.signature_blocks import NewPdq, NewSignature, Which
from tests.unit.signatures.test_film import HEAD

SECOND = 1_000_000
END = FilmEnd(1, 0, 0, 0, 0, 0, 0, None, None)


def film_of(times, hashes, *, asking=(), turned=None, trimmed=None, quality=100):
    n, m = len(times), len(asking)
    return Film(
        HEAD.facts,
        np.array(times, np.int64),
        np.array(hashes, np.uint8).reshape(n, 32),
        np.zeros((n, 32), np.uint8) if trimmed is None else trimmed,
        np.full(n, quality, np.uint8),
        np.array(asking, np.int64),
        np.zeros((m, 7, 32), np.uint8) if turned is None else turned,
        END,
        None,
    )


def stored(hashes):
    return NewSignature(None, None, None, None, tuple(hashes))


def random_codes(count, seed=1):
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


CODES = random_codes(200)
KNOWN = film_of(np.arange(200) * 100_000, CODES)


def asked(codes, **more):
    times = np.arange(len(codes)) * 500_000
    return stored(asking_hashes(film_of(times, codes, asking=times, **more)))


def test_a_clip_is_found_where_it_was_taken_from():
    both = shared(asked(CODES[50:90:5]), stored(known_hashes(KNOWN)), 31, 50)
    [passage] = both.passages
    assert both.transform is Transform.ORIGINAL
    assert (passage.query_start, passage.query_end) == (0, 7 * SECOND // 2)
    assert (passage.known_start, passage.known_end) == (5 * SECOND, 8 * SECOND + SECOND // 2)


def test_a_turned_clip_is_found_by_its_turned_versions():
    turned = np.zeros((8, 7, 32), np.uint8)
    turned[:, 4] = CODES[50:90:5]
    both = shared(asked(random_codes(8, 2), turned=turned), stored(known_hashes(KNOWN)), 31, 50)
    assert both.transform is TRANSFORMS[5]


def test_what_is_inside_borders_is_found_too():
    inside = CODES[50:90:5].copy()
    both = shared(asked(random_codes(8, 3), trimmed=inside), stored(known_hashes(KNOWN)), 31, 50)
    assert len(both.passages) == 1


def test_strangers_frames_of_low_quality_and_single_frames_share_nothing():
    known = stored(known_hashes(KNOWN))
    assert shared(asked(random_codes(8, 4)), known, 31, 50) is None
    assert shared(asked(CODES[50:90:5], quality=49), known, 31, 50) is None
    assert shared(asked(np.repeat(CODES[50:51], 8, axis=0)), known, 31, 50) is None


def test_a_picture_is_no_film():
    assert not is_film(stored([NewPdq(Which.LISTED, 0, bytes(32), 100)]))
    assert not is_film(stored([]))
    assert is_film(stored(known_hashes(KNOWN)))


def test_a_film_without_end_is_thinned_evenly():
    n = 2 * MOST_KNOWN
    long = film_of(np.arange(n) * 40_000, np.zeros((n, 32)), asking=np.arange(2 * MOST_ASKING) * 40_000)
    kept, asking = list(known_hashes(long)), list(asking_hashes(long))
    assert (len(kept), len(asking)) == (MOST_KNOWN, MOST_ASKING)
    assert (kept[0].frame, kept[-1].frame) == (0, (n - 1) * 40)
    assert max(b.frame - a.frame for a, b in pairwise(kept)) <= 3 * 40


def test_a_scene_that_stands_still_and_flickers_is_found_where_it_is_and_once():
    rng = np.random.default_rng(5)
    flicker = np.packbits(rng.random((4000, 256)) < 0.02, axis=1) ^ CODES[0]
    times, asking = np.arange(4000) * 40_000, np.arange(0, 4000, 20) * 40_000
    turned = np.repeat(random_codes(7, 6)[None], 200, axis=0)
    again = stored(asking_hashes(film_of(times, flicker, asking=asking, turned=turned)))
    [passage] = shared(again, stored(known_hashes(film_of(times, flicker))), 31, 50).passages
    assert (passage.query_start, passage.query_end) == (passage.known_start, passage.known_end) == (0, asking[-1])
