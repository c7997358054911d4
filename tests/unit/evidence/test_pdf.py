"""PDF: pictures as they were put in, pages where they show more, attached files; and what is wrong is named."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from safelight.evidence.archives import pdf
from tests.unit.evidence import documents
from tests.unit.evidence.documents import CORNER, JP2, JPEG, WHOLE, WORDS, A, B, document, flat, image_of
from tests.unit.evidence.walking import contents, walk_archive

RICH = document(
    [(WHOLE, [0]), (f"{CORNER} {WORDS}", [1]), ("", []), (WORDS, []), (WHOLE, [2])],
    [image_of(JPEG, "DCTDecode"), image_of(JP2, "JPXDecode"), flat(B)],
    attached={"notes.txt": b"rope, lamp oil"},
)


def shown(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_pictures_come_out_as_they_were_put_in_and_pages_where_they_show_more():
    found = dict(contents(RICH, "pdf"))
    assert list(found) == [
        b"text.txt", b"attachments/notes.txt",
        b"page 1/image 1.jpg", b"page 2/image 1.jp2", b"page 2.png", b"page 4.png", b"page 5/image 1.png",
    ]  # fmt: skip
    assert found[b"page 1/image 1.jpg"] == JPEG
    assert found[b"page 2/image 1.jp2"] == JP2
    np.testing.assert_array_equal(np.asarray(shown(found[b"page 5/image 1.png"])), np.asarray(B))
    assert max(shown(found[b"page 2.png"]).size) == pdf.PAGE_SIDE
    assert found[b"text.txt"] == b"Harbour\n\nHarbour"
    assert found[b"attachments/notes.txt"] == b"rope, lamp oil"


def test_it_says_the_same_each_time():
    assert contents(RICH, "pdf") == contents(RICH, "pdf")


def test_a_picture_on_several_pages_comes_once():
    page = (WHOLE, [0])
    names = [name for name, _ in contents(document([page, page, page], [flat(A)]), "pdf")]
    assert names == [b"page 1/image 1.png"]


def test_words_laid_invisibly_over_a_scan_draw_no_page():
    hidden = "BT 3 Tr /F1 24 Tf 20 80 Td (Harbour) Tj ET"
    laid, drawn = (contents(document([(f"{WHOLE} {words}", [0])], [flat(A)]), "pdf") for words in (hidden, WORDS))
    assert [name for name, _ in laid] == [b"text.txt", b"page 1/image 1.png"]
    assert [name for name, _ in drawn] == [b"text.txt", b"page 1/image 1.png", b"page 1.png"]


@pytest.mark.parametrize("given", [(), (b"wrong",)])
def test_an_encrypted_one_is_locked(given):
    ((entry,), problem) = walk_archive(documents.LOCKED, "pdf", *given)
    assert problem is None
    assert (entry.entry.name, entry.entry.locked, entry.content) == (pdf.LISTING, True, b"")
    assert "a password is needed" in (entry.entry.reason or "")


def test_a_password_opens_it():
    (told, picture), problem = walk_archive(documents.LOCKED, "pdf", b"wrong", documents.WORD.encode())
    assert problem is None
    assert not told.entry.locked
    assert picture.content == JPEG


@pytest.mark.parametrize("box", ["[0 0 1e9 1e9]", "[0 0 0 0]", "[0 0 0.001 14400]", "[5 5 -5 -5]", "[0 0 nan 4]"])
def test_a_page_of_any_size_is_drawn_within_bounds_or_named(box):
    entries, problem = walk_archive(document([(WORDS, [])], box=box), "pdf")
    assert problem is None
    for one in entries:
        assert one.problem or one.entry.name == b"text.txt" or max(shown(one.content).size) <= pdf.PAGE_SIDE + 1


def test_words_are_bounded(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_CHARACTERS", 10)
    assert dict(contents(document([(WORDS, [])] * 3), "pdf"))[b"text.txt"] == b"Harbour\n\nHar"


def test_a_picture_that_claims_too_much_is_named():
    huge = image_of(b"\x78\x9c\x03\x00\x00\x00\x00\x01", "FlateDecode", (60_000, 60_000))
    entries, problem = walk_archive(document([(WHOLE, [0])], [huge]), "pdf")
    assert problem is None
    assert "60000 x 60000 pixels" in (entries[0].problem or "")


def test_pages_that_are_not_there_end_the_walk():
    entries, problem = walk_archive(document([(WHOLE, [0])], [flat(A)], count=1_000_000), "pdf")
    assert "1000000 pages" in (entries[0].problem or "")
    assert entries[1].content
    assert len(entries) <= pdf.MOST_UNREADABLE + 3
    assert problem is None or "cannot be read" in problem


def test_pages_that_hold_themselves_end_the_walk():
    content = RICH.replace(b"/Kids[", b"/Kids[2 0 R ")
    entries, _ = walk_archive(content, "pdf")
    assert len(entries) < 100


def test_a_walker_goes_on_behind_what_crashed_the_last():
    whole, _ = walk_archive(RICH, "pdf")
    for place, last in enumerate(whole):
        (named, *behind), problem = walk_archive(RICH, "pdf", skip=last.entry.number + 1)
        assert problem is None
        assert "its reader crashed" in (named.problem or "")
        part = last.entry.name.split(b"/")[0].removesuffix(b".png")
        left = [one for one in whole[place + 1 :] if not one.entry.name.startswith(part)]
        assert [one.entry for one in behind] == [one.entry for one in left]


def test_no_page_and_no_document():
    assert walk_archive(document([]), "pdf") == ([], None)
    assert walk_archive(b"%PDF-1.7\n" + bytes(300), "pdf")[1] == "not a readable PDF document: nothing in it was read"


def test_it_may_end_anywhere():
    for size in np.linspace(8, len(RICH) - 1, 60).astype(int):
        entries, problem = walk_archive(RICH[:size], "pdf")
        assert entries or problem or size > len(RICH) - 20


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(9, len(RICH) - 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_any_mutation_is_survived(changes):
    content = bytearray(RICH)
    for at, byte in changes:
        content[at] = byte
    walk_archive(bytes(content), "pdf")
