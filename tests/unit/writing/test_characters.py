"""Text is told from other content, and its encoding from what it holds."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.writing.characters import characters_of, is_writing

WORDS = "The lighthouse, Gruß, l'été"
PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_each_encoding_is_told(encoding):
    raw = WORDS.encode(encoding)
    assert is_writing(raw)
    assert characters_of(raw).removeprefix("\ufeff") == WORDS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x7fELF\x02\x01\x01" + bytes(57),
        b"MZ\x90\x00\x03\x00\x00\x00\x04\x00",
        b"SQLite format 3\x00" + bytes(80),
        b"%PDF-1.7\n% a text, as it looks\n",
        bytes(4096),
        b"\x01\x00" * 2000,
        random.Random(1).randbytes(4096),
    ],
    ids=["empty", "program", "program of Windows", "database", "PDF", "zeros", "small numbers", "noise"],
)
def test_other_content_is_no_text(content):
    assert not is_writing(content)


@given(PRINTABLE)
def test_whatever_is_written_in_utf_8_is_text_and_comes_back(text):
    assert is_writing(text.encode()) or text.startswith(("%PDF-", "%!PS"))
    if "\0" not in text:
        assert characters_of(text.encode("utf-8-sig")) == text


@given(st.binary(max_size=600), st.booleans())
def test_any_bytes_become_characters(raw, cut):
    is_writing(raw)
    assert len(characters_of(raw, cut=cut)) <= len(raw)


CYRILLIC = "маяк и мельница"


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "iso8859-5", "cp866"])
def test_what_a_page_or_a_mail_says_of_itself_counts_where_nothing_else_tells(encoding):
    assert characters_of(CYRILLIC.encode(encoding), charset=encoding) == CYRILLIC
    page = f'<meta charset="{encoding}">{CYRILLIC}'
    assert characters_of(page.encode(encoding)) == page
    assert characters_of(page.encode()) == page
    assert characters_of(CYRILLIC.encode(), charset=encoding) == CYRILLIC


def test_characters_behind_escapes_are_read_as_the_mail_says():
    assert characters_of("灯台です".encode("iso2022_jp"), charset="ISO-2022-JP") == "灯台です"


@pytest.mark.parametrize("charset", ["", "none", "idna", "base64", "rot13", "utf-7", "\0", "../x", "zlib", "punycode"])
def test_what_is_no_encoding_of_texts_counts_as_nothing(charset):
    assert characters_of(b"harbour \xdf", charset=charset) == "harbour ß"


def test_a_character_that_was_cut_is_left_out_and_one_that_stands_alone_is_not():
    raw = "harbour ß".encode()[:-1]
    assert characters_of(raw, cut=True) == "harbour "
    assert characters_of(raw) == "harbour Ã"


def test_half_a_character_of_utf_16_is_visible():
    assert characters_of("lighthouse \U0001f600".encode("utf-16-le")[:-1]).startswith("lighthouse \ufffd")
