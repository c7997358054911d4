"""Sealed column values and blind indexes."""

import hashlib
from itertools import combinations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from safelight.vault.keys import Purpose, RootKey
from safelight.vault.sealing import INDEX_BYTES, OVERHEAD_BYTES, BlindIndex, ColumnSealer, SealedValueError

ROOT = RootKey(b"r" * 32)
NOTES = ColumnSealer(ROOT, "note")


@given(value=st.binary(max_size=300), column=st.text(), row=st.text())
def test_a_value_comes_back_in_its_place(value, column, row):
    sealed = NOTES.seal(value, column, row)
    assert len(sealed) == len(value) + OVERHEAD_BYTES
    assert ColumnSealer(ROOT, "note").open(sealed, column, row) == value


@given(st.lists(st.tuples(st.binary(max_size=30), st.text()), max_size=6))
def test_values_sealed_together_open_each_in_its_row_and_share_no_nonce(said):
    sealed = NOTES.seal_each([value for value, _ in said], "text", [row for _, row in said])
    assert [NOTES.open(one, "text", row) for one, (_, row) in zip(sealed, said, strict=True)] == [v for v, _ in said]
    assert len({one[:13] for one in sealed}) == len(said)


def test_as_many_values_as_rows_are_sealed_together():
    with pytest.raises(ValueError, match="shorter"):
        NOTES.seal_each([b"Harbour", b"Lake"], "text", ["1"])


@given(
    place=st.tuples(st.text(max_size=3), st.text(max_size=3), st.text(max_size=3)),
    other=st.tuples(st.text(max_size=3), st.text(max_size=3), st.text(max_size=3)),
)
def test_in_another_place_it_does_not_open(place, other):
    sealed = ColumnSealer(ROOT, place[0]).seal(b"Series Harbour", *place[1:])
    if place != other:
        with pytest.raises(SealedValueError):
            ColumnSealer(ROOT, other[0]).open(sealed, *other[1:])


def test_a_sealed_value_has_the_form_that_is_written_down():
    """Whatever changes in the code: values that were sealed by an earlier release open."""
    cipher, nonce = AESGCM(ROOT.derive(Purpose.SEALED_COLUMN, "note")), b"nonce-nonce-"
    place = b"\x01" + b"\0\0\0\x04note" + b"\0\0\0\x05t\xc3\xa9xt" + b"\0\0\0\x0217"
    assert NOTES.open(b"\x01" + nonce + cipher.encrypt(nonce, b"Harbour", place), "t\u00e9xt", "17") == b"Harbour"


@pytest.mark.parametrize("other", [("ab", "c"), ("", "abc"), ("abc", ""), ("a", "bd")])
def test_names_that_read_alike_in_a_row_are_told_apart(other):
    sealed = NOTES.seal(b"Series Harbour", "a", "bc")
    with pytest.raises(SealedValueError):
        NOTES.open(sealed, *other)


def test_the_place_holds_under_one_key_too():
    """Should two tables ever share a key, their values still do not move."""
    one, other = ColumnSealer(ROOT, "note"), ColumnSealer(ROOT, "name")
    other._cipher = one._cipher
    with pytest.raises(SealedValueError):
        other.open(one.seal(b"Series Harbour", "text", "1"), "text", "1")


def test_every_altered_byte_is_refused():
    sealed = NOTES.seal(b"Series Harbour", "text", "1")
    for place in range(len(sealed)):
        for bit in (1, 128):
            altered = bytearray(sealed)
            altered[place] ^= bit
            with pytest.raises(SealedValueError):
                NOTES.open(bytes(altered), "text", "1")


@given(foreign=st.binary(max_size=60))
def test_foreign_bytes_are_refused(foreign):
    with pytest.raises(SealedValueError):
        NOTES.open(foreign, "text", "1")


def test_an_error_names_the_place_and_not_the_value():
    sealed = NOTES.seal(b"Series Harbour", "text", "1")
    with pytest.raises(SealedValueError, match=r"note\.text of row 2 does not open") as raised:
        NOTES.open(sealed, "text", "2")
    assert "Harbour" not in raised.value.message
    with pytest.raises(SealedValueError, match=r"note\.text of row 1 is not sealed in a way"):
        NOTES.open(b"\x02" + sealed[1:], "text", "1")
    with pytest.raises(SealedValueError, match="is not sealed in a way"):
        NOTES.open(sealed[:28], "text", "1")


def test_another_node_opens_nothing():
    with pytest.raises(SealedValueError):
        ColumnSealer(RootKey(b"x" * 32), "note").open(NOTES.seal(b"a", "text", "1"), "text", "1")


def test_equal_values_look_different_when_sealed():
    assert len({NOTES.seal(b"Series Harbour", "text", "1") for _ in range(20)}) == 20


@given(values=st.sets(st.binary(max_size=40), min_size=2, max_size=8))
def test_a_blind_index_is_equal_for_equal_values_only(values):
    index = BlindIndex(ROOT, "digest")
    answers = {value: index.of(value) for value in values}
    assert all(len(answer) == INDEX_BYTES for answer in answers.values())
    assert all(a != b for a, b in combinations(answers.values(), 2))
    assert answers == {value: BlindIndex(ROOT, "digest").of(value) for value in values}


def test_indexes_of_two_realms_or_two_nodes_cannot_be_compared():
    indexes = [BlindIndex(root, realm) for root in (ROOT, RootKey(b"x" * 32)) for realm in ("digest", "name", "")]
    assert len({index.of(b"Series Harbour") for index in indexes}) == len(indexes)


def test_a_blind_index_is_keyed_blake2b():
    key = ROOT.derive(Purpose.BLIND_INDEX, "digest")
    assert BlindIndex(ROOT, "digest").of(b"a") == hashlib.blake2b(b"a", digest_size=16, key=key).digest()
