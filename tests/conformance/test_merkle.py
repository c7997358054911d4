"""The proofs of transparency-dev/merkle, good and bad: each is taken or refused as it says."""

import base64
import json
import os
from pathlib import Path

import pytest

from safelight.log.merkle import BadProofError, check_consistency, check_inclusion

REFERENCE = os.environ.get("SAFELIGHT_REFERENCE_DATA")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="SAFELIGHT_REFERENCE_DATA names no folder of reference data")


def hashes(texts):
    return [base64.b64decode(text) for text in texts or ()]


def inclusion(case):
    leaf, expected = hashes([case["leafHash"], case["root"]])
    check_inclusion(leaf, case["leafIdx"], case["treeSize"], hashes(case["proof"]), expected)


def consistency(case):
    check_consistency(case["size1"], case["size2"], *hashes([case["root1"], case["root2"]]), hashes(case["proof"]))


@pytest.mark.parametrize(("folder", "check", "count"), [("inclusion", inclusion, 98), ("consistency", consistency, 98)])
def test_each_is_taken_or_refused_as_it_says(folder, check, count):
    wrong = []
    paths = sorted(Path(REFERENCE or "", "merkle", folder).rglob("*.json"))
    for path in paths:
        case = json.loads(path.read_text())
        try:
            check(case)
        except BadProofError:
            refused = True
        else:
            refused = False
        if refused is not case["wantErr"]:
            wrong.append(path.name)
    assert (len(paths), wrong) == (count, [])
