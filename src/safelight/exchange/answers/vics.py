"""A case file of VICS 2.0 (Project VIC), as open readers and writers of the format know its fields.

Sources: `docs/exchange.md` lists each field, and what of ours has no place. Rules kept here:
- one line of JSON a content, so that a file of any size is written, and can be read, line by line;
- a field of which nothing is known is null: no reader may take silence for a no. `Category` null is "not graded";
- `IsPrecategorized` is true only where a list graded it, and `PrecategorizationSource` then names the list;
- text is ASCII with JSON's own escapes: readers differ on everything else.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

import safelight
from safelight.casework.report.model import Report, ReportItem, Sighting
from safelight.exchange.answers.decisions import Decision, Loss, Losses, Terms, decide, is_media
from safelight.exchange.answers.types import media_type

_CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#Cases"
_COUNTRIES = {"VIC-US": "US", "VIC-UK": "UK", "VIC-CA": "CA", "DEMO": "DEMO"}
_CASES = uuid.UUID("5b1e8a4e-70d4-5f0c-9f5c-2b5a4c5a2f1d")
"""The namespace of case identifiers: the same node and case have the same one in every file."""
_INSIDE = " > "
_EXIF = {"make": "Make", "model": "Model", "software": "Software", "taken": "DateTimeOriginal"}
_SERIAL = "serial: "


@dataclass(frozen=True)
class _Place:
    """Where a content was seen, as VICS spells it: a file in a folder, or in another file."""

    folder: str
    name: str
    parent: str | None


def write_vics(report: Report, terms: Terms, out: TextIO) -> Losses:
    """Write a case as VICS; what it could not hold comes back, counted."""
    losses = Losses()
    items = [item for item in report.items if is_media(item) and item.current]
    _count_left_out(report, items, losses)
    head = _case(report, terms, len(items))
    digests = {sighting.path: item.md5 for item in report.items if item.md5 for sighting in item.sightings}
    out.write("{" + _member("@odata.context", _context(terms.scheme)) + ',"value":[{')
    out.write(",".join(_member(name, value) for name, value in head.items()))
    out.write(',"Media":[')
    between = "\n"
    for media in _media(items, report.made, terms, digests, losses):
        out.writelines((between, json.dumps(media, separators=(",", ":"))))
        between = ",\n"
    out.write("\n]}]}\n")
    losses.contents = len(items)
    return losses


def _member(name: str, value: object) -> str:
    return f"{json.dumps(name)}:{json.dumps(value)}"


def _context(scheme: str | None) -> str:
    return _CONTEXT.format(_COUNTRIES.get(scheme or "", "Default"))


def _case(report: Report, terms: Terms, contents: int) -> dict[str, Any]:
    """The case itself. `TotalMediaFiles` counts the entries of this file, one for each distinct content."""
    number = str(uuid.uuid5(_CASES, f"{terms.agency}\n{report.case}"))
    told = {"GradingScheme": terms.scheme or "none", "Exhibits": "; ".join(one.name for one in report.exhibits)}
    return {
        "CaseID": number,
        "CaseNumber": report.case,
        "ContactOrganization": terms.agency,
        "ContactName": None,
        "ContactPhone": None,
        "ContactEmail": None,
        "ContactTitle": None,
        "SeizureDate": None,
        "SourceApplicationName": "Safelight",
        "SourceApplicationVersion": safelight.__version__,
        "TotalMediaFiles": contents,
        "TotalPrecategorized": None,
        "CaseMetadata": [
            {"CaseID": number, "PropertyName": name, "PropertyValue": value} for name, value in told.items()
        ],
    }


def _media(
    items: Iterable[ReportItem], made: datetime, terms: Terms, digests: Mapping[str, str], losses: Losses
) -> Iterator[dict[str, Any]]:
    for number, item in enumerate(items, start=1):
        decision = decide(item, terms, losses)
        kind = media_type(item)
        losses.add(Loss.TYPE, int(kind is None))
        losses.add(Loss.FRAMES, int(item.format == "video"))
        yield {
            "MediaID": number,
            "Category": _category(decision, losses),
            "MD5": item.md5.upper(),
            "SHA1": item.sha1.upper(),
            "PhotoDNA": None,
            "MediaSize": item.size,
            "MimeType": kind,
            "RelativeFilePath": item.current[0].path,
            "DateUpdated": _time(made),
            "VictimIdentified": decision.victim_identified,
            "OffenderIdentified": decision.offender_identified,
            "IsDistributed": decision.distributed,
            "IsSuspected": None,
            "SelfGenerated": None,
            "IsPrecategorized": decision.from_lists and decision.grade is not None,
            "PrecategorizationSource": ", ".join(decision.by) or None,
            "Series": decision.series,
            "Tags": None,
            "Comments": decision.comment or None,
            "AlternativeHashes": list(_hashes(item)),
            "Exifs": list(_exifs(item, losses)),
            "MediaFiles": [_file(item, sighting, digests) for sighting in item.current],
        }


def _category(decision: Decision, losses: Losses) -> int | None:
    """VICS counts its categories; a grade that is no number has none."""
    if decision.grade is None:
        return None
    if decision.grade.isascii() and decision.grade.isdecimal() and len(decision.grade) < 10:
        return int(decision.grade)
    losses.add(Loss.NO_NUMBER)
    return None


def _hashes(item: ReportItem) -> Iterator[dict[str, str]]:
    for name, value in (("SHA256", item.sha256), ("PDQ", item.pdq)):
        if value:
            yield {"MD5": item.md5.upper(), "HashName": name, "HashValue": value}


def _exifs(item: ReportItem, losses: Losses) -> Iterator[dict[str, str]]:
    for name, value in item.metadata.items():
        if name == "gps":
            named = _gps(value)
        elif name in _EXIF:
            named = {_EXIF[name]: value}
        elif name.startswith(_SERIAL):
            named = {name.removeprefix(_SERIAL): value}
        else:
            losses.add(Loss.TEXTS)
            continue
        for one, text in named.items():
            yield {"MD5": item.md5.upper(), "PropertyName": one, "PropertyValue": text}


def _gps(value: str) -> dict[str, str]:
    """A place as EXIF names it: degrees without a sign, and the hemisphere as a letter of the compass."""
    latitude, longitude = (float(one) for one in value.split(", "))
    return {
        "GPSLatitude": f"{abs(latitude):.6f}",
        "GPSLatitudeRef": "N" if latitude >= 0 else "S",
        "GPSLongitude": f"{abs(longitude):.6f}",
        "GPSLongitudeRef": "E" if longitude >= 0 else "W",
    }


def _file(item: ReportItem, sighting: Sighting, digests: Mapping[str, str]) -> dict[str, Any]:
    place = _place(sighting.path)
    parent = _place(place.parent) if place.parent is not None else None
    return {
        "MD5": item.md5.upper(),
        "FileName": place.name,
        "FilePath": place.folder,
        "Created": None,
        "Written": _time(sighting.modified) if sighting.modified is not None else None,
        "Accessed": None,
        "Unallocated": False,
        "Deleted": sighting.how == "deleted",
        "SourceID": sighting.exhibit or None,
        "PhysicalLocation": None,
        "ParentMD5": digests[place.parent].upper() if place.parent in digests and place.parent is not None else None,
        "ParentFileName": parent.name if parent is not None else None,
        "ParentFilePath": parent.folder if parent is not None else None,
        "ParentPhysicalLocation": None,
    }


def _place(path: str) -> _Place:
    parent, inside, last = path.rpartition(_INSIDE)
    folder, _, name = last.rpartition("/")
    if not inside:
        return _Place(folder, name, None)
    return _Place(f"{parent}{_INSIDE}{folder}" if folder else parent, name, parent)


def _time(when: datetime) -> str:
    told = when.astimezone(UTC) if when.tzinfo is not None else when
    return told.isoformat(timespec="seconds").replace("+00:00", "Z")


def _count_left_out(report: Report, items: list[ReportItem], losses: Losses) -> None:
    kept = {item.sha256 for item in items}
    for item in report.items:
        current = len(item.current)
        losses.add(Loss.HISTORY, len(item.sightings) - current)
        if current and item.sha256 not in kept:
            losses.add(Loss.NO_MEDIA if item.sha256 else Loss.WITHOUT_CONTENT, 1 if item.sha256 else current)
