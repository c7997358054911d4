"""The rules of the known base, each allowed and refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import UsageError
from safelight.known.rows import KnownRow, LeftOut
from safelight.known.rules import (
    Role,
    Trust,
    check_demo,
    check_name,
    choose_scheme,
    content_key,
    fingerprint,
    row_problem,
    speaks_demo,
)


@pytest.mark.parametrize("name", ["alpha", "Agency Alpha (2026)", "demo-not-for-use-alpha", "ä1", "x" * 100])
def test_names(name):
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", " alpha", "-alpha", ".hidden", "a/b", "a\nb", "a\0b", "x" * 101, "../x"])
def test_names_that_are_none(name):
    with pytest.raises(UsageError, match="--name"):
        check_name(name)


@pytest.mark.parametrize(
    ("folder", "name", "scheme", "role", "taken"),
    [
        (True, "demo-not-for-use-a", "DEMO", Role.KNOWN, True),
        (True, "demo-not-for-use-a", None, Role.KNOWN_GOOD, True),
        (True, "demo-not-for-use-a", None, Role.KNOWN, False),
        (True, "demo-not-for-use-a", "VIC-US", Role.KNOWN, False),
        (True, "a", "DEMO", Role.KNOWN, False),
        (True, "a", None, Role.KNOWN_GOOD, False),
        (False, "a", "VIC-US", Role.KNOWN, True),
        (False, "a", None, Role.KNOWN, True),
        (False, "a", "DEMO", Role.KNOWN, False),
        (False, "DEMO-not-for-use", None, Role.KNOWN_GOOD, False),
    ],
)
def test_demonstration_and_real_lists_stay_apart(folder, name, scheme, role, taken):
    if taken:
        check_demo(demo_folder=folder, name=name, scheme=scheme, role=role)
    else:
        with pytest.raises(UsageError):
            check_demo(demo_folder=folder, name=name, scheme=scheme, role=role)


@pytest.mark.parametrize("field", ["agency", "series", "comment"])
def test_a_row_that_declares_itself_a_demonstration(field):
    assert speaks_demo(KnownRow(line=1, **{field: "demo-not-for-use-alpha"}))
    assert speaks_demo(KnownRow(line=1, tags=["x", "Demo-Not-For-Use"]))
    assert not speaks_demo(KnownRow(line=1, **{field: "Series Harbour"}))


@pytest.mark.parametrize(
    ("asked", "said", "before", "scheme"),
    [
        (None, None, None, None),
        ("A", None, None, "A"),
        (None, "A", None, "A"),
        (None, None, "A", "A"),
        ("A", "A", "A", "A"),
    ],
)
def test_one_scheme(asked, said, before, scheme):
    assert choose_scheme(asked=asked, said=said, before=before, name="alpha") == scheme


@pytest.mark.parametrize(("asked", "said", "before"), [("A", "B", None), (None, "A", "B"), ("A", None, "B")])
def test_two_schemes_are_refused(asked, said, before):
    with pytest.raises(UsageError, match="never translated"):
        choose_scheme(asked=asked, said=said, before=before, name="alpha")


def test_the_name_of_a_demonstration_gives_its_scheme():
    assert choose_scheme(asked=None, said=None, before=None, name="demo-not-for-use-a") == "DEMO"


def test_only_some_trust_sets_a_grade():
    assert [trust for trust in Trust if trust.sets_grade] == [Trust.OWN, Trust.NATIONAL, Trust.PARTNER]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"md5": b"1" * 15}, "15 bytes"),
        ({"sha1": b"1" * 21}, "21 bytes"),
        ({"sha256": b""}, "0 bytes"),
        ({"pdq": b"1" * 31}, "31 bytes"),
        ({"md5": b"1" * 16, "size": -1}, "size"),
        ({"md5": b"1" * 16, "size": 2**63}, "size"),
        ({"md5": b"1" * 16, "quality": 101}, "quality"),
        ({"md5": b"1" * 16, "left_out": [LeftOut("shoe size", "44", "unheard of")]}, "of a field that there is not"),
        ({}, "no digest"),
    ],
)
def test_a_row_from_the_sandbox_is_not_believed(fields, words):
    assert words in (row_problem(KnownRow(line=1, **fields)) or "")
    assert row_problem(KnownRow(line=1, md5=b"1" * 16, size=5, quality=100)) is None


ROWS = st.builds(
    KnownRow,
    line=st.integers(0, 9),
    md5=st.sampled_from([b"1" * 16, b"2" * 16]),
    category=st.sampled_from([None, "1", "2"]),
    series=st.sampled_from([None, "Series Harbour"]),
    victim_identified=st.sampled_from([None, True, False]),
    external_id=st.sampled_from([None, "7"]),
    tags=st.lists(st.sampled_from("ab"), max_size=2),
    opaque=st.dictionaries(st.sampled_from("xy"), st.sampled_from("12"), max_size=2),
)


@given(ROWS, ROWS)
def test_fingerprints_are_equal_when_the_statements_are(a, b):
    same = msgspec.structs.replace(a, line=0, external_id=None) == msgspec.structs.replace(b, line=0, external_id=None)
    assert (fingerprint(a) == fingerprint(b)) == same


def test_the_content_is_named_by_the_digest_that_lists_share():
    row = KnownRow(line=1, md5=b"m" * 16, sha1=b"s" * 20, sha256=b"S" * 32, pdq=b"p" * 32)
    keys = []
    for name in ("md5", "sha1", "sha256", "pdq"):
        keys.append(content_key(row))
        row = msgspec.structs.replace(row, **{name: None})
    assert keys == [b"m" + b"m" * 16, b"1" + b"s" * 20, b"2" + b"S" * 32, b"p" + b"p" * 32]
    with pytest.raises(ValueError, match="no content key"):
        content_key(row)
