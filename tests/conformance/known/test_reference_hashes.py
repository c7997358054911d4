"""Published hashes of photographs and drawings: none may be held back as flat."""

import os
import re
from pathlib import Path

import pytest

from safelight.known.screening import flatness

DATA = os.environ.get("SAFELIGHT_REFERENCE_DATA")
pytestmark = pytest.mark.skipif(DATA is None, reason="the reference data is absent: set SAFELIGHT_REFERENCE_DATA")


@pytest.mark.parametrize("name", ["haystack.txt", "needles.txt", "expected.csv"])
def test_published_hashes_are_not_flat(name):
    text = (Path(DATA or "") / "pdq" / name).read_text()
    hashes = re.findall(r"\b[0-9a-f]{64}\b", text)
    assert hashes
    assert [hash_ for hash_ in hashes if flatness(bytes.fromhex(hash_))] == []
