r"""The report as JSON: the whole model, nothing cut. `docs/schema/report.schema.json` describes it.

Keys are stable within one major `format_version`. Digests and PDQ are lower-case hex, times ISO 8601 (UTC where a zone
is known), text exactly as in the model; only lone surrogates, which UTF-8 cannot carry, are spelt out as \udcNN.
One item stands on one line, so that a file of any size can be read line by line.
"""

import base64
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TextIO

from safelight.casework.report.model import Evidence, Exhibit, Report, ReportItem, ReportStack, Run, Sighting
from safelight.casework.report.summary import Summary, exhibits_by_source, summarise
from safelight.casework.report.text import encodable

FORMAT = "safelight-report"
FORMAT_VERSION = "1.3"


def write_json(report: Report, out: TextIO, *, pictures: bool = False) -> None:
    """Write a report as JSON, piece by piece. `pictures` adds each item's 64 x 64 grey tile in base64."""
    out.write("{\n")
    out.writelines(f"{_text(key)}: {_text(value)},\n" for key, value in _head(report).items())
    _write_list(out, "stacks", map(_stack, report.stacks))
    out.write(",\n")
    exhibits = exhibits_by_source(report)
    _write_list(out, "items", (_item(item, exhibits, pictures=pictures) for item in report.items))
    out.write("\n}\n")


def _write_list(out: TextIO, key: str, values: Iterable[dict[str, Any]]) -> None:
    out.write(f"{_text(key)}: [")
    for number, value in enumerate(values):
        out.write(",\n" if number else "\n")
        out.write(_text(value))
    out.write("\n]")


def _text(value: object) -> str:
    # The backslash is doubled: the reader then sees the spelt-out surrogate as text, not the surrogate itself.
    return encodable(json.dumps(value, ensure_ascii=False, allow_nan=False), escape="\\\\u")


def _head(report: Report) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "case": report.case,
        "scheme": report.scheme,
        "made": _time(report.made),
        "version": report.version,
        "node": report.node,
        "demo": report.demo,
        "summary": _summary(summarise(report)),
        "exhibits": [_exhibit(exhibit) for exhibit in report.exhibits],
        "sources": [asdict(source) for source in report.sources],
        "failures": [asdict(failure) for failure in report.failures],
        "warnings": list(report.warnings),
    }


def _summary(figures: Summary) -> dict[str, Any]:
    return {
        "urgency": figures.urgency,
        "urgent": figures.urgent,
        "urgent_files": figures.urgent_files,
        "sentence": figures.sentence,
        "files": figures.files,
        "contents": figures.contents,
        "files_by_verdict": figures.files_by_verdict,
        "contents_by_verdict": figures.contents_by_verdict,
        "graded": figures.graded,
        "failures": figures.failures,
        "views_needed": figures.views_needed,
        "views_avoided": figures.views_avoided,
    }


def _exhibit(exhibit: Exhibit) -> dict[str, Any]:
    return {
        "name": exhibit.name,
        "sightings": exhibit.sightings,
        "by_verdict": exhibit.by_verdict,
        "runs": [_run(run) for run in exhibit.runs],
    }


def _run(run: Run) -> dict[str, Any]:
    return {**asdict(run), "started": _time(run.started), "ended": _time(run.ended), "sources": list(run.sources)}


def _stack(stack: ReportStack) -> dict[str, Any]:
    return {
        "verdict": stack.verdict,
        "members": [{"sha256": digest, "how": how, "distance": distance} for digest, how, distance in stack.members],
        "near": [{"sha256": digest, "distance": distance} for digest, distance in stack.near],
    }


def _item(item: ReportItem, exhibits: dict[str, str], *, pictures: bool) -> dict[str, Any]:
    value = {
        "sha256": item.sha256,
        "sha1": item.sha1,
        "md5": item.md5,
        "size": item.size,
        "verdict": item.verdict,
        "reason": item.reason,
        "graded": item.graded,
        "format": item.format,
        "width": item.width,
        "height": item.height,
        "frames": item.frames,
        "pdq": item.pdq,
        "quality": item.quality,
        "damaged": item.damaged,
        "evidence": [_evidence(evidence) for evidence in item.evidence],
        "sightings": [_sighting(sighting, exhibits) for sighting in item.sightings],
        "metadata": item.metadata,
        "urgent": [{**asdict(one), "made": _time(one.made)} for one in item.urgent],
    }
    if pictures and item.tile is not None:
        value["tile"] = base64.b64encode(item.tile).decode("ascii")
    return value


def _evidence(evidence: Evidence) -> dict[str, Any]:
    # vars() and not asdict(): a report has millions of these, and they hold plain values only.
    return {**vars(evidence), "claim": vars(evidence.claim)}


def _sighting(sighting: Sighting, exhibits: dict[str, str]) -> dict[str, Any]:
    return {
        "exhibit": sighting.exhibit or exhibits.get(sighting.source),
        "source": sighting.source,
        "path": sighting.path,
        "how": sighting.how,
        "standing": sighting.standing,
        "size": sighting.size,
        "modified": _time(sighting.modified),
    }


def _time(time: datetime | None) -> str | None:
    if time is None:
        return None
    return (time if time.tzinfo is None else time.astimezone(UTC)).isoformat()
