"""How a root key is locked: passphrases, key files, and the bounds of their cost."""

import base64
import hashlib
import os

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safelight.errors import UsageError
from safelight.vault.keys import RootKey
from safelight.vault.protection import (
    LOCKED_BYTES,
    MAX_COST,
    MIN_COST,
    BadKeyFileError,
    ByKeyFile,
    ByPassphrase,
    InsecureKeyFileError,
    KeyFile,
    Passphrase,
    Protection,
    WrongSecretError,
    lock,
    make_key_file,
    read_key_file,
    unlock,
)

ROOT = RootKey(b"r" * 32)
WORDS = Passphrase("seven lanterns by the harbour")
FILE = KeyFile(b"f" * 32)


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def locked():
    return lock(ROOT, WORDS, cost=MIN_COST)


def test_a_passphrase_opens_what_it_locked_and_no_other_does(locked):
    protection, sealed = locked
    assert (protection.n, protection.r, protection.p, len(protection.salt)) == (MIN_COST, 8, 1, 32)
    assert len(sealed) == LOCKED_BYTES
    assert unlock(protection, sealed, Passphrase("seven lanterns by the harbour")) == ROOT
    with pytest.raises(WrongSecretError, match="not that of these keys"):
        unlock(protection, sealed, Passphrase("seven lanterns by the harbou"))


def test_a_key_file_opens_what_it_locked_and_no_other_does():
    protection, sealed = lock(ROOT, FILE)
    assert unlock(protection, sealed, FILE) == ROOT
    assert ROOT.secret not in sealed
    with pytest.raises(WrongSecretError):
        unlock(protection, sealed, KeyFile(b"g" * 32))


def test_a_locked_root_has_the_form_that_is_written_down():
    """Whatever changes in the code: a root that was locked by an earlier release opens."""
    nonce, salt = b"nonce-nonce-", b"s" * 16
    by_file = AESGCM(FILE.secret).encrypt(nonce, ROOT.secret, b'safelight/root/v1\x00{"kind":"key-file"}')
    assert unlock(ByKeyFile(), nonce + by_file, FILE) == ROOT
    key = hashlib.scrypt(WORDS.words.encode(), salt=salt, n=2**15, r=8, p=2, maxmem=2**27, dklen=32)
    said = b'{"kind":"passphrase","n":32768,"p":2,"r":8,"salt":"c3Nzc3Nzc3Nzc3Nzc3Nzcw=="}'
    by_words = AESGCM(key).encrypt(nonce, ROOT.secret, b"safelight/root/v1\x00" + said)
    assert unlock(ByPassphrase(salt, 2**15, 8, 2), nonce + by_words, WORDS) == ROOT


def test_the_usual_cost_is_128_mib():
    protection, _ = lock(ROOT, WORDS)
    assert 128 * protection.n * protection.r == 128 * 2**20


def test_letters_are_the_same_however_the_keyboard_spells_them():
    protection, sealed = lock(ROOT, Passphrase("f\u00fcnf Laternen am Hafen"), cost=MIN_COST)
    assert unlock(protection, sealed, Passphrase("fu\u0308nf Laternen am Hafen")) == ROOT


def test_the_other_kind_of_secret_is_asked_for(locked):
    with pytest.raises(UsageError, match="locked by a passphrase: give that"):
        unlock(*locked, FILE)
    with pytest.raises(UsageError, match="locked by a key file: give that"):
        unlock(*lock(ROOT, FILE), WORDS)


def test_a_short_passphrase_is_refused():
    with pytest.raises(UsageError, match="fewer than 15"):
        lock(ROOT, Passphrase("fourteen chars"), cost=MIN_COST)
    assert lock(ROOT, Passphrase("fifteen chars.."), cost=MIN_COST)


def test_how_it_is_locked_is_bound(locked):
    protection, sealed = locked
    for changed in (
        msgspec.structs.replace(protection, n=MIN_COST * 2),
        msgspec.structs.replace(protection, p=2),
        msgspec.structs.replace(protection, salt=b"s" * 32),
    ):
        with pytest.raises(WrongSecretError):
            unlock(changed, sealed, WORDS)


def test_every_altered_byte_of_a_locked_root_is_refused():
    protection, sealed = lock(ROOT, FILE)
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(WrongSecretError):
            unlock(protection, bytes(altered), FILE)


@pytest.mark.parametrize(
    "change",
    [
        {"n": MIN_COST // 2},
        {"n": MAX_COST * 2},
        {"n": MIN_COST + 1},
        {"r": 1},
        {"r": 16},
        {"p": 0},
        {"p": 5},
        {"salt": ""},
        {"salt": "c2hvcnQ="},
        {"salt": "A" * 100},
        {"more": 1},
        {"kind": "none"},
    ],
)
def test_a_cost_out_of_bounds_is_not_even_tried(change, locked):
    plain = msgspec.to_builtins(locked[0])
    assert msgspec.convert(plain, Protection) == locked[0]
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(plain | change, Protection)


@pytest.mark.parametrize("cost", [MIN_COST, MAX_COST])
def test_the_bounds_themselves_are_allowed(cost):
    assert msgspec.json.decode(msgspec.json.encode(ByPassphrase(b"s" * 16, cost, 8, 4)), type=ByPassphrase).n == cost


def test_secrets_do_not_show_themselves():
    assert (repr(WORDS), repr(FILE), repr(ByKeyFile())) == ("Passphrase()", "KeyFile()", "ByKeyFile()")


def test_a_key_file_is_made_private_and_read_again(tmp_path, data):
    path = tmp_path / "node.key"
    made = make_key_file(path, data)
    assert path.stat().st_mode & 0o777 == 0o600
    assert base64.b64decode(path.read_bytes()) == made.secret
    assert read_key_file(path, data) == made
    assert make_key_file(tmp_path / "other.key", data) != made


def test_a_key_file_is_never_made_over_another(tmp_path, data):
    path = tmp_path / "node.key"
    made = make_key_file(path, data)
    with pytest.raises(UsageError, match="File exists"):
        make_key_file(path, data)
    assert read_key_file(path, data) == made


def test_a_key_file_in_the_data_folder_is_refused(tmp_path, data):
    inside = data / "deep" / "node.key"
    inside.parent.mkdir()
    with pytest.raises(InsecureKeyFileError, match="lies in the data folder"):
        make_key_file(inside, data)
    assert not inside.exists()
    outside = tmp_path / "node.key"
    make_key_file(outside, data)
    (tmp_path / "to-data").symlink_to(data)
    outside.rename(inside)
    outside.symlink_to(inside)
    (data / "to-key").symlink_to(tmp_path / "elsewhere.key")
    make_key_file(tmp_path / "elsewhere.key", data)
    for path in (
        inside,
        outside,
        tmp_path / "to-data" / "deep" / "node.key",
        data / "to-key",
        data / ".." / "data" / "k",
    ):
        with pytest.raises(InsecureKeyFileError, match="keep it elsewhere"):
            read_key_file(path, data)
    with pytest.raises(InsecureKeyFileError):
        read_key_file(tmp_path / "elsewhere.key", tmp_path / "to-data" / "..")
    assert read_key_file(tmp_path / "elsewhere.key", data)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o610])
def test_a_key_file_that_others_may_use_is_refused(mode, tmp_path, data):
    path = tmp_path / "node.key"
    make_key_file(path, data)
    path.chmod(mode)
    with pytest.raises(InsecureKeyFileError, match="chmod 600"):
        read_key_file(path, data)
    path.chmod(0o400)
    assert read_key_file(path, data)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"not base64 at all!",
        base64.b64encode(b"s" * 31),
        base64.b64encode(b"s" * 33),
        b"f" * 32,
        b"A" * 5000,
        b"*" + base64.b64encode(b"s" * 32),
    ],
)
def test_a_key_file_without_a_key_is_refused(content, tmp_path, data):
    path = tmp_path / "node.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(BadKeyFileError, match="does not hold 32 bytes") as refused:
        read_key_file(path, data)
    assert refused.value.exit_code == 2


def test_a_key_file_that_is_not_there_says_so(tmp_path, data):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_key_file(tmp_path / "node.key", data)
    with pytest.raises(UsageError, match="cannot be made: No such file"):
        make_key_file(tmp_path / "nowhere" / "node.key", data)


def test_a_pipe_is_no_key_file_and_is_not_waited_for(tmp_path, data):
    path = tmp_path / "node.key"
    os.mkfifo(path, 0o600)
    with pytest.raises(BadKeyFileError):
        read_key_file(path, data)
