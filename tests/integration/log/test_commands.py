"""The commands that hand out a checkpoint and take it back cosigned, as processes on a node of their own."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from safelight.log.cosignatures import Cosigner, cosign
from safelight.log.notes import Note
from tests.acceptance.commands import prepare, run

pytestmark = pytest.mark.acceptance
WITNESS = Cosigner("w.example", Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32))


@pytest.fixture
def node(tmp_path):
    settings = {"SAFELIGHT_DATA": str(tmp_path / "data"), "SAFELIGHT_KEY_FILE": str(tmp_path / "key")}
    made = prepare("node", "create", "unit-alpha.example", "--kit", tmp_path / "kit", settings=settings)
    return lambda *words: run(*words, settings=settings), made.events("node")[0]["key"]


def test_a_checkpoint_goes_out_and_comes_back_cosigned(node, tmp_path):
    safelight, key = node
    note, policy = tmp_path / "note", tmp_path / "policy"
    handed_out = safelight("log", "checkpoint").out
    policy.write_text(f"log {key}\nwitness W {WITNESS.key}\nquorum W\n")
    note.write_text(handed_out)
    unseen = safelight("log", "cosigned", note, "--policy", policy)
    assert (unseen.status, unseen.events("cosigned")) == (1, [])
    note.write_bytes(cosign(Note.parse(handed_out.encode()), WITNESS, 100).encode())
    seen = safelight("log", "cosigned", note, "--policy", policy)
    assert (seen.status, seen.err) == (0, "")
    assert seen.events("cosigned") == [{"event": "cosigned", "entries": 1, "witnesses": ["W"]}]
