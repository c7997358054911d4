"""Videos inside pictures are found by their own bytes, with their exact ends."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.media.motion import clips_behind, clips_in_boxes
from safelight.media.types import Clip
from safelight.samples.films import film, moving
from tests.unit.media.making import encode, frames_of, heic, image

SMALL = encode(image(width=16, height=12), "JPEG")
VIDEO = film(moving(1, 5))


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        pytest.param(b"", b"", id="Google"),
        pytest.param(SMALL, b"", id="behind a gain map"),
        pytest.param(b"\0\0\x30\x0aMotionPhoto_Data", b"\0\0\0\0SEFH\x6a\0\0\0SEFT", id="Samsung"),
        pytest.param(b"ftyp \0\0\0\x20ftyp", b"ftyp", id="by chance"),
    ],
)
def test_a_video_behind_a_jpeg_is_found_with_its_end(before: bytes, behind: bytes) -> None:
    opened, frames = frames_of(SMALL + before + VIDEO + behind)
    assert opened.clips == (Clip("motion-photo", len(SMALL + before), len(VIDEO)),)
    assert len(frames) == 1
    assert frames_of(SMALL)[0].clips == ()


def test_two_videos_one_behind_the_other_are_two() -> None:
    begin = len(SMALL)
    assert frames_of(SMALL + VIDEO + VIDEO)[0].clips == (
        Clip("motion-photo", begin, len(VIDEO)),
        Clip("motion-photo", begin + len(VIDEO), len(VIDEO)),
    )


def test_a_video_that_is_cut_reaches_to_the_end_of_the_file() -> None:
    content = SMALL + VIDEO[: len(VIDEO) // 2]
    assert frames_of(content)[0].clips == (Clip("motion-photo", len(SMALL), len(VIDEO) // 2),)


def test_a_video_in_a_heic_is_found_in_its_box_and_behind_the_last() -> None:
    content = heic("gradient")
    assert frames_of(content + box(b"mpvd", VIDEO))[0].clips == (Clip("motion-photo", len(content) + 8, len(VIDEO)),)
    trailer = b"\0\0\0\0SEFT"
    assert frames_of(content + trailer + VIDEO)[0].clips == (Clip("motion-photo", len(content + trailer), len(VIDEO)),)
    assert frames_of(content)[0].clips == ()


@given(content=st.binary(max_size=300), at=st.integers(0, 40))
def test_any_bytes_are_searched_quietly_and_nothing_reaches_outside(content: bytes, at: int) -> None:
    hostile = content[:at] + VIDEO[:40] + content[at:]
    for clip in (*clips_behind(memoryview(hostile), min(at, 5)), *clips_in_boxes(memoryview(hostile))):
        assert 0 <= clip.offset <= clip.offset + clip.size <= len(hostile)
