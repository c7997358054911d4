"""Many texts in one call are read as each would be alone, also in the real sandbox, where nothing can be loaded late."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.sandbox import BadReplyError, Nursery, SealedContent
from safelight.writing.batch import READER, Part, decode_batch, encode_parts, read_batch
from safelight.writing.reading import read_writing

FORMS = [
    b"plain hxxp://example[.]org",
    b"<!doctype html><p>Gru\xc3\x9f &auml; <a href='http://example.org'>x</a>",
    b'<?xml version="1.0" encoding="koi8-r"?><a>b</a>',
    b"<a>&undeclared;</a>",
    b'{"user": "kim", "n": 1.5e3, "x": [true, null]}',
    b"[",
    b"<meta charset=nonesuch>\xdf",
    b"<meta charset=big5>\xa4\xa4",
    "Gruß".encode("utf-16"),
    "Gruß".encode("utf-16-be"),
    "Gruß".encode("cp1252"),
    "line one\u2028line two\n\n".encode(),
]


def together(texts):
    return b"".join(texts), encode_parts([Part(len(text), cut=False) for text in texts])


@given(st.lists(st.sampled_from(FORMS) | st.binary(max_size=40), max_size=8))
def test_each_is_read_as_if_it_were_alone(texts):
    assert decode_batch(read_batch(*together(texts))) == [read_writing(text) for text in texts]


def test_all_forms_are_read_behind_the_sandbox():
    content, argument = together(FORMS)
    with Nursery(READER) as nursery, SealedContent.of([content]) as sealed:
        worker = nursery.spawn()
        try:
            assert decode_batch(worker.call(sealed, argument)) == [read_writing(text) for text in FORMS]
        finally:
            worker.end()


@pytest.mark.parametrize(
    "reply", [b"", b"\xc0", b"\x91\x92\xa4text", b"\x91\x94\xa4text\xa0\x91\x93\xa3url\xa0\xff\x90"]
)
def test_another_reply_is_not_believed(reply):
    with pytest.raises(BadReplyError):
        decode_batch(reply)
