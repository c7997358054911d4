"""A film becomes frames in time; what a decoder that was taken over says of one is checked."""

import io

import av
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.media.film_facts import described
from safelight.media.types import UnreadableVideoError
from safelight.media.video import VideoLimits, open_video
from safelight.samples.films import SIZE, still
from safelight.samples.films import film as encoded_film
from safelight.samples.recordings import KEY
from safelight.sandbox import BadReplyError, Limits, Nursery, TaskFailedError
from safelight.signatures import film
from safelight.signatures.film import FILM, FilmEnd, FilmHead, FilmOrder, FilmPart, examine_film
from safelight.signatures.film_reading import Film, read_film
from safelight.signatures.pdq import compute, distance

BLACK = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
_decode = msgspec.msgpack.Decoder(FilmHead | FilmPart | FilmEnd).decode
made = encoded_film


def seen(content, **order):
    """The film as the parent has it, without a sandbox."""
    messages = [_decode(one) for one in examine_film(io.BytesIO(content), msgspec.msgpack.encode(FilmOrder(**order)))]
    return Film.of(messages[0], messages[1:-1], messages[-1], messages[-1].damaged)


def test_a_scene_that_stands_still_is_one_frame_and_darkness_none():
    whole = seen(made([still(1)] * 30 + [BLACK] * 20 + [still(2)] * 25))
    assert (whole.end.decoded, whole.end.dark) == (75, 20)
    assert len(whole.times) == 75 - 20 - whole.end.repeated
    first, last = whole.hashes[0].tobytes(), whole.hashes[-1].tobytes()
    assert distance(first, compute(still(1)).pdq.bits) <= 10
    assert distance(last, compute(still(2)).pdq.bits) <= 10
    changed = whole.times[whole.times >= 50 * 40_000]
    assert changed[0] == 50 * 40_000  # to the frame


def test_what_is_inside_bars_has_a_hash_of_its_own():
    barred = np.zeros((SIZE[1] + 64, SIZE[0], 3), np.uint8)
    barred[32:-32] = still(3)
    whole = seen(made([barred] * 5))
    assert distance(whole.trimmed[0].tobytes(), compute(still(3)).pdq.bits) <= 12
    assert distance(whole.hashes[0].tobytes(), compute(still(3)).pdq.bits) > 31
    assert not seen(made([still(3)] * 5)).trimmed.any()


def test_turned_versions_come_twice_a_second_and_find_a_mirrored_film():
    frames = [np.roll(still(4), 3 * number, axis=1) for number in range(60)]
    whole, mirrored = seen(made(frames)), seen(made([frame[:, ::-1] for frame in frames]))
    assert len(whole.turned_times) == 5
    at = np.searchsorted(whole.times, mirrored.turned_times)
    flipped = mirrored.turned[:, 4]  # flipy: without the first, original
    assert np.bitwise_count(flipped ^ whole.hashes[at]).sum(axis=1).max() <= 31


@pytest.mark.parametrize(("container", "codec"), [("mp4", "mpeg4"), ("matroska", "mpeg4"), ("avi", "mjpeg"),
                                                  ("mpeg", "mpeg2video"), ("asf", "wmv2"), ("mov", "mpeg4")])  # fmt: skip
def test_each_container_gives_the_same_frames_at_the_same_times(container, codec):
    whole = seen(made([still(number // 10) for number in range(40)], container, codec))
    assert whole.damaged is None
    assert [distance(whole.hashes[np.searchsorted(whole.times, at * 40_000, side="right") - 1].tobytes(),
                     compute(still(at // 10)).pdq.bits) <= 16 for at in range(2, 40)] == [True] * 38  # fmt: skip


def test_uneven_times_are_kept():
    whole = seen(made([still(1), still(2), still(3)], times=[0, 7, 60]))
    assert list(whole.times) == [0, 280_000, 2_400_000]


def test_a_film_cut_in_the_middle_keeps_what_came_before_and_says_so():
    content = made([np.roll(still(5), 5 * number, axis=0) for number in range(100)], "matroska")
    part = seen(content[: len(content) // 2])
    assert 20 < part.end.decoded < 80
    whole = made([still(5)] * 50)
    with pytest.raises(UnreadableVideoError):  # its index stands at the end
        seen(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"#EXTM3U\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile '/etc/passwd'\n"]
)
def test_what_is_no_video_is_refused(content):
    with pytest.raises(UnreadableVideoError):
        open_video(io.BytesIO(content))


def test_a_frame_too_large_is_refused_before_it_is_decoded():
    content = made([still(1)])
    with pytest.raises(UnreadableVideoError, match="above the limit"):
        open_video(io.BytesIO(content), VideoLimits(max_pixels=10_000))


def test_reading_ends_at_the_limit_with_what_was_read():
    video = open_video(io.BytesIO(made([still(1), still(2), still(3)])), VideoLimits(max_frames=2))
    assert len(list(video.frames())) == 2
    assert video.damaged == "reading was ended after 2 frames, the limit of what is decoded"


def sound():
    """A container that holds nothing but sound."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 8000, 0
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


def encrypted():
    """A film with encrypted pictures (ISO 23001-7)."""
    return made([still(number) for number in range(5)], options=KEY)


def test_sound_alone_is_no_film():
    whole = seen(sound())
    assert (whole.facts.codec, whole.facts.size, len(whole.times), whole.damaged) == ("", (0, 0), 0, None)
    assert [one.what for one in whole.end.streams] == ["audio"]
    assert whole.stream is None


def test_no_frame_of_encrypted_pictures_is_taken():
    whole = seen(encrypted())
    assert (whole.facts.locked, len(whole.times)) == ("its pictures are encrypted (cenc)", 0)


def test_a_film_is_told_by_its_stream_in_another_container():
    frames = [np.roll(still(6), 4 * number, axis=1) for number in range(20)]
    mp4, matroska, other = (seen(made(*one)) for one in ((frames,), (frames, "matroska"), (frames[::-1],)))
    assert mp4.stream == matroska.stream != other.stream
    assert described(mp4.facts, mp4.end.streams).text["stream 0 sha256"] == mp4.end.streams[0].sha256.hex()
    cut = made(frames * 5, "matroska")
    assert seen(cut[: len(cut) // 3]).stream is None


@pytest.fixture(scope="module")
def nursery():
    with Nursery(FILM) as made_:
        yield made_


def test_a_film_is_read_in_the_sandbox(nursery, tmp_path):
    content = made([np.roll(still(6), number, axis=1) for number in range(30)])
    path = tmp_path / "film"
    path.write_bytes(content)
    with path.open("rb") as file:
        inside = read_film(nursery, file.fileno())
    outside = seen(content)
    assert (inside.times.tobytes(), inside.hashes.tobytes()) == (outside.times.tobytes(), outside.hashes.tobytes())
    assert inside.facts == outside.facts
    (tmp_path / "none").write_bytes(b"no film")
    with (tmp_path / "none").open("rb") as file, pytest.raises(TaskFailedError, match="no video that can be opened"):
        read_film(nursery, file.fileno())


HEAD = FilmHead(open_video(io.BytesIO(made([still(1)]))).facts)
END = FilmEnd(1, 0, 0, 0, 0, 0, 0, None, None)


def part(n=1, m=1, **instead):
    times = np.arange(n, dtype="<i8").tobytes()
    columns = {"times": times, "hashes": bytes(32 * n), "trimmed": bytes(32 * n), "qualities": bytes(n),
               "turned_times": times[: 8 * m], "turned": bytes(224 * m)}  # fmt: skip
    return FilmPart(**(columns | instead))


class Told:
    """A nursery whose decoder says what it is told to say."""

    limits = Limits(cpu_seconds=1)

    def __init__(self, *messages):
        self._messages = messages
        self.given = None

    def stream(self, _fd, _argument, _task, limits):
        self.given = limits
        for message in self._messages:
            if isinstance(message, Exception):
                raise message
            yield msgspec.msgpack.encode(message)


@pytest.mark.parametrize(
    "messages",
    [
        (END,), (part(), END), (HEAD, HEAD), (HEAD, part()), (HEAD, part(hashes=bytes(31)), END),
        (HEAD, part(trimmed=b""), END), (HEAD, part(turned=b""), END), (HEAD, part(n=1, turned_times=bytes(16), turned=bytes(448)), END),
        (HEAD, part(n=2, times=bytes(16)), END), (HEAD, part(), part(), END),
        (HEAD, part(times=np.array([-1], "<i8").tobytes()), END), (HEAD, part(times=b"1234567"), END),
    ],
)  # fmt: skip
def test_a_decoder_that_lies_is_not_believed(messages, tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    with (tmp_path / "x").open("rb") as file, pytest.raises(BadReplyError):
        read_film(Told(*messages), file.fileno())


def test_what_came_before_a_crash_is_kept(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    broken = TaskFailedError("RuntimeError", "it broke")
    with (tmp_path / "x").open("rb") as file:
        kept = read_film(Told(HEAD, part(3), broken), file.fileno())
        with pytest.raises(TaskFailedError):
            read_film(Told(HEAD, broken), file.fileno())
    assert (len(kept.times), kept.end, kept.damaged) == (3, None, "it broke: only what came before is known")


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_parts_put_together_are_what_was_told(counts):
    begin, parts = 0, []
    for count in counts:
        times = np.arange(begin, begin + count, dtype="<i8")
        parts.append(part(count, 0, times=times.tobytes(), hashes=times.astype("u1").repeat(32).tobytes()))
        begin += count
    whole = Film.of(HEAD, parts, END, None)
    assert list(whole.times) == list(range(begin))
    assert (whole.hashes[:, 0] == (np.arange(begin) & 255)).all()
    assert len(whole.qualities) == len(whole.trimmed) == begin


def test_messages_are_bounded(monkeypatch):
    monkeypatch.setattr(film, "BATCH", 4)
    content = made([np.roll(still(8), 9 * number, axis=1) for number in range(11)])
    messages = list(examine_film(io.BytesIO(content), msgspec.msgpack.encode(FilmOrder())))
    assert len(messages) == 1 + 3 + 1


def test_no_decoder_speaks_to_the_terminal(tmp_path, capfd):
    content = bytearray(made([np.roll(still(9), number, axis=1) for number in range(60)], "avi", "mpeg4"))
    content[2000:30000:97] = b"\xff" * len(content[2000:30000:97])
    seen(bytes(content))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("tags", "make", "place"),
    [
        ({"make": "Invented", "location": "+59.9139-010.7522+012.3/"}, "Invented", (59.9139, -10.7522, 12.3)),
        ({"COM.APPLE.QUICKTIME.MAKE": "Maker", "com.apple.quicktime.location.ISO6709": "-01.5+170.25/"}, "Maker", (-1.5, 170.25, None)),
        ({"location": "+95.0+010.0/"}, None, None),
        ({"location": "somewhere"}, None, None),
        ({}, None, None),
    ],
)  # fmt: skip
def test_tags_of_a_container_become_metadata(tags, make, place):
    said = described(msgspec.structs.replace(HEAD.facts, tags=tags))
    assert said.make == make
    assert (said.gps and (said.gps.latitude, said.gps.longitude, said.gps.altitude)) == place
    assert said.text["stream 0"] == "video mpeg4"
    assert {f"container {name}" for name in tags} <= said.text.keys()


def test_a_decoder_may_work_as_long_as_a_film_may_take(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    told = Told(HEAD, END)
    with (tmp_path / "x").open("rb") as file:
        read_film(told, file.fileno(), FilmOrder(seconds=5000.0))
    assert told.given.cpu_seconds > 5000
