"""Single values: each spelling seen in a real exporter, and each that must be refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.known.formats import values
from safelight.known.formats.values import BadValueError


@given(
    st.binary(min_size=16, max_size=16).filter(lambda raw: any(raw) and raw not in values.EMPTY_CONTENT), st.booleans()
)
def test_a_digest_reads_back(raw, upper):
    text = raw.hex().upper() if upper else raw.hex()
    assert values.digest(f" {text}\t", 16, "MD5") == raw


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a" * 33, "33 characters instead of 32"),
        ("a" * 31, "31 characters"),
        ("g" * 32, "not hexadecimal"),
        ("0" * 32, "all zeros"),
        ("d41d8cd98f00b204e9800998ecf8427e", "empty file"),
        (["a" * 32], "list"),
        ({"a": 1}, "dict"),
        (True, "bool"),
        ("\u0661" * 32, "not hexadecimal"),
    ],
)
def test_a_digest_that_is_nearly_right_is_refused(value, words):
    with pytest.raises(BadValueError, match=words):
        values.digest(value, 16, "MD5")


@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_empty_field_is_no_digest(value):
    assert values.digest(value, 16, "MD5") is None
    assert values.pdq(value) is None
    assert values.integer(value, "size") is None
    assert values.boolean(value, "flag") is None
    assert values.photodna(value) is None
    assert values.text_or_none(value) is None


def test_pdq_keeps_all_zeros_for_screening():
    assert values.pdq("0" * 64) == bytes(32)
    for wrong in ("0" * 63, "x" * 64, 5):
        with pytest.raises(BadValueError):
            values.pdq(wrong)


@pytest.mark.parametrize(
    ("value", "number"), [("12", 12), (12, 12), ("12.0", 12), (Decimal("12.0"), 12), (" 7 ", 7), ("+3", 3), (0, 0)]
)
def test_integers_in_the_spellings_of_exporters(value, number):
    assert values.integer(value, "size") == number


@pytest.mark.parametrize("value", ["-1", "1e3", "12.5", "9" * 21, 2**63, True, [], "twelve"])
def test_other_integers_are_refused(value):
    with pytest.raises(BadValueError):
        values.integer(value, "size")


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("False", False),
        ("Y", True),
        ("n", False),
        ("Yes", True),
        ("No", False),
        (1, True),
        ("0", False),
    ],
)
def test_flags_in_every_spelling(value, flag):
    assert values.boolean(value, "flag") is flag


def test_a_flag_that_is_none_is_refused():
    with pytest.raises(BadValueError, match="neither yes nor no"):
        values.boolean("perhaps", "flag")


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (None, None),
        (0, None),
        ("0", None),
        ("", None),
        (1, "1"),
        ("2", "2"),
        (Decimal("3.0"), "3"),
        ("A1", "A1"),
        (True, None),
        ([], None),
    ],
)
def test_null_and_zero_are_no_grade(value, grade):
    assert values.category(value) == grade


@pytest.mark.parametrize(
    ("value", "carried"),
    [
        ("ab" * 144, ("photodna.hex", "AB" * 144)),
        ("A" * 192, ("photodna.base64", "A" * 192)),
        ("A" * 190 + "==", ("photodna.base64", "A" * 190 + "==")),
        ("1,2,3", ("photodna.other", "1,2,3")),
    ],
)
def test_photodna_is_carried_in_its_spelling(value, carried):
    assert values.photodna(value) == carried


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("/Date(0)/", "1970-01-01T00:00:00Z"),
        ("/Date(1500000000123+0200)/", "2017-07-14T02:40:00.123000Z"),
        ("/Date(-1)/", "1969-12-31T23:59:59.999000Z"),
        ("/Date(99999999999999999)/", "/Date(99999999999999999)/"),
        ("2021-06-05T12:00:00Z", "2021-06-05T12:00:00Z"),
    ],
)
def test_dates(value, text):
    assert values.date_text(value) == text


def test_tags_from_text_or_list():
    assert values.tags("b, a; b,,") == ["b", "a"]
    assert values.tags(["x", 5, None, {"y": 1}, "x"]) == ["x", "5"]
    assert len(values.tags([str(number) for number in range(500)])) == 50


@given(st.text(alphabet=st.characters(), max_size=300))
def test_clean_text_can_be_stored_and_sent(text):
    cleaned = values.clean(text)
    assert "\0" not in cleaned
    cleaned.encode()
    assert len(cleaned) <= 4000


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_anything_can_be_spelled_for_the_quarantine(entry):
    values.spelled(entry).encode()
