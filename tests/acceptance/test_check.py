"""The main job as a person starts it: every exit status, what is said, and what disks and rights refuse."""

import contextlib
import os
import shutil
import subprocess

import pytest

from safelight.platform.settings import mark_demo
from safelight.samples.formats import FORMATS
from safelight.samples.names import ODD
from safelight.samples.pictures import picture
from tests.acceptance.commands import Command, outcome_of, prepare, run

pytestmark = pytest.mark.acceptance
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system or needs another account")


def png(number, size=(160, 120)):
    return FORMATS["png-rgb"].write(picture(31, number, size))


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(png(number))
    return folder


def test_status_0_where_nothing_failed_and_again(source, tmp_path):
    first = run("check", source, "--case", "C", "--data", tmp_path / "data")
    assert first.status == 0, first
    assert first.summary["sightings"] == {"new": 3}
    assert (first.err, first.summary["exhibit"]) == ("", "source")
    again = run("check", source, "--case", "C", "--data", tmp_path / "data")
    assert (again.status, again.summary["skipped"], again.summary["run"]) == (0, 3, 2)


def test_status_1_and_one_line_for_each_failure(source, tmp_path):
    (source / "broken.png").write_bytes(png(9)[:90])
    (source / "page.jpg").write_bytes(b"<!doctype html><title>404</title>")
    with open(os.path.join(os.fsencode(source), b"odd\n\xff.png"), "wb") as file:
        file.write(png(9)[:80])
    ended = run("check", source, "--case", "C", "--data", tmp_path / "data")
    assert ended.status == 1, ended
    lines = ended.err.splitlines()
    assert len(lines) == 2
    assert any(line.startswith(f"unreadable: {source}/broken.png: ") for line in lines)
    assert any(rf"{source}/odd\n\xff.png: " in line for line in lines)
    assert {event["path"] for event in ended.events("failure")} == {f"{source}/broken.png", rf"{source}/odd\n\xff.png"}
    assert ended.summary["sightings"] == {"new": 3, "not examined": 1, "unreadable": 2}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--radius", "999"),
        ("NOWHERE",),
        ("SOURCE", "--case", "C", "--scheme", "no such scheme"),
        ("SOURCE", "--keep", "some"),
    ],
)
def test_status_2_where_it_is_used_in_a_way_that_cannot_work(source, tmp_path, arguments):
    named = {"SOURCE": source, "NOWHERE": tmp_path / "nowhere"}
    ended = run("check", *(named.get(argument, argument) for argument in arguments), "--data", tmp_path / "data")
    assert ended.status == 2, ended
    assert "Traceback" not in ended.err
    assert ended.err.strip()


def test_a_data_folder_inside_the_source_is_refused(source):
    ended = run("check", source, "--data", source / "data", settings={})
    assert ended.status == 2, ended
    assert not (source / "data").exists()


def test_a_case_keeps_its_scheme(source, tmp_path):
    data = tmp_path / "data"
    assert prepare("check", source, "--case", "C", "--scheme", "VIC-US", "--data", data).status == 0
    ended = run("check", source, "--case", "C", "--scheme", "VIC-UK", "--data", data)
    assert (ended.status, "keeps its scheme" in ended.err) == (2, True), ended


def test_the_demonstrations_scheme_stays_in_demonstrations(source, tmp_path):
    ended = run("check", source, "--case", "C", "--scheme", "DEMO", "--data", tmp_path / "data")
    assert (ended.status, "for demonstrations" in ended.err) == (2, True), ended


def test_a_demonstrations_mark_cannot_be_taken_away_or_put_on_later(source, tmp_path):
    demo, real = tmp_path / "demo", tmp_path / "real"
    mark_demo(demo)
    for data in (demo, real):
        assert prepare("known", "list", "--data", data).status == 0
    (demo / "DEMO").unlink()
    (real / "DEMO").touch()
    for data, advice in ((demo, "put an empty DEMO back"), (real, "take the file out")):
        for words in (("check", source), ("report", "C", "--out", tmp_path), ("known", "list")):
            ended = run(*words, "--data", data)
            assert (ended.status, advice in ended.err, ended.err.count("\n")) == (3, True, 1), ended
    (demo / "DEMO").touch()
    (real / "DEMO").unlink()
    for data in (demo, real):
        assert prepare("known", "list", "--data", data).status == 0


def test_odd_names_of_sources_and_exhibits(tmp_path):
    for number, name in enumerate(ODD[:6]):
        path = os.path.join(os.fsencode(tmp_path), b"x" + name)
        os.mkdir(path)
        with open(os.path.join(path, b"a.png"), "wb") as file:
            file.write(png(number))
        (tmp_path / "data").mkdir(mode=0o700, exist_ok=True)
    folders = [entry for entry in os.listdir(os.fsencode(tmp_path)) if entry.startswith(b"x")]
    ended = run("check", *(os.path.join(os.fsencode(tmp_path), name) for name in folders), "--data", tmp_path / "data")
    assert (ended.status, ended.summary["sightings"]) == (0, {"new": 6}), ended


def test_what_is_captured_is_json_lines_and_a_closed_pipe_is_no_traceback(source, tmp_path):
    command = Command("check", source, "--data", tmp_path / "data")
    command.process.stdout.close()
    command.process.stdout = None
    ended = command.process.wait(timeout=60)
    assert ended == 3
    assert b"Traceback" not in command.process.stderr.read()
    command.process.stderr.close()
    assert prepare("check", source, "--data", tmp_path / "data").status == 0


@contextlib.contextmanager
def mounted(folder, options):
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@ROOT_ONLY
def test_a_read_only_data_folder_is_status_3(source, tmp_path):
    with mounted(tmp_path / "disk", "size=200m") as disk:
        (disk / "data").mkdir(mode=0o700)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        ended = run("check", source, "--data", disk / "data")
        assert ended.status == 3, ended
        assert "Traceback" not in ended.err
        assert "error in Safelight itself" not in ended.err
        assert len(ended.err.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A source that takes room, and what a check of it ends with where there is enough."""
    folder = tmp_path_factory.mktemp("large")
    source = folder / "source"
    source.mkdir()
    for number in range(12):
        (source / f"{number}.bmp").write_bytes(FORMATS["bmp"].write(picture(32, number, (1000, 700))))
    assert prepare("check", source, "--case", "C", "--data", folder / "whole").status == 0
    return source, outcome_of(folder / "whole")


@ROOT_ONLY
@pytest.mark.parametrize("left", [1, 6])
def test_a_full_disk_is_status_3_and_nothing_is_half_done(large, tmp_path, left):
    """`left` MiB are left for the run: too little to start, or to keep what is new."""
    source, expected = large
    with mounted(tmp_path / "disk", "size=220m") as disk:
        data = disk / "data"
        (tmp_path / "empty").mkdir()
        assert prepare("check", tmp_path / "empty", "--case", "C", "--exhibit", "none", "--data", data).status == 0
        filler = disk / "filler"
        with filler.open("wb") as file:
            file.truncate(0)
            size = shutil.disk_usage(disk).free - (left << 20)
            os.posix_fallocate(file.fileno(), 0, size)
        ended = run("check", source, "--case", "C", "--data", data)
        assert ended.status == 3, ended
        assert "error in Safelight itself" not in ended.err, ended
        assert "room" in ended.err
        filler.unlink()
        assert run("check", source, "--case", "C", "--data", data).status == 0
        mended = outcome_of(data)
        for part in ("items", "answers", "stacks", "kept", "objects"):
            assert mended[part] == expected[part], part
        assert [one for one in mended["sightings"] if one[0] == "source"] == expected["sightings"]
