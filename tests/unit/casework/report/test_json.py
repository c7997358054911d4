"""The JSON report: valid by its published schema, complete, exact."""

import base64
import json
from dataclasses import fields, replace
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from safelight.casework.report.json import FORMAT_VERSION, write_json
from safelight.casework.report.model import Claim, Evidence, Exhibit, Report, ReportItem, Run, Sighting, SourceUse
from tests.unit.casework.report.example import ALARM, TILE, example_report, hostile_report, item, large_report

SCHEMA = json.loads((Path(__file__).parents[4] / "docs/schema/report.schema.json").read_text(encoding="utf-8"))
VALID = Draft202012Validator(SCHEMA)


def text_of(report, **options) -> str:
    out = StringIO()
    write_json(report, out, **options)
    return out.getvalue()


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("pictures", [False, True])
@pytest.mark.parametrize("report", [example_report(), large_report(200)], ids=["example", "large"])
def test_reports_are_valid(report, pictures):
    VALID.validate(json.loads(text_of(report, pictures=pictures)))


def test_the_schema_notices_what_is_missing_or_too_much():
    value = json.loads(text_of(example_report()))
    del value["items"][0]["evidence"][0]["claim"]["trust"]
    value["items"][1]["extra"] = 1
    value["items"][2]["sha256"] = "AB"
    assert len(list(VALID.iter_errors(value))) == 3


def test_nothing_of_the_model_is_left_out():
    value = json.loads(text_of(example_report(), pictures=True))
    first = value["items"][0]
    run, sighting = value["exhibits"][0]["runs"][0], first["sightings"][0]
    for model, written in (
        (Report, value),
        (ReportItem, next(one for one in value["items"] if "tile" in one)),
        (Evidence, first["evidence"][0]),
        (Claim, first["evidence"][0]["claim"]),
        (Sighting, sighting),
        (Exhibit, value["exhibits"][0]),
        (Run, run),
        (SourceUse, value["sources"][0]),
    ):
        assert {field.name for field in fields(model)} <= written.keys()
    assert value["format_version"] == FORMAT_VERSION
    assert sighting["exhibit"] == "Disk 1"
    assert sighting["modified"] == "2023-07-02T10:11:12+00:00"
    assert base64.b64decode(first["tile"]) == TILE
    assert "tile" not in json.loads(text_of(example_report()))["items"][0]


def test_one_item_stands_on_one_line():
    report = example_report()
    lines = [line.rstrip(",") for line in text_of(report).splitlines() if line.startswith('{"sha256": ')]
    assert [json.loads(line)["sha256"] for line in lines] == [one.sha256 for one in report.items]


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_text_is_exact(text):
    value = json.loads(text_of(hostile_report(text)).encode("utf-8"))
    VALID.validate(value)
    assert value["case"] == value["items"][0]["sightings"][0]["path"] == value["failures"][0]["reason"] == text


def test_lone_surrogates_are_spelt_out():
    written = text_of(hostile_report("a\udcff")).encode("utf-8")
    assert json.loads(written)["case"] == r"a\udcff"


def test_what_is_urgent_goes_before_all_figures():
    alarming = item("a", urgent=(ALARM,))
    value = json.loads(text_of(replace(example_report(), items=(alarming, item("b")))))
    VALID.validate(value)
    assert [len(one["urgent"]) for one in value["items"]] == [1, 0]
    assert {field.name for field in fields(ALARM)} == value["items"][0]["urgent"][0].keys()
    assert next(iter(value["summary"])) == "urgency"
    assert (value["summary"]["urgent"], value["summary"]["urgent_files"]) == (1, 1)
