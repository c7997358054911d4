"""Hands a report out: outside the data folder, and in the log.

Rules kept here:
- that a report is made is in the log before anything of it is on a disk: killed in between, the log says too much and
  never too little. A second entry names the file by its SHA-256, so that one that turns up elsewhere can be told;
- one with pictures needs a reason and a second person's approval (four eyes), which is used up with it; its entry lists
  every content of which there is one, and is there before anybody is shown any;
- it is in clear, and so never lies in the data folder, where all else is sealed and backups and copies are made from.
"""

import hashlib
from datetime import datetime
from pathlib import Path

from django.db import transaction

from safelight.access.four_eyes import use_approval
from safelight.access.permissions import Permission
from safelight.casework.access import Acting, access_case
from safelight.casework.report.gather import gather
from safelight.casework.report.write import write_report
from safelight.casework.urgency.queries import said_first
from safelight.errors import UsageError
from safelight.evidence.names import line_of
from safelight.known.statements import reader_of
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.settings import is_demo
from safelight.platform.walls import for_case


def do_report_case(
    name: str, kind: str, out: Path, *, pictures: bool, why: str | None = None, acting: Acting, now: datetime
) -> Path:
    """Write the report of a case as "html", "json" or "csv" into a folder; return the file.

    Raises:
        RefusedError: the officer may not report on it, or there is no such case.
        NotApprovedError: it is to have pictures, and no second person has approved that.
        UsageError: it would lie in the data folder, has pictures and no reason, or as `write_report`.
        ReportNotWrittenError: as `write_report`.
    """
    permission = Permission.CASE_REPORT_PICTURES if pictures else Permission.CASE_REPORT
    case = access_case(name, permission, acting, now=now)
    _refuse_data_folder(out, acting.node.data)
    with for_case(case.pk), transaction.atomic():
        about: dict[str, object] = {"case": name, "format": kind, "pictures": pictures}
        if pictures:
            wanted = {"case": str(case.pk)}
            about["approval"] = use_approval(permission, wanted, officer=acting.officer, node=acting.node, now=now)
        gathered = gather(case, acting.node.vault, now=now, demo=is_demo(acting.node.data))
        report = said_first(gathered, reader_of(acting.node, now), acting.node)
        listed = {"items": sorted(item.sha256 for item in report.items if item.tile)} if pictures else {}
        _log("begun", about | listed | {"contents": len(report.items)}, why, acting, now)
    written = write_report(report, kind, out, pictures=pictures)
    _log("written", about | {"sha256": _digest(written)}, why, acting, now)
    return written


def _refuse_data_folder(out: Path, data: Path) -> None:
    within = data.resolve()
    if any(place.is_relative_to(within) for place in (out.absolute(), out.resolve())):
        raise UsageError(
            f"A report is in clear, and {line_of(str(out))} lies in the data folder {line_of(str(data))}, where all is "
            "sealed: choose a folder elsewhere (--out)."
        )


def _log(stage: str, about: dict[str, object], why: str | None, acting: Acting, now: datetime) -> None:
    event = Event.PICTURES_REPORTED if about["pictures"] else Event.REPORTED
    do_add_entry(Entry(event, acting.by, now, why, about | {"stage": stage}), acting.node.log_sealer)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
