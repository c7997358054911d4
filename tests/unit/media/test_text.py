"""Foreign text is safe to store and to show."""

from hypothesis import given
from hypothesis import strategies as st

from safelight.media.text import MAX_FIELDS, Problems, clean, decode, put


@given(st.text(alphabet=st.characters(), max_size=200))
def test_nothing_unsafe_is_left(text: str) -> None:
    safe = clean(text)
    safe.encode("utf-8")
    assert "\x00" not in safe
    assert len(safe) == len(text)


@given(st.text(min_size=50, max_size=200), st.integers(1, 40))
def test_what_is_cut_says_so(text: str, limit: int) -> None:
    assert len(clean(text, limit)) == limit
    assert clean(text, limit).endswith("…")


def test_lone_surrogates_and_controls_show() -> None:
    assert clean("a\ud800b\x00c\x1b\x9b\x7f\td") == "a�b␀c␛�␡\td"


@given(st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=100))
def test_utf_8_is_read_back(text: str) -> None:
    assert decode(text.encode()) == text.rstrip(" \x00")


def test_latin_1_is_read_where_it_is_no_utf_8() -> None:
    assert decode(b"Gr\xfc\xdfe\x00\x00") == "Grüße"


def test_problems_are_few_and_different() -> None:
    problems = Problems()
    for number in range(200):
        problems.add(f"problem {number}")
        problems.add("problem 0")
    assert len(problems.sentences) == 50
    assert problems.sentences[-1] == "further problems are not listed"


def test_fields_are_bounded() -> None:
    fields: dict[str, str] = {}
    problems = Problems()
    for number in range(MAX_FIELDS + 5):
        put(fields, str(number), "x", problems)
    assert len(fields) == MAX_FIELDS
    assert problems.sentences == ["more than 1000 fields: the rest was left out"]
