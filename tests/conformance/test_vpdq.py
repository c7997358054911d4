"""A video's frames against the hashes that ThreatExchange publishes for them (vPDQ)."""

import os
from pathlib import Path

import numpy as np
import pytest

from safelight.sandbox import Nursery
from safelight.signatures.film import FILM, FilmOrder
from safelight.signatures.film_reading import read_film

REFERENCE = os.environ.get("SAFELIGHT_REFERENCE_DATA")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="SAFELIGHT_REFERENCE_DATA names no folder of reference data")
FOLDER = Path(REFERENCE or ".") / "video"
NAMES = ["chair-20-sd-bar", "chair-22-sd-grey-bar", "chair-22-with-large-logo-bar", "pattern-sd-with-large-logo-bar"]
MATCHED_QUALITY, NEAR = 50, 31


def published(name):
    """Microseconds and hash of each frame of quality, as published."""
    rows = [row.split(",") for row in (FOLDER / f"{name}.vpdq.txt").read_text().split()]
    kept = [(float(at), bits) for _number, quality, bits, at in rows if int(quality) >= MATCHED_QUALITY]
    times = np.array([at for at, _ in kept]) * 1_000_000
    return times, np.frombuffer(bytes.fromhex("".join(bits for _, bits in kept)), np.uint8).reshape(-1, 32), len(rows)


@pytest.fixture(scope="module")
def nursery():
    with Nursery(FILM) as made:
        yield made


def read(nursery, name, **order):
    with (FOLDER / f"{name}.mp4").open("rb") as file:
        return read_film(nursery, file.fileno(), FilmOrder(**order))


@pytest.mark.parametrize("name", NAMES)
def test_each_published_frame_is_near_the_one_shown_at_its_time(nursery, name):
    film = read(nursery, name)
    times, hashes, count = published(name)
    shown = np.searchsorted(film.times, times + 1000, side="right") - 1  # a still scene's one frame stands for all
    apart = np.bitwise_count(film.hashes[shown] ^ hashes).sum(axis=1)
    assert apart.max() <= NEAR
    assert (film.end.decoded, film.damaged) == (count, None)
    assert abs(film.end.last - times.max()) < 1000


def test_key_frames_are_among_all_frames(nursery):
    every, some = read(nursery, NAMES[0]), read(nursery, NAMES[0], key_frames=True)
    assert 5 < len(some.times) < len(every.times) / 10
    where = np.searchsorted(every.times, some.times, side="right") - 1
    assert np.bitwise_count(every.hashes[where] ^ some.hashes).sum(axis=1).max() <= 2
    assert some.end.longest_gap == 2_000_000
