"""Kernels load without a compiler where they were compiled before, and work where nothing can be kept."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from safelight.signatures.turning import _mirror


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**{k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


ONE = """
import numba, numpy as np
from safelight.media import compiled
from safelight.signatures.turning import turn
turn(np.zeros((2, 3, 3), np.uint8), 6)
print(numba.config.CACHE_DIR)
"""


def test_the_cache_is_the_platforms_where_none_is_named(tmp_path: Path):
    assert run(ONE, XDG_CACHE_HOME=str(tmp_path)) == str(tmp_path / "safelight" / "compiled")
    assert list(tmp_path.rglob("*.nbc"))


def test_a_named_cache_is_used(tmp_path: Path):
    assert run(ONE, NUMBA_CACHE_DIR=str(tmp_path / "own")) == str(tmp_path / "own")
    assert list((tmp_path / "own").rglob("*.nbc"))


def test_without_any_place_for_a_cache_kernels_still_work(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    code = f"import numba\nnumba.config.CACHE_DIR = {str(blocked / 'under')!r}\n" + ONE
    assert run(code).endswith("under")


def test_unforeseen_types_are_refused_and_not_compiled():
    with pytest.raises(TypeError):
        _mirror(np.zeros((2, 2, 3), np.float32), False, False, np.zeros((2, 2, 3), np.float32))
