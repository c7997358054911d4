"""What is said of stored digests, and how long a walker of an image may take."""

import pytest

from safelight.evidence.images.order import Stored
from safelight.evidence.imaging import judge, limits_for
from safelight.sandbox import Limits

MD5, OTHER, SHA1 = "0" * 32, "1" * 32, "2" * 40


@pytest.mark.parametrize(
    ("said", "differs", "words"),
    [
        (Stored({"md5": MD5}, {"md5": MD5}), False, f"stored MD5 {MD5} agrees"),
        (Stored({"md5": MD5}, {"md5": OTHER}), True, f"stored MD5 {MD5} DIFFERS: the medium has {OTHER}"),
        (Stored({"md5": MD5, "sha1": SHA1}, {"md5": MD5, "sha1": SHA1}), False, f"agrees; stored SHA1 {SHA1} agrees"),
        (Stored({"md5": MD5, "sha1": SHA1}, {"md5": MD5}), True, "DIFFERS"),
        (Stored(), False, "no digest of the medium is stored in it"),
        (Stored({"md5": MD5}, {}, "cut\noff"), True, r"could not be compared: cut\noff"),
    ],
)
def test_stored_digests_agree_or_differ(said, differs, words):
    verified = judge(said)
    assert verified.differs is differs
    assert words in verified.words
    assert verified.words.isprintable()


def test_a_larger_image_may_take_longer_and_hold_its_segments_open():
    small, large = (limits_for(Limits(), size, 3, packed=False) for size in (1 << 20, 1 << 40))
    assert small.wall_seconds >= 900
    assert large.wall_seconds > small.wall_seconds
    assert large.cpu_seconds > small.cpu_seconds
    assert small.open_files == Limits().open_files + 3
    assert (
        limits_for(Limits(), 1 << 30, 1, packed=True).cpu_seconds
        > limits_for(Limits(), 1 << 30, 1, packed=False).cpu_seconds
    )
