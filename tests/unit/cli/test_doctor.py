"""`safelight doctor` on the data folder: what a check would refuse, it names, and it makes nothing."""

import os

import pytest

from safelight.cli import doctor
from safelight.platform.settings import read_settings


@pytest.fixture(autouse=True)
def no_database_looked_at(monkeypatch):
    monkeypatch.setattr(doctor, "_database", lambda _settings: iter(()))


def looked_at(data):
    return {one.what: one for one in doctor._data(read_settings(data=data))}


def test_a_folder_to_come_is_good_and_not_called_unsealed(tmp_path):
    found = looked_at(tmp_path / "one" / "two")
    assert [(one.what, one.good) for one in found.values()] == [("data folder", True)]
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_there_is_called_unsealed(tmp_path):
    tmp_path.chmod(0o700)
    found = looked_at(tmp_path)
    assert (found["data folder"].good, found["data folder sealed"].state) == (True, "no")
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
