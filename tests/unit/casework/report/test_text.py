"""Text of foreign origin: nothing unseen gets through, nothing gets long, figures read as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.casework.report.text import (
    LONGEST,
    DataUri,
    amount,
    capped,
    duration_words,
    encodable,
    made_visible,
    shortened,
    size_words,
    time_words,
)

ANY_TEXT = st.text(st.characters(codec=None))
START = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@given(ANY_TEXT)
def test_encodable_changes_nothing_but_surrogates(text):
    shown = encodable(text)
    shown.encode("utf-8")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        assert shown != text
    else:
        assert shown == text


@given(st.text(max_size=3 * LONGEST), st.integers(2, LONGEST))
def test_shortened_keeps_both_ends_and_says_so(text, limit):
    cut = shortened(text, limit)
    if len(text) <= limit:
        assert cut == text
    else:
        assert cut.startswith(text[: limit // 2])
        assert cut.endswith(text[-(limit // 2) :])
        assert f"{len(text) - 2 * (limit // 2):,} characters" in cut


def test_made_visible_reaches_every_depth_but_our_own_data():
    long = DataUri("data:," + "x" * 2 * LONGEST)
    shown = made_visible(capped(["\n", "\t"], 1, lambda text: (text, long)))
    assert shown.shown == ((r"\n", long),)


def test_capped_says_how_many_are_left_out():
    assert capped(range(3), 3, str).more == ""
    left = capped(range(1500), 3, str)
    assert left.shown == ("0", "1", "2")
    assert left.total == "1,500"
    assert left.more == "and 1,497 more: see the CSV or JSON report"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, ""),
        (0, "0 bytes"),
        (999, "999 bytes"),
        (2_104_331, "2.1 MB"),
        (999_999, "1 MB"),
        (5 * 10**15, "5 PB"),
    ],
)
def test_size_words(size, words):
    assert size_words(size) == words


def test_time_words():
    east = timezone(timedelta(hours=2))
    assert time_words(datetime(2026, 3, 14, 14, 0, tzinfo=east)) == "2026-03-14 12:00:00 UTC"
    assert time_words(datetime(2026, 3, 14, 14, 0)) == "2026-03-14 14:00:00 (no time zone)"  # noqa: DTZ001 - as zip keeps it
    assert time_words(None) == ""


@pytest.mark.parametrize(("seconds", "words"), [(8, "8 s"), (252, "4 min 12 s"), (7380, "2 h 03 min"), (-5, "0 s")])
def test_duration_words(seconds, words):
    assert duration_words(START, START + timedelta(seconds=seconds)) == words
    assert duration_words(START, None) == ""


def test_amount():
    assert [amount(number, "copy", "copies") for number in (0, 1, 1200)] == ["0 copies", "1 copy", "1,200 copies"]
