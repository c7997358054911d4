"""The sixteen columns of an ICSE hash-set export, in the shape that has been seen of it; no specification is public.

Source: IPED issue 1136 and pull request 1169 (`docs/formats.md`). Rules kept here:
- one line a content; what is not known is empty, and never a no;
- digests in lower case, yes and no as each column has them: Y and N, True and False, Yes and No;
- values stand as they are, so that a program reads back what was written; a spreadsheet may run a cell that begins
  with "=": such files are for programs.
"""

import csv
from typing import TextIO

from safelight.casework.report.model import Report, ReportItem
from safelight.exchange.answers.decisions import Decision, Loss, Losses, Terms, decide, is_media

COLUMNS = (
    "MD5", "SHA1", "ZZ40", "PhotoDNA", "Lace", "Image ID", "Is distributed", "Victim identified", "Offender identified",
    "Series name", "Investigation name", "Agency", "Number of submissions", "File Available", "Media Type", "Baseline",
)  # fmt: skip
BASELINE = "ICSE-BASELINE"
_YES_NO = {True: "Y", False: "N", None: ""}


def write_icse(report: Report, terms: Terms, out: TextIO) -> Losses:
    """Write a case in the shape of an ICSE export; what it could not hold comes back, counted."""
    losses = Losses()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for item in report.items:
        current = len(item.current)
        losses.add(Loss.HISTORY, len(item.sightings) - current)
        if not current:
            continue
        if not item.sha256:
            losses.add(Loss.WITHOUT_CONTENT, current)
        elif not is_media(item):
            losses.add(Loss.NO_MEDIA)
        else:
            losses.contents += 1
            writer.writerow(_row(report, item, decide(item, terms, losses), terms))
            losses.add(Loss.PLACES, current - 1)
    losses.add(Loss.DIGEST, losses.contents)
    losses.add(Loss.CARRIED, losses.contents)
    return losses


def _row(report: Report, item: ReportItem, decision: Decision, terms: Terms) -> list[str]:
    graded = terms.scheme == BASELINE and decision.grade is not None
    return [
        item.md5,
        item.sha1,
        "",
        "",
        "",
        item.sha256,
        _YES_NO[decision.distributed],
        _YES_NO[decision.victim_identified],
        _YES_NO[decision.offender_identified],
        decision.series or "",
        report.case,
        terms.agency,
        "",
        "",
        "Video" if item.format == "video" else "Image",
        decision.grade or "" if graded else "",
    ]
