"""A statement is typed: history, check and report say it, and a withdrawal takes it back."""

import hashlib
import json

import pytest

from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from tests.acceptance.commands import prepare, run

pytestmark = pytest.mark.acceptance
WHY = ("--why", "a made-up reason")
USUAL = ("--basis", "Invented Act 1", "--nature", "assessment")


def test_a_grade_is_typed_shown_and_taken_back(tmp_path):
    source, data = tmp_path / "source", ("--data", tmp_path / "data")
    source.mkdir()
    (source / "one.png").write_bytes(FORMATS["png-rgb"].write(picture(33, 1, (96, 64))))
    assert prepare("check", source, "--case", "My case", *data).status == 0
    digest = hashlib.sha256((source / "one.png").read_bytes()).hexdigest()
    about = ("--about", f"item:{digest}", *USUAL)
    graded = run("state", "make", "grade", *about, "--set", "scheme=DEMO", "--set", "value=made-up 7", *data)
    assert (graded.status, graded.err) == (0, "")
    [said] = graded.events("statement")

    def told():
        [found] = run("history", digest, *WHY, *data).events("history")
        assert run("check", source, "--case", "My case", *data).status == 0
        assert run("report", "My case", *data, "--format", "csv", "--out", tmp_path / "out").status == 0
        report = "".join(path.read_text() for path in sorted((tmp_path / "out").rglob("*.csv")))
        return found["lines"], "made-up 7" in report

    lines, is_reported = told()
    assert ["value made-up 7" in line and said["id"] in line for line in lines] == [True]
    assert is_reported
    back = run("state", "make", "withdrawn", *about, "--set", "why=a mistake", "--supersedes", said["id"], *data)
    assert (back.status, back.err) == (0, "")
    lines, is_reported = told()
    assert [f"by {back.events('statement')[0]['id']}" in line for line in lines] == [True, False]
    assert not is_reported


def test_what_is_urgent_is_said_first_by_check_and_report(tmp_path):
    source, data = tmp_path / "source", ("--data", tmp_path / "data")
    source.mkdir()
    for number in (1, 2):
        (source / f"{number}.png").write_bytes(FORMATS["png-rgb"].write(picture(33, number, (96, 64))))
    assert prepare("check", source, "--case", "My case", *data).summary["urgent"] == 0
    about = ("--about", f"item:{hashlib.sha256((source / '2.png').read_bytes()).hexdigest()}", *USUAL)
    said = ("--set", "why=a new picture", "--set", "contact=made-up desk")
    assert prepare("state", "make", "urgent", *about, *said, *data).status == 0
    again = run("check", source, "--case", "My case", *data)
    [alarm] = again.events("urgent")
    assert (alarm["path"], again.summary["urgent"]) == (str(source / "2.png"), 1)
    assert "a new picture (contact: made-up desk)" in alarm["says"][0]
    assert again.out.index('"urgent"') < again.out.index('"summary"')
    for kind in ("html", "csv", "json"):
        assert prepare("report", "My case", *data, "--format", kind, "--out", tmp_path / f"out.{kind}").status == 0
    page, value = (tmp_path / "out.html").read_text(), json.loads((tmp_path / "out.json").read_text())
    assert page.index("a child may be at risk now: 1 file") < page.index("2.png") < page.index("1.png")
    assert value["summary"]["urgency"] == "Urgent: a child may be at risk now: 1 file (1 content)."
    first = (tmp_path / "out.csv").read_text().splitlines()[1]
    assert "2.png" in first
    assert "made-up desk" in first


def test_a_draft_is_written_once_and_sent_as_it_stands(tmp_path):
    data, draft = ("--data", tmp_path / "data"), tmp_path / "draft"
    note = (
        "state",
        "make",
        "note",
        "--about",
        f"item:{'ab' * 32}",
        *USUAL,
        "--set",
        "text=seen",
        "--draft",
        draft,
        *data,
    )
    [written] = run(*note).events("draft")
    assert written["assertion"] == hashlib.sha256(draft.read_bytes()).hexdigest()
    assert run(*note).status == 2
    [sent] = run("state", "send", draft, *data).events("statement")
    [found] = run("history", "ab" * 32, *WHY, *data).events("history")
    assert [sent["id"] in line for line in found["lines"]] == [True]
    assert sent["id"] == written["id"]
    assert "no kind of statement" in run("state", "make", "rumour", *note[3:-4], *data).err
    assert "grade" in {one["kind"] for one in run("state", "kinds").events("kind")}
    unread = run("state", "send", "/proc/self/mem", *data)
    assert (unread.status, "cannot be read" in unread.err) == (2, True)
