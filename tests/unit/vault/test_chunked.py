"""Chunked encryption: held against a plain reading of the specification, round trips, random access, and damage."""

import io
import os
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.vault import chunked
from safelight.vault.chunked import (
    AlteredError,
    ChunkedReader,
    CutShortError,
    SealBrokenError,
    TooLargeError,
    WrongKeyError,
    decrypt,
    encrypt,
    sealed_size,
)

KEY = bytes(range(32))
CONTEXT = b"Agency Alpha/object 1"
CHUNK = 16384
SEALED = CHUNK + 16
AROUND = sorted({max(0, k * CHUNK + d) for k in range(4) for d in (-17, -16, -1, 0, 1, 15, 16, 17)})


def by_the_book(message: bytes, key: bytes, salt: bytes, context: bytes) -> bytes:
    """The specification, line by line, with nothing of ours in it."""
    info = b"c2sp.org/chunked-encryption@v1+" + b"AEAD_AES_256_GCM" + b"\x00" + salt + context
    derived = HKDFExpand(SHA512(), 32 + 12 + 32, info).derive(key)
    aead_key, base_nonce, commitment = derived[:32], derived[32:44], derived[44:]
    chunks, rest = [], message
    while len(rest) >= 16 * 1024:
        chunks.append(rest[: 16 * 1024])
        rest = rest[16 * 1024 :]
    chunks.append(rest)
    out = salt + commitment
    for number, chunk in enumerate(chunks):
        counter = number.to_bytes(12, "big")
        nonce = bytes(a ^ b for a, b in zip(base_nonce, counter, strict=True))
        out += AESGCM(aead_key).encrypt(nonce, chunk, b"")
    return out


def content_of(size: int) -> bytes:
    return (b"harbour-" * (size // 8 + 1))[:size]


def sealed_of(size: int) -> bytes:
    return b"".join(encrypt([content_of(size)], KEY, CONTEXT))


def opened(sealed: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    return b"".join(decrypt([sealed], key, context))


def reader(sealed: bytes, key: bytes = KEY, context: bytes = CONTEXT, length: int | None = None) -> ChunkedReader:
    return ChunkedReader(lambda at, n: sealed[at : at + n], len(sealed) if length is None else length, key, context)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data in blocks that end at these places."""
    edges = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@pytest.mark.parametrize("size", AROUND)
def test_what_the_specification_seals_is_opened(size):
    assert opened(by_the_book(content_of(size), KEY, b"s" * 24, CONTEXT)) == content_of(size)


@pytest.mark.parametrize("size", AROUND)
def test_what_is_sealed_is_what_the_specification_seals(size):
    sealed = sealed_of(size)
    assert sealed == by_the_book(content_of(size), KEY, sealed[:24], CONTEXT)
    assert len(sealed) == sealed_size(size)


def test_the_same_content_is_sealed_differently_each_time():
    assert sealed_of(9)[:24] != sealed_of(9)[:24]


@given(
    size=st.one_of(st.sampled_from(AROUND), st.integers(0, 70_000)),
    places=st.lists(st.integers(0, 70_000), max_size=6),
    sealed_places=st.lists(st.integers(0, 70_000), max_size=6),
)
@settings(deadline=None, max_examples=60)
def test_however_it_is_cut_the_content_comes_back(size, places, sealed_places):
    content = content_of(size)
    sealed = b"".join(encrypt(cut(content, places), KEY, CONTEXT))
    assert b"".join(decrypt(cut(sealed, sealed_places), KEY, CONTEXT)) == content


def test_it_streams_and_holds_nothing_back():
    given_so_far = []

    def blocks():
        for number in range(4):
            given_so_far.append(number)
            yield bytes(CHUNK)

    pieces = encrypt(blocks(), KEY, CONTEXT)
    assert len(next(pieces)) == 56
    assert given_so_far == []
    assert len(next(pieces)) == SEALED
    assert given_so_far == [0]


def test_nothing_is_handed_out_before_the_key_is_known_to_be_right():
    with pytest.raises(WrongKeyError):
        next(decrypt([sealed_of(CHUNK * 3)], b"x" * 32, CONTEXT))


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1])
def test_another_key_or_context_is_refused(size):
    sealed = sealed_of(size)
    for key, context in ((b"x" * 32, CONTEXT), (KEY, b""), (KEY, CONTEXT + b"1"), (KEY, b"Agency Beta/object 1")):
        with pytest.raises(WrongKeyError):
            opened(sealed, key, context)
        with pytest.raises(WrongKeyError):
            reader(sealed, key, context)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_wrong_use(length):
    with pytest.raises(ValueError, match="instead of 32"):
        list(encrypt([b""], bytes(length), b""))
    with pytest.raises(ValueError, match="instead of 32"):
        opened(sealed_of(1), bytes(length))


@pytest.mark.parametrize("whole", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 100])
def test_cut_off_anywhere_it_is_refused(whole):
    sealed = sealed_of(whole)
    lengths = {0, 23, 24, 55, 56, 57, 71, 72, len(sealed) - 17, len(sealed) - 16, len(sealed) - 1}
    lengths |= {56 + k * SEALED + d for k in range(3) for d in (-1, 0, 1, 15, 16)}
    for length in sorted(one for one in lengths if 0 <= one < len(sealed)):
        with pytest.raises((CutShortError, AlteredError)) as raised:
            opened(sealed[:length])
        at_border = length < 56 or (length - 56) % SEALED < 16
        assert (raised.type is CutShortError) == at_border, length
        with pytest.raises((CutShortError, AlteredError)) as raised:
            reader(sealed[:length]).size()
        assert (raised.type is CutShortError) == at_border, length


@pytest.mark.parametrize("whole", [0, 5, CHUNK - 1, CHUNK, CHUNK + 5])
@pytest.mark.parametrize("more", [1, 15, 16, 17, SEALED, SEALED + 20])
def test_added_to_it_is_refused(whole, more):
    sealed = sealed_of(whole) + bytes(more)
    with pytest.raises((CutShortError, AlteredError)):
        opened(sealed)
    with pytest.raises((CutShortError, AlteredError)):
        reader(sealed).size()


def test_chunks_that_are_swapped_repeated_or_left_out_are_refused():
    sealed = sealed_of(3 * CHUNK + 9)
    head, (a, b, c, last) = sealed[:56], [sealed[56 + k * SEALED :][:SEALED] for k in range(4)]
    for order in ((b, a, c, last), (a, a, c, last), (a, c, last), (a, b, last), (a, b, c, c, last), (last,)):
        with pytest.raises(AlteredError):
            opened(head + b"".join(order))


def test_a_chunk_of_another_content_under_the_same_key_is_refused():
    one, other = sealed_of(2 * CHUNK), sealed_of(2 * CHUNK)
    with pytest.raises(AlteredError, match="Chunk 1 "):
        opened(one[: 56 + SEALED] + other[56 + SEALED :])
    with pytest.raises(WrongKeyError):
        opened(one[:24] + other[24:])


@given(place=st.integers(0, 56 + 2 * SEALED + 16 + 8), bit=st.integers(0, 7))
@settings(deadline=None, max_examples=150)
def test_every_altered_byte_is_refused(place, bit):
    sealed = bytearray(ALTERED_FROM)
    place %= len(sealed)
    sealed[place] ^= 1 << bit
    wanted = WrongKeyError if place < 56 else AlteredError
    with pytest.raises(wanted):
        opened(bytes(sealed))
    with pytest.raises(wanted):
        reader(bytes(sealed)).readall()


ALTERED_FROM = sealed_of(2 * CHUNK + 8)


def test_an_error_names_the_chunk_and_says_whether_it_is_the_end():
    sealed = bytearray(ALTERED_FROM)
    sealed[56 + SEALED] ^= 1
    with pytest.raises(AlteredError, match="Chunk 1 of the sealed content is not the one"):
        opened(bytes(sealed))
    with pytest.raises(AlteredError, match="does not end as it was sealed: its last chunk, 2"):
        opened(ALTERED_FROM + b"x")


@given(
    size=st.one_of(st.sampled_from(AROUND), st.integers(0, 60_000)),
    offset=st.one_of(st.sampled_from(AROUND), st.integers(0, 70_000)),
    length=st.one_of(st.sampled_from(AROUND), st.integers(0, 70_000)),
)
@settings(deadline=None, max_examples=100)
def test_random_access_equals_slicing(size, offset, length):
    assert reader(sealed_of(size)).pread(offset, length) == content_of(size)[offset : offset + length]


@given(size=st.integers(0, 40_000), moves=st.lists(st.tuples(st.integers(0, 2), st.integers(-9, 50_000)), max_size=12))
@settings(deadline=None, max_examples=60)
def test_it_is_read_like_any_file(size, moves):
    plain, sealed = io.BytesIO(content_of(size)), reader(sealed_of(size))
    for whence, offset in moves:
        try:
            wanted = plain.seek(offset, whence)
        except ValueError:
            with pytest.raises(ValueError):
                sealed.seek(offset, whence)
            continue
        if whence and wanted == 0:  # where BytesIO stops at the start, files do not go before it
            sealed.seek(0)
        else:
            assert sealed.seek(offset, whence) == wanted
        assert sealed.tell() == wanted
        assert sealed.read(100) == plain.read(100)
    assert sealed.read() == plain.read()
    assert sealed.read() == b""


def test_each_read_goes_on_where_the_one_before_ended():
    file = reader(sealed_of(2 * CHUNK))
    file.seek(CHUNK - 3)
    assert [file.read(2), file.tell(), file.read(4), file.tell()] == [
        content_of(2 * CHUNK)[CHUNK - 3 : CHUNK - 1],
        CHUNK - 1,
        content_of(2 * CHUNK)[CHUNK - 1 : CHUNK + 3],
        CHUNK + 3,
    ]
    assert file.read() == content_of(2 * CHUNK)[CHUNK + 3 :]
    assert file.tell() == 2 * CHUNK
    file.seek(3 * CHUNK)
    assert (file.read(), file.read(1), file.tell()) == (b"", b"", 3 * CHUNK)


def test_behind_a_buffer_lines_come_out():
    text = b"harbour\n" * 5000
    with io.BufferedReader(reader(b"".join(encrypt([text], KEY, CONTEXT)))) as file:
        assert file.readable()
        assert file.seekable()
        assert list(file) == [b"harbour\n"] * 5000


def test_only_the_chunks_that_are_needed_are_read():
    sealed = sealed_of(10 * CHUNK + 5)
    asked: list[tuple[int, int]] = []

    def read_at(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return sealed[offset : offset + length]

    file = ChunkedReader(read_at, len(sealed), KEY, CONTEXT)
    assert asked == [(0, 56)]
    file.pread(3 * CHUNK - 1, 2)
    assert asked[1:] == [(56 + 2 * SEALED, 2 * SEALED)]
    file.pread(5 * CHUNK, CHUNK)
    assert asked[2:] == [(56 + 5 * SEALED, SEALED)]
    assert file.pread(5, 0) == b""
    assert file.size() == 10 * CHUNK + 5
    assert asked[3:] == [(56 + 10 * SEALED, 21)]
    assert file.size() == 10 * CHUNK + 5
    assert len(asked) == 4


def test_damage_elsewhere_does_not_keep_the_rest_from_being_read():
    sealed = bytearray(sealed_of(3 * CHUNK))
    sealed[56 + SEALED + 9] ^= 1
    file = reader(bytes(sealed))
    assert file.pread(0, CHUNK) == content_of(CHUNK)
    assert file.pread(2 * CHUNK, CHUNK) == content_of(CHUNK)
    with pytest.raises(AlteredError, match="Chunk 1 "):
        file.pread(CHUNK - 1, 2)


@pytest.mark.parametrize("kept", [3, 2, 1])
def test_no_read_past_the_end_believes_a_false_end(kept):
    sealed = sealed_of(3 * CHUNK + 9)
    # Cut off within a later chunk, so that the length alone could be a right one.
    short = reader(sealed[: 56 + (kept - 1) * SEALED + 500])
    for offset in (kept * CHUNK - 10, kept * CHUNK + 5, 10**9):
        with pytest.raises(AlteredError):
            short.pread(offset, 100)
    with pytest.raises(AlteredError):
        short.seek(0, io.SEEK_END)


@pytest.mark.parametrize(
    ("length", "opened_says", "file_says"),
    [
        (0, "has 0 bytes: not even its first 56 are there.", "of 0 bytes is cut short: its end is missing."),
        (55, "has 55 bytes: not even its first 56 are there.", "of 55 bytes is cut short: its end is missing."),
        (71, "is cut short within chunk 0: its end is missing.", "of 71 bytes is cut short: its end is missing."),
        (
            56 + SEALED + 15,
            "is cut short within chunk 1: its end is missing.",
            f"of {56 + SEALED + 15} bytes is cut short: its end is missing.",
        ),
    ],
)
def test_what_is_cut_short_says_how_short(length, opened_says, file_says):
    sealed = sealed_of(2 * CHUNK)[:length]
    with pytest.raises(CutShortError, match=f"^The sealed content {opened_says}$"):
        opened(sealed)
    with pytest.raises(CutShortError, match=f"^Sealed content {file_says}$"):
        reader(sealed)


def test_a_head_is_split_off_however_the_blocks_are_cut():
    for blocks in ([], [b""], [b"abc"], [b"a", b"bc"], [b"ab", b"", b"cdef"], [b"abcd", b"ef"]):
        head, rest = chunked.split_head(blocks, 3)
        whole = b"".join(blocks)
        assert (head, b"".join(rest)) == (whole[:3], whole[3:])


def test_a_source_that_ends_early_is_cut_short():
    sealed = sealed_of(2 * CHUNK)
    with pytest.raises(CutShortError, match="before chunk 1 does"):
        reader(sealed[:-200], length=len(sealed)).pread(CHUNK, 10)


def test_offsets_before_the_start_are_wrong_use():
    file = reader(sealed_of(9))
    for offset, length in ((-1, 1), (0, -1)):
        with pytest.raises(ValueError, match=r"^neither an offset nor a length can be negative$"):
            file.pread(offset, length)
    for whence in (io.SEEK_SET, io.SEEK_CUR, io.SEEK_END):
        with pytest.raises(ValueError, match=r"^cannot seek to before the start$"):
            file.seek(-10, whence)
    with pytest.raises(ValueError, match="cannot seek from 3"):
        file.seek(0, 3)
    assert file.tell() == 0


def test_a_content_is_no_larger_than_the_counter(monkeypatch):
    monkeypatch.setattr(chunked, "_MAX_CHUNKS", 2)
    three = by_the_book(content_of(2 * CHUNK), KEY, b"s" * 24, CONTEXT)
    assert opened(sealed_of(2 * CHUNK - 1)) == content_of(2 * CHUNK - 1)
    with pytest.raises(TooLargeError):
        sealed_of(2 * CHUNK)
    with pytest.raises(TooLargeError):
        opened(three)
    with pytest.raises(TooLargeError):
        reader(three).size()


@given(foreign=st.binary(max_size=200))
def test_foreign_bytes_are_refused_in_one_way(foreign):
    with pytest.raises(SealBrokenError):
        opened(foreign)
    with pytest.raises(SealBrokenError):
        reader(foreign)


def test_large_contents_come_back():
    content = os.urandom(3 * 2**20 + 77)
    sealed = b"".join(encrypt(cut(content, [2**20, 2**21]), KEY, CONTEXT))
    assert opened(sealed) == content
    assert reader(sealed).readall() == content
