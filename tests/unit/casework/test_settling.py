"""What a worker answers is checked before anything is made of it: a false answer costs one file and is named."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.casework.check.settling import REASON_CHARACTERS, name_failure, settle, settle_unexamined
from safelight.evidence.drafts import Draft
from safelight.evidence.models import ItemState, SightingHow, SightingState
from safelight.evidence.reading import Reading
from safelight.media.types import CONTAINERS, Kind
from safelight.samples.exif import Camera
from safelight.samples.formats import camera_jpeg
from safelight.samples.hostile import mutations
from safelight.samples.pictures import picture
from safelight.sandbox import Job, Outcome, SealedContent, TaskFailedError, WorkerCrashedError, WorkerTimedOutError
from safelight.signatures.digests import digest
from safelight.signatures.family import examine_family

PHOTO = camera_jpeg(picture(41, 1, (320, 240)), Camera())


@functools.cache
def good_reply():
    return examine_family(PHOTO, Kind.JPEG.value.encode())


def settled(reply=None, error=None, *, failure=None):
    draft = Draft(1, None, b"p" * 16, SightingHow.FILE, b"name", SightingState.NOT_EXAMINED, failure=failure)
    with SealedContent.of([PHOTO]) as content:
        reading = Reading(digest(PHOTO), Kind.JPEG, content)
        settle(draft, reading, Outcome(Job(content, b"jpeg", None), reply, error))
    return draft


def test_a_picture_and_its_thumbnail():
    draft = settled(good_reply())
    assert (draft.state, draft.failure, draft.content.state) == (SightingState.EXAMINED, None, ItemState.PICTURE)
    [thumbnail] = draft.children
    assert (thumbnail.how, thumbnail.state) == (SightingHow.EMBEDDED, SightingState.EXAMINED)
    assert thumbnail.content.digests.size == thumbnail.times.size


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_an_injured_answer_is_taken_as_a_type_or_named(seed):
    draft = settled(mutations(np.random.default_rng(seed), good_reply()))
    assert draft.content.digests == digest(PHOTO)
    if draft.content.examination is None:
        assert (draft.state, draft.failure) == (SightingState.UNREADABLE, "crashed")
        assert draft.reason.isprintable()


@given(noise=st.binary(max_size=300))
def test_noise_is_no_answer(noise):
    assert settled(noise).failure == "crashed"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (WorkerCrashedError("SIGSEGV"), "crashed"),
        (WorkerTimedOutError(), "timed-out"),
        (TaskFailedError("UnreadablePictureError", "no\n\x1b[31mframe\0"), "unreadable"),
        (TaskFailedError("x", "long" * 1000), "unreadable"),
    ],
)
def test_an_error_is_named_in_one_printable_line(error, failure):
    draft = settled(error=error)
    assert (draft.state, draft.failure, draft.content.state) == (
        SightingState.UNREADABLE,
        failure,
        ItemState.UNREADABLE,
    )
    assert draft.reason.isprintable()
    assert len(draft.reason) <= REASON_CHARACTERS


def test_a_change_that_is_named_already_is_not_forgotten_for_a_damage():
    draft = settled(error=WorkerCrashedError("SIGSEGV"), failure="changed")
    assert draft.failure == "changed"
    assert "SIGSEGV" in draft.reason
    name_failure(draft, "limit", "too deep")
    assert (draft.failure, draft.reason.endswith("; too deep")) == ("changed", True)


@pytest.mark.parametrize("kind", list(Kind))
def test_everything_that_is_not_examined_has_a_reason_and_what_may_hold_pictures_is_named(kind):
    draft = Draft(1, None, b"p" * 16, SightingHow.FILE, b"name", SightingState.NOT_EXAMINED)
    settle_unexamined(draft, Reading(digest(b"x"), kind, None))
    assert draft.reason
    harmless = {Kind.EMPTY, Kind.VIDEO, Kind.SOUND, Kind.DOCUMENT, Kind.UNKNOWN}
    assert (draft.failure is None) == (kind in harmless | CONTAINERS)
