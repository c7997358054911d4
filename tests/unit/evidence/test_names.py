"""Places tell apart what stands in different places; names as text are one line, whatever their bytes."""

from hypothesis import given
from hypothesis import strategies as st

from safelight.evidence.names import PLACE_BYTES, child_place, place, text_of

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
def test_text_is_one_printable_line_that_a_database_can_hold(name):
    text = text_of(name)
    assert text.isprintable()
    assert text.encode("utf-8").decode() == text
    assert "\0" not in text


def test_text_shows_what_can_be_read_and_escapes_the_rest():
    assert text_of("Bilder äöü 旅行 🎉".encode()) == "Bilder äöü 旅行 🎉"
    assert text_of(b"line\nbreak \xff\xfe") == r"line\nbreak \xff\xfe"
    assert text_of("right\N{RIGHT-TO-LEFT OVERRIDE}gpj".encode()) == r"right\u202egpj"
