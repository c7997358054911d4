"""Addresses and accounts are found in one spelling, each once, in time in proportion to the text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.writing.addresses import link_of, named_in, refang, url_of
from safelight.writing.types import MOST_NAMED, NAMED_CHARACTERS, Naming

FOUND = {
    "see https://Example.ORG:443/Path?q=1#F.": [("url", "https://example.org/Path?q=1#F")],
    "(http://example.org/a_(b))": [("url", "http://example.org/a_(b)")],
    "hxxps[:]//example[.]org/x": [("url", "https://example.org/x")],
    "hxxp://example(dot)org": [("url", "http://example.org")],
    '"url":"https:\\/\\/example.org\\/x"': [("url", "https://example.org/x")],
    "www.example.org/x, and": [("url", "www.example.org/x")],
    "user@Example.ORG.": [("mail address", "user@example.org")],
    "robin[at]example[.]org": [("mail address", "robin@example.org")],
    "ask @robin_x!": [("account", "@robin_x")],
    "@media print { }": [],
    "username: kim99": [("account", "kim99")],
    "a user: is a person": [],
    "14.03.26, 18:02 - Kim B: hello": [("account", "Kim B")],
    "\u200e[14/03/2026, 6:02:10\u202fPM] Kim: hello": [("account", "Kim")],
    "call +49 (170) 123-4567 now": [("telephone", "+491701234567")],
    "1701234567 or 2026-03-14": [],
    "a1+1=2 and 3+123456789": [],
    f"{'a' * 56}.onion/x": [("url", f"{'a' * 56}.onion/x")],
}


@pytest.mark.parametrize("text", FOUND)
def test_what_a_text_names_is_found_in_one_spelling(text):
    assert [(one.what.value, one.value) for one in named_in(text)[0]] == FOUND[text]


def test_each_is_named_once_where_it_stands_first():
    named, more = named_in("a http://example.org b HTTP://EXAMPLE.org:80 c")
    assert ([(one.value, one.at) for one in named], more) == ([("http://example.org", 2)], False)


def test_more_than_fit_are_left_out_and_it_is_said():
    named, more = named_in(" ".join(f"http://example.org/{number}" for number in range(MOST_NAMED + 1)))
    assert (len(named), more) == (MOST_NAMED, True)
    named, more = named_in(" ".join(f"http://example.org/{number}{'x' * 1900}" for number in range(50)))
    assert more
    assert sum(len(one.value) for one in named) <= NAMED_CHARACTERS


@pytest.mark.parametrize(
    ("link", "what", "value"),
    [
        ("HTTPS://Example.org/x", Naming.URL, "https://example.org/x"),
        ("//cdn.example/x.png", Naming.URL, "https://cdn.example/x.png"),
        ("mailto:Kim@Example.org?subject=x", Naming.MAIL, "Kim@example.org"),
        ("tel:+49-170-1234567", Naming.PHONE, "+491701234567"),
        ("tg://resolve?domain=robin", Naming.URL, "tg://resolve?domain=robin"),
    ],
)
def test_a_link_leads_to_what_it_says(link, what, value):
    found = link_of(link, 7)
    assert (found.what, found.value, found.at) == (what, value, 7)


@pytest.mark.parametrize("link", ["", "#top", "x/y.html", "javascript:go()", "data:text/plain,x", "mailto:", "http:"])
def test_a_link_within_a_page_leads_nowhere(link):
    assert link_of(link, 0) is None


@given(st.text(st.sampled_from("htps:/w.@])exX0 \\?#&~\n+1"), max_size=80))
def test_one_spelling_stays_as_it_is(text):
    for written in ("http://" + text, text):
        assert url_of(url_of(written)) == url_of(written)


@given(st.text(max_size=100))
def test_what_was_not_made_harmless_is_not_touched(text):
    assert refang(text) == text or any(mark in text for mark in "[(\\") or "x" in text.lower()


PIECES = [
    *("a", "@", "a.", "a@", "a@b.", "http://", "+1 ", "+", "1", "user:", "\n", " ", "\nuser ", "[.]", "hxxp", "www.", "-"),
    *("\t\n", "\n1.1.1, ", "+1(-", "[at]", ".onion", "a.onion", "(", "http://((((", "http://x)))", "\\/", "@a", "w", "://", "a!@b.c ", "http://a ", "aaaaaa://"),
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_with_the_text_and_not_faster(piece):
    """Four times the text in ten times the time at the most; what is quadratic takes sixteen times."""
    short, long = (_seconds((piece * size)[:size]) for size in (1 << 18, 1 << 20))
    assert long <= 10 * short + 0.05


@given(st.text(max_size=300))
def test_any_text_is_looked_through(text):
    named, _ = named_in(text)
    assert all(0 <= one.at < len(text) and one.value for one in named)


def _seconds(text):
    took = []
    for _ in range(2):
        begun = time.perf_counter()
        named_in(text)
        took.append(time.perf_counter() - begun)
    return min(took)
