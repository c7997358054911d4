"""`safelight hash` on things that are no files."""

import os
import socket

import pytest

from safelight.cli.engine import _look


@pytest.fixture
def things(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        yield tmp_path


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("folder", "is a folder: name files"),
        ("pipe", "is a device, pipe or socket, which is not opened: name files"),
        ("socket", "is a device, pipe or socket, which is not opened: name files"),
        ("link", "is a link, which is not followed: name the file that it leads to"),
        ("nothing", "no such file or directory"),
    ],
)
def test_what_is_no_file_is_named_as_what_it_is(things, name, problem):
    assert _look(None, os.fsencode(things / name), None) == {"path": str(things / name), "problem": problem}
