"""An officer's key is in a file of his own, opens by his passphrase only, and signs for one purpose at a time."""

import hashlib
import os
import stat

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from safelight.access.officer_keys import (
    BadOfficerKeyError,
    BadOfficerSignatureError,
    SignedAs,
    check_signature,
    checked_public,
    make_officer_key,
    open_officer_key,
    public_text,
    sign,
)
from safelight.errors import UsageError
from safelight.vault.protection import MIN_COST, InsecureKeyFileError, Passphrase, WrongSecretError

WORDS = Passphrase("a lamp of one's own")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
purposes = st.sampled_from(SignedAs)


def made(folder):
    return make_officer_key(folder / "key", folder / "data", WORDS, cost=MIN_COST)


def test_the_file_opens_by_its_passphrase_and_shows_no_key(tmp_path):
    key = made(tmp_path)
    raw = (tmp_path / "key").read_bytes()
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert key.private_bytes_raw().hex().encode() not in raw
    assert public_text(key).encode() in raw
    assert public_text(open_officer_key(tmp_path / "key", tmp_path / "data", WORDS)) == public_text(key)
    with pytest.raises(WrongSecretError):
        open_officer_key(tmp_path / "key", tmp_path / "data", Passphrase("another lamp altogether"))


def test_a_key_is_never_written_over_nor_made_under_a_short_passphrase(tmp_path):
    made(tmp_path)
    with pytest.raises(UsageError, match="cannot be made"):
        made(tmp_path)
    with pytest.raises(UsageError, match="fewer than"):
        make_officer_key(tmp_path / "other", tmp_path / "data", Passphrase("short"))
    assert not (tmp_path / "other").exists()


def test_a_key_in_the_data_folder_is_refused(tmp_path):
    with pytest.raises(InsecureKeyFileError, match="lies in the data folder"):
        make_officer_key(tmp_path / "key", tmp_path, WORDS)
    with pytest.raises(InsecureKeyFileError, match="lies in the data folder"):
        open_officer_key(tmp_path / "key", tmp_path, WORDS)


def test_a_key_that_others_may_use_is_refused(tmp_path):
    made(tmp_path)
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(InsecureKeyFileError, match="chmod 600"):
        open_officer_key(tmp_path / "key", tmp_path / "data", WORDS)


def test_no_file_no_key(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        open_officer_key(tmp_path / "key", tmp_path / "data", WORDS)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(BadOfficerKeyError):
        open_officer_key(tmp_path / "pipe", tmp_path / "data", WORDS)


def test_a_key_under_another_ones_name_does_not_open(tmp_path):
    made(tmp_path)
    file = msgspec.json.decode((tmp_path / "key").read_bytes())
    (tmp_path / "key").write_bytes(msgspec.json.encode(file | {"public": public_text(KEY)}))
    with pytest.raises(BadOfficerKeyError):
        open_officer_key(tmp_path / "key", tmp_path / "data", WORDS)


@pytest.mark.parametrize("text", ["", "a" * 63, "A" * 64, "g" * 64, "a" * 64 + "\n"])
def test_a_public_key_is_64_digits(text):
    with pytest.raises(UsageError, match="64 hexadecimal digits"):
        checked_public(text)


def test_a_signature_is_over_the_form_that_is_written_down():
    written = b"safelight-officer-act/1\napproval\n" + hashlib.sha256(b"a record").digest()
    KEY.public_key().verify(sign(KEY, SignedAs.APPROVAL, b"a record"), written)


@given(purposes, purposes, st.binary(max_size=50), st.binary(max_size=50))
def test_a_signature_holds_for_its_record_and_purpose_only(signed_as, read_as, signed, read):
    public = checked_public(public_text(KEY))
    signature = sign(KEY, signed_as, signed)
    if (signed_as, signed) == (read_as, read):
        check_signature(public, read_as, read, signature)
    else:
        with pytest.raises(BadOfficerSignatureError):
            check_signature(public, read_as, read, signature)
