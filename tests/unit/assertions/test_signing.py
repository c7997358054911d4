"""A signature holds for these bytes, under this key, while the key counted, and for nothing else."""

import re
from datetime import timedelta

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from safelight.access.key_records import KeyRecord, key_name
from safelight.access.officer_keys import statement_message
from safelight.assertions.record import MAX_BYTES, MAX_DEPTH, BadAssertionError, encode_assertion
from safelight.assertions.signing import (
    BadSignatureError,
    Envelope,
    Signature,
    add_officer,
    check_four_eyes,
    encode_envelope,
    parse_envelope,
    reopen_envelope,
    sign_assertion,
    sign_record,
    verify_assertion,
    verify_record,
)
from safelight.errors import UsageError
from tests.unit.assertions.example import NOW, change, statement, statements


def private(number):
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


NODE, SEVEN, EIGHT, SPARE, ABROAD, OTHER_NODE = (private(number) for number in range(1, 7))
BEGINS, ENDS = NOW - timedelta(days=100), NOW + timedelta(days=100)


def record_of(key, officer=None, agency="Agency Alpha", revoked=None):
    return KeyRecord(key.public_key().public_bytes_raw(), agency, officer, BEGINS, ENDS, revoked)


RECORDS = [
    record_of(NODE),
    record_of(SEVEN, "officer-7"),
    record_of(EIGHT, "officer-8"),
    record_of(SPARE, "officer-7"),
    record_of(ABROAD, "officer-1", "Agency Beta"),
    record_of(OTHER_NODE, agency="Agency Beta"),
]
KEYS = {record.name: record for record in RECORDS}


def revoked_at(key, moment):
    old = KEYS[key_name(key.public_key().public_bytes_raw())]
    return {**KEYS, old.name: KeyRecord(old.public, old.agency, old.officer, BEGINS, ENDS, moment)}


def baseline(*officers):
    envelope = sign_assertion(statement("baseline", says={"value": True}), NODE)
    for officer in officers:
        envelope = add_officer(envelope, officer)
    return envelope


@given(statements(), st.lists(st.sampled_from([SEVEN, EIGHT, ABROAD]), max_size=3))
def test_an_envelope_comes_back_and_to_the_byte(assertion, officers):
    envelope = sign_record(encode_assertion(assertion), NODE)
    for officer in officers:
        envelope = add_officer(envelope, officer)
    encoded = encode_envelope(envelope)
    assert parse_envelope(encoded) == envelope
    assert encode_envelope(parse_envelope(encoded)) == encoded
    assert rfc8785.dumps(msgspec.json.decode(encoded)) == encoded
    assert envelope.record in encoded
    assert reopen_envelope(encoded) == envelope


@given(statements(strange=False))
def test_what_was_signed_is_what_is_read(assertion):
    assertion = change(assertion, agency="Agency Alpha", officer="officer-7", purpose="removal")
    envelope = sign_record(encode_assertion(assertion), NODE)
    envelope = add_officer(add_officer(envelope, SEVEN), EIGHT)
    assert verify_assertion(parse_envelope(encode_envelope(envelope)), KEYS, logged_at=NOW) == assertion


@given(st.data())
def test_no_bit_of_record_or_signature_can_be_changed(data):
    envelope = baseline(SEVEN, EIGHT)
    encoded = bytearray(encode_envelope(envelope))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((BadAssertionError, BadSignatureError)):
        verify_assertion(parse_envelope(bytes(encoded)), KEYS, logged_at=NOW)


def test_a_statement_signed_while_the_key_was_valid_outlives_its_revocation():
    envelope = sign_assertion(statement(), NODE)
    keys = revoked_at(NODE, NOW)
    assert verify_assertion(envelope, keys, logged_at=NOW - timedelta(seconds=1)) == statement()
    with pytest.raises(BadSignatureError, match="did not count"):
        verify_assertion(envelope, keys, logged_at=NOW)


def test_an_officers_signature_outlives_revocation_too_and_none_is_made_after():
    keys = revoked_at(EIGHT, NOW)
    assert verify_assertion(baseline(SEVEN, EIGHT), keys, logged_at=NOW - timedelta(seconds=1))
    with pytest.raises(BadSignatureError, match="did not count"):
        verify_assertion(baseline(SEVEN, EIGHT), keys, logged_at=NOW)


def test_the_records_own_time_decides_nothing():
    old = statement(made=BEGINS, review=NOW + timedelta(days=300))
    with pytest.raises(BadSignatureError, match="did not count"):
        verify_assertion(sign_assertion(old, NODE), KEYS, logged_at=ENDS)


def test_an_unknown_key_is_refused():
    with pytest.raises(BadSignatureError, match="is not known"):
        verify_record(sign_assertion(statement(), private(9)), KEYS, logged_at=NOW)


def test_another_agencys_node_or_an_officer_does_not_speak_for_the_node():
    for key in (OTHER_NODE, SEVEN):
        with pytest.raises(BadSignatureError, match="not of its node"):
            verify_record(sign_assertion(statement(), key), KEYS, logged_at=NOW)


def test_each_refusal_names_the_key_and_whose_it_is():
    envelope = sign_assertion(statement(), NODE)
    name = envelope.node.key
    false = Envelope(envelope.record, Signature(name, "0" * 128))
    foreign = statement(agency="Agency Gamma" + "a" * 300)
    for bad, keys, sentence in (
        (envelope, {}, f"The key {name} is not known: ask its agency for it."),
        (envelope, revoked_at(NODE, NOW), f"The key {name} of 'Agency Alpha' did not count when the log took this in."),
        (false, KEYS, f"The signature by the key {name} of 'Agency Alpha' does not hold."),
        (
            sign_record(rfc8785.dumps({"agency": foreign.agency, "algorithm": "Ed25519"}), NODE),
            KEYS,
            f"The record speaks for {foreign.agency[:200]!r} under a key that is not of its node.",
        ),
        (
            sign_record(rfc8785.dumps({"agency": "Agency Alpha", "algorithm": "m" * 90}), NODE),
            KEYS,
            f"The record is signed with {'m' * 60!r}; this version knows Ed25519.",
        ),
        (add_officer(envelope, NODE), KEYS, "A node's key stands where an officer's should."),
    ):
        with pytest.raises(BadSignatureError, match=f"^{re.escape(sentence)}$"):
            verify_record(bad, keys, logged_at=NOW)


def test_a_node_is_no_officer():
    with pytest.raises(BadSignatureError, match="where an officer's"):
        verify_record(baseline(SEVEN, NODE), KEYS, logged_at=NOW)


def test_neither_signature_is_taken_for_the_other():
    envelope = baseline(SEVEN)
    swapped = Envelope(
        envelope.record,
        envelope.node,
        (Signature(key_name(SEVEN.public_key().public_bytes_raw()), SEVEN.sign(envelope.record).hex()),),
    )
    with pytest.raises(BadSignatureError, match="does not hold"):
        verify_record(swapped, KEYS, logged_at=NOW)
    message = statement_message(b"0" * 32)
    assert not message.startswith(b"{")


@pytest.mark.parametrize("officers", [(SEVEN, EIGHT), (EIGHT, SEVEN), (SEVEN, ABROAD), (SEVEN, SPARE, EIGHT)])
def test_two_persons_of_whom_one_speaks_are_four_eyes(officers):
    assert verify_assertion(baseline(*officers), KEYS, logged_at=NOW)


@pytest.mark.parametrize("officers", [(), (SEVEN,), (SEVEN, SEVEN), (SEVEN, SPARE), (EIGHT, ABROAD)])
def test_fewer_persons_or_others_are_not(officers):
    with pytest.raises(BadSignatureError, match="second officer"):
        verify_assertion(baseline(*officers), KEYS, logged_at=NOW)


def test_each_person_counts_once():
    found = verify_record(baseline(SEVEN, SPARE, EIGHT), KEYS, logged_at=NOW)
    assert sorted(key.officer for key in found) == ["officer-7", "officer-8"]
    with pytest.raises(BadSignatureError):
        check_four_eyes("Agency Alpha", "officer-7", (RECORDS[1], RECORDS[3]))


def test_a_kind_that_wants_no_four_eyes_stands_with_the_nodes_signature():
    assert verify_assertion(sign_assertion(statement(), NODE), KEYS, logged_at=NOW) == statement()
    foretold = sign_record(encode_assertion(statement("foretold")), NODE)
    assert verify_assertion(foretold, KEYS, logged_at=NOW) == statement("foretold")


def test_nothing_is_signed_that_is_not_understood():
    strange = statement("foretold", nature="rumour")
    with pytest.raises(
        UsageError, match=r"^The assertion is not signed: kind foretold, nature rumour is not known here\.$"
    ):
        sign_assertion(strange, NODE)
    with pytest.raises(BadAssertionError):
        sign_assertion(statement(review=NOW), NODE)


def test_another_algorithm_is_refused_by_name():
    record = encode_assertion(statement(algorithm="ML-DSA-44"))
    with pytest.raises(BadSignatureError, match="ML-DSA-44"):
        verify_record(sign_record(record, NODE), KEYS, logged_at=NOW)


def test_a_record_that_does_not_name_its_signer_is_refused():
    with pytest.raises(BadSignatureError, match="who signed it"):
        verify_record(sign_record(b"{}", NODE), KEYS, logged_at=NOW)


def envelope_with(**more):
    raw = msgspec.json.decode(encode_envelope(baseline(SEVEN)))
    return rfc8785.dumps({**raw, **more})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        envelope_with(record=[]),
        envelope_with(more=1),
        envelope_with(node=None),
        envelope_with(officers=None),
        envelope_with(officers=[{"key": "0" * 64, "value": "0" * 128}] * 17),
        envelope_with(node={"key": "0" * 64, "value": "A" * 128}),
        envelope_with(node={"key": "0" * 63, "value": "0" * 128}),
        envelope_with(node={"key": "0" * 64, "value": "0" * 128, "more": 1}),
        b" " + envelope_with(),
        b" " * (MAX_BYTES + 8193),
    ],
)
def test_a_malformed_envelope_is_refused(raw):
    with pytest.raises(BadAssertionError):
        parse_envelope(raw)


def test_as_many_officers_as_allowed_are_taken():
    assert len(parse_envelope(envelope_with(officers=[{"key": "0" * 64, "value": "0" * 128}] * 16)).officers) == 16


def test_an_envelope_has_room_for_the_largest_record_and_all_signatures_and_for_no_more():
    envelope = sign_record(b'{"z":"' + b"a" * (MAX_BYTES - 8) + b'"}', NODE)
    for _ in range(16):
        envelope = add_officer(envelope, SEVEN)
    assert len(envelope.record) == MAX_BYTES
    assert parse_envelope(encode_envelope(envelope)) == envelope
    with pytest.raises(BadAssertionError, match="is no JSON"):
        parse_envelope(b" " * (MAX_BYTES + 8192))
    with pytest.raises(BadAssertionError, match=f"^The statement is larger than {MAX_BYTES + 8192} bytes.$"):
        parse_envelope(b" " * (MAX_BYTES + 8193))


def test_a_record_in_an_envelope_may_be_as_deep_as_one_alone_and_no_deeper():
    def envelope_of(depth):
        return sign_record(b'{"z":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}", NODE)

    deepest = envelope_of(MAX_DEPTH)
    assert parse_envelope(encode_envelope(deepest)) == deepest
    with pytest.raises(BadAssertionError, match="nested more than 9 deep"):
        parse_envelope(encode_envelope(envelope_of(MAX_DEPTH + 1)))


def test_what_is_no_envelope_says_why():
    encoded = encode_envelope(sign_assertion(statement(), NODE))
    for raw, sentence in (
        (b"[]", r"The envelope holds no record\."),
        (b"{}", r"The envelope holds no record\."),
        (b'{"record":{}}', r"The envelope cannot be read: .*node.*\."),
        (encoded + b" ", r"The envelope is not in the canonical form of RFC 8785\."),
    ):
        with pytest.raises(BadAssertionError, match=f"^{sentence}$"):
            parse_envelope(raw)
