"""The report as PDF: for keeping and for everybody, the same bytes each time, and no name says more than itself."""

import io
import re
from dataclasses import replace

import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.casework.report.model import Report
from safelight.casework.report.pdf import write_pdf
from tests.unit.casework.report.example import example_report, hostile_report, item, large_report, sighting


def written(report: Report) -> bytes:
    out = io.BytesIO()
    write_pdf(report, out)
    return out.getvalue()


def text_of(made: bytes) -> str:
    """What a reader would copy from it, without what only breaks long words."""
    with pypdfium2.PdfDocument(made) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return re.sub("[\u200b\ufffe\r\n]", "", " ".join(pages))


def one_file(path: str, **more) -> Report:
    return replace(example_report(), items=(item("a", sightings=(sighting(path),)),), stacks=(), failures=(), **more)


def test_it_is_what_archives_keep_and_screen_readers_read():
    with pikepdf.open(io.BytesIO(written(example_report()))) as document:
        told = document.open_metadata()
        assert (told["pdfaid:part"], told["pdfaid:conformance"], told["pdfuaid:part"]) == ("2", "A", "1")
        root = document.Root
        assert root.MarkInfo.Marked
        assert str(root.Lang).startswith("en")
        assert "/OutputIntents" in root
        assert "Harbour 17" in str(document.docinfo["/Title"])
        names = {str(key) for thing in document.objects if isinstance(thing, pikepdf.Dictionary) for key in thing}
        assert not names & {"/JS", "/JavaScript", "/Launch", "/URI", "/EmbeddedFiles", "/AA", "/OpenAction"}
        images = [
            thing
            for thing in document.objects
            if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == "/Image"
        ]
        assert images == []
        fonts = [
            thing for thing in document.objects if isinstance(thing, pikepdf.Dictionary) and "/FontDescriptor" in thing
        ]
        assert fonts
        assert all(any(key.startswith("/FontFile") for key in font.FontDescriptor) for font in fonts)


def test_it_says_what_the_page_says():
    text = text_of(written(example_report()))
    for said in (
        "Harbour 17",
        "views avoided",
        "18",
        "Contradictions",
        "Copies of known",
        "1 of 8",
        "Signature of the officer",
    ):
        assert said in text, said


def test_the_same_report_gives_the_same_bytes():
    assert written(example_report()) == written(example_report())


def test_it_is_bounded_and_says_what_it_leaves_out():
    made = written(large_report(5000))
    assert "more: see the CSV or JSON report" in text_of(made)
    assert len(made) < 5 << 20


@pytest.mark.parametrize("name", [
    '#read("/etc/passwd")', "#sys.inputs.page", "$x$ *b* _i_", "// gone", "/* gone */", "= Title", "`#raw`", "\\ #", "<label> @ref",
    '[#import "@preview/x:1.0.0": y]', "http://example.invalid/x",
])  # fmt: skip
def test_what_would_be_markup_stands_as_it_is(name):
    assert name in text_of(written(one_file(f"/evidence/{name}.jpg")))


def test_characters_that_the_fonts_lack_are_spelt_out():
    text = text_of(written(one_file("/evidence/\u4e2d\u6587 \U0001f600 \u00e9\u0416\u03a9.jpg")))
    assert "\\u{4e2d}\\u{6587}" in text
    assert "\\u{1f600}" in text
    assert "\u00e9\u0416\u03a9" in text


def test_every_text_may_be_hostile():
    written(hostile_report("\u202e\u0000\ud800 " + "x" * 4000 + "#panic()"))


def test_long_names_stay_on_the_page():
    with pypdfium2.PdfDocument(written(one_file("/evidence/" + "W" * 390))) as document:
        for page in document:
            width = page.get_width()
            for thing in page.get_objects():
                left, _, right, _ = thing.get_bounds()
                assert -1 <= left <= right <= width - 40, thing


@given(name=st.text(max_size=40))
@settings(max_examples=25, deadline=None)
def test_any_name_is_typeset(name):
    assert written(one_file(f"/evidence/{name}", case=name or "x")).startswith(b"%PDF")
