"""Places tell apart what stands in different places; names as text are one line, whatever their bytes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.evidence.names import PLACE_BYTES, child_place, line_of, place, text_of

CHAINS = st.lists(st.binary(max_size=8), min_size=1, max_size=4)


@given(one=CHAINS, other=CHAINS)
def test_a_place_is_its_chain_of_names(one, other):
    assert len(place(*one)) == PLACE_BYTES
    assert (place(*one) == place(*other)) == (one == other)


def test_a_separator_in_a_name_is_no_separator():
    assert place(b"/a", b"b/c") != place(b"/a/b", b"c")
    assert place(b"/a", b"") != place(b"/a")


@given(name=st.binary(max_size=20), one=st.integers(0, 2**63 - 1), other=st.integers(0, 2**63 - 1))
def test_entries_of_one_name_have_places_of_their_own(name, one, other):
    parent = place(b"/source", b"archive.zip")
    assert (child_place(parent, name, one) == child_place(parent, name, other)) == (one == other)


@given(name=st.binary(max_size=60))
def test_a_name_becomes_text_that_a_database_can_hold(name):
    text = text_of(name)
    assert text.encode("utf-8").decode() == text
    assert "\0" not in text


@given(st.text(st.characters(codec=None)))
def test_nothing_unseen_is_left_but_joiners(text):
    line = line_of(text)
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert {char for char in line if unicodedata.category(char) == "Cf"} <= {"\u200c", "\u200d"}
    assert len(line.splitlines()) <= 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zdjęcie 1 \u05d0\u05d1 旅行\u3000\U0001f6a2.jpg".encode(), "Zdjęcie 1 \u05d0\u05d1 旅行\u3000\U0001f6a2.jpg"),
        ("\u0646\u0627\u0645\u0647\u200c\u0647\u0627".encode(), "\u0646\u0627\u0645\u0647\u200c\u0647\u0627"),
        (b"line\nbreak \xff\xfe", r"line\nbreak \xff\xfe"),
        (b"two\r\x1b[31m", r"two\r\x1b[31m"),
        ("right\N{RIGHT-TO-LEFT OVERRIDE}gpj".encode(), r"right\u202egpj"),
        ("\U000e0041".encode(), r"\U000e0041"),
    ],
)
def test_what_can_be_read_is_shown_and_the_rest_spelt_out(name, shown):
    assert text_of(name) == shown


def test_lone_surrogates_are_spelt_out():
    assert line_of("\udcff") == r"\udcff"
