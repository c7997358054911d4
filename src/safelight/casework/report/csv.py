"""The report as CSV: one row per sighting, for spreadsheets and scripts. `docs/report.md` describes the columns.

RFC 4180: comma, CRLF, quotes doubled, UTF-8 without a byte order mark. A cell that a spreadsheet would run as a formula
(OWASP, "CSV Injection") gets a leading apostrophe, since paths and list entries are foreign text; control characters,
which a terminal may obey, are spelt out in every cell. Failures that left no content behind have rows too: a file that
is missing from the report would be a file that nobody looks for. What is urgent comes first.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TextIO

from safelight.casework.report.model import Evidence, Report, ReportItem, Sighting
from safelight.casework.report.summary import exhibits_by_source
from safelight.casework.report.words import by_strength, claim_words, grade_words, urgent_words
from safelight.evidence.names import line_of

COLUMNS = (
    "exhibit",
    "source",
    "path",
    "found_as",
    "verdict",
    "reason",
    "graded",
    "size",
    "modified",
    "format",
    "width",
    "height",
    "sha256",
    "sha1",
    "md5",
    "pdq",
    "pdq_quality",
    "matched_by",
    "distance",
    "transform",
    "known_sources",
    "grades",
    "series",
    "claims",
    "damaged",
    "standing",
    "urgent",
)
_BETWEEN = " | "
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet may take for a formula's beginning; the last four are the wide forms of the first."""


def write_csv(report: Report, out: TextIO, *, pictures: bool = False) -> None:
    """Write a report as CSV. There is no place for pictures in it: `pictures` changes nothing."""
    del pictures
    writer = csv.writer(out, dialect="excel", strict=True)
    writer.writerow(COLUMNS)
    exhibits = exhibits_by_source(report)
    for item in report.items:
        about = _about(item)
        for sighting in item.sightings:
            writer.writerow(_cells({**about, **_place(item, sighting, exhibits)}))


def _cells(values: dict[str, str]) -> Iterator[str]:
    return (_defused(line_of(values.get(column, ""))) for column in COLUMNS)


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _about(item: ReportItem) -> dict[str, str]:
    evidence = by_strength(item)
    return {
        "verdict": item.verdict,
        "reason": item.reason or "",
        "graded": "yes" if item.graded else "no",
        "format": item.format or "",
        "width": _number(item.width),
        "height": _number(item.height),
        "sha256": item.sha256,
        "sha1": item.sha1,
        "md5": item.md5,
        "pdq": item.pdq or "",
        "pdq_quality": _number(item.quality),
        "damaged": item.damaged or "",
        "urgent": _joined(urgent_words(one) for one in item.urgent),
        **(_matched(evidence) if evidence else {}),
    }


def _matched(evidence: list[Evidence]) -> dict[str, str]:
    strongest = evidence[0]
    return {
        "matched_by": strongest.how,
        "distance": _number(strongest.distance),
        "transform": strongest.transform or "",
        "known_sources": _joined(one.claim.source for one in evidence),
        "grades": _joined(_graded(one) for one in evidence),
        "series": _joined(one.claim.series or "" for one in evidence),
        "claims": _joined(f"{one.claim.source} ({one.how}): {claim_words(one.claim)}" for one in evidence),
    }


def _graded(evidence: Evidence) -> str:
    words = grade_words(evidence.claim)
    return f"{evidence.claim.source}: {words}" if words else ""


def _place(item: ReportItem, sighting: Sighting, exhibits: dict[str, str]) -> dict[str, str]:
    return {
        "exhibit": sighting.exhibit or exhibits.get(sighting.source, ""),
        "source": sighting.source,
        "path": sighting.path,
        "found_as": sighting.how,
        "standing": sighting.standing,
        "size": _number(item.size if sighting.size is None else sighting.size),
        "modified": _time(sighting.modified),
    }


def _joined(texts: Iterable[str]) -> str:
    return _BETWEEN.join(dict.fromkeys(text for text in texts if text))


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _time(time: datetime | None) -> str:
    if time is None:
        return ""
    return (time if time.tzinfo is None else time.astimezone(UTC)).isoformat()
