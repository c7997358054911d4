"""What two films share, by the hashes that are stored of them."""

import numpy as np

from safelight.known.films import asked_first, is_film, shared
from safelight.signatures.types import TRANSFORMS, Transform
from safelight.vault.film_hashes import asking_hashes, known_hashes
from safelight.vault.signature_blocks import NewPdq, NewSignature, Which
from tests.unit.vault.films import film_of, random_codes

SECOND = 1_000_000
CODES = random_codes(200)
KNOWN = film_of(np.arange(200) * 100_000, CODES)


def stored(hashes):
    return NewSignature(None, None, None, None, tuple(hashes))


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


def test_a_scene_that_stands_still_and_flickers_is_found_where_it_is_and_once():
    rng = np.random.default_rng(5)
    flicker = np.packbits(rng.random((4000, 256)) < 0.02, axis=1) ^ CODES[0]
    times, asking = np.arange(4000) * 40_000, np.arange(0, 4000, 20) * 40_000
    turned = np.repeat(random_codes(7, 6)[None], 200, axis=0)
    again = stored(asking_hashes(film_of(times, flicker, asking=asking, turned=turned)))
    [passage] = shared(again, stored(known_hashes(film_of(times, flicker))), 31, 50).passages
    assert (passage.query_start, passage.known_start) == (0, 0)
    assert abs(passage.query_end - passage.known_end) <= 100_000
    assert passage.query_end >= asking[-1]


def test_a_frame_in_a_tenth_of_a_second_asks_first_and_all_that_are_turned():
    times = np.arange(50) * 40_000
    inside = np.zeros((50, 32), np.uint8)
    inside[[4, 6]] = CODES[0]
    film = stored(asking_hashes(film_of(times, CODES[:50], asking=times[[0, 13, 26]], trimmed=inside)))
    told = [(one.which, one.frame) for one in asked_first(film)]
    whole = [at for which, at in told if which is Which.FILM]
    assert {0, 520, 1040} <= set(whole)
    assert max(np.diff(whole)) <= 120
    assert len(whole) < 25
    assert [at for which, at in told if which is Which.FILM_INSIDE] == [240]


def test_where_the_frames_that_ask_first_show_no_passage_every_frame_is_asked():
    times = np.arange(100) * 40_000
    strange = random_codes(100, 9)
    strange[1::3] = CODES[1:100:3]  # none of those that ask first, but for two
    strange[[30, 60]] = CODES[[30, 60]]
    film = stored(asking_hashes(film_of(times, strange, asking=times[[0]])))
    known = stored(known_hashes(film_of(times, CODES[:100])))
    assert not {one.frame for one in asked_first(film)} & set((times[1::3] // 1000).tolist())
    [passage] = shared(film, known, 31, 50).passages
    assert passage.frames == 35
    strange[30] = random_codes(1, 10)[0]
    once = stored(asking_hashes(film_of(times, strange, asking=times[[0]])))
    assert shared(once, known, 31, 50) is None
