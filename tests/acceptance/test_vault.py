"""The commands of the vault, as processes, and writers that are killed."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest

from safelight.platform.postgres.users import using_server
from tests.acceptance.commands import ROOT, prepare, run
from tests.acceptance.forks import said_by
from tests.acceptance.made_nodes import KEY_FILE, put_node, settings_in
from tests.acceptance.vaults import keep

pytestmark = pytest.mark.acceptance
NAME = "unit-alpha.example"
_KEEP = """
import sys
from pathlib import Path
from safelight.platform.database import set_up_django
set_up_django()
from tests.acceptance.vaults import keep
keep(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
"""
HARBOUR, ROOM = "a benign picture of a harbour", "a benign picture of a room"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Unit:
    """A data folder with a node, and a key file beside it."""

    def __init__(self, folder):
        self.data, self.key_file, self.settings = folder / "data", folder / KEY_FILE, settings_in(folder)
        put_node(folder, NAME)

    def run(self, *words):
        return run("vault", *words, settings=self.settings)

    def outside(self):
        """This process's environment, without another database."""
        return {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "PG"))}

    def keeper(self, *contents):
        words = [sys.executable, "-c", _KEEP, self.data, self.key_file, *contents]
        return subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, env=self.outside(), start_new_session=True)

    def keep(self, *contents):
        said_by(keep, self.data, self.key_file, *contents, environment=self.outside())

    def blobs(self):
        return sorted(path for path in (self.data / "vault").glob("[0-9a-f][0-9a-f]/*"))

    def faults(self):
        checked = prepare("vault", "fsck", settings=self.settings)
        kinds = [fault["kind"] for fault in checked.events("fault")]
        assert checked.status == (1 if kinds else 0)
        assert checked.events("vault") == [{"event": "vault", "faults": len(kinds)}]
        return kinds


@pytest.fixture
def unit(tmp_path):
    """A unit whose database stays up between commands."""
    unit = Unit(tmp_path)
    with using_server(unit.data, account=None, wait=60):
        yield unit


def test_what_is_damaged_is_named_a_line_each(unit):
    unit.keep(HARBOUR, ROOM)
    assert unit.faults() == []
    first, second = unit.blobs()
    first.unlink()
    second.chmod(0o600)
    second.write_bytes(second.read_bytes()[:-1] + b"?")
    checked = unit.run("fsck", "--json")
    assert {fault["kind"] for fault in checked.events("fault")} == {"missing", "altered"}
    said = checked.err.splitlines()
    assert len(said) == 3
    assert said[-1].endswith("2 faults, named above")


def test_keys_are_rotated_and_everything_still_opens(unit):
    unit.keep(HARBOUR, ROOM)
    keys = (unit.data / "node-keys.json").read_bytes()
    assert unit.run("rotate").events("rotated") == [
        {"event": "rotated", "generation": 2, "rewrapped": 2, "failed": 0, "unused": [1]},
    ]
    assert (unit.data / "node-keys.json").read_bytes() != keys
    assert unit.faults() == []


def test_held_content_is_not_erased_and_released_content_is(unit):
    unit.keep(HARBOUR, ROOM)
    erase = ["erase", sha256(HARBOUR), "--why", "a court said so", "--legal-basis", "made-up order 7"]
    assert unit.run("hold", sha256(HARBOUR), "--why", "a made-up trial").status == 0
    refused = unit.run(*erase)
    assert (refused.status, "legal hold" in refused.err) == (2, True)
    assert unit.run("release", sha256(HARBOUR), "--why", "it ended").status == 0
    erased = unit.run(*erase, "--recipient", "Agency Beta")
    [shown] = erased.events("certificate")
    assert (erased.status, shown["state"], shown["owner"]) == (0, "pending", NAME)
    assert shown["receipts"] == [{"recipient": "Agency Beta", "received_at": None}]
    [noted] = unit.run("receipt", sha256(HARBOUR), "Agency Beta").events("certificate")
    assert noted["receipts"][0]["received_at"] is not None
    assert unit.run("certificate", sha256(HARBOUR)).events("certificate") == [noted]
    assert unit.run(*erase).status == 1
    assert (len(unit.blobs()), unit.faults()) == (1, [])
    assert prepare("log", "checkpoint", settings=unit.settings).out.splitlines()[1] == "5"


def test_wrong_use_is_told_from_what_is_not_kept(unit):
    because = ["--why", "because", "--legal-basis", "order 7"]
    for words, status in (
        (["erase", "no digest", *because], 2),
        (["erase", sha256(HARBOUR)], 2),
        (["erase", sha256(HARBOUR), *because], 1),
        (["certificate", sha256(HARBOUR)], 1),
        (["release", sha256(HARBOUR), "--why", "because"], 2),
        (["hold", sha256(HARBOUR), "--why", " "], 2),
    ):
        assert unit.run(*words).status == status


@pytest.mark.parametrize("after", [0.05])
def test_a_keeper_that_is_killed_leaves_orphans_at_most_and_loses_nothing_acknowledged(unit, after):
    keeper = unit.keeper()
    acknowledged = int(keeper.stdout.readline())
    time.sleep(after)
    os.kill(keeper.pid, signal.SIGKILL)
    rest = keeper.communicate()[0].split()
    acknowledged = int(rest[-1]) if rest else acknowledged
    assert set(unit.faults()) <= {"orphan", "stray"}
    [swept] = unit.run("sweep").events("swept")
    unit.keep(HARBOUR)  # whoever keeps next clears away what was unfinished
    assert unit.faults() == []
    assert len(unit.blobs()) >= acknowledged + 1
    assert swept["keys"] == 0
