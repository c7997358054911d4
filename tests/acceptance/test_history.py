"""`safelight history` shows who says what of an item, asks why, and says where nothing is known.

Asked by MD5 or SHA-1, it shows every content under it: two that share an MD5 are made up by a list.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.vault.protection import make_key_file
from tests.acceptance.commands import ROOT
from tests.acceptance.test_node import PASSPHRASE, Unit, typed

pytestmark = pytest.mark.acceptance
PURPOSE = "identify-persons-and-objects"
ITEM, UNKNOWN = f"{1:064x}", f"{2:064x}"
MD5 = f"{7:032x}"
LISTED = [(f"{8:040x}", ITEM), (f"{9:040x}", UNKNOWN)]
_STATE = """
import sys
from datetime import timedelta
from pathlib import Path
from safelight.platform.clock import now
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from safelight.vault.protection import read_key_file
from tests.unit.assertions.example import identifier, statement

data, key_file = map(Path, sys.argv[1:])
with open_database(read_settings(data=data), as_owner=True):
    from safelight.access.node import open_node
    from safelight.assertions.actions import do_make_as_node
    node = open_node(read_settings(data=data), read_key_file(key_file, data))
    moment = now()
    made = moment.replace(microsecond=0) - timedelta(hours=1)
    usual = dict(agency=node.name, made=made, review=made + timedelta(days=30), purpose="identify-persons-and-objects")
    for one in (
        statement(number=1, **usual),
        statement("note", 2, says={"text": "seen before"}, **usual),
        statement("withdrawn", 3, supersedes=(identifier(2),), **usual),
        statement("note", 4, says={"text": "taken down"}, **usual | {"purpose": "removal"}),
    ):
        do_make_as_node(one, node, acting_user="officer-7", now=moment)
"""


@pytest.fixture(scope="module")
def unit(tmp_path_factory):
    """One node for every test here: asking changes nothing but the log."""
    made = Unit(tmp_path_factory.mktemp("unit"))
    made.create()
    listed = "".join(f"{MD5},{sha1},{sha256},1\n" for sha1, sha256 in LISTED)
    path = made.data.parent / "Series Harbour.csv"
    path.write_text(f"md5,sha1,sha256,category\n{listed}")
    assert made.prepare("known", "import", path, "--known-good").status == 0
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "PG"))}
    command = [sys.executable, "-c", _STATE, made.data, made.key_file]
    subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
    return made


def history(unit, *words):
    return unit.run("history", *words)


def test_what_is_said_of_an_item_is_shown_and_the_question_logged(unit):
    asked = history(unit, ITEM.upper(), "--why", "a new seizure")
    assert (asked.status, asked.err) == (0, "")
    [told] = asked.events("history")
    assert (told["digest"], told["purposes"], len(told["lines"])) == (ITEM, [PURPOSE], 3)
    assert "Grade about item" in told["lines"][0]
    assert "withdrawn on" in told["lines"][1]
    before = int(unit.prepare("log", "checkpoint").out.splitlines()[1])
    other = history(unit, ITEM, "--why", "a takedown", "--purpose", "removal")
    assert [("taken down" in line) for line in other.events("history")[0]["lines"]] == [True]
    assert int(unit.prepare("log", "checkpoint").out.splitlines()[1]) == before + 1


@pytest.mark.parametrize(
    ("asked", "contents"),
    [
        (MD5.upper(), {ITEM: 3, UNKNOWN: 0}),
        (LISTED[0][0], {ITEM: 3}),
        (LISTED[1][0], {UNKNOWN: 0}),
        ("f" * 32, {None: 0}),
    ],
)
def test_an_md5_or_sha1_leads_to_every_content_under_it(unit, asked, contents):
    told = history(unit, asked, "--why", "a partner's list")
    assert (told.status, told.err) == (0, "")
    assert {one["digest"]: len(one["lines"]) for one in told.events("history")} == contents
    assert {one["asked"] for one in told.events("history")} == {asked.lower()}


def test_where_nothing_is_said_it_says_so(unit):
    asked = history(unit, UNKNOWN, "--why", "a new seizure")
    assert (asked.status, asked.err) == (0, "")
    assert asked.events("history")[0]["lines"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["abc", "--why", "x"], "no SHA-256"),
        ([f"{1:033x}", "--why", "x"], "no SHA-256, SHA-1 or MD5"),
        ([ITEM], "why"),
        ([ITEM, "--why", " "], "reason"),
        ([ITEM, "--why", "x", "--purpose", "curiosity"], "no purpose"),
    ],
)
def test_what_cannot_be_asked_is_refused(unit, words, said):
    asked = history(unit, *words)
    assert (asked.status, asked.out) == (2, "")
    assert said in asked.err


def test_without_a_node_it_says_so(tmp_path):
    unit = Unit(tmp_path)
    unit.data.mkdir(0o700)
    make_key_file(unit.key_file, unit.data)
    asked = history(unit, ITEM, "--why", "x")
    assert asked.status != 0
    assert (asked.out, len(asked.err.splitlines())) == ("", 1)
    assert "no node" in asked.err.lower()


def test_on_a_terminal_it_is_a_table_after_a_passphrase(tmp_path):
    data = Path(tmp_path) / "data"
    status, _shown = typed(["node", "create", "unit-alpha.example"], data, PASSPHRASE, PASSPHRASE)
    assert status == 0
    asked = ["history", UNKNOWN, "--why", "a new seizure"]
    status, shown = typed(asked, data, PASSPHRASE)
    assert status == 0
    assert "Nothing is said of" in shown
    status, shown = typed(["history", MD5, "--why", "a new seizure"], data, PASSPHRASE)
    assert status == 0
    assert "No content is known here" in shown
    status, shown = typed([*asked, "--json"], data, PASSPHRASE)
    assert '{"event": "history"' in shown


def test_lines_on_a_terminal_stand_in_a_table(unit, monkeypatch):
    monkeypatch.setenv("SAFELIGHT_KEY_FILE", str(unit.key_file))
    status, shown = typed(["history", ITEM, "--why", "a new seizure"], unit.data)
    assert status == 0
    assert "the earliest first" in shown
    assert "seen before" in " ".join(shown.split())
