"""An assertion and its bytes are one to one; what is newer is kept, what contradicts itself is refused."""

import json as plain_json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from safelight.assertions.record import (
    MAX_BYTES,
    About,
    BadAssertionError,
    encode_assertion,
    expiry,
    latest_review,
    not_understood,
    parse_assertion,
    reopen_assertion,
)
from tests.unit.assertions.example import (
    NOW,
    change,
    digest,
    drawn,
    handlings,
    identifier,
    json,
    open_to_all,
    statement,
    statements,
)


def wire(assertion=None):
    return plain_json.loads(encode_assertion(assertion or statement()))


def refused(raw, what):
    with pytest.raises(BadAssertionError, match=what) as caught:
        parse_assertion(raw if isinstance(raw, bytes) else rfc8785.dumps(raw))
    assert "\n" not in caught.value.message


@given(statements())
def test_every_assertion_comes_back_and_to_the_byte(assertion):
    encoded = encode_assertion(assertion)
    assert parse_assertion(encoded) == assertion
    assert encode_assertion(parse_assertion(encoded)) == encoded
    assert rfc8785.dumps(plain_json.loads(encoded)) == encoded


@given(statements())
def test_what_was_parsed_once_is_opened_again_as_it_was(assertion):
    assert reopen_assertion(encode_assertion(assertion)) == assertion


def test_what_contradicts_its_kind_is_not_opened_again_either():
    with pytest.raises(BadAssertionError, match="value is missing"):
        reopen_assertion(rfc8785.dumps({**wire(), "says": {"scheme": "DEMO"}}))


@given(drawn)
def test_worlds_are_made_of_right_statements(assertion):
    assert parse_assertion(encode_assertion(assertion)) == assertion


@given(
    statements(),
    st.dictionaries(st.text(min_size=1, max_size=5).map(lambda name: "z-" + name), json, min_size=1, max_size=2),
    st.sampled_from(["", "about", "handling", "says"]),
)
def test_what_only_newer_nodes_know_is_kept_to_the_byte_and_named(assertion, more, place):
    raw = wire(assertion)
    (raw if place == "" else raw[place]).update(more)
    encoded = rfc8785.dumps(raw)
    parsed = parse_assertion(encoded)
    assert encode_assertion(parsed) == encoded
    assert not_understood(parsed)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_in_words(raw):
    refused(raw, "statement|assertion")


@given(statements(strange=False), st.data())
def test_no_byte_can_be_changed_without_changing_what_is_said(assertion, data):
    encoded = bytearray(encode_assertion(assertion))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    with suppress(BadAssertionError):
        assert parse_assertion(bytes(encoded)) != assertion


@pytest.mark.parametrize(
    ("spelled", "instead"),
    [
        (b'"officer":', b' "officer":'),
        (b"T12:00:00Z", b"T12:00:00+00:00"),
        (b"T12:00:00Z", b"T12:00:00.0Z"),
        (b'"providers":true', b'"providers":true,"providers":true'),
        (b"Agency Alpha", b"Agency \\u0041lpha"),
        (b'{"about"', b'{"z":1.0,"about"'),
    ],
)
def test_another_spelling_of_the_same_is_refused(spelled, instead):
    refused(encode_assertion(statement()).replace(spelled, instead, 1), "one form")


def test_bounds_come_first():
    refused(b" " * (MAX_BYTES + 1), "larger than")
    refused(b"[" * 100_000, "no JSON")
    refused({**wire(), "z": [[[[[[[[1]]]]]]]]}, "nested")
    assert parse_assertion(rfc8785.dumps({**wire(), "z": [[[[[[[1]]]]]]]})).unknown


@pytest.mark.parametrize(
    ("member", "value", "what"),
    [
        ("about", None, "about is no JSON object"),
        ("handling", [], "handling is no JSON object"),
        ("says", 3, "Expected `object`"),
        ("id", "12", "matching regex"),
        ("agency", "", "matching regex"),
        ("agency", "a\nb", "matching regex"),
        ("basis", "", "matching regex"),
        ("made", "yesterday", "RFC3339"),
        ("made", "2030-01-31T12:00:00", "timezone"),
        ("made", "2030-01-31T12:00:00.5Z", "whole second"),
        ("made", "2030-01-31T13:00:00+01:00", "whole second"),
        ("review", "2030-01-31T12:00:00Z", "review is not after"),
        ("review", "2035-01-31T12:00:01Z", "within 5 years"),
        ("supersedes", [identifier(1)], "supersedes itself"),
        ("supersedes", [identifier(3), identifier(2)], "taken: what it supersedes is not in ascending order"),
        ("supersedes", [identifier(2), identifier(2)], "ascending"),
        ("supersedes", [identifier(number) for number in range(2, 103)], "<= 100"),
        ("format", "safelight-assertion/2", "update Safelight"),
        ("z", 2**60, "no canonical form"),
    ],
)
def test_a_wrong_member_is_refused_and_named(member, value, what):
    raw = plain_json.dumps({**wire(), member: value}).encode()
    refused(raw, what)


@pytest.mark.parametrize("member", sorted({"id", "says", "algorithm", "supersedes", "about", "handling"}))
def test_a_missing_member_is_named(member):
    raw = wire()
    del raw[member]
    refused(raw, member)


def test_a_missing_part_of_the_handling_is_not_guessed():
    raw = wire()
    del raw["handling"]["ask_first"]
    refused(raw, "handling lacks ask_first")


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"a"', b"1"])
def test_what_is_no_object_is_refused(raw):
    refused(raw, "its statement is no JSON object")


@pytest.mark.parametrize(
    ("kind", "ids", "says", "what"),
    [
        ("item", [digest(1), digest(2)], {}, "do not name one item"),
        ("item", [identifier(1)], {}, "do not name one item"),
        ("stack", [], {}, ">= 1"),
        ("stack", [digest(2), digest(1)], {}, "taken: what it is about is not in ascending order"),
        ("stack", [digest(1), digest(1)], {}, "ascending"),
        ("stack", [digest(number) for number in range(10_001)], {}, "<= 10000"),
        ("link", [digest(1)], {}, "do not name one link"),
        ("series", [digest(1)], {}, "do not name one series"),
        ("subject", [identifier(1), identifier(2)], {}, "do not name one subject"),
        ("item", [digest(1)], {"scheme": "DEMO"}, "value is missing"),
        ("item", [digest(1)], {"scheme": 1, "value": "1"}, "scheme is no line"),
    ],
)
def test_what_it_is_about_must_fit(kind, ids, says, what):
    refused({**wire(), "about": {"type": kind, "ids": ids}, "says": says or {"scheme": "DEMO", "value": "1"}}, what)


def test_the_other_of_two_is_of_the_same_kind_of_thing():
    right = statement("same-as", says={"other": digest(2)})
    assert parse_assertion(encode_assertion(right)) == right
    refused({**wire(right), "says": {"other": identifier(2)}}, "other is no item")
    refused({**wire(right), "about": {"type": "subject", "ids": [identifier(2)]}}, "other is no subject")
    parse_assertion(rfc8785.dumps({**wire(right), "about": {"type": "vehicle", "ids": ["v1"]}}))


def test_a_withdrawal_withdraws_something():
    with pytest.raises(BadAssertionError, match="withdraws nothing"):
        encode_assertion(statement("withdrawn"))


@pytest.mark.parametrize(
    ("until", "is_right"),
    [
        ("2030-01-31T12:00:00Z", False),
        ("2030-01-31T12:00:01Z", True),
        ("2030-03-02T12:00:00Z", True),
        ("2030-03-02T12:00:01Z", False),
        ("9999-12-31T23:59:59Z", False),
    ],
)
def test_do_not_act_ends_within_thirty_days(until, is_right):
    made = statement("do-not-act", says={"why": "operation", "contact": "desk", "until": until})
    if is_right:
        assert expiry(parse_assertion(encode_assertion(made))).isoformat().replace("+00:00", "Z") == until
    else:
        with pytest.raises(BadAssertionError, match="30 days"):
            encode_assertion(made)


def test_a_do_not_act_without_an_end_is_refused():
    with pytest.raises(BadAssertionError, match="until is missing"):
        encode_assertion(statement("do-not-act", says={"why": "operation", "contact": "desk"}))


def test_only_what_expires_has_an_expiry():
    assert expiry(statement()) is None
    assert expiry(statement("foretold")) is None


def test_nothing_is_written_that_could_not_be_read_back():
    for wrong, what in (
        (statement(unknown={"agency": "Agency Beta"}), r"^The assertion cannot be written: .* not JSON"),
        (statement(review=NOW), "review is not after"),
        (statement(made=NOW.replace(microsecond=1)), "no whole second"),
    ):
        with pytest.raises(BadAssertionError, match=what):
            encode_assertion(wrong)


def test_the_longest_that_a_statement_may_stand_is_five_years_to_the_second():
    longest = statement(review=latest_review(NOW))
    assert parse_assertion(encode_assertion(longest)) == longest
    with pytest.raises(BadAssertionError, match="within 5 years"):
        encode_assertion(statement(review=latest_review(NOW) + timedelta(seconds=1)))


def test_a_time_in_another_zone_is_refused_when_written():
    with pytest.raises(BadAssertionError, match="UTC"):
        encode_assertion(statement(made=NOW.astimezone(timezone(timedelta(hours=1)))))


@pytest.mark.parametrize(
    ("made", "latest"),
    [
        ("2030-01-31", "2035-01-31"),
        ("2028-02-29", "2033-02-28"),
        ("2028-02-28", "2033-02-28"),
        ("9998-05-01", "9999-05-01"),
    ],
)
def test_five_years_end_on_the_same_day(made, latest):
    of = lambda day: datetime.fromisoformat(day).replace(tzinfo=UTC)  # noqa: E731
    assert latest_review(of(made)) == of(latest)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({}, ()),
        ({"kind": "foretold"}, ("kind foretold",)),
        ({"kind": "foretold", "says": {"any": [{"thing": 1.5}]}}, ("kind foretold",)),
        ({"about": About(type="vehicle", ids=("v1",))}, ("about a vehicle",)),
        ({"about": About(type="subject", ids=(identifier(1),))}, ("grade about a subject",)),
        ({"about": About(type="item", ids=(digest(1),), unknown={"frame": 1})}, ("member about frame",)),
        ({"unknown": {"z": 1}}, ("member z",)),
        ({"handling": open_to_all(unknown={"z": 1})}, ("member handling z",)),
        ({"says": {"scheme": "DEMO", "value": "1", "z": None}}, ("field z",)),
        ({"purpose": "later"}, ("purpose later",)),
        ({"subject": "later"}, ("subject later",)),
        ({"handling": open_to_all(tlp="violet")}, ("TLP level violet",)),
        ({"handling": open_to_all(pap="violet")}, ("PAP level violet",)),
        ({"nature": "rumour"}, ("nature rumour",)),
        ({"algorithm": "ML-DSA"}, ("algorithm ML-DSA",)),
        ({"kind": "outcome", "says": {"what": "later"}}, ("what later",)),
    ],
)
def test_what_is_not_understood_is_named(more, named):
    assertion = statement(**more)
    assert not_understood(assertion) == named
    assert parse_assertion(encode_assertion(assertion)) == assertion


@given(handlings)
def test_handling_is_written_as_it_is(handling):
    raw = wire(change(statement(), handling=handling))["handling"]
    assert raw["agencies"] == list(handling.agencies)
    assert raw["tlp"] == handling.tlp


def test_lists_in_the_handling_have_one_order():
    for name in ("agencies", "groups"):
        raw = wire()
        raw["handling"][name] = ["b", "a"]
        refused(raw, f"taken: its {name} is not in ascending order")
