"""`safelight doctor` on the data folder: what a check would refuse, it names, and it makes nothing."""

import os
import sys

import pytest

from safelight.cli import doctor
from safelight.platform.settings import read_settings
from safelight.vault.nodekeys import make_keys, save_keys
from safelight.vault.protection import KeyFile


@pytest.fixture(autouse=True)
def no_database_looked_at(monkeypatch):
    monkeypatch.setattr(doctor, "_database", lambda _settings: iter(()))


def looked_at(data):
    return {one.what: one for one in doctor._data(read_settings(data=data))}


def test_what_reads_disk_images_is_named_with_its_version_or_what_follows(monkeypatch):
    found = {one.what: one for one in doctor._walkers()}
    assert all(one.good for one in found.values())
    assert "libewf 20" in found["EnCase images (E01)"].state
    assert "The Sleuth Kit, pytsk3 20" in found["disk images"].state
    monkeypatch.setitem(sys.modules, "pyewf", None)
    lost = {one.what: one for one in doctor._walkers()}["EnCase images (E01)"]
    assert not lost.good
    assert "each such image is named" in lost.follows


def test_what_is_not_examined_yet_is_named():
    said = " ".join(one.what for one in doctor._not_yet())
    for what in ("RAR", "VMDK", "VHDX", "AD1", "L01", "DMG", "qcow2", "shadow copies", "APFS"):
        assert what in said


def test_a_folder_to_come_is_good(tmp_path):
    found = looked_at(tmp_path / "one" / "two")
    assert [(one.what, one.good) for one in found.values()] == [("data folder", True)]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("place", ["/proc/nope", "open", "file", "file/below", "dangling"])
def test_a_folder_that_a_check_would_refuse_is_named_with_what_to_do(tmp_path, place):
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "open").chmod(0o755)
    (tmp_path / "file").touch(mode=0o600)
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    [refused] = looked_at(tmp_path / place).values()
    assert (refused.what, refused.good) == ("data folder", False)
    assert "name another" in refused.state
    assert sorted(os.listdir(tmp_path)) == ["dangling", "file", "open"]


def test_a_folder_without_a_node_says_what_follows(tmp_path):
    tmp_path.chmod(0o700)
    assert (looked_at(tmp_path)["node"].state, looked_at(tmp_path)["node"].good) == ("none made", False)


def test_a_node_is_described_without_its_secret(tmp_path):
    tmp_path.chmod(0o700)
    keys = make_keys("unit-alpha.example", KeyFile(bytes(range(32))))
    save_keys(tmp_path / "node-keys.json", keys, replacing=None)
    found = looked_at(tmp_path)
    assert found["node"].state == f"unit-alpha.example, key {keys.root.fingerprint()}, locked by a key file"
    assert found["log"].state == "0 entries published"
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "checkpoint").write_text("unit-alpha.example\n12\n" + "A" * 43 + "=\n\n— a AAAAAAAA\n")
    assert looked_at(tmp_path)["log"].state == "12 entries published"


@pytest.mark.parametrize("harm", ["node-keys.json", "log/checkpoint"])
def test_a_node_that_is_damaged_is_named(tmp_path, harm):
    tmp_path.chmod(0o700)
    save_keys(tmp_path / "node-keys.json", make_keys("alpha", KeyFile(bytes(32))), replacing=None)
    (tmp_path / "log").mkdir()
    (tmp_path / harm).write_text("{")
    assert looked_at(tmp_path)["node"].good is False
