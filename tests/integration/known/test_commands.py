"""`safelight known` as it is typed, in a data folder of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.platform.settings import Settings
from tests.nodes import UNLOCKED, write_node
from tests.unit.known.formats.nsrl import rds3

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_postgresql]

A, B = "a1" * 16, "b2" * 16


@pytest.fixture
def typed(embedded_database: Settings, tmp_path: Path):
    """Type a command on the session's data folder: exit status, JSON lines, and what was said on standard error."""
    write_node(embedded_database.data)
    shutil.rmtree(embedded_database.data / "log", ignore_errors=True)  # an earlier test's, whose entries are gone

    def run(*words: str) -> tuple[int, list[dict], str]:
        command = [sys.executable, "-c", "from safelight.cli import main; main()", "known", *words]
        environment = {**os.environ, **UNLOCKED, "SAFELIGHT_DATA": str(embedded_database.data)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    return run


def test_import_list_show_remove(typed, tmp_path):
    (tmp_path / "alpha.csv").write_text(f"md5,category\n{A},1\n{B},2\n")
    (tmp_path / "beta.txt").write_text(f"{A}\nzz\n")
    (tmp_path / "none.bin").write_bytes(b"\0\1\2")
    status, lines, said = typed(
        "import", "alpha.csv", "--scheme", "VIC-US", "--trust", "partner", "--date", "2026-05-01"
    )
    assert (status, lines[0]["counts"]["new"], said) == (0, 2, "")
    status, lines, said = typed("import", "beta.txt", "none.bin")
    assert status == 1
    assert (lines[0]["counts"]["refused"], lines[1]["exit_code"]) == (1, 1)
    assert "none.bin" in said
    _, (listed,), _ = typed("list")
    assert [(source["name"], source["trust"], source["entries"]) for source in listed] == [
        ("alpha", "partner", 2),
        ("beta", "unverified", 1),
    ]
    _, (shown,), _ = typed("show", "alpha")
    assert shown["by_grade"] == [{"grade": "1", "entries": 1}, {"grade": "2", "entries": 1}]
    assert typed("remove", "alpha")[0] == 0
    assert [source["name"] for source in typed("list")[1][0]] == ["beta"]


def test_values_that_are_left_out_are_counted(typed, tmp_path):
    (tmp_path / "alpha.csv").write_text(f"md5,size,victim identified\n{A},big,maybe\n{B},1,maybe\n")
    status, (told,), _ = typed("import", "alpha.csv")
    assert (status, told["counts"]["left_out"]) == (0, {"size": 1, "victim_identified": 2})
    assert b"maybe" not in Path(told["quarantine"]).read_bytes()


def test_what_is_no_list_is_a_failure_that_is_named(typed, tmp_path):
    (tmp_path / "letter.txt").write_text("hello\n")
    status, _, said = typed("import", "letter.txt")
    assert (status, "letter.txt" in said) == (1, True)


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (["import", "nowhere.csv"], 2, "No such file"),
        (["import", "table.csv"], 2, "--map"),
        (["import", "digests.txt"], 2, "--map 1=sha256"),
        (["import", "list.csv", "--map", "foo=sha257"], 2, "no field 'sha257'"),
        (["import", "x", "y", "--name", "both"], 2, "one by one"),
        (["import", "x", "--map", "md5"], 2, "COLUMN=FIELD"),
        (["import", "x", "--trust", "blind"], 2, "blind"),
        (["import"], 2, "FILES"),
        (["show", "nobody"], 2, "no source"),
        (["remove", "nobody"], 2, "no source"),
    ],
)
def test_wrong_use_ends_with_status_two(typed, tmp_path, words, status, reason):
    (tmp_path / "table.csv").write_text("name,age\nx,1\n")
    (tmp_path / "digests.txt").write_text(f"{A}{B}\n")
    (tmp_path / "list.csv").write_text(f"md5\n{A}\n")
    done, _, said = typed(*words)
    assert (done, reason in said) == (status, True)
    assert "Traceback" not in said


def test_a_published_list_is_imported_shown_checked_and_removed(typed, tmp_path, embedded_database):
    rds3(tmp_path / "nsrl.db", [b"harmless 1", b"harmless 2"])
    status, _, said = typed("import", "nsrl.db")
    assert status == 2
    assert "nsrl.db: this is an NSRL RDS, which names harmless files: import it with --known-good" in said
    status, lines, _ = typed("import", "nsrl.db", "--known-good", "--date", "2026-03-01")
    assert (status, lines[0]["counts"]["new"], lines[0]["trust"], lines[0]["version"]) == (0, 2, "public", "3")
    _, (listed,), _ = typed("list")
    assert [(one["name"], one["entries"], one["published"], one["list_date"]) for one in listed] == [
        ("nsrl", 2, 2, "2026-03-01")
    ]
    _, (shown,), _ = typed("show", "nsrl")
    assert shown["published_rows"] == {"sha256": 2, "sha1": 2, "md5": 2}
    (file,) = (embedded_database.data / "public").glob("*/md5")
    raw = bytearray(file.read_bytes())
    raw[0] ^= 1
    file.write_bytes(raw)
    command = [sys.executable, "-c", "from safelight.cli import main; main()", "vault", "fsck"]
    environment = {**os.environ, **UNLOCKED, "SAFELIGHT_DATA": str(embedded_database.data)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert f"{file} was altered near row 0" in done.stderr
    status, lines, _ = typed("remove", "nsrl", "--yes")
    assert (status, lines[0]["entries"]) == (0, 2)
    assert not list((embedded_database.data / "public").iterdir())
