"""Writes a report to a file: whole or not at all, readable by its owner only.

A report names what was found about children and where: it is written with mode 0600 beside its place, forced to the
disk and moved there in one step, so that a full disk or a power cut leaves the former report, or none, but never half.
"""

import io
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol, TextIO

from safelight.casework.report.csv import write_csv
from safelight.casework.report.html import write_html
from safelight.casework.report.json import write_json
from safelight.casework.report.model import Report
from safelight.casework.report.places import write_geojson, write_kml
from safelight.errors import CannotRunError, UsageError
from safelight.evidence.names import line_of
from safelight.platform.writing import sync_folder


class ReportNotWrittenError(CannotRunError):
    """The report could not be written."""


class Writer(Protocol):
    """Writes a report as text in one format to an open stream (UTF-8, line ends as written)."""

    def __call__(self, report: Report, out: TextIO, *, pictures: bool = False) -> None:
        """Write all of `report` to `out`; `pictures` asks for the small masked tiles where the format has them."""


_TEXTS: dict[str, Writer] = {
    "html": write_html,
    "json": write_json,
    "csv": write_csv,
    "geojson": write_geojson,
    "kml": write_kml,
}
FORMATS = (*_TEXTS, "pdf")
WITH_PICTURES = ("html", "json")
"""The formats that have a place for pictures."""


def write_report(report: Report, format: str, out: Path, *, pictures: bool = False) -> Path:  # noqa: A002 - the option's name
    """Write `report` in one of `FORMATS` and return the file's path.

    `out` is the file where its name ends in the format (`.html`), else a folder (made if missing) in which the file is
    named after the case. A report that is already there is replaced.

    Raises:
        UsageError: no such format.
        ReportNotWrittenError: the file or its folder cannot be written (missing rights, full disk).
    """
    if format not in FORMATS:
        raise UsageError(f"There is no report format {line_of(format)!r}: choose one of {', '.join(FORMATS)}.")
    named = out.suffix.lower() == f".{format}" and not out.is_dir()
    target = out if named else out / f"{file_stem(report.case)}.{format}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(format, report, target, pictures=pictures)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ReportNotWrittenError(
            f"The report of case {line_of(report.case)} could not be written to {line_of(str(target))}: {why}. "
            "Free space, or choose a folder that you may write to (--out)."
        ) from error
    return target


def file_stem(case: str) -> str:
    """Turn a case's name into a file's name: letters, digits, dot, dash and underscore stay, never a leading dot."""
    kept = "".join(char if char.isalnum() or char in "-_." else "-" for char in case)
    # 60 characters are at most 240 bytes of UTF-8: with the ending, below the 255 of every file system.
    return "report-" + (kept.strip("-.")[:60] or "case")


def _write_whole(form: str, report: Report, target: Path, *, pictures: bool) -> None:
    number, name = tempfile.mkstemp(prefix=".report-", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with open(number, "wb") as stream:  # noqa: PTH123 - mkstemp gives a number, mode 0600
            _write(form, report, stream, pictures=pictures)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def _write(form: str, report: Report, stream: BinaryIO, *, pictures: bool) -> None:
    if form == "pdf":
        from safelight.casework.report.pdf import write_pdf  # noqa: PLC0415 - Typst is large, and few reports are one

        write_pdf(report, stream)
        return
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    try:
        _TEXTS[form](report, text, pictures=pictures)
        text.flush()
    finally:
        with suppress(OSError, ValueError):  # what could not be written is said by the error that goes through
            text.detach()
