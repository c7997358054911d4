"""A backup that is taken while a check is at work restores to a whole node, on which the same check then finishes."""

import os
import shutil
import subprocess
import sys

import pytest

from safelight.log.notes import Signer
from safelight.samples.archives import ZipEntry, write_zip
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from tests.acceptance.commands import ROOT, Command, outcome_of, prepare, run, wait_for
from tests.nodes import KEYS, UNLOCKED, write_node

pytestmark = pytest.mark.acceptance
FILES, HALF = 24, 4
_SLOWLY = """
import sys, time
from pathlib import Path
from safelight.platform.database import set_up_django
set_up_django()
from safelight.casework.check import recorder
folder, half = Path(sys.argv.pop(1)), int(sys.argv.pop(1))
flush, flushes = recorder.Recorder.flush, 0

def slowly(self, line):
    global flushes
    flush(self, line)
    flushes += 1
    (folder / "begun").touch()
    time.sleep(0.3)
    while flushes >= half and not (folder / "taken").exists():
        time.sleep(0.1)

recorder.BATCH, recorder.Recorder.flush = 2, slowly
from safelight.cli import main
main()
"""
"""A check that records few files at a time, and only so many batches before a backup is taken."""


def png(number):
    return FORMATS["png-rgb"].write(picture(31, number, (120, 90)))


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:02d}.png").write_bytes(png(number))
    inner = [ZipEntry(f"{number}.png".encode(), png(100 + number)) for number in range(6)]
    (folder / "more.zip").write_bytes(write_zip(inner))
    return folder


def checking(source, data):
    return ["--data", str(data), "check", str(source), "--case", "Case Harbour", "--workers", "2"]


def test_a_backup_taken_beside_a_check_is_whole_and_the_check_finishes_on_it(source, tmp_path):
    data, again, backups = tmp_path / "data", tmp_path / "again", tmp_path / "backups"
    write_node(data)
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "PG"))} | UNLOCKED
    words = [sys.executable, "-c", _SLOWLY, str(tmp_path), str(HALF), *checking(source, data)]
    check = subprocess.Popen(words, env=outside, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for((tmp_path / "begun").exists)
        taken = run("--data", data, "backup", "create", backups)
        assert taken.status == 0, taken
        assert check.poll() is None, "the backup was taken beside it"
        (tmp_path / "taken").touch()
        assert check.communicate(timeout=120)[1].count(b"Traceback") == 0
        assert check.returncode == 0
    finally:
        check.kill()
    whole = outcome_of(data)
    restored = run("--data", again, "backup", "restore", backups, "--why", "a made-up drill", settings=UNLOCKED)
    assert restored.status == 0, restored
    assert restored.events("restored")[0]["faults"] == 0
    assert_whole(again, tmp_path)
    half = outcome_of(again)
    assert 0 < len(half["sightings"]) < len(whole["sightings"])
    ended = Command(*checking(source, again), settings=UNLOCKED).end()
    assert ended.status == 0, ended
    assert ended.summary["skipped"] > 0
    assert outcome_of(again) == whole
    assert_whole(again, tmp_path)


def assert_whole(data, folder):
    """All in the vault opens and nothing is nobody's; the log holds on a copy."""
    settings = UNLOCKED | {"SAFELIGHT_DATA": str(data)}
    assert prepare("vault", "fsck", settings=settings).events("vault") == [{"event": "vault", "faults": 0}]
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data / "log", copy)
    verified = prepare("log", "verify", copy, "--key", Signer(KEYS.node, KEYS.root.signing_key()).key, settings={})
    assert verified.status == 0, verified
