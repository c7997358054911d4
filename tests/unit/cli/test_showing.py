"""What is shown stays what it is: no name is markup, no name reaches a terminal as a command to it."""

import json

import pytest

from safelight.casework.report.model import Failure
from safelight.cli import showing, watching

ESCAPES = "e\x1b]0;pwn\a"
NAMES = {
    "[/y]/a.jpg": "[/y]/a.jpg",
    "[bold]x[/y]": "[bold]x[/y]",
    "[bold red]markup[!bold red].jpg": "[bold red]markup[!bold red].jpg",
    "back\\[bold]slash": "back\\[bold]slash",
    "back\\\\[/bold]slash": "back\\\\[/bold]slash",
    ":warning: [link=https://example.org]here": ":warning: [link=https://example.org]here",
    ESCAPES: r"e\x1b]0;pwn\x07",
    "two\nlines\r\x9b31m": r"two\nlines\r\x9b31m",
    "not utf-8 \udcff": r"not utf-8 \xff",
    "lone \ud800": r"lone \ud800",
    "turned \u202egpj.exe": r"turned \u202egpj.exe",
}
each_name = pytest.mark.parametrize(("name", "shown"), NAMES.items(), ids=ascii)


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


@each_name
def test_titles_and_cells_are_shown_as_they_are(name, shown, capsys):
    showing.table(name, ("what", "value"), [("name", name), (name, 1)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == shown
    assert lines[2].split(maxsplit=1) == ["name", shown]
    assert lines[3].startswith(shown)


@each_name
def test_failures_and_warnings_are_shown_as_they_are(name, shown, capsys):
    with watching.Terminal() as terminal:
        terminal.fail(Failure(name, "unreadable", name))
        terminal.warn(name)
    assert capsys.readouterr().err.splitlines() == [f"unreadable: {shown}: {shown}", f"note: {shown}"]


@each_name
def test_lines_are_exact_and_what_stands_beside_them_is_visible(name, shown, capsys):
    lines = watching.Lines()
    lines.fail(Failure(name, "unreadable", name))
    lines.warn(name)
    told = capsys.readouterr()
    failure, note = (json.loads(line) for line in told.out.splitlines())
    assert (failure["path"], failure["reason"], note["text"]) == (name, name, name)
    assert told.err.splitlines() == [f"unreadable: {shown}: {shown}", f"note: {shown}"]
    assert not set(told.out) & {"\x1b", "\x9b", "\x7f", "\a"}
