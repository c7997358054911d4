"""A text is found by its whole words, in any order, without case, and by nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from safelight.casework.finding.index import TextIndex, TextOf, words_of_text

WORDS = st.sampled_from(
    ["Harbour", "harbour", "HARBOURS", "meadow", "Straße", "STRASSE", "12", "\N{LATIN SMALL LIGATURE FI}sh", "fish"]
)
TEXTS = st.lists(st.lists(WORDS, max_size=4).map(", ".join), max_size=8)


def index_of(texts):
    index = TextIndex()
    for number, text in enumerate(texts):
        index.add(TextOf(number, "note", text))
    return index


@given(TEXTS, st.lists(WORDS, max_size=3).map(" ".join))
def test_every_text_with_all_the_words_is_found_and_no_other(texts, asked):
    wanted = words_of_text(asked)
    found = index_of(texts).find(asked)
    assert found == [
        TextOf(n, "note", text) for n, text in enumerate(texts) if wanted and wanted <= words_of_text(text)
    ]


def test_words_are_whole_and_compared_without_case_and_in_one_spelling():
    index = index_of(
        ["Boat in the harbour", "HARBOURS", "Hafenstraße 12", "e\N{COMBINING ACUTE ACCENT}te\N{COMBINING ACUTE ACCENT}"]
    )
    found = {
        asked: [hit.item for hit in index.find(asked)]
        for asked in ("Harbour", "harbour boat", "12 HAFENSTRASSE", "été", "", "...")
    }
    assert found == {"Harbour": [0], "harbour boat": [0], "12 HAFENSTRASSE": [2], "été": [3], "": [], "...": []}


def test_one_item_may_be_found_by_several_texts():
    index = TextIndex()
    for where in ("path", "note"):
        index.add(TextOf(7, where, "Series Harbour"))
    assert [hit.where for hit in index.find("harbour")] == ["path", "note"]
