"""The places that files say they were taken at, for a map: GeoJSON (RFC 7946) and KML 2.3 (OGC 12-007r2).

Rules kept here:
- a place is the file's own claim, and says so: a camera may be wrong, and anybody may write what he likes;
- one feature a content, at its place, with every path where it is now; no picture of it;
- longitude comes before latitude in both, in decimal degrees of WGS 84;
- what is no place (no number, out of range, 0 and 0 as broken receivers write it) is left out and counted in the file;
- characters that XML cannot hold are spelt out.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO
from xml.sax.saxutils import escape

from safelight.casework.report.model import Report, ReportItem
from safelight.casework.report.text import encodable

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAKEN = re.compile(r"(\d{4}):(\d{2}):(\d{2}) (\d{2}):(\d{2}):(\d{2})")
_CLAIM = "where the file says it was taken; nothing of it is proven"


@dataclass(frozen=True)
class Place:
    """A content at the place that it claims, in degrees."""

    item: ReportItem
    latitude: float
    longitude: float

    @property
    def taken(self) -> str | None:
        """When it says it was taken, in ISO 8601 without a zone; None where that is no time."""
        found = _TAKEN.match(self.item.metadata.get("taken", ""))
        if found is None:
            return None
        try:
            return datetime(*map(int, found.groups())).isoformat()  # type: ignore[arg-type]  # noqa: DTZ001 - cameras tell no zone
        except ValueError:
            return None


def write_geojson(report: Report, out: TextIO, *, pictures: bool = False) -> None:
    """Write the places as GeoJSON, a line for each. There are no pictures in it: `pictures` changes nothing."""
    del pictures
    places, left_out = _places(report)
    about = {"case": report.case, "made": _time(report.made), "claim": _CLAIM, "places left out": left_out}
    out.write('{"type": "FeatureCollection", ')
    out.write(f'"safelight": {_json(about)}, "features": [')
    between = "\n"
    for place in places:
        out.writelines((between, _json(_feature(place))))
        between = ",\n"
    out.write("\n]}\n")


def write_kml(report: Report, out: TextIO, *, pictures: bool = False) -> None:
    """Write the places as KML, in folders by verdict. There are no pictures in it: `pictures` changes nothing."""
    del pictures
    places, left_out = _places(report)
    said = f"{_CLAIM}; {left_out} places were no places and are left out"
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2" version="2.3">\n')
    out.write(f"<Document><name>{_xml(report.case)}</name><description>{_xml(said)}</description>\n")
    for verdict in dict.fromkeys(place.item.verdict for place in places):
        out.write(f"<Folder><name>{_xml(verdict)}</name>\n")
        out.writelines(_placemark(place) for place in places if place.item.verdict == verdict)
        out.write("</Folder>\n")
    out.write("</Document></kml>\n")


def _places(report: Report) -> tuple[list[Place], int]:
    """The places of what is here now, and how many claims are none."""
    found: list[Place] = []
    left_out = 0
    for item in report.items:
        if not item.current or "gps" not in item.metadata:
            continue
        place = _place(item)
        if place is None:
            left_out += 1
        else:
            found.append(place)
    return found, left_out


def _place(item: ReportItem) -> Place | None:
    latitude, _, longitude = item.metadata["gps"].partition(", ")
    try:
        place = Place(item, float(latitude), float(longitude))
    except ValueError:
        return None
    within = (
        math.isfinite(place.latitude + place.longitude) and abs(place.latitude) <= 90 and abs(place.longitude) <= 180
    )
    return place if within and (place.latitude, place.longitude) != (0.0, 0.0) else None


def _properties(place: Place) -> Iterator[tuple[str, object]]:
    item = place.item
    yield "sha256", item.sha256
    yield "verdict", item.verdict
    yield "paths", [sighting.path for sighting in item.current]
    if place.taken is not None:
        yield "taken", place.taken
    camera = " ".join(item.metadata[name] for name in ("make", "model") if name in item.metadata)
    if camera:
        yield "camera", camera


def _feature(place: Place) -> dict[str, object]:
    return {
        "type": "Feature",
        "id": place.item.sha256,
        "geometry": {"type": "Point", "coordinates": [place.longitude, place.latitude]},
        "properties": dict(_properties(place)),
    }


def _placemark(place: Place) -> str:
    name = place.item.current[0].path.rpartition("/")[2]
    data = "".join(
        f'<Data name="{name}"><value>{_xml("; ".join(value) if isinstance(value, list) else str(value))}</value></Data>'
        for name, value in _properties(place)
    )
    when = f"<TimeStamp><when>{place.taken}</when></TimeStamp>" if place.taken is not None else ""
    return (
        f"<Placemark><name>{_xml(name)}</name>{when}<ExtendedData>{data}</ExtendedData>"
        f"<Point><coordinates>{place.longitude},{place.latitude}</coordinates></Point></Placemark>\n"
    )


def _json(value: object) -> str:
    return encodable(json.dumps(value, ensure_ascii=False, allow_nan=False), escape="\\\\u")


def _xml(text: str) -> str:
    return escape(_NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def _time(time: datetime) -> str:
    return (time if time.tzinfo is None else time.astimezone(UTC)).isoformat()
