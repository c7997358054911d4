"""Benchmarks are run seldom: that each of them still starts is seen here."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
STARTING = [
    "assertions",
    "camera_raw",
    "exactness",
    "faults",
    "hashing",
    "images",
    "known_base",
    "log",
    "public_sets",
    "search",
    "sightings",
    "soak",
    "vault_rate",
    "videos",
]


@pytest.mark.parametrize("name", STARTING)
def test_a_benchmark_starts(name):
    command = [sys.executable, str(FOLDER / f"{name}.py"), "--help"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("usage:")


def test_none_is_forgotten():
    apart = {"check_vs_threatexchange", "photographs", "surroundings"}
    assert {path.stem for path in FOLDER.glob("*.py")} == {*STARTING, *apart}
