"""A check of what was checked before, as a person starts it: what it says of failures that earlier runs named."""

import shutil

import pytest

from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from tests.acceptance.commands import prepare, run

pytestmark = pytest.mark.acceptance


def png(number):
    return FORMATS["png-rgb"].write(picture(33, number, (96, 64)))


def test_failures_of_earlier_runs_are_told_on_one_line_until_they_are_replaced(tmp_path):
    source, data = tmp_path / "source", tmp_path / "data"
    source.mkdir()
    for number in range(3):
        (source / f"cut-{number}.png").write_bytes(png(number)[:300])
    (source / "fine.png").write_bytes(png(9))
    first = prepare("check", source, "--case", "My case", "--data", data)
    assert (first.status, first.summary["failures"], first.summary["failures_named_before"]) == (1, 3, 0)
    assert "note:" not in first.err
    again = run("check", source, "--case", "My case", "--data", data)
    assert (again.status, again.summary["failures"], again.summary["failures_named_before"]) == (1, 3, 3)
    command = f"safelight report 'My case' --data {data} --format csv"
    assert again.err == f"note: 3 failures named in earlier runs still stand: {command} lists them\n"
    assert prepare("report", "My case", "--data", data, "--format", "csv", "--out", tmp_path).status == 0
    for number in range(3):
        (source / f"cut-{number}.png").write_bytes(png(number))
    changed = run("check", source, "--case", "My case", "--data", data)
    assert (changed.status, changed.summary["failures"]) == (1, 0)  # that they changed is news of this run
    last = run("check", source, "--case", "My case", "--data", data)
    assert (last.status, last.err, last.summary["failures"]) == (0, "", 0)


def test_a_copied_source_is_the_same_exhibit(tmp_path):
    source, data = tmp_path / "source", tmp_path / "data"
    source.mkdir()
    (source / "a.png").write_bytes(png(1))
    assert prepare("check", source, "--case", "C", "--data", data).status == 0
    shutil.copytree(source, tmp_path / "copy")
    shutil.rmtree(source)
    (tmp_path / "copy").rename(source)
    again = run("check", source, "--case", "C", "--data", data)
    assert (again.status, again.err, again.summary["sightings"], again.summary["met_again"]) == (0, "", {"new": 1}, 1)
