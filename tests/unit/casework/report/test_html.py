"""The page: complete, self-contained, bounded, legible, and deaf to what hostile names try to say."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO, StringIO

import pytest
from django.template import Context, Engine
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from safelight.casework.report import html as html_module
from safelight.casework.report.html import write_html
from safelight.casework.report.model import ReportStack
from safelight.casework.report.page import page_of
from safelight.casework.report.tiles import tile_png
from tests.unit.casework.report.example import ALARM, TILE, example_report, hostile_report, item, large_report, near

SHEET = html_module._templates() / "style.css"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "{{ page.case }}{% include 'style.css' %}",
    "javascript:alert(1)",
    "<!-- --><svg/onload=alert(1)>&#60;b&gt;",
    "\u202e\u2066gpj.exe\x00\x1b]0;x\x07\n\r\n",
    "\udcff\udc80",
)


def page(report, **options) -> str:
    out = StringIO()
    write_html(report, out, **options)
    return out.getvalue()


class Outline(HTMLParser):
    """Collects elements with their attributes' names, all addresses, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags, self.addresses, self.said = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.addresses += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.said.append(data)


def test_the_page_says_what_matters():
    text = " ".join(" ".join(Outline(page(example_report())).said).split())
    for words in (
        "Harbour 17",
        "Demonstration: lists, grades and series are made up",
        "54 files (51 contents): 5 known, 3 copies of known, 28 new, 1 known good, 1 locked, 2 could not be read",
        "They disagree on: grade in DEMO, victim identified",
        "SHA-256 equal to an entry of demo-not-for-use-alpha, which says DEMO 1 'Category one', Series Harbour",
        "PDQ within 9 of 256 bits, mirrored (flipx), of an entry of",
        "A perceptual match: it never sets a grade.",
        "This source has since been removed; the answer keeps its evidence.",
        "System/secret unreadable : Permission denied.",
        "Changes 3",
        "tmp/lock vanished : It was listed",
        "odd.jpg replaced : an earlier version, SHA-256 ",
        "Examplar EX-100",
        "54.10210, 10.81733",
        "Run 2 interrupted , by Officer Rowan",
        "2026-03-14 12:55:26 UTC, not ended",
        r"odd\n\u202egpj.",
    ):
        assert words in text, words


def test_the_page_fetches_and_runs_nothing():
    outline = Outline(page(example_report(), pictures=True))
    assert not {tag for tag, _ in outline.tags} & {
        "script",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "audio",
        "video",
    }
    assert all(address.startswith(("#", "data:")) for address in outline.addresses)
    assert not [name for _, names in outline.tags for name in names if name.startswith("on") or name == "style"]
    assert "url(" not in SHEET.read_text()
    assert "@import" not in SHEET.read_text()


def test_the_policy_allows_the_sheet_that_is_there_and_no_other():
    text = page(example_report())
    sheet = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1].replace("&#x27;", "'")
    assert policy.replace("&#x2B;", "+").split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_every_link_leads_somewhere():
    text = page(example_report())
    anchors = set(re.findall(r' id="([^"]*)"', text))
    assert {address[1:] for address in Outline(text).addresses if address.startswith("#")} <= anchors


def test_every_word_of_the_templates_is_known():
    engine = Engine(dirs=[str(html_module._templates())], string_if_invalid="MISSING(%s)")
    context = Context({"page": page_of(example_report(), pictures=True), "policy": ""}, use_l10n=False, use_tz=False)
    assert "MISSING" not in engine.get_template("page.html").render(context)


PLAIN = Outline(page(hostile_report("x"), pictures=True))


def assert_harmless(text: str) -> None:
    told = page(hostile_report(text), pictures=True)
    outline = Outline(told)
    assert outline.tags == PLAIN.tags
    assert outline.addresses == PLAIN.addresses
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", told)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    assert_harmless(text)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec=None) | st.sampled_from("<>&'\"{}%/=-\u202e"), min_size=1, max_size=40))
def test_any_text_stays_text(text):
    assert_harmless(text)


def test_a_reason_is_given_where_no_evidence_speaks():
    text = page(example_report())
    assert '<p class="reason">A password is needed to open this archive entry.</p>' in text
    repeated = replace(example_report(), items=(item("a", "copy of known", reason="perceptual", evidence=(near(),)),))
    assert 'class="reason"' not in page(repeated)


def test_no_pictures_unless_asked():
    assert "<img" not in page(example_report())


def test_pictures_are_of_what_a_person_still_has_to_judge():
    judged = example_report()
    answered = tuple(one for one in judged.items if one.graded or one.verdict in ("known", "known good"))
    assert "<img" in page(judged, pictures=True)
    assert "<img" not in page(replace(judged, items=answered), pictures=True)


def test_a_tile_is_a_png_of_its_bytes():
    with Image.open(BytesIO(tile_png(TILE))) as picture:
        assert (picture.format, picture.mode, picture.size, picture.tobytes()) == ("PNG", "L", (64, 64), TILE)
    with pytest.raises(ValueError, match="4096 bytes, this one has 3"):
        tile_png(b"abc")


def test_the_page_is_bounded_whatever_the_case():
    small, large = page(large_report(1200), pictures=True), page(large_report(2400), pictures=True)
    assert len(large) < 1.02 * len(small) < 3_000_000
    assert "and 760 more: see the CSV or JSON report" in large


def test_long_texts_are_cut():
    long = page(replace(example_report(), items=(item("a", "new", "/" + "a" * 100_000),)))
    assert len(long) < 60_000
    assert "characters…" in long


def test_an_empty_case_is_a_page_too():
    nothing = replace(
        example_report(),
        items=(),
        stacks=(),
        sources=(),
        failures=(),
        exhibits=(),
        warnings=(),
        demo=False,
    )
    text = page(nothing)
    assert "0 files (0 contents): none." in text
    assert "The known base was empty: nothing could be known." in text


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = (int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


PALETTES = [
    dict(re.findall(r"--(\w+):(#\w+)", block)) for block in re.findall(r":root\{(.*?)\}", SHEET.read_text(), re.DOTALL)
]


@pytest.mark.parametrize("palette", PALETTES, ids=["dark", "light", "print"])
@pytest.mark.parametrize("ground", ["ground", "raised"])
@pytest.mark.parametrize("ink", ["text", "quiet", "accent"])
def test_contrast_meets_wcag_aa(palette, ground, ink):
    assert _contrast(palette[ink], palette[ground]) >= 4.5
    assert _contrast(palette["value"], palette["track"]) >= 3


def test_what_is_urgent_stands_before_everything_else():
    some = [item(f"calm-{number}") for number in range(3)]
    alarming, gone = item("alarming", urgent=(ALARM,)), item("gone", sightings=(), urgent=(ALARM,))
    report = replace(
        example_report(),
        items=(*some, alarming, gone),
        stacks=(
            ReportStack("known", tuple((one.sha256, "copy", 1) for one in some), ()),
            ReportStack("new", ((alarming.sha256, "copy", 1), (gone.sha256, "copy", 1)), ((some[0].sha256, 9),)),
        ),
    )
    made = page_of(report)
    assert [one.digest for one in made.urgent.shown] == [alarming.sha256]
    assert [one.head.digest for one in made.stacks.shown] == [alarming.sha256, some[0].sha256]
    text = page(report)
    assert text.index("a child may be at risk now: 1 file (1 content)") < text.index("DCIM/alarming.jpg")
    assert text.index("DCIM/alarming.jpg") < text.index('id="summary-title"')
    assert "desk of Agency Alpha" in text
    assert 'id="urgent"' not in page(replace(report, items=tuple(some), stacks=()))
