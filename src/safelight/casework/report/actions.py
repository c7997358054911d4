"""Hands a report out: outside the data folder, and in the log.

Rules kept here:
- that a report is made is in the log before anything of it is on a disk: killed in between, the log says too much and
  never too little. A second entry names the file by its SHA-256, so that one that turns up elsewhere can be told;
- one with pictures is for one recipient and needs a reason and a second person's approval (four eyes) of exactly these
  contents for him, which is used up with it. Its entry lists every content of which there is a picture, and is there
  before anybody is shown any; so is the record that he was given them, by which an erasure reaches him, too;
- it is in clear, and so never lies in the data folder, where all else is sealed and backups and copies are made from.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from safelight.access.four_eyes import use_approval
from safelight.access.permissions import Permission
from safelight.assertions.record import canonical_json
from safelight.casework.access import Acting, access_case
from safelight.casework.models import Case
from safelight.casework.report.gather import gather
from safelight.casework.report.model import Report
from safelight.casework.report.write import WITH_PICTURES, write_report
from safelight.casework.urgency.queries import said_first
from safelight.errors import UsageError
from safelight.evidence.names import line_of
from safelight.known.statements import reader_of
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.settings import is_demo
from safelight.platform.walls import for_case
from safelight.platform.writing import lies_in
from safelight.vault.actions.handing import do_begin_handout, do_end_handout
from safelight.vault.actions.turns import take_turn


@dataclass(frozen=True)
class Pictures:
    """What a second person approves of a report with pictures: the parameters of the act; and the contents it shows."""

    parameters: dict[str, str]
    items: tuple[str, ...]


def plan_pictures(name: str, recipient: str, *, acting: Acting, now: datetime) -> Pictures:
    """What a report of a case with pictures would hold now, for whom it is to be; nothing is shown.

    Raises:
        RefusedError: the officer may not report on it so, or there is no such case.
        InputError: a stored row was altered.
    """
    case = access_case(name, Permission.CASE_REPORT_PICTURES, acting, now=now)
    with for_case(case.pk), transaction.atomic():
        return _pictures(case, gather(case, acting.node.vault, now=now, demo=False), recipient)


def do_report_case(
    name: str,
    kind: str,
    out: Path,
    *,
    pictures_for: str | None = None,
    why: str | None = None,
    acting: Acting,
    now: datetime,
) -> Path:
    """Write the report of a case, in one of `write.FORMATS`, into a folder; return the file.

    `pictures_for` names who is given a report with pictures; without it there are none.

    Raises:
        RefusedError: the officer may not report on it, or there is no such case.
        NotApprovedError: it is to have pictures, and no second person has approved these, for this recipient.
        UsageError: it would lie in the data folder, has pictures and no reason, or as `write_report`.
        ReportNotWrittenError: as `write_report`.
    """  # fmt: skip
    pictures, vault = pictures_for is not None, acting.node.vault
    case = access_case(name, Permission.CASE_REPORT_PICTURES if pictures else Permission.CASE_REPORT, acting, now=now)
    _refuse_data_folder(out, acting.node.data)
    if pictures and kind not in WITH_PICTURES:
        raise UsageError(f"There is no place for pictures in {kind}: choose --format {' or '.join(WITH_PICTURES)}.")
    about: dict[str, object] = {"case": name, "format": kind, "pictures": pictures}
    handed = b""
    with for_case(case.pk), transaction.atomic(durable=pictures):
        if pictures:
            take_turn()  # nothing of it is erased between this decision and the record of it
        gathered = gather(case, vault, now=now, demo=is_demo(acting.node.data))
        listed: dict[str, object] = {}
        if pictures_for is not None:
            shown = _pictures(case, gathered, pictures_for)
            listed = {"items": list(shown.items)}
            about |= {"recipient": pictures_for, "approval": _approved(shown, acting, now)}
            handed = _begin_handing(shown, acting, now)
        report = said_first(gathered, reader_of(acting.node, now), acting.node)
        _log("begun", about | listed | {"contents": len(report.items)}, why, acting, now)
    written = write_report(report, kind, out, pictures=pictures)
    with transaction.atomic():
        _log("written", about | {"sha256": _digest(written)}, why, acting, now)
        if pictures:
            do_end_handout(vault, handed, now=now)
    return written


def _pictures(case: Case, report: Report, recipient: str) -> Pictures:
    items = tuple(sorted(item.sha256 for item in report.items if item.tile))
    digest = hashlib.sha256("\n".join(items).encode()).hexdigest()
    return Pictures({"case": str(case.pk), "pictures": digest, "recipient": recipient}, items)


def _approved(shown: Pictures, acting: Acting, now: datetime) -> str:
    act = Permission.CASE_REPORT_PICTURES
    return use_approval(act, shown.parameters, officer=acting.officer, node=acting.node, now=now)


def _begin_handing(shown: Pictures, acting: Acting, now: datetime) -> bytes:
    """Record who is given which pictures; the name of this handing out, under which it ends."""
    number = hashlib.sha256(canonical_json({"report": secrets.token_hex(16), **shown.parameters})).digest()
    contents = [bytes.fromhex(one) for one in shown.items]
    do_begin_handout(acting.node.vault, number, contents, acting.node.name, shown.parameters["recipient"], now=now)
    return number


def _refuse_data_folder(out: Path, data: Path) -> None:
    if lies_in(out, data):
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
