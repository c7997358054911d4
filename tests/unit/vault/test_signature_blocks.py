"""Blocks of signatures: what was put in comes out, the form is the one that is written down, and no other is read."""

import random
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.signatures.types import Digests, Pdq, Still
from safelight.vault.signature_blocks import BadBlockError, Block, NewPdq, NewSignature, Which, encode_block


def some_bytes(length):
    """Drawn by a seed, which is quick."""
    return st.integers(0, 2**32).map(lambda seed: random.Random(seed).randbytes(length))


def digests(length):
    return st.none() | st.sampled_from([bytes(length), b"\xff" * length]) | some_bytes(length)


PDQS = st.builds(
    NewPdq,
    which=st.sampled_from(Which),
    frame=st.integers(0, 2**31 - 1),
    bits=some_bytes(32),
    quality=st.none() | st.integers(0, 100),
    turned=st.none() | some_bytes(224),
)
SIGNATURES = st.builds(
    NewSignature,
    md5=digests(16),
    sha1=digests(20),
    sha256=digests(32),
    size=st.none() | st.integers(0, 2**63 - 1),
    pdqs=st.lists(PDQS, max_size=2).map(tuple),
    pixels=digests(16),
)
CONTENTS = st.dictionaries(st.integers(1, 2**63 - 1), SIGNATURES, max_size=4).map(
    lambda some: dict(sorted(some.items()))
)


def block_of(contents):
    return encode_block(list(contents), list(contents.values()))


def pdq(number, quality=80, turned=None, which=Which.LISTED, frame=0):
    return NewPdq(which, frame, bytes([number]) * 32, quality, turned)


def signature(*pdqs, md5=b"m" * 16, sha1=None, sha256=None, size=None):
    return NewSignature(md5, sha1, sha256, size, pdqs)


@given(CONTENTS)
def test_every_signature_comes_back_under_its_number(contents):
    block = Block(block_of(contents))
    assert block.numbers.tolist() == list(contents)
    assert {number: block.signature(number) for number in contents} == contents


def test_a_block_has_the_form_that_is_written_down():
    """Whatever changes in the code: blocks that an earlier release wrote are read."""
    turned = bytes(range(224))
    written = struct.pack("<BIII", 1, 2, 3, 1)
    written += struct.pack("<qB16s20s32sq16s", 7, 0b11111, b"m" * 16, b"s" * 20, b"d" * 32, 99, b"x" * 16)
    written += struct.pack("<qB16s20s32sq16s", 9, 0b0000, b"", b"", b"", 0, b"")
    written += struct.pack("<IBihi32s", 0, 0, 5, 80, 0, b"a" * 32)
    written += struct.pack("<IBihi32s", 0, 1, 6, -1, -1, b"b" * 32)
    written += struct.pack("<IBihi32s", 1, 1, 0, 0, -1, b"c" * 32)
    written += turned
    one = NewSignature(
        b"m" * 16,
        b"s" * 20,
        b"d" * 32,
        99,
        (NewPdq(Which.LISTED, 5, b"a" * 32, 80, turned), NewPdq(Which.SHOWN, 6, b"b" * 32, None)),
        b"x" * 16,
    )
    other = NewSignature(None, None, None, None, (NewPdq(Which.SHOWN, 0, b"c" * 32, 0),))
    assert encode_block([7, 9], [one, other]) == written
    assert (Block(written).signature(7), Block(written).signature(9)) == (one, other)


@pytest.mark.parametrize("known", ["md5", "sha1", "sha256", "size", "pixels"])
def test_what_is_unknown_is_told_apart_from_zeros(known):
    lengths = {"md5": bytes(16), "sha1": bytes(20), "sha256": bytes(32), "size": 0, "pixels": bytes(16)}
    only = NewSignature(**{name: zero if name == known else None for name, zero in lengths.items()})
    assert Block(encode_block([1], [only])).signature(1) == only


@given(CONTENTS, st.binary(min_size=1, max_size=40))
def test_a_block_that_is_longer_or_shorter_than_it_says_is_not_read(contents, more):
    raw = block_of(contents)
    for bad in (raw + more, raw[: -len(more)]):
        with pytest.raises(BadBlockError, match="restore the database from a backup"):
            Block(bad)


def test_an_empty_block_is_whole():
    raw = encode_block([], [])
    assert len(raw) == 13
    assert Block(raw).numbers.tolist() == []
    for length in range(13):
        with pytest.raises(BadBlockError):
            Block(raw[:length])


@pytest.mark.parametrize("version", [0, 2, 255])
def test_a_block_of_another_version_is_not_read(version):
    raw = encode_block([1], [signature()])
    with pytest.raises(BadBlockError):
        Block(bytes([version]) + raw[1:])


@pytest.mark.parametrize(
    ("bad", "length"),
    [
        (NewSignature(b"m" * 15, None, None, None), 16),
        (NewSignature(None, b"s" * 21, None, None), 20),
        (NewSignature(None, None, b"d" * 33, None), 32),
        (signature(NewPdq(Which.LISTED, 0, b"a" * 31, 1)), 32),
        (signature(NewPdq(Which.LISTED, 0, b"a" * 32, 1, b"t" * 223)), 224),
    ],
    ids=["md5", "sha1", "sha256", "hash", "turned"],
)
def test_a_value_of_another_length_is_wrong_use(bad, length):
    with pytest.raises(ValueError, match=rf"a value of \d+ bytes where {length} belong"):
        encode_block([1], [bad])


def test_each_signature_needs_its_number():
    for numbers in ([], [1, 2]):
        with pytest.raises(ValueError, match="zip"):
            encode_block(numbers, [signature()])


def test_a_block_says_what_it_holds():
    block = Block(encode_block([3, 8], [signature(), signature()]))
    assert 3 in block
    assert 8 in block
    assert 0 not in block
    assert 4 not in block
    with pytest.raises(KeyError):
        block.signature(4)


def test_hashes_are_handed_out_from_a_quality_upwards_and_where_none_is_known():
    rows = [signature(pdq(1, 49), pdq(2, 50)), signature(), signature(pdq(3, None), pdq(4, 0)), signature(pdq(5, 100))]
    numbers, bits = Block(encode_block([10, 20, 30, 40], rows)).codes(50)
    assert numbers.tolist() == [10, 30, 40]
    assert bits[:, 0].tolist() == [2, 3, 5]
    assert bits.shape == (3, 32)
    assert (numbers.dtype, bits.dtype) == (np.int64, np.uint8)
    assert bits.flags.c_contiguous


@given(CONTENTS, st.data())
def test_a_block_without_some_is_the_block_of_the_others(contents, data):
    gone = data.draw(st.sets(st.sampled_from(sorted(contents)))) if contents else set()
    left = {number: one for number, one in contents.items() if number not in gone}
    assert Block(block_of(contents)).without(gone) == (block_of(left) if left else None)


def test_a_hash_and_its_turned_versions_stand_in_one_row():
    assert pdq(1).versions == b"\x01" * 32
    assert pdq(1, turned=b"t" * 224).versions == b"\x01" * 32 + b"t" * 224


def test_a_content_at_hand_gives_every_hash_that_carries_information():
    def hashed(number, usable=True):
        return Pdq(bytes([number]) * 32 + bytes([number + 100]) * 224, number, usable)

    def still(index, listed, shown=None):
        return Still(index, listed, shown, bytes(4096), (8, 8), bytes([index]) * 16)

    of = Digests(b"m" * 16, b"s" * 20, b"d" * 32, 5)
    stills = [still(0, hashed(1), hashed(2)), still(4, hashed(3, usable=False), hashed(4)), still(6, hashed(5))]
    assert NewSignature.of(of, stills) == NewSignature(
        b"m" * 16,
        b"s" * 20,
        b"d" * 32,
        5,
        (
            NewPdq(Which.LISTED, 0, b"\x01" * 32, 1, b"\x65" * 224),
            NewPdq(Which.SHOWN, 0, b"\x02" * 32, 2, b"\x66" * 224),
            NewPdq(Which.SHOWN, 4, b"\x04" * 32, 4, b"\x68" * 224),
            NewPdq(Which.LISTED, 6, b"\x05" * 32, 5, b"\x69" * 224),
        ),
        bytes(16),
    )
    assert (NewSignature.of(of).pdqs, NewSignature.of(of).pixels) == ((), None)


def test_a_block_tells_the_digests_of_contents_that_have_one():
    one, other = NewSignature(None, None, b"1" * 32, 5), NewSignature(b"m" * 16, None, None, 5)
    assert Block(encode_block([3, 4, 9], [one, other, one])).sha256s() == [b"1" * 32, b"1" * 32]


def test_only_hashes_of_frames_are_of_a_film():
    assert [one for one in Which if one.of_film] == [Which.FILM, Which.FILM_INSIDE]
