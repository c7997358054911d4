"""Commands on a terminal: what foreign names make of the screen, and what is said."""

import os
import pty
import re
import subprocess

import pytest

from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from tests.acceptance.commands import SAFELIGHT, prepare, run
from tests.nodes import UNLOCKED, write_node

pytestmark = pytest.mark.acceptance
STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ESCAPES = "e\x1b]0;pwn\a"


class Screen:
    """What a command wrote to its terminal, and its status."""

    def __init__(self, *words, cwd):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "PG"))}
        environment |= {
            "TERM": "xterm",
            "COLUMNS": "300",
            "LINES": "50",
            "SAFELIGHT_DATA": str(cwd / "data"),
            **UNLOCKED,
        }
        write_node(cwd / "data")
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [SAFELIGHT, *words], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=environment
        )
        os.close(theirs)
        self.raw = b"".join(iter(lambda: _read(ours), b"")).decode(errors="surrogateescape").replace("\r\n", "\n")
        os.close(ours)
        self.status = process.wait(timeout=120)
        self.text = STYLE.sub("", self.raw)

    def __repr__(self):
        return f"status {self.status}\n{self.text!r}"


def _read(terminal):
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the last writer has closed it
        return b""


def png(number):
    return FORMATS["png-rgb"].write(picture(31, number, (160, 120)))


@pytest.fixture
def here(tmp_path):
    for number, name in enumerate(("[/y]/a.png", "[bold red]markup[!bold red].png", f"{ESCAPES}/b.png")):
        (tmp_path / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / name).write_bytes(png(number))
    return tmp_path


def test_hash_shows_each_name_as_it_is(here):
    names = ["src/[/y]/a.png", "src/[bold red]markup[!bold red].png", f"src/{ESCAPES}/b.png"]
    screen = Screen("hash", *names, cwd=here)
    assert screen.status == 0, screen
    for shown in ("src/[/y]/a.png", "src/[bold red]markup[!bold red].png", r"src/e\x1b]0;pwn\x07/b.png"):
        assert f"{shown}\n" in screen.text, screen
    assert "\x1b]" not in screen.raw
    assert "\a" not in screen.raw


def test_the_summary_of_a_check_shows_each_name_as_it_is(here):
    (here / "src" / ESCAPES / "broken.png").write_bytes(png(9)[:90])
    (here / "two words").mkdir()
    (here / "two words" / "a.png").write_bytes(png(1))
    marked = Screen("check", "two words", "two words/a.png", "--exhibit", "[bold]x[/y]", "--case", "C 1", cwd=here)
    assert marked.status == 0, marked
    assert "C 1 / [bold]x[/y], run 1" in marked.text, marked
    assert "note: two words/a.png lies inside two words and is checked with it, once" in marked.text
    assert re.search(r"in all +1\b", marked.text), marked
    assert "1 stack of pictures in the case, 0 named failures." in marked.text
    assert f"Report: safelight report 'C 1' --data {here / 'data'}" in marked.text
    lent = Screen("check", f"src/{ESCAPES}", "--case", "C 1", cwd=here)
    assert lent.status == 1, lent
    assert r"C 1 / e\x1b]0;pwn\x07, run 1" in lent.text, lent
    assert "1 named failure." in lent.text
    assert "\x1b]" not in lent.raw
    assert "\a" not in lent.raw
    again = run(
        "check", here / "src" / ESCAPES, "--case", "C 1", "--exhibit", r"e\x1b]0;pwn\x07", "--data", here / "data"
    )
    assert again.summary["run"] == 2, again


def test_the_name_of_a_list_is_shown_as_it_is(here):
    (here / "[red]list[!red].csv").write_text("md5\n" + "a1" * 16 + "\n")
    screen = Screen("known", "import", "[red]list[!red].csv", cwd=here)
    assert screen.status == 2, screen
    assert "[red]list[!red].csv: '[red]list[!red]' cannot name a source" in screen.text, screen
    (here / "[red]list[!red].csv").rename(here / f"{ESCAPES}.csv")
    named = Screen("known", "import", f"{ESCAPES}.csv", "--name", "alpha", cwd=here)
    assert named.status == 0, named
    assert "\x1b]" not in named.raw
    shown = Screen("known", "show", "alpha", cwd=here)
    assert r"e\x1b]0;pwn\x07.csv" in shown.text, shown
    assert "\x1b]" not in shown.raw


def test_cases_are_listed_so_that_they_can_be_read(here):
    assert prepare("check", here / "src", "--case", "C 1", "--data", here / "data").status == 0
    screen = Screen("report", "nocase\x1b[2J", cwd=here)
    assert screen.status == 2
    assert screen.text.strip() == r"safelight: there is no case 'nocase\x1b[2J'; cases here: 'C 1'"


def test_a_dangling_link_and_what_is_kept_here_are_no_sources(here):
    (here / "src" / "dangling").symlink_to("the target")
    refused = run("check", here / "src" / "dangling", "--data", here / "data", settings={})
    assert (refused.status, "dangling' is a link that leads nowhere" in refused.err) == (2, True), refused
    assert not (here / "data").exists()
    assert prepare("check", here / "src", "--data", here / "data").status == 0
    for inner in ("log", "postgres"):
        refused = run("check", here / "data" / inner, "--data", here / "data")
        assert (refused.status, "lies inside the data folder" in refused.err) == (2, True), refused


def test_a_file_named_beside_its_folder_is_counted_once(here):
    ended = run("check", here / "src", here / "src" / "[/y]" / "a.png", "--data", here / "data")
    assert ended.summary["sightings"] == {"new": 3}, ended
    [note] = [event["text"] for event in ended.events("note") if "lies inside" in event["text"]]
    assert "a.png lies inside" in note
