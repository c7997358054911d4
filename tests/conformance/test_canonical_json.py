"""The examples of RFC 8785's author: what is read is written again as the one form that is signed."""

import os
from pathlib import Path

import pytest

from safelight.assertions.record import canonical_json, read_json

REFERENCE = os.environ.get("SAFELIGHT_REFERENCE_DATA")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="SAFELIGHT_REFERENCE_DATA names no folder of reference data")
FOLDER = Path(REFERENCE or ".") / "jcs"


def test_each_example_is_written_as_it_says_to_the_byte():
    names = sorted(path.name for path in (FOLDER / "input").iterdir())
    assert names == [f"{name}.json" for name in ("arrays", "french", "structures", "unicode", "values", "weird")]
    for name in names:
        written = canonical_json(read_json((FOLDER / "input" / name).read_bytes()))
        assert written == (FOLDER / "output" / name).read_bytes(), name
        listed = (FOLDER / "outhex" / name).with_suffix(".txt").read_text()
        assert written == bytes.fromhex(listed), name


def test_what_is_canonical_stays_as_it_is():
    for path in (FOLDER / "output").iterdir():
        assert canonical_json(read_json(path.read_bytes())) == path.read_bytes(), path.name
