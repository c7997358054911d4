"""Bad videos, each with what becomes of it: what can be read is read, what is wrong is said, and nothing goes on for ever."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.media.types import UnreadableVideoError
from safelight.media.video import VideoLimits, open_video
from safelight.samples.films import RATE, film, moving, still
from safelight.samples.hostile import mutations
from safelight.sandbox import Limits, Nursery
from safelight.signatures.film import FILM, FilmOrder
from safelight.signatures.film_reading import read_film
from tests.unit.signatures.test_film import seen

FRAMES = moving(21, 3 * RATE)


def read(content, **order):
    """What can be read of a film, or the sentence that says why nothing can."""
    try:
        return seen(content, **order)
    except UnreadableVideoError as error:
        return error.message


def overwritten(content, name, by=b"\xff"):
    """A film in whose boxes of this name nothing is as it was."""
    at = content.index(name)
    size = int.from_bytes(content[at - 4 : at])
    return content[: at + 8] + by * (size - 12) + content[at + size - 4 :]


def test_one_frame_is_a_film():
    whole = seen(film([still(1)]))
    assert (whole.end.decoded, len(whole.times), whole.damaged) == (1, 1, None)


def test_less_than_a_second_is_read_whole():
    whole = seen(film(FRAMES[:7]))
    assert (whole.end.decoded, whole.end.last) == (7, 6 * 40_000)


def test_frames_at_any_distance_keep_their_times():
    times = [0, 1, 2, 40, 41, 300, 301]
    whole = seen(film(FRAMES[: len(times)], "matroska", times=times))
    assert whole.times.tolist() == [at * 40_000 for at in times]


def test_a_missing_index_costs_nothing():
    content = film(FRAMES, "avi", "mjpeg")
    assert seen(content[: content.index(b"idx1")]).end.decoded == len(FRAMES)


@pytest.mark.parametrize("box", [b"moov", b"trak", b"stbl", b"stsd", b"stco", b"stsz", b"stss"])
@pytest.mark.parametrize("by", [b"\0", b"\xff"])
def test_a_broken_index_is_named_unless_all_is_read(box, by):
    whole = read(overwritten(film(FRAMES), box, by))
    assert isinstance(whole, str) or whole.damaged or whole.end.decoded == len(FRAMES)


def test_a_claim_of_a_day_is_no_day():
    content = bytearray(film(FRAMES[:10]))
    at = content.index(b"mdhd") + 4
    content[at + 16 : at + 20] = (86_400 * 12_800).to_bytes(4)
    whole = seen(bytes(content))
    assert whole.end.decoded == 10


def test_a_film_of_which_the_first_frame_takes_too_long_is_named():
    said = read(film(FRAMES, "matroska"), seconds=0.0)
    assert said == "no frame of it could be decoded: reading was ended after 0 frames, the limit of what is decoded"


def test_a_film_that_takes_too_long_in_the_sandbox_keeps_what_it_told(tmp_path):
    path = tmp_path / "film"
    frames = [np.roll(still(3, (640, 384)), 3 * number, axis=1) for number in range(200)]
    path.write_bytes(film(frames * 15, bits=900_000))
    with Nursery(FILM) as nursery, path.open("rb") as file:
        part = read_film(nursery, file.fileno(), FilmOrder(seconds=0.2))
    assert 0 < len(part.times) < 3000
    assert part.damaged == f"reading was ended after {part.end.decoded} frames, the limit of what is decoded"


def test_a_scene_that_stands_still_for_long_is_no_decoder_that_hangs(tmp_path):
    path = tmp_path / "film"
    path.write_bytes(film([still(3)] * 6000, bits=200_000))
    with Nursery(FILM, limits=Limits(wall_seconds=0.5)) as nursery, path.open("rb") as file:
        whole = read_film(nursery, file.fileno(), FilmOrder(beat=0.1))
    assert (whole.end.decoded, whole.damaged) == (6000, None)
    assert len(whole.times) < 1000


def test_a_video_without_a_picture_that_can_be_decoded_shows_nothing_and_says_so():
    content = bytearray(film(FRAMES[:20], "avi", "mpeg4"))
    at = content.index(b"movi")
    content[at + 4 : at + len(content) // 2] = bytes(len(content) // 2 - 4)
    whole = read(bytes(content))
    assert isinstance(whole, str) or whole.damaged


def test_frames_of_a_size_that_changes_on_the_way_are_hashed_or_refused():
    first, second = film(FRAMES[:5], "mpeg", "mpeg2video"), film([still(5, (640, 384))] * 5, "mpeg", "mpeg2video")
    assert seen(first + second).end.decoded >= 5
    with pytest.raises(UnreadableVideoError, match="above the limit"):
        open_video(io.BytesIO(second), VideoLimits(max_pixels=320 * 192))


SMALL = {
    (container, codec): film([frame[:96, :160] for frame in FRAMES[:12]], container, codec, bits=300_000)
    for container, codec in [
        ("mp4", "mpeg4"), ("matroska", "mpeg4"), ("avi", "mjpeg"), ("mpeg", "mpeg2video"), ("asf", "wmv2"), ("flv", "flv"),
    ]
}  # fmt: skip


@given(which=st.sampled_from(sorted(SMALL)), seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_injured_films_give_frames_in_order_or_a_reason(which, seed):
    content = mutations(np.random.default_rng(seed), SMALL[which])
    whole = read(content, seconds=20.0)
    if isinstance(whole, str):
        assert whole
        assert "\n" not in whole
        return
    assert (np.diff(whole.times) > 0).all()
    assert len(whole.times) + whole.end.dark + whole.end.flat + whole.end.repeated == whole.end.decoded
