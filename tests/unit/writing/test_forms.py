"""Pages, XML, JSON and plain text are each read as what they are; nothing is expanded, nothing fetched."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.media.text import clean
from safelight.writing.forms import read_form
from safelight.writing.reading import read_fields, read_writing, within
from safelight.writing.types import KEPT_BYTES, MOST_NAMED, READ_BYTES

DEEP = 100_000


def values(written):
    return [one.value for one in written.named]


def test_of_a_page_the_words_are_kept_and_where_links_lead():
    page = (
        b"<!DOCTYPE html><title>A trip</title><style>b{}</style><script>let hidden</script><p>The light<b>house</b>"
        b'<p><a href="https://Example.org/album">here</a><img src="//cdn.example/x.png">&amp; more'
    )
    read = read_writing(page)
    assert (read.form, [line for line in read.text.split("\n") if line.strip()]) == (
        "html", ["A trip", "The lighthouse", "here& more"],
    )  # fmt: skip
    assert values(read) == ["https://example.org/album", "https://cdn.example/x.png"]


def test_runs_of_an_office_document_are_one_word():
    raw = b'<w:d xmlns:w="x"><w:p><w:r><w:t>light</w:t></w:r><w:r><w:t>house</w:t></w:r></w:p><w:p>b</w:p></w:d>'
    assert (read_writing(raw).form, read_writing(raw).text) == ("xml", "lighthouse\nb")


def test_a_place_on_the_web_saved_by_a_mac_is_read():
    raw = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" '
        b'"http://www.apple.com/DTDs/PropertyList-1.0.dtd"><plist><dict><key>URL</key>'
        b"<string>https://example.org/album</string></dict></plist>"
    )
    assert (read_writing(raw).form, values(read_writing(raw))) == ("xml", ["https://example.org/album"])


@pytest.mark.parametrize("name", ["InternetShortcut]\r\nURL", "ZoneTransfer]\r\nZoneId=3\r\nHostUrl"])
def test_where_a_file_came_from_is_read(name):
    read = read_writing(f"[{name}=https://example.org/album\r\n".encode())
    assert (read.form, values(read)) == ("text", ["https://example.org/album"])


def test_an_export_of_a_chat_tells_who_wrote():
    chat = {
        "name": "A",
        "messages": [{"from": "Kim", "from_id": "user12", "text": ["see ", {"href": "http://a.example"}]}],
    }
    read = read_writing(json.dumps(chat).encode())
    assert (read.form, values(read)) == ("json", ["Kim", "user12", "http://a.example"])
    assert "from: Kim" in read.text


def test_what_breaks_off_is_read_as_far_as_it_goes():
    read = read_writing(b'{"messages": [{"from": "Kim", "text": "the lighthouse"}')
    assert (read.form, "lighthouse" in read.text, read.left) == ("json", True, ["the JSON breaks off"])


@pytest.mark.parametrize("raw", [b"[12] a list", b'{"a": 1} and more', b"{", b"<3 the lighthouse", b"<!-- lighthouse"])
def test_what_only_begins_like_a_form_is_text(raw):
    assert read_writing(raw).form == "text"
    assert read_writing(raw).text == raw.decode()


def test_no_entity_is_expanded_and_nothing_outside_is_named_as_if_it_were_text():
    bomb = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><l>&b; lighthouse</l>'
    assert "lighthouse" in read_writing(bomb).text
    assert "lollol" not in read_writing(bomb).text
    outside = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x; lighthouse</a>'
    assert read_writing(outside).text.endswith("&x; lighthouse")


@pytest.mark.parametrize(
    "piece",
    ["<div>", "<", "<a ", "<!--", "<?xml", "<![CDATA[", '<a href="', "</a", "<p>&amp;", "<a><b>", '{"a":', "[", '["user", ',
     '"', "[[1],", "<x:y ", "<svg>", "&#"],
)  # fmt: skip
def test_time_grows_with_the_document_and_not_faster(piece):
    def seconds(size):
        took = []
        for _ in range(2):
            begun = time.perf_counter()
            read_form((piece * size)[:size])
            took.append(time.perf_counter() - begun)
        return min(took)

    assert seconds(1 << 20) <= 10 * seconds(1 << 18) + 0.05


@pytest.mark.parametrize(("opening", "closing"), [("<div>", "</div>"), ("<a>", "</a>"), ("[", "]"), ('{"a":', "}")])
def test_any_depth_is_read(opening, closing):
    raw = f"{opening * DEEP}1{closing * DEEP}".encode()
    assert read_writing(raw[: 1 << 20]).left in ([], ["the JSON breaks off"])


@given(st.binary(max_size=2000) | st.text(max_size=1000).map(str.encode), st.booleans())
def test_any_bytes_are_read_within_bounds(raw, cut):
    read = read_writing(raw, cut=cut)
    assert len(read.text.encode()) <= KEPT_BYTES
    assert len(read.named) <= MOST_NAMED
    assert clean(read.text, len(read.text)) == read.text


@given(
    st.sampled_from(["<", "{", "[", "<?xml", "<html>", "<a"]),
    st.text(st.sampled_from("<>/=\"'{}[]:,&;a\\ \n0!-?"), max_size=60),
)
def test_broken_documents_are_read_within_bounds(begin, rest):
    assert len(read_writing((begin + rest).encode()).text.encode()) <= KEPT_BYTES


def test_a_long_text_is_kept_in_part_and_it_is_said():
    read = read_writing(b"a " * 40_000 + b"http://example.org", cut=True)
    assert (len(read.text), values(read)) == (KEPT_BYTES, ["http://example.org"])
    assert read.left[0] == "only the first 1 MiB were read"
    assert "are kept" in read.left[1]
    assert len(read_writing(bytes(2 * READ_BYTES).replace(b"\0", b"b ")).text) == KEPT_BYTES


@given(st.text(max_size=200), st.integers(0, 300))
def test_a_text_is_cut_between_characters(text, size):
    kept = within(text, size)
    assert text.startswith(kept)
    assert len(kept.encode()) <= size


def test_fields_of_a_mail_are_a_line_each():
    read = read_fields([("From", "Kim <kim@example.org>"), ("Subject", "a\r\n b")])
    assert (read.form, read.text) == ("mail", "From: Kim <kim@example.org>\nSubject: a b")
    assert values(read) == ["kim@example.org"]
