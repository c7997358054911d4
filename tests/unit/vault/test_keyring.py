"""Wrapped keys: bound to what they open, readable over rotations, gone with their generation."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.vault.keyring import (
    WRAPPED_BYTES,
    Generations,
    Keyring,
    NoSuchGenerationError,
    WrappedKeyError,
    generation_of,
)
from safelight.vault.keys import Purpose, RootKey

ROOT = RootKey(b"r" * 32)
KEY = b"k" * 32
DOES_NOT_OPEN = (
    r"^The key of object 1 does not open: it was altered, belongs to something else, or was wrapped by another node\.$"
)


def ring(generations: Generations = Generations(), root: RootKey = ROOT) -> Keyring:  # noqa: B008  # it is frozen
    return Keyring(root, generations)


@given(key=st.binary(min_size=32, max_size=32), name=st.text())
def test_a_key_comes_back_under_its_name(key, name):
    wrapped = ring().wrap(key, name)
    assert len(wrapped) == WRAPPED_BYTES
    assert ring().unwrap(wrapped, name) == key
    assert key not in wrapped


def test_a_wrapped_key_has_the_form_that_is_written_down():
    """Whatever changes in the code: keys that were wrapped by an earlier release open."""
    cipher = AESGCM(ROOT.derive(Purpose.KEY_ENCRYPTION, "258"))
    head, nonce = b"\x01\x00\x00\x01\x02", b"nonce-nonce-"
    wrapped = head + nonce + cipher.encrypt(nonce, KEY, b"safelight/wrapped-key/v1\x00" + head + "é 1".encode())
    assert ring(Generations(300, (258,))).unwrap(wrapped, "é 1") == KEY


@given(name=st.text(), other=st.text())
def test_under_another_name_it_opens_nothing(name, other):
    wrapped = ring().wrap(KEY, name)
    if name != other:
        with pytest.raises(WrappedKeyError):
            ring().unwrap(wrapped, other)


def test_another_node_opens_nothing():
    with pytest.raises(WrappedKeyError, match=DOES_NOT_OPEN):
        ring(root=RootKey(b"x" * 32)).unwrap(ring().wrap(KEY, "object 1"), "object 1")


def test_every_altered_byte_is_refused():
    both = ring(Generations(2, (1,)))
    wrapped = both.wrap(KEY, "object 1")
    for place in range(len(wrapped)):
        for bit in (1, 2, 128):
            altered = bytearray(wrapped)
            altered[place] ^= bit
            with pytest.raises((WrappedKeyError, NoSuchGenerationError)):
                both.unwrap(bytes(altered), "object 1")


@given(foreign=st.binary(max_size=80))
def test_foreign_bytes_are_no_wrapped_key(foreign):
    with pytest.raises((WrappedKeyError, NoSuchGenerationError)):
        ring().unwrap(foreign, "object 1")


@pytest.mark.parametrize("generation", [1, 2**8, 2**16 + 1, 2**24 + 5, 2**32 - 1])
def test_a_wrapped_key_says_its_generation(generation):
    keys = ring(Generations(generation))
    wrapped = keys.wrap(KEY, "object 1")
    assert generation_of(wrapped) == generation
    assert keys.unwrap(wrapped, "object 1") == KEY


@pytest.mark.parametrize("length", [0, 1, WRAPPED_BYTES - 1, WRAPPED_BYTES + 1])
@pytest.mark.parametrize("version", [0, 1, 2])
def test_another_length_or_version_is_no_wrapped_key(length, version):
    for foreign in (bytes([version]).ljust(length, b"\0")[:length], bytes([version or 3]) * WRAPPED_BYTES):
        if (len(foreign), foreign[:1]) != (WRAPPED_BYTES, b"\x01"):
            with pytest.raises(WrappedKeyError, match=r"^These bytes are no wrapped key that this release knows\.$"):
                generation_of(foreign)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_only_whole_keys_are_wrapped(length):
    with pytest.raises(ValueError, match="instead of 32"):
        ring().wrap(bytes(length), "object 1")


def test_the_same_key_is_wrapped_differently_each_time():
    assert ring().wrap(KEY, "object 1") != ring().wrap(KEY, "object 1")


@given(steps=st.lists(st.sampled_from(["wrap", "rotate", "rewrap"]), max_size=25))
@settings(deadline=None, max_examples=80)
def test_rotation_keeps_everything_readable(steps):
    generations, kept = Generations(), {}
    for number, step in enumerate(steps):
        keys = ring(generations)
        if step == "wrap":
            kept[f"object {number}"] = keys.wrap(KEY, f"object {number}")
        elif step == "rotate":
            generations = generations.rotated()
        else:
            for name in list(kept)[:2]:
                kept[name] = keys.rewrap(kept[name], name)
        for name, wrapped in kept.items():
            assert ring(generations).unwrap(wrapped, name) == KEY


def test_rewrapping_moves_a_key_to_the_current_generation_and_keeps_it():
    old = ring().wrap(KEY, "object 1")
    rotated = ring(Generations().rotated())
    new = rotated.rewrap(old, "object 1")
    assert (generation_of(old), generation_of(new)) == (1, 2)
    assert rotated.unwrap(new, "object 1") == KEY
    assert rotated.rewrap(new, "object 1") == new
    with pytest.raises(WrappedKeyError):
        rotated.rewrap(old, "object 2")


def test_a_generation_that_is_not_there_says_what_to_do():
    wrapped = ring().wrap(KEY, "object 1")
    with pytest.raises(
        NoSuchGenerationError,
        match=r"^The key of object 1 is wrapped under generation 1, which this node's keys do not have: restore the file "
        r"of node keys from a backup\.$",
    ):
        ring(Generations(2)).unwrap(wrapped, "object 1")


@pytest.mark.parametrize(
    ("current", "retired"), [(0, ()), (-1, ()), (2, (0,)), (2, (2,)), (2, (3,)), (5, (2, 1)), (5, (1, 1)), (2**32, ())]
)
def test_generations_are_numbered_upwards(current, retired):
    with pytest.raises(ValueError, match="numbered upwards"):
        Generations(current, retired)
    assert Generations(2**32 - 1, (1, 2)).current == 2**32 - 1
