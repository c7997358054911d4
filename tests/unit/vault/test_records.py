"""Records of kept objects: their line is fixed, bound, and told apart from other files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.vault import chunked
from safelight.vault.chunked import CutShortError, WrongKeyError
from safelight.vault.records import (
    HEAD_BYTES,
    HEADER,
    NotARecordError,
    OtherSuiteError,
    is_sealed_by,
    open_record,
    record_reader,
    record_size,
    seal_record,
)

KEY = b"k" * 32


def record_of(content: bytes, context: bytes = b"Series Harbour") -> bytes:
    return b"".join(seal_record([content], KEY, context))


def opened(record: bytes, context: bytes = b"Series Harbour") -> bytes:
    return b"".join(open_record([record], KEY, context))


def reader(record: bytes, context: bytes = b"Series Harbour"):
    return record_reader(lambda at, n: record[at : at + n], len(record), KEY, context)


def test_the_line_names_what_opens_it():
    assert HEADER == (b"safelight-object v1 c2sp.org/chunked-encryption@v1 6f65019a SHA-512 AEAD_AES_256_GCM\n")
    assert record_of(b"picture").startswith(HEADER)


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 40_000])
def test_an_object_comes_back_from_its_record(size):
    content = b"p" * size
    record = record_of(content)
    assert len(record) == record_size(size)
    assert opened(record) == content
    assert b"".join(open_record([record[:3], record[3:90], record[90:]], KEY, b"Series Harbour")) == content
    assert reader(record).readall() == content
    assert reader(record).pread(size // 2, 5) == content[size // 2 :][:5]


def test_a_record_is_opened_in_its_place_only():
    with pytest.raises(WrongKeyError):
        opened(record_of(b"picture"), b"Series Lantern")
    with pytest.raises(WrongKeyError):
        reader(record_of(b"picture"), b"Series Lantern")


@pytest.mark.parametrize("size", [0, 7, 16_384, 40_000])
def test_the_head_of_a_record_tells_by_which_key_and_for_what_it_was_sealed(size):
    head = record_of(b"p" * size)[:HEAD_BYTES]
    assert len(head) == HEAD_BYTES
    assert is_sealed_by(head, KEY, b"Series Harbour")
    assert not is_sealed_by(head, KEY, b"Series Lantern")
    assert not is_sealed_by(head, b"l" * 32, b"Series Harbour")
    assert not is_sealed_by(head[:-1], KEY, b"Series Harbour")
    assert not is_sealed_by(b"x" + head[1:], KEY, b"Series Harbour")
    with pytest.raises(ValueError, match="32"):
        is_sealed_by(head, b"short", b"Series Harbour")


def test_the_line_is_bound_to_the_sealed_bytes():
    bare = b"".join(chunked.encrypt([b"picture"], KEY, b"Series Harbour"))
    with pytest.raises(WrongKeyError):
        opened(HEADER + bare)


@pytest.mark.parametrize("length", [0, 5, len(HEADER) - 1])
def test_a_record_that_ends_within_its_line_is_cut_short(length):
    for use in (opened, reader):
        with pytest.raises(CutShortError, match="not even its first line"):
            use(record_of(b"picture")[:length])


def test_a_record_that_ends_after_its_line_is_cut_short():
    for use in (opened, reader):
        with pytest.raises(CutShortError):
            use(HEADER)


def test_a_record_of_a_later_release_says_so():
    later = record_of(b"picture").replace(b"v1 c2sp", b"v2 c2sp", 1)
    for use in (opened, reader):
        with pytest.raises(OtherSuiteError, match="the release that wrote it"):
            use(later)


@given(foreign=st.binary(min_size=1, max_size=120).filter(lambda raw: not raw.startswith(b"s")))
def test_another_file_is_no_record(foreign):
    for use in (opened, reader):
        with pytest.raises(NotARecordError):
            use(foreign)
