"""Category schemes: those that come along, and a unit's own."""

import json

import pytest

from safelight.known.schemes import SchemeError, load_schemes, parse_scheme, require_scheme

OWN = {
    "name": "OWN-1", "title": "Own", "source": "our guideline",
    "categories": [{"value": "a", "label": "A", "digit": 1, "colour": "#112233", "exposure": 3, "illegal": None}],
}  # fmt: skip


def test_bundled_schemes_are_documented_and_whole():
    schemes = load_schemes()
    assert {
        "DEMO",
        "VIC-US",
        "VIC-UK",
        "VIC-CA",
        "ICSE-BASELINE",
        "NCMEC-INDUSTRY",
        "ARACHNID-SHIELD",
        "NIST-CAID",
    } == set(schemes)
    assert all(scheme.source and scheme.title for scheme in schemes.values())


def test_no_scheme_grades_with_the_value_that_means_uncategorised():
    assert all(category.value not in {"", "0"} for scheme in load_schemes().values() for category in scheme.categories)


def test_labels():
    scheme = require_scheme("VIC-US")
    assert (scheme.label("1"), scheme.label("9"), scheme.label(None)) == ("Child exploitation (illegal)", None, None)


def test_schemes_whose_labels_are_not_public_carry_none():
    assert require_scheme("VIC-UK").categories == []


def test_a_units_own(tmp_path):
    (tmp_path / "schemes").mkdir()
    (tmp_path / "schemes" / "own.json").write_text(json.dumps(OWN))
    assert require_scheme("OWN-1", tmp_path).label("a") == "A"
    with pytest.raises(SchemeError, match="OWN-1"):
        require_scheme("OWN-1")


def test_a_unit_cannot_replace_a_bundled_scheme(tmp_path):
    (tmp_path / "schemes").mkdir()
    (tmp_path / "schemes" / "x.json").write_text(json.dumps({**OWN, "name": "VIC-US"}))
    with pytest.raises(SchemeError, match="already"):
        load_schemes(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "lower"},
        {"source": ""},
        {"categories": OWN["categories"] * 2},
        {"categories": [{**OWN["categories"][0], "colour": "red"}]},
        {"categories": [{**OWN["categories"][0], "exposure": 11}]},
        {"categories": [{**OWN["categories"][0], "digit": 10}]},
        {"surprise": 1},
    ],
)
def test_what_is_no_scheme(change):
    with pytest.raises(SchemeError, match=r"own\.json"):
        parse_scheme("own.json", json.dumps({**OWN, **change}).encode())
    with pytest.raises(SchemeError):
        parse_scheme("own.json", b"{")
