"""The walk: everything is met once, in one order; links stay links; what cannot be listed is named."""

import os
import socket
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.evidence.walk import Met, walk
from safelight.samples.names import ODD


def met(root):
    return [(found.name, found.met) for found in walk(os.fsencode(root))]


def test_files_come_in_the_order_of_their_bytes_folders_after_the_files_beside_them(tmp_path):
    for name in ("b.jpg", "B.jpg", "a/2", "a/1", "a/z/9", "c/0", "é"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    expected = [b"B.jpg", b"b.jpg", "é".encode(), b"a/1", b"a/2", b"a/z/9", b"c/0"]
    assert met(tmp_path) == [(name, Met.FILE) for name in expected]


NAME = st.binary(min_size=1, max_size=40).filter(lambda name: not {0, 47} & set(name) and name not in {b".", b".."})


@settings(max_examples=30, deadline=None)
@given(names=st.sets(NAME, max_size=6))
def test_names_are_exact_bytes(tmp_path_factory, names):
    root = os.fsencode(tmp_path_factory.mktemp("names"))
    for name in names:
        with open(os.path.join(root, name), "wb"):
            pass
    assert met(root) == [(name, Met.FILE) for name in sorted(names)]


def test_odd_names(tmp_path):
    root = os.fsencode(tmp_path)
    for name in (odd for odd in ODD if b"/" not in odd):
        with open(os.path.join(root, name), "wb") as file:
            file.write(name)
    for found in walk(root):
        with open(found.path, "rb") as file:
            assert file.read() == found.name


def test_a_file_is_its_own_only_thing(tmp_path):
    path = tmp_path / "one.jpg"
    path.write_bytes(b"x")
    [found] = walk(os.fsencode(path))
    assert (found.name, found.met, found.path) == (b"", Met.FILE, os.fsencode(path))
    assert found.status.st_size == 1


def test_links_are_named_and_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"x")
    root = tmp_path / "root"
    root.mkdir()
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret.jpg")
    (root / "loop").symlink_to(root)
    (root / "nowhere").symlink_to("no\nsuch")
    found = list(walk(os.fsencode(root)))
    assert [(one.name, one.met) for one in found] == [
        (b"file", Met.LINK), (b"folder", Met.LINK), (b"loop", Met.LINK), (b"nowhere", Met.LINK),
    ]  # fmt: skip
    assert found[3].reason == r"a link to 'no\nsuch', not followed"


def test_special_files_are_named_and_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(tmp_path / "socket"))
        assert met(tmp_path) == [(b"pipe", Met.SPECIAL), (b"socket", Met.SPECIAL)]
    assert met("/dev/null") == [(b"", Met.SPECIAL)]


def test_a_missing_root_is_named(tmp_path):
    [found] = walk(os.fsencode(tmp_path / "gone"))
    assert (found.met, found.reason) == (Met.UNREADABLE, "no such file or directory")


def test_a_folder_gone_between_listing_and_opening_is_named(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a.jpg").write_bytes(b"x")
    walking = walk(os.fsencode(tmp_path))
    assert next(walking).name == b"a.jpg"
    (tmp_path / "a" / "b").rmdir()
    (tmp_path / "a").rmdir()
    [found] = walking
    assert (found.name, found.met, found.reason) == (b"a", Met.UNREADABLE, "folder: no such file or directory")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another account than its own")
def test_an_unreadable_folder_is_named_and_the_rest_is_walked(tmp_path):
    (tmp_path / "shut").mkdir(mode=0o700)
    (tmp_path / "shut" / "inside").write_bytes(b"")
    (tmp_path / "open").write_bytes(b"")
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        if folder.name.startswith(("pytest", "popen")) or folder == tmp_path:
            folder.chmod(0o755)
    program = """
import os, sys
from safelight.evidence.walk import walk
os.setuid(65534)
print([(found.name, found.met.value, found.reason) for found in walk(os.fsencode(sys.argv[1]))])
"""
    said = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[(b'open', 'file', None), (b'shut', 'unreadable', 'folder: permission denied')]"


def test_a_path_longer_than_the_system_takes_is_named(tmp_path):
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(20):
            os.mkdir(b"n" * 240, dir_fd=here)
            deeper = os.open(b"n" * 240, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = deeper
    finally:
        os.close(here)
    [found] = walk(os.fsencode(tmp_path))
    assert (found.met, found.reason) == (Met.UNREADABLE, "file name too long")
    assert len(found.path) >= 4096
