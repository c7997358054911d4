"""What officers sign has one form, and an act's parameters one spelling."""

from datetime import UTC, datetime

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from safelight.access.officer_keys import BadOfficerSignatureError, check_statement_signature
from safelight.access.permissions import FOUR_EYES, Permission
from safelight.access.records import (
    BadRecordError,
    Enrolment,
    Request,
    canonical_act,
    encode_record,
    named_statement,
    over_statement,
    read_record,
    read_request,
    record_digest,
)
from safelight.access.roles import Role
from safelight.errors import UsageError

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
times = st.datetimes(timezones=st.just(UTC))
texts = st.text(st.characters(codec="utf-8"), max_size=20)
enrolments = st.builds(
    Enrolment, node=texts, agency=texts, officer=texts, public=hexes, begins=times, ends=times, second=hexes
)
requests = st.builds(
    Request, node=texts, act=st.sampled_from(Permission), parameters=st.dictionaries(texts, texts, max_size=3),
    why=texts, officer=texts, at=times, until=times, salt=st.just("0" * 32),
)  # fmt: skip
REQUEST = Request("alpha", Permission.CONTENT_ERASE, {"owner": "a"}, "w", "officer-1", NOW, NOW, "0" * 32)
ENROLMENT = Enrolment("alpha", "alpha", "officer-1", "a" * 64, (Role.SUPERVISOR,), NOW, NOW, "b" * 64)


@given(enrolments | requests)
def test_records_are_read_back_as_they_were(record):
    assert read_record(encode_record(record)) == record


@given(requests, requests)
def test_two_requests_have_two_digests(one, other):
    same = record_digest(encode_record(one)) == record_digest(encode_record(other))
    assert same == (one == other)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[" * 100_000,
        b" " + encode_record(REQUEST),
        encode_record(REQUEST).replace(b'"act"', b'"axt"'),
        encode_record(REQUEST).replace(b"vault:content:erase", b"vault:content:burn"),
        encode_record(REQUEST).replace(b'"owner":"a"', b'"owner":"' + b"a" * 1001 + b'"'),
    ],
)
def test_what_is_no_record_in_its_one_form_is_refused(raw):
    with pytest.raises(BadRecordError):
        read_record(raw)


def test_an_enrolment_is_no_request():
    assert read_request(encode_record(REQUEST)) == REQUEST
    with pytest.raises(BadRecordError):
        read_request(encode_record(ENROLMENT))


@given(st.permutations(["case", "manifest", "recipient"]))
def test_parameters_have_one_spelling_in_any_order(names):
    values = {"case": "7", "manifest": "a" * 64, "recipient": "unit-beta.example"}
    given_ = {name: values[name] for name in names}
    assert canonical_act(Permission.CONTENT_EXPORT, given_) == canonical_act(Permission.CONTENT_EXPORT, values)


@pytest.mark.parametrize("act", FOUR_EYES)
def test_parameters_are_those_of_the_act(act):
    whole = dict.fromkeys(FOUR_EYES[act], "x")
    assert act.value.encode() in canonical_act(act, whole)
    for wrong in (dict(list(whole.items())[1:]), whole | {"other": "x"}):
        with pytest.raises(UsageError, match="all of them and no others"):
            canonical_act(act, wrong)


@pytest.mark.parametrize("value", ["", " ", "a\nb", "x" * 1001])
def test_a_value_that_people_cannot_read_is_refused(value):
    with pytest.raises(UsageError, match="cannot be read by people"):
        canonical_act(Permission.CONTENT_READMIT, {"tombstone": value})


def test_what_needs_nobody_else_is_not_asked_for():
    with pytest.raises(UsageError, match="needs no approval"):
        canonical_act(Permission.CASE_WORK, {})


@given(hexes)
def test_who_signs_a_request_about_a_statement_signs_that_statement(digest):
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    about = msgspec.structs.replace(REQUEST, parameters={"assertion": digest})
    signature = over_statement(key, about)
    check_statement_signature(key.public_key().public_bytes_raw(), named_statement(about), signature)
    with pytest.raises(BadOfficerSignatureError):
        check_statement_signature(key.public_key().public_bytes_raw(), bytes(31) + b"x", signature)
    for other in (REQUEST, ENROLMENT, msgspec.structs.replace(REQUEST, parameters={"assertion": digest + "0"})):
        assert over_statement(key, other) is None
