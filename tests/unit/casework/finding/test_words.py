"""A text is found by its whole words, in any order, without case, and by nothing else; a long one is shown in part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.casework.finding.words import Asked, Only, TextOf, words_of_text

WORDS = st.sampled_from(
    ["Harbour", "harbour", "HARBOURS", "meadow", "Straße", "STRASSE", "12", "\N{LATIN SMALL LIGATURE FI}sh", "fish"]
)
TEXTS = st.lists(st.lists(WORDS, max_size=4).map(", ".join), max_size=8)


def found_in(texts, asked, only=None):
    wanted = Asked(asked, only)
    return [number for number, text in enumerate(texts) if wanted.finds(TextOf(number, "note", text))]


@given(TEXTS, st.lists(WORDS, max_size=3).map(" ".join))
def test_every_text_with_all_the_words_is_found_and_no_other(texts, asked):
    wanted = words_of_text(asked)
    assert found_in(texts, asked) == [n for n, text in enumerate(texts) if wanted and wanted <= words_of_text(text)]


def test_words_are_whole_and_compared_without_case_and_in_one_spelling():
    texts = [
        "Boat in the harbour",
        "HARBOURS",
        "Hafenstraße 12",
        "e\N{COMBINING ACUTE ACCENT}te\N{COMBINING ACUTE ACCENT}",
    ]
    asked = ("Harbour", "harbour boat", "12 HAFENSTRASSE", "été", "", "...")
    found = {one: found_in(texts, one) for one in asked}
    assert found == {"Harbour": [0], "harbour boat": [0], "12 HAFENSTRASSE": [2], "été": [3], "": [], "...": []}


def test_an_address_made_harmless_is_asked_for_as_what_it_stands_for():
    assert found_in(["http://example.org/x"], "hxxp://example[.]org/x") == [0]


@pytest.mark.parametrize(("only", "found"), [(None, True), (Only.URL, True), (Only.TEXT, False), (Only.ACCOUNT, False)])
def test_a_search_may_be_of_one_kind_only(only, found):
    assert Asked("example", only).finds(TextOf(1, "url", "http://example.org", Only.URL)) is found


@given(st.text(max_size=2000), st.text(max_size=2000))
def test_what_is_shown_is_short_holds_the_word_and_moves_no_cursor(before, after):
    shown = Asked("lighthouse").shown(f"{before} Lighthouse {after}")
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert len(shown) <= 302 * 10  # what cannot be seen is spelt out
    assert "Lighthouse" in shown or "lighthouse" in words_of_text(before) | words_of_text(after)
