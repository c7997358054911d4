"""A node is made once; its log can be checked by whoever has a copy and the public key."""

import os
import pty
import re
import shutil
import stat
import subprocess

import pytest

from safelight.log.checkpoints import Checkpoint, sign_checkpoint
from safelight.log.growth import grow
from safelight.log.merkle import EMPTY_ROOT
from safelight.log.notes import Note, Signer
from safelight.log.stores.folder import FolderTileStore
from safelight.vault.nodekeys import load_keys
from safelight.vault.protection import read_key_file
from tests.acceptance.commands import SAFELIGHT, prepare, put_database, run, wait_until_stopped
from tests.acceptance.made_nodes import KEY_FILE, make_node, put_node, settings_in

pytestmark = pytest.mark.acceptance
NAME = "unit-alpha.example"
PASSPHRASE = b"a lamp in the darkroom\n"


class Unit:
    """A data folder, and a key file beside it."""

    def __init__(self, folder):
        self.folder, self.data, self.key_file = folder, folder / "data", folder / KEY_FILE
        self.settings = settings_in(folder)

    def run(self, *words):
        return run(*words, settings=self.settings)

    def prepare(self, *words):
        """A command that a test needs and is not about."""
        return prepare(*words, settings=self.settings)

    def create(self):
        """Be the node that is made once for all tests; its public key."""
        return put_node(self.folder, NAME)

    def create_another(self):
        """Be a node of the same name, with keys of its own."""
        return make_node(self.folder, NAME)


@pytest.fixture
def unit(tmp_path):
    return Unit(tmp_path)


def typed(words, data, *passphrases, settings=None):
    """Run a command on a terminal and type a passphrase at each prompt; its status and all that was shown."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "PG"))}
    process = subprocess.Popen(
        [SAFELIGHT, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment | {"SAFELIGHT_DATA": str(data)} | (settings or {}),
        start_new_session=True,
    )
    os.close(theirs)
    shown, left = b"", list(passphrases)
    try:
        while piece := os.read(ours, 1 << 16):
            shown += piece
            if left and shown.rstrip(b" ").endswith(b":"):
                os.write(ours, left.pop(0))
                shown += b"\n"
    except OSError:  # the last writer has closed it
        pass
    os.close(ours)
    return process.wait(timeout=60), shown.decode()


def test_a_node_is_made_once_and_its_kit_lies_where_it_was_told_to(unit):
    made = unit.run("node", "create", NAME, "--needed", "3", "--shares", "5", "--kit", unit.folder / "kit")
    assert made.status == 0
    [told] = made.events("node")
    assert (told["name"], told["key"].partition("+")[0]) == (NAME, NAME)
    sheets = sorted((unit.folder / "kit").iterdir())
    assert [path.name for path in sheets] == [f"share-{number}-of-5.txt" for number in range(1, 6)]
    private = [*sheets, unit.key_file, unit.data / "node-keys.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    keys = (unit.data / "node-keys.json").read_bytes()
    again = unit.run("node", "create", "unit-beta.example")
    assert (again.status, (unit.data / "node-keys.json").read_bytes()) == (2, keys)
    assert "never written over" in again.err


def test_nothing_of_the_key_is_in_the_data_folder(unit):
    unit.create()
    words = re.findall(r"\d+ ([a-z]+)", (unit.folder / "kit" / "share-1-of-3.txt").read_text())[3:]
    phrases = [unit.key_file.read_bytes().strip(), " ".join(words[:6]).encode()]
    wait_until_stopped(unit.data)
    files = [path for path in unit.data.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert [path for path in files if any(phrase in path.read_bytes() for phrase in phrases)] == []


def test_a_copy_of_the_log_is_verified_with_the_public_key_alone(unit, tmp_path):
    key = unit.create()
    kept = tmp_path / "checkpoint"
    kept.write_text(unit.prepare("log", "checkpoint").out)
    copy = shutil.copytree(unit.data / "log", tmp_path / "copy")
    wait_until_stopped(unit.data)
    shutil.rmtree(unit.data)
    verified = run("log", "verify", copy, "--key", key, "--checkpoint", kept)
    assert (verified.status, verified.err) == (0, "")
    assert verified.events("log") == [{"event": "log", "entries": 1, "checkpoints": 1, "faults": []}]


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (lambda log: (log / "tile/entries/000.p/1").write_bytes(b"\0\x20" + bytes(32)), "edit"),
        (lambda log: (log / "tile/0/000.p/1").unlink(), "truncation"),
        (lambda log: (log / "checkpoint").unlink(), "truncation"),
    ],
)
def test_a_log_that_was_harmed_does_not_hold(unit, harm, kind):
    key = unit.create()
    harm(unit.data / "log")
    found = run("log", "verify", unit.data / "log", "--key", key)
    assert found.status == 1
    [event] = found.events("log")
    assert kind in {fault["kind"] for fault in event["faults"]}
    assert found.err.splitlines()[-1].endswith("faults, named above")


def test_another_node_put_in_its_place_is_a_fork(unit, tmp_path):
    key = unit.create()
    kept = tmp_path / "checkpoint"
    kept.write_text(unit.prepare("log", "checkpoint").out)
    other = Unit(tmp_path / "other")
    other.folder.mkdir()
    other.create_another()
    found = run("log", "verify", other.data / "log", "--key", key, "--checkpoint", kept)
    assert (found.status, "cannot be trusted" in found.err) == (1, True)


def test_a_node_is_had_back_from_its_kit(unit):
    """The key file is lost, then the file of node keys with it."""
    key = unit.create()
    shares = [word for number in (3, 1) for word in ("--share", unit.folder / "kit" / f"share-{number}-of-3.txt")]
    unit.key_file.unlink()
    assert unit.run("node", "recover", *shares, "--why", "the key file is lost").status == 0
    (unit.data / "node-keys.json").unlink()
    assert unit.run("node", "recover", *shares, "--why", "a disk is lost").status == 2
    back = unit.run("node", "recover", *shares, "--why", "a disk is lost", "--name", NAME)
    assert [told["key"] for told in back.events("node")] == [key]
    proof = unit.folder / "proof"
    said = []
    for number in (1, 3):  # each is followed by that the glass was broken
        proof.write_text(unit.prepare("log", "prove", number).out)
        [shown] = prepare("log", "open", proof, "--key", key).events("entry")
        said.append((shown["entry"]["event"], shown["entry"]["why"], shown["entry"]["about"]["keys file"]))
    assert said == [
        ("access:node:recovered", "the key file is lost", True),
        ("access:node:recovered", "a disk is lost", False),
    ]
    assert prepare("log", "verify", unit.data / "log", "--key", key).status == 0


def test_a_further_kit_is_written_where_nothing_lies_and_has_the_node_back(unit):
    """As after a kill between the file of node keys and the first kit."""
    key = unit.create()
    made = unit.run("node", "kit", unit.folder / "second", "--needed", "3", "--shares", "4", "--why", "never printed")
    assert made.status == 0, made
    folder = str(unit.folder / "second")
    told = {"event": "kit", "node": NAME, "folder": folder, "needed": 3, "total": 4}
    assert made.events("kit") == [told]
    sheets = sorted((unit.folder / "second").iterdir())
    assert [path.name for path in sheets] == [f"share-{number}-of-4.txt" for number in range(1, 5)]
    assert {stat.S_IMODE(path.stat().st_mode) for path in sheets} == {0o600}
    refused = unit.run("node", "kit", unit.folder / "second", "--why", "again")
    assert (refused.status, "not empty" in refused.err, len(sheets)) == (2, True, 4)
    unit.key_file.unlink()
    shares = [word for sheet in sheets[1:] for word in ("--share", sheet)]
    back = unit.run("node", "recover", *shares, "--why", "the key file is lost")
    assert [one["key"] for one in back.events("node")] == [key]


def test_nobody_has_a_node_back_without_enough_of_its_own_shares_and_a_reason(unit, tmp_path):
    unit.create()
    keys = (unit.data / "node-keys.json").read_bytes()
    other = Unit(tmp_path / "other")
    other.folder.mkdir()
    other.create_another()
    ours = [word for number in (1, 2) for word in ("--share", unit.folder / "kit" / f"share-{number}-of-3.txt")]
    theirs = [word for number in (1, 2) for word in ("--share", other.folder / "kit" / f"share-{number}-of-3.txt")]
    for words, status in (
        ([*ours[:2], "--why", "lost"], 2),
        ([*ours[:2], *theirs[:2], "--why", "lost"], 1),
        ([*theirs, "--why", "lost"], 1),
        ([*ours, "--why", " "], 2),
        (ours, 2),
    ):
        assert unit.run("node", "recover", *words).status == status
    assert (unit.data / "node-keys.json").read_bytes() == keys
    (unit.data / "node-keys.json").unlink()
    refused = unit.run("node", "recover", *theirs, "--why", "lost", "--name", NAME)
    assert (refused.status, (unit.data / "node-keys.json").exists()) == (1, False)


def test_an_entry_is_proved_to_who_has_the_public_key(unit, tmp_path):
    key = unit.create()
    proof = tmp_path / "entry.tlog-proof"
    proof.write_text(unit.run("log", "prove", "0").out)
    policy = tmp_path / "policy"
    policy.write_text(f"log {key}\nquorum none\n")
    for trust in (("--key", key), ("--policy", policy)):
        [shown] = run("log", "open", proof, *trust).events("entry")
        assert (shown["log"], shown["size"], shown["number"]) == (NAME, 1, 0)
        assert shown["entry"]["event"] == "access:node:created"
        assert shown["entry"]["about"] == {"node": NAME, "key": key, "kit": {"needed": 2, "total": 3}}
    policy.write_text(f"log {key}\nwitness w {key.replace(NAME, 'w.example')}\nquorum w\n")
    assert run("log", "open", proof, "--policy", policy).status == 1


def test_a_proof_with_another_entry_in_it_does_not_hold(unit, tmp_path):
    key = unit.create()
    proof = unit.prepare("log", "prove", "0").out
    forged = tmp_path / "forged"
    [extra] = re.findall("^extra (.*)$", proof, re.MULTILINE)
    for change in (extra[:40] + ("A" if extra[40] != "A" else "B") + extra[41:], extra[:16]):
        forged.write_text(proof.replace(extra, change))
        assert run("log", "open", forged, "--key", key).status == 1


def test_a_log_put_back_or_written_anew_by_who_has_its_key_is_found_by_a_checkpoint_kept_outside(unit, tmp_path):
    key = unit.create()
    shutil.copytree(unit.data / "log", tmp_path / "back")
    kept = tmp_path / "checkpoint"
    assert unit.prepare("backup", "create", tmp_path / "backups").status == 0
    kept.write_text(unit.prepare("log", "checkpoint").out)
    size = Checkpoint.parse(Note.parse(kept.read_bytes()).text).size
    assert size > 1
    keys = load_keys(unit.data / "node-keys.json", read_key_file(unit.key_file, unit.data))
    signer = Signer(NAME, keys.root.signing_key())
    grown, root = grow(FolderTileStore(tmp_path / "anew"), 0, EMPTY_ROOT, [b"nothing was done"] * size)
    checkpoint = sign_checkpoint(Checkpoint(NAME, grown, root), signer)
    FolderTileStore(tmp_path / "anew").replace_checkpoint(checkpoint.encode())
    assert run("log", "verify", unit.data / "log", "--key", key, "--checkpoint", kept).status == 0
    for copy, kind in (("back", "rollback"), ("anew", "fork")):
        assert run("log", "verify", tmp_path / copy, "--key", key).status == 0
        found = run("log", "verify", tmp_path / copy, "--key", key, "--checkpoint", kept)
        assert (found.status, [fault["kind"] for fault in found.events("log")[0]["faults"]]) == (1, [kind])


def test_wrong_use_of_the_log_is_told_from_a_log_that_does_not_hold(unit, tmp_path):
    unit.create()
    assert unit.run("log", "prove", "7").status == 2
    (tmp_path / "proof").write_text("")
    for words in (["verify", unit.data / "log", "--key", "bad"], ["open", tmp_path / "proof"]):
        assert run("log", *words).status == 2


def test_a_key_file_inside_the_data_folder_is_refused(unit):
    put_database(unit.data)
    unit.settings["SAFELIGHT_KEY_FILE"] = str(unit.data / "key")
    refused = unit.run("node", "create", NAME)
    assert (refused.status, (unit.data / "node-keys.json").exists()) == (2, False)
    assert "lies in the data folder" in refused.err


def test_a_name_that_cannot_be_leaves_nothing_behind(unit):
    put_database(unit.data)
    refused = unit.run("node", "create", "unit alpha")
    assert (refused.status, "without spaces" in refused.err, unit.key_file.exists()) == (2, True, False)


def test_without_a_terminal_a_key_file_has_to_be_named(unit):
    put_database(unit.data)
    del unit.settings["SAFELIGHT_KEY_FILE"]
    refused = unit.run("node", "create", NAME)
    assert (refused.status, "SAFELIGHT_KEY_FILE" in refused.err) == (2, True)


def test_a_passphrase_is_typed_twice_and_never_shown(unit):
    data = unit.data
    put_database(data)
    words = ["node", "create", NAME, "--kit", str(unit.folder / "kit")]
    status, shown = typed(words, data, PASSPHRASE, PASSPHRASE)
    assert (status, "darkroom" in shown, f"Node {NAME}" in shown) == (0, False, True)
    status, shown = typed(["log", "checkpoint"], data, PASSPHRASE)
    assert (status, f"{NAME}\r\n1\r\n" in shown) == (0, True)
    status, shown = typed(["log", "checkpoint"], data, b"another lamp altogether\n")
    assert (status, "passphrase or key file is not that of these keys" in shown) == (2, True)


def test_a_node_without_keys_says_so(unit):
    lacking = unit.run("log", "checkpoint")
    assert (lacking.status, "safelight node create" in lacking.err) == (3, True)
    unit.key_file.write_text("A" * 43 + "=")
    unit.key_file.chmod(0o600)
    lacking = unit.run("log", "checkpoint")
    assert (lacking.status, "safelight node create" in lacking.err) == (3, True)
