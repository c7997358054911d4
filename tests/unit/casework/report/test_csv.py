"""The CSV report: one row per sighting, read back by any reader, and no cell a spreadsheet would run."""

import csv
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.casework.report.csv import COLUMNS, write_csv
from tests.unit.casework.report.example import ALARM, DISK, example_report, hostile_report, item, near


def text_of(report) -> str:
    out = StringIO(newline="")
    write_csv(report, out, pictures=True)
    return out.getvalue()


def rows_of(report) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text_of(report), newline=""), strict=True))


def test_one_row_per_sighting_and_what_is_history_says_so():
    report = example_report()
    rows = rows_of(report)
    assert len(rows) == sum(len(one.sightings) for one in report.items)
    assert [row["verdict"] for row in rows].count("unreadable") == 3
    assert [row["reason"] for row in rows if row["path"].endswith("secret")] == ["unreadable: Permission denied."]
    history = {row["path"].removeprefix(f"{DISK}/"): row["standing"] for row in rows if row["standing"] != "current"}
    assert history == {"tmp/lock": "vanished", "odd.jpg": "replaced"}


def test_a_row_tells_what_is_known():
    row = rows_of(example_report())[0]
    assert row["path"] == f"{DISK}/Users/me/Pictures/harbour/0001.jpg"
    assert {name: row[name] for name in ("exhibit", "verdict", "graded", "matched_by", "distance", "pdq_quality")} == {
        "exhibit": "Disk 1",
        "verdict": "known",
        "graded": "yes",
        "matched_by": "sha256",
        "distance": "",
        "pdq_quality": "98",
    }
    assert row["known_sources"] == "demo-not-for-use-alpha | demo-not-for-use-beta"
    assert (
        row["grades"] == "demo-not-for-use-alpha: DEMO 1 'Category one' | demo-not-for-use-beta: DEMO 2 'Category two'"
    )
    assert row["series"] == "Series Harbour"
    assert "demo-not-for-use-beta (md5): DEMO 2 'Category two', Series Harbour, victim not identified" in row["claims"]


def test_a_perceptual_match_tells_distance_and_transform():
    row = next(row for row in rows_of(example_report()) if row["path"].endswith("copy_1.jpg"))
    assert (row["matched_by"], row["distance"], row["transform"], row["graded"]) == ("pdq", "9", "flipx", "no")


def test_rfc_4180():
    text = text_of(replace(example_report(), items=(item("a", "new", 'a "b", c'),), failures=()))
    assert text.startswith("exhibit,source,path,")
    assert text.endswith("\r\n")
    assert '"a ""b"", c"' in text


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_formulas_are_defused(first):
    row = rows_of(replace(example_report(), items=(item("a", "new", f"{first}cmd|' /C calc'!A0"),)))[0]
    assert row["path"] == f"'{first}cmd|' /C calc'!A0"


def test_no_cell_holds_what_a_terminal_obeys():
    coloured = "\x1b[31m9\x1b]0;pwn\a\x9b"
    strange = near(grade=coloured, series=coloured, source=coloured)
    row = rows_of(replace(example_report(), items=(item("a", "copy of known", "a.jpg", evidence=(strange,)),)))[0]
    assert r"\x1b[31m9\x1b]0;pwn\x07\x9b" in row["grades"]
    assert row["series"] == r"\x1b[31m9\x1b]0;pwn\x07\x9b"
    assert all(cell.isprintable() for cell in row.values())


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(codec=None), min_size=1))
def test_no_cell_begins_like_a_formula_whatever_the_text(text):
    written = text_of(hostile_report(text)).encode("utf-8").decode("utf-8")
    for row in csv.reader(StringIO(written, newline=""), strict=True):
        assert len(row) == len(COLUMNS)
        assert not any(re.match("[=+\\-@\t\r\n]", cell) for cell in row)


def test_the_documents_name_every_column():
    documents = (Path(__file__).parents[4] / "docs/report.md").read_text(encoding="utf-8")
    table = documents[documents.index("| column |") :]
    assert re.findall(r"`(\w+)`(?=[^|\n]*\|[^|\n]*)", "\n".join(line.split("|")[1] + "||" for line in table.splitlines() if line.startswith("| `"))) == list(COLUMNS)  # fmt: skip


def test_what_is_urgent_stands_in_a_column_of_its_own():
    report = replace(example_report(), items=(item("a", urgent=(ALARM,)), item("b")))
    said = "Agency Alpha, of the series: a new picture (contact: desk of Agency Alpha)"
    assert [row["urgent"] for row in rows_of(report)] == [said, ""]
