"""The report's page as a browser shows it: silent, self-contained, usable by keyboard, on a phone and on paper."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from safelight.casework.report.write import write_report
from tests.unit.casework.report.example import example_report, hostile_report

pytestmark = pytest.mark.acceptance
QUIET = (
    "--no-sandbox",  # the tests may run as root in a container, where Chromium's own sandbox cannot start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOSTILE = "<script>document.title='run'</script>\"><img src=http://example.invalid/x onerror=alert(1)>\u202e"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path is not None, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


class Watched:
    """A page with everything that it said on the console, asked of the network, or popped up."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.console: list[str] = []
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.goto(file.as_uri())
        page.wait_for_load_state("networkidle")

    @property
    def asked(self) -> list[str]:
        """Every request but the page's own and the data it carries."""
        return [url for url in self.requests[1:] if not url.startswith("data:")]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path):
    contexts = []

    def open_page(report, width: int = 1280, **options) -> Watched:
        file = write_report(report, "html", tmp_path, pictures=True)
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **options))
        return Watched(contexts[-1].new_page(), file)

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("report", [example_report(), hostile_report(HOSTILE)], ids=["example", "hostile"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_silent_self_contained_and_never_wider_than_the_window(opened, report, width):
    watched = opened(report, width)
    assert watched.console == []
    assert watched.asked == []
    assert watched.dialogs == []
    assert watched.page.title().endswith("Safelight report")
    assert watched.page.evaluate("document.scripts.length") == 0
    watched.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_policy_refuses_a_script_that_got_in(opened):
    watched = opened(example_report())
    watched.page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = \"document.title = 'run'\"; document.body.append(s) }"
    )
    assert watched.page.title() != "run"
    assert any("Content Security Policy" in said for said in watched.console)


def test_lists_unfold_by_keyboard(opened):
    page = opened(example_report()).page
    details = page.locator("#verdict-new details")
    assert details.get_attribute("open") is None
    details.locator("summary").focus()
    page.keyboard.press("Enter")
    assert details.get_attribute("open") is not None
    assert details.locator("li").first.is_visible()


def test_a_picture_stays_masked_until_it_is_focused(opened):
    page = opened(example_report()).page
    mask = page.locator("#verdict-copy-of-known .mask").first
    sharpness = "one => getComputedStyle(one.querySelector('img')).filter"
    assert mask.evaluate(sharpness).startswith("blur(")
    page.locator("#verdict-copy-of-known summary").focus()
    page.keyboard.press("Tab")
    assert mask.evaluate("one => one === document.activeElement")
    assert mask.evaluate(sharpness) == "none"
    page.keyboard.press("Tab")
    assert mask.evaluate(sharpness).startswith("blur(")
    assert mask.locator("img").evaluate("one => [one.clientWidth, one.naturalWidth]") == [64, 64]


@pytest.mark.parametrize(("scheme", "dark"), [("dark", True), ("light", False)])
def test_the_readers_choice_of_light_is_kept(opened, scheme, dark):
    page = opened(example_report(), color_scheme=scheme).page
    red = page.evaluate("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
    assert (red < 64) == dark


def test_paper_is_light_and_shows_what_is_folded(opened):
    page = opened(example_report(), color_scheme="dark").page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    folded = page.locator("#verdict-new details")
    assert folded.get_attribute("open") is None
    assert folded.locator("li").last.is_visible()
