"""The file of node keys: bound to its root, never half written, never written over by accident."""

import base64
import errno
import hashlib
import hmac
import json
import os
import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import CannotRunError, UsageError
from safelight.vault import nodekeys
from safelight.vault.keyring import Generations
from safelight.vault.keys import Purpose, RootKey
from safelight.vault.nodekeys import (
    BadKeysFileError,
    Described,
    NoKeysError,
    decode_keys,
    describe_keys,
    encode_keys,
    load_keys,
    load_keys_by_root,
    make_keys,
    save_keys,
)
from safelight.vault.protection import MIN_COST, KeyFile, Passphrase, WrongSecretError

FILE = KeyFile(b"f" * 32)
KEYS = make_keys("Unit Harbour", FILE)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "node-keys.json"


def test_keys_come_back_from_their_file(path):
    keys = make_keys("Unit Harbour", FILE).rotated()
    save_keys(path, keys, replacing=None)
    assert load_keys(path, FILE) == keys
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == [path.name]


def test_who_has_the_root_needs_no_secret_and_keeps_the_generations(path):
    keys = KEYS.rotated()
    save_keys(path, keys, replacing=None)
    assert load_keys_by_root(path, KEYS.root) == keys
    anew = keys.locked_by(Passphrase("a lamp in the darkroom"), cost=MIN_COST)
    save_keys(path, anew, replacing=keys)
    assert load_keys(path, Passphrase("a lamp in the darkroom")).generations == keys.generations
    with pytest.raises(UsageError):
        load_keys(path, FILE)


def test_the_root_of_another_node_opens_nothing(path):
    with pytest.raises(NoKeysError):
        load_keys_by_root(path, KEYS.root)
    save_keys(path, KEYS, replacing=None)
    with pytest.raises(BadKeysFileError, match="not of"):
        load_keys_by_root(path, make_keys("Unit Harbour", FILE).root)
    path.write_bytes(encode_keys(KEYS).replace(b"Unit", b"Acht"))
    with pytest.raises(BadKeysFileError, match="altered"):
        load_keys_by_root(path, KEYS.root)


def test_a_file_says_without_its_secret_whose_it_is_and_what_locks_it(path):
    with pytest.raises(NoKeysError):
        describe_keys(path)
    for secret, locked_by in ((FILE, "key file"), (Passphrase("a lamp in the darkroom"), "passphrase")):
        keys = make_keys("Unit Harbour", secret, cost=MIN_COST)
        path.write_bytes(encode_keys(keys))
        assert describe_keys(path) == Described("Unit Harbour", keys.root.fingerprint(), locked_by)
    path.write_bytes(b"{}")
    with pytest.raises(BadKeysFileError):
        describe_keys(path)


def test_the_root_is_not_in_the_file():
    for form in (KEYS.root.secret, KEYS.root.secret.hex().encode()):
        assert form not in encode_keys(KEYS)
    assert repr(KEYS.root.secret) not in repr(KEYS)


def test_each_new_node_has_another_root():
    assert make_keys("Unit Harbour", FILE).root != KEYS.root


def test_a_restored_node_has_its_root_and_generations():
    restored = make_keys("Unit Harbour", FILE, root=KEYS.root, generations=Generations(4, (2,)))
    wrapped = restored.keyring().wrap(b"k" * 32, "object 1")
    assert decode_keys(encode_keys(restored), FILE).keyring().unwrap(wrapped, "object 1") == b"k" * 32
    first = KEYS.keyring().wrap(b"k" * 32, "object 1")
    assert make_keys("Unit Harbour", FILE, root=KEYS.root).keyring().unwrap(first, "object 1") == b"k" * 32


def test_rotation_changes_generations_only():
    rotated = KEYS.rotated()
    assert rotated.generations == Generations(2, (1,))
    assert (rotated.root, rotated.locked_root) == (KEYS.root, KEYS.locked_root)
    assert decode_keys(encode_keys(rotated), FILE).generations == Generations(2, (1,))


def test_another_secret_locks_the_same_keys():
    words = Passphrase("seven lanterns by the harbour")
    moved = KEYS.rotated().locked_by(words, cost=MIN_COST)
    opened = decode_keys(encode_keys(moved), words)
    made = make_keys("Unit Harbour", words, cost=MIN_COST)
    assert (opened.root, opened.generations) == (KEYS.root, Generations(2, (1,)))
    assert [json.loads(encode_keys(one))["protection"]["n"] for one in (moved, made)] == [MIN_COST] * 2
    with pytest.raises(WrongSecretError):
        decode_keys(encode_keys(moved), Passphrase("eight lanterns by the harbour"))
    with pytest.raises(UsageError, match="locked by a passphrase"):
        decode_keys(encode_keys(moved), FILE)


def test_the_file_is_canonical_json():
    raw = encode_keys(KEYS)
    assert raw == json.dumps(json.loads(raw), sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(BadKeysFileError, match="is damaged"):
        decode_keys(raw + b"\n", FILE)
    with pytest.raises(BadKeysFileError, match="is damaged"):
        decode_keys(json.dumps(json.loads(raw)).encode(), FILE)


def test_the_file_has_the_form_that_is_written_down():
    """Whatever changes in the code: a file of an earlier release opens."""
    plain = json.loads(encode_keys(KEYS.rotated()))
    assert plain == {
        "format": "safelight-node-keys/1",
        "node": "Unit Harbour",
        "fingerprint": KEYS.root.fingerprint(),
        "protection": {"kind": "key-file"},
        "locked_root": base64.b64encode(KEYS.locked_root).decode(),
        "current": 2,
        "retired": [1],
        "check": plain["check"],
    }
    rest = json.dumps(plain | {"check": ""}, sort_keys=True, separators=(",", ":")).encode()
    check = hmac.digest(KEYS.root.derive(Purpose.KEYS_FILE), rest, hashlib.sha256)
    assert base64.b64decode(plain["check"]) == check


def test_every_altered_byte_is_refused():
    raw = encode_keys(KEYS.rotated())
    for place in range(len(raw)):
        for bit in (1, 4, 64):
            altered = bytearray(raw)
            altered[place] ^= bit
            with pytest.raises((BadKeysFileError, WrongSecretError)):
                decode_keys(bytes(altered), FILE)


@pytest.mark.parametrize(
    "change",
    [{"node": "Unit Lantern"}, {"current": 3}, {"retired": []}, {"fingerprint": "0000-0000-0000-0000"}, {"check": ""}],
)
def test_who_does_not_know_the_root_changes_nothing(change):
    plain = json.loads(encode_keys(KEYS.rotated())) | change
    with pytest.raises(BadKeysFileError, match="altered since it was written"):
        decode_keys(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode(), FILE)


@pytest.mark.parametrize(
    "change",
    [{"format": "safelight-node-keys/2"}, {"more": 1}, {"current": 0}, {"retired": [2]}, {"locked_root": "AAAA"}],
)
def test_a_file_of_another_form_is_refused(change):
    plain = json.loads(encode_keys(KEYS.rotated())) | change
    with pytest.raises(BadKeysFileError, match="no file of node keys of this release"):
        decode_keys(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode(), FILE)


@given(foreign=st.one_of(st.binary(max_size=100), st.text(max_size=100).map(lambda text: json.dumps(text).encode())))
def test_foreign_bytes_are_no_file_of_keys(foreign):
    with pytest.raises(BadKeysFileError):
        decode_keys(foreign, FILE)


def test_a_file_that_is_not_there_says_so(path):
    with pytest.raises(NoKeysError, match="node create"):
        load_keys(path, FILE)


def test_a_file_that_cannot_be_read_says_so(path):
    path.mkdir()
    with pytest.raises(CannotRunError, match="cannot be read: Is a directory"):
        load_keys(path, FILE)


def test_keys_are_never_written_over_by_accident(path):
    save_keys(path, KEYS, replacing=None)
    other = make_keys("Unit Lantern", FILE)
    for replacing in (None, other, KEYS.rotated()):
        with pytest.raises(UsageError, match="left as they are"):
            save_keys(path, other, replacing=replacing)
    assert load_keys(path, FILE) == KEYS
    with pytest.raises(UsageError, match="left as they are"):
        save_keys(path.with_name("other.json"), other, replacing=KEYS)
    assert os.listdir(path.parent) == [path.name]


def test_of_many_writers_at_once_one_wins_and_the_others_are_told(path):
    save_keys(path, KEYS, replacing=None)
    wanted = [KEYS.locked_by(FILE) for _ in range(8)]
    refused = []

    def write(keys):
        try:
            save_keys(path, keys, replacing=KEYS)
        except UsageError:
            refused.append(keys)

    threads = [threading.Thread(target=write, args=[keys]) for keys in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [keys for keys in wanted if keys not in refused]
    assert load_keys(path, FILE) == winner


class Slowly:
    """A file that takes 100 bytes at a time."""

    def __init__(self, file, step):
        self.file, self.step = file, step

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, view):
        return self.step("write", self.file.write, view[:100])


def watch(patch, step):
    """Hand every call that changes the disk to `step`: its name, and what to call with which arguments."""

    def through(owner, name):
        real = getattr(owner, name)
        patch.setattr(owner, name, lambda *args, **more: step(name, real, *args, **more))

    for owner, name in (
        (nodekeys.os, "open"),
        (nodekeys.os, "fsync"),
        (nodekeys.Path, "rename"),
        (nodekeys.Path, "unlink"),
    ):
        through(owner, name)
    real_fdopen = os.fdopen
    patch.setattr(nodekeys.os, "fdopen", lambda *args, **more: Slowly(real_fdopen(*args, **more), step))


def save_and_die(path, keys, replacing, *, at, after) -> bool:
    """Save keys in a process that is killed before or after its call number `at`; whether it came to its end."""
    child = os.fork()
    if child == 0:
        done = 0

        def step(_name, call, *args, **more):
            nonlocal done
            done += 1
            if done - 1 == at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            number = done
            try:
                return call(*args, **more)
            finally:
                if number - 1 == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        watch(pytest.MonkeyPatch(), step)
        save_keys(path, keys, replacing=replacing)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL)
    return status == 0


@pytest.mark.parametrize("old", [None, KEYS], ids=["the first keys", "a rotation"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_each_step_leaves_the_old_keys_or_the_new_ones(path, old, after):
    new = KEYS.rotated()
    found = []
    for step in range(40):
        path.unlink(missing_ok=True)
        if old:
            save_keys(path, old, replacing=None)
        if save_and_die(path, new, old, at=step, after=after):
            break
        there = load_keys(path, FILE) if path.exists() else None
        assert there in (old, new)
        found.append(there == new)
        # Whoever comes next goes on from there, whatever was left lying about.
        following = (there or KEYS).rotated()
        save_keys(path, following, replacing=there)
        assert load_keys(path, FILE) == following
        assert os.listdir(path.parent) == [path.name]
    assert step > 10
    assert found == sorted(found)
    assert set(found) == {False, True}


def test_everything_is_on_the_disk_before_the_name_and_the_name_before_the_answer(path, monkeypatch):
    calls = []

    def step(name, call, *args, **more):
        calls.append(name)
        return call(*args, **more)

    with monkeypatch.context() as patch:
        watch(patch, step)
        save_keys(path, KEYS, replacing=None)
    steps = [call for call in calls if call != "open"]
    assert steps[0] == "unlink"
    assert set(steps[1:-3]) == {"write"}
    assert steps[-3:] == ["fsync", "rename", "fsync"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("step", ["fsync", "open"])
def test_a_disk_that_fails_is_told_and_the_old_keys_stay(path, code, step, monkeypatch):
    save_keys(path, KEYS, replacing=None)

    def fail(*_args, **_kwargs):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(nodekeys.os, step, fail)
        with pytest.raises(CannotRunError, match="put that right and repeat"):
            save_keys(path, KEYS.rotated(), replacing=KEYS)
    assert load_keys(path, FILE) == KEYS


def test_a_root_that_is_known_does_not_open_with_another_file():
    other = make_keys("Unit Lantern", KeyFile(b"g" * 32), root=RootKey(b"r" * 32))
    with pytest.raises(WrongSecretError):
        decode_keys(encode_keys(other), FILE)
