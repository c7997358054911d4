"""The root key and what is derived from it."""

import hashlib
import hmac
from itertools import combinations

import pytest

from safelight.vault.keys import Purpose, RootKey, new_root

ROOT = RootKey(bytes(range(32)))


def test_keys_are_derived_as_rfc_5869_expands():
    for purpose, name in ((Purpose.BLIND_INDEX, "digest"), (Purpose.NODE_SIGNING, "")):
        info = b"safelight/key/v1/" + purpose.value.encode() + b"\0" + name.encode()
        assert ROOT.derive(purpose, name) == hmac.digest(ROOT.secret, info + b"\x01", hashlib.sha512)[:32]


def test_no_two_purposes_or_names_share_a_key():
    keys = [ROOT.derive(purpose, name) for purpose in Purpose for name in ("", "1", "2", "item", "\0", "série")]
    assert all(a != b for a, b in combinations(keys, 2))


def test_no_two_roots_share_a_key():
    other = RootKey(bytes(32))
    assert all(ROOT.derive(purpose, "1") != other.derive(purpose, "1") for purpose in Purpose)


def test_the_words_of_purposes_never_change():
    assert {purpose.value for purpose in Purpose} == {
        "node-signing",
        "key-encryption",
        "blind-index",
        "sealed-column",
        "keys-file",
        "fingerprint",
        "backup",
    }


def test_the_signing_key_stays_the_same_and_signs():
    signature = ROOT.signing_key().sign(b"Series Harbour")
    RootKey(bytes(range(32))).signing_key().public_key().verify(signature, b"Series Harbour")
    assert ROOT.signing_key().private_bytes_raw() == ROOT.derive(Purpose.NODE_SIGNING)


def test_a_key_without_a_name_is_that_of_the_empty_name():
    assert [ROOT.derive(purpose) for purpose in Purpose] == [ROOT.derive(purpose, "") for purpose in Purpose]


def test_the_fingerprint_names_the_root_and_is_read_aloud():
    assert ROOT.fingerprint() == RootKey(bytes(range(32))).fingerprint()
    assert ROOT.fingerprint() != RootKey(bytes(32)).fingerprint()
    assert [len(part) for part in ROOT.fingerprint().split("-")] == [4, 4, 4, 4]
    assert ROOT.fingerprint().replace("-", "") == ROOT.derive(Purpose.FINGERPRINT)[:8].hex()


def test_a_root_does_not_show_itself():
    assert repr(ROOT) == "RootKey()"
    assert str(ROOT.secret) not in f"{ROOT} {ROOT!r}"


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_root_of_another_length_is_none(length):
    with pytest.raises(ValueError, match="32 bytes"):
        RootKey(bytes(length))


def test_each_new_root_is_another():
    assert len({new_root().secret for _ in range(20)}) == 20
