"""Places for a map: both forms hold the same ones, in the right order, whatever text goes with them."""

import io
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.casework.report.places import write_geojson, write_kml
from safelight.casework.report.write import FORMATS as WRITTEN
from safelight.cli.report import FORMATS
from tests.unit.casework.report.example import DISK, example_report, item, sighting

KML = {"k": "http://www.opengis.net/kml/2.2"}


def both(*items):
    """GeoJSON's features and what it says of itself, and KML's document."""
    report = replace(example_report(), items=items)
    geo, kml = io.StringIO(), io.StringIO()
    write_geojson(report, geo)
    write_kml(report, kml)
    told = json.loads(geo.getvalue())
    root = ET.fromstring(kml.getvalue().encode())
    return told["features"], told["safelight"], root.find("k:Document", KML)


def at(latitude, longitude, **more):
    metadata = {"gps": f"{latitude:.6f}, {longitude:.6f}", **more.pop("metadata", {})}
    return item("a", metadata=metadata, **more)


def coordinates(document):
    return [tuple(map(float, one.text.split(","))) for one in document.iterfind(".//k:coordinates", KML)]


def test_longitude_comes_first_and_the_claim_is_said():
    features, about, document = both(
        at(54.1021, 10.81733, metadata={"make": "Examplar", "taken": "2021:07:01 10:15:00"})
    )
    [feature] = features
    assert feature["geometry"] == {"type": "Point", "coordinates": [10.81733, 54.1021]}
    assert feature["properties"]["taken"] == "2021-07-01T10:15:00"
    assert feature["properties"]["camera"] == "Examplar"
    assert coordinates(document) == [(10.81733, 54.1021)]
    assert document.find(".//k:when", KML).text == "2021-07-01T10:15:00"
    assert "nothing of it is proven" in about["claim"]
    assert "nothing of it is proven" in document.find("k:description", KML).text


@pytest.mark.parametrize(
    "gps", ["0.000000, 0.000000", "91.0, 0.1", "1.0, 181.0", "nan, 1.0", "inf, 1.0", "here", "1.0"]
)
def test_what_is_no_place_is_left_out_and_counted(gps):
    features, about, document = both(item("a", metadata={"gps": gps}), at(1, 2))
    assert (len(features), about["places left out"], coordinates(document)) == (1, 1, [(2.0, 1.0)])


def test_history_and_what_tells_no_place_are_not_there():
    gone = replace(sighting(f"{DISK}/a"), standing="vanished")
    features, about, _ = both(at(1, 2, sightings=(gone,)), item("b"))
    assert (features, about["places left out"]) == ([], 0)


def test_an_impossible_time_is_no_time():
    [feature], _, _ = both(at(1, 2, metadata={"taken": "2021:13:41 25:61:61"}))
    assert "taken" not in feature["properties"]


@given(
    latitude=st.floats(-90, 90), longitude=st.floats(-180, 180),
    name=st.text(max_size=30) | st.sampled_from(["</Placemark>", "]]>", "&", "\0", "\ud800", "a\nb"]),
)  # fmt: skip
def test_any_place_and_any_text_come_back(latitude, longitude, name):
    features, about, document = both(at(latitude, longitude, sightings=(sighting(f"{DISK}/{name}"),)))
    assert len(features) + about["places left out"] == 1
    for feature in features:
        x, y = feature["geometry"]["coordinates"]
        assert abs(x - longitude) < 1e-6
        assert abs(y - latitude) < 1e-6
        assert coordinates(document) == [(x, y)]


def test_the_command_offers_every_format():
    assert FORMATS == WRITTEN
