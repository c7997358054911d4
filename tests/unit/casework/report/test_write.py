"""Writing a report: whole or not at all, for its owner only, and with an error that says what to do."""

import resource
import stat
from contextlib import contextmanager
from dataclasses import replace

import pytest

from safelight.casework.report.write import FORMATS, ReportNotWrittenError, file_stem, write_report
from safelight.errors import UsageError
from tests.unit.casework.report.example import example_report, item


@pytest.mark.parametrize("form", FORMATS)
def test_written_for_its_owner_only(tmp_path, form):
    target = write_report(example_report(), form, tmp_path / f"a.{form}")
    assert target == tmp_path / f"a.{form}"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [target.name]
    assert not target.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_folder_is_made_and_the_file_named_after_the_case(tmp_path):
    assert (
        write_report(example_report(), "json", tmp_path / "new" / "out") == tmp_path / "new/out/report-Harbour-17.json"
    )


@pytest.mark.parametrize(
    ("case", "stem"),
    [
        ("../../etc/passwd", "report-etc-passwd"),
        ("Küste 7\n\u202e", "report-Küste-7"),
        ("", "report-case"),
        ("...", "report-case"),
        ("x" * 300, "report-" + "x" * 60),
    ],
)
def test_no_case_name_leads_out_of_the_folder(tmp_path, case, stem):
    assert file_stem(case) == stem
    target = write_report(replace(example_report(), case=case), "csv", tmp_path)
    assert target.parent == tmp_path
    assert target.is_file()


@contextmanager
def no_file_over(size: int):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("form", FORMATS)
def test_no_room_leaves_the_former_report(tmp_path, form):
    target = tmp_path / f"a.{form}"
    target.write_text("former")
    with (
        no_file_over(1024),
        pytest.raises(ReportNotWrittenError, match="case Harbour 17 could not be written") as raised,
    ):
        write_report(example_report(), form, target)
    assert raised.value.exit_code == 3
    assert "\n" not in raised.value.message
    assert target.read_text() == "former"
    assert [one.name for one in tmp_path.iterdir()] == [target.name]


def test_a_fault_of_ours_leaves_nothing_either(tmp_path):
    broken = replace(example_report(), items=(item("a", "new", tile=b"short"),))
    with pytest.raises(ValueError, match="a tile has 4096 bytes"):
        write_report(broken, "html", tmp_path / "a.html", pictures=True)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportNotWrittenError, match="choose a folder that you may write to"):
        write_report(example_report(), "html", tmp_path / "file" / "a.html")


def test_an_unknown_format_is_named(tmp_path):
    with pytest.raises(UsageError, match="no report format 'docx': choose one of html, json, csv"):
        write_report(example_report(), "docx", tmp_path)
