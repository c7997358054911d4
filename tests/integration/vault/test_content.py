"""Rows say where a content lies; only what `encoded` gives is taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import UsageError
from safelight.vault.content import BadParticularsError, Particulars, checked_digest

PARTICULARS = st.builds(
    Particulars,
    address=st.binary(min_size=16, max_size=16).map(bytes.hex),
    sha256=st.binary(min_size=32, max_size=32),
    size=st.integers(0, 2**64 - 1),
)


@given(PARTICULARS)
def test_particulars_come_back_as_they_were(particulars):
    assert Particulars.decode(particulars.encoded()) == particulars


@given(st.binary(max_size=120).filter(lambda raw: len(raw) != 56))
def test_any_other_length_is_refused(raw):
    with pytest.raises(BadParticularsError):
        Particulars.decode(raw)


def test_the_form_is_pinned():
    """Later releases open what this one wrote."""
    raw = bytes(range(16)) + bytes([7]) * 32 + b"\0\0\0\0\0\0\1\2"
    assert Particulars("000102030405060708090a0b0c0d0e0f", bytes([7]) * 32, 258).encoded() == raw


@given(st.binary(min_size=32, max_size=32))
def test_a_digest_is_taken_as_it_is_typed(digest):
    assert checked_digest(digest.hex()) == checked_digest(digest.hex().upper()) == digest


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "g" * 64, "00 " * 21 + "0", "00" * 31 + " 0" * 2, "0" * 32])
def test_what_is_no_digest_is_refused(text):
    with pytest.raises(UsageError, match="64 hexadecimal digits"):
        checked_digest(text)


def test_each_realm_and_each_owner_has_a_blind_index_of_its_own(vault):
    of = [
        vault.index("realm one"),
        vault.index("realm two"),
        vault.owner_index("Agency Alpha"),
        vault.owner_index("Agency Beta"),
        vault.hold_index,
    ]
    assert len({index.of(b"a value") for index in of}) == len(of)
    assert vault.index("realm one").of(b"a value") == of[0].of(b"a value")
