"""Writes what a check found for another agency's programs: for one recipient, with a reason, and in the log.

Rules kept here:
- of signed statements only those go that this unit made itself and that the recipient may see, for the purposes given;
  of lists those that the unit itself stands behind, others only where that is wanted. What may not go is in no count;
- who is given which contents' digests is in the log and in the record of handouts before a byte is on a disk: an
  erasure reaches him, too;
- the file is in clear, so it never lies in the data folder; it is whole or not there, and never over another one.
"""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TextIO

from django.db import transaction

from safelight.access.node import Node
from safelight.access.permissions import Permission
from safelight.assertions.handling import Reader
from safelight.assertions.record import canonical_json
from safelight.casework.access import Acting, access_case
from safelight.casework.report.gather import gather
from safelight.casework.report.model import Claim, Evidence, Report, ReportItem
from safelight.errors import UsageError
from safelight.evidence.names import line_of
from safelight.exchange.answers.decisions import Losses, Terms, is_media
from safelight.exchange.answers.icse import write_icse
from safelight.exchange.answers.vics import write_vics
from safelight.exchange.manifest import Recipient
from safelight.known.queries import list_sources
from safelight.known.rules import Trust
from safelight.known.statements import SignedClaim, signed_claims
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.disk import disk_in_words
from safelight.platform.settings import is_demo
from safelight.platform.walls import for_case
from safelight.platform.writing import lies_in, sync_folder
from safelight.vault.actions.handing import do_begin_handout, do_end_handout

_AT_ONCE = 2000
FORMS: Mapping[str, Callable[[Report, Terms, TextIO], Losses]] = {"vics": write_vics, "icse": write_icse}


@dataclass(frozen=True)
class Order:
    """What is wanted: which form, for whom, grades of which scheme (None: the case's), and whether lists speak, too."""

    form: str
    recipient: Recipient
    scheme: str | None = None
    with_lists: bool = False


def do_write_answers(case_name: str, order: Order, out: Path, *, why: str, acting: Acting, now: datetime) -> Losses:
    """Write what was found in a case into a new file; what its form could not hold comes back, counted.

    Raises:
        RefusedError: the officer may not report on it, or there is no such case; it is in the log.
        UsageError: there is no such form, no reason, the recipient is this node itself, or the file is there already or
            would lie in the data folder.
        CannotRunError: the disk did not take the file: the same command writes it anew.
    """
    write = FORMS.get(order.form)
    if write is None:
        raise UsageError(f"There is no form {line_of(order.form)!r}: choose one of {', '.join(FORMS)}.")
    node = acting.node
    if order.recipient.agency == node.name:
        raise UsageError(
            f"{order.recipient.agency!r} is this node's own agency: name the agency that is to receive it."
        )
    _check_place(out, node.data)
    case = access_case(case_name, Permission.CASE_REPORT, acting, now=now)
    with for_case(case.pk), transaction.atomic(durable=True):
        report = _for_recipient(gather(case, node.vault, now=now, demo=is_demo(node.data)), order, node, now)
        terms = _terms(report, order, node)
        contents = [bytes.fromhex(item.sha256) for item in report.items if is_media(item) and item.current]
        about: dict[str, object] = {"case": case_name, "form": order.form, "recipient": order.recipient.agency}
        number = hashlib.sha256(canonical_json({"answers": secrets.token_hex(16), **about})).digest()
        do_begin_handout(node.vault, number, contents, node.name, order.recipient.agency, now=now)
        _log(about | {"stage": "begun", "contents": len(contents)}, why, acting, now)
    with disk_in_words(f"The file {out}"):
        losses, digest = _write_whole(out, lambda stream: write(report, terms, stream))
    with transaction.atomic():
        do_end_handout(node.vault, number, now=now)
        _log(about | {"stage": "written", "sha256": digest}, why, acting, now)
    return losses


def _for_recipient(report: Report, order: Order, node: Node, now: datetime) -> Report:
    """The report with what lists say, and of signed statements this unit's own that the recipient may see."""
    to = order.recipient
    reader = Reader(to.agency, frozenset(to.purposes), now, frozenset(to.groups), to.is_provider)
    lists = {source.name for source in list_sources()}
    items: list[ReportItem] = []
    for start in range(0, len(report.items), _AT_ONCE):
        some = report.items[start : start + _AT_ONCE]
        signed = signed_claims({bytes.fromhex(item.sha256) for item in some if item.sha256}, reader, node)
        for item in some:
            listed = [one for one in item.evidence if one.claim.source in lists]
            said = signed.get(bytes.fromhex(item.sha256), []) if item.sha256 else []
            own = [_evidence(item, one) for one in said if one.agency == node.name]
            items.append(replace(item, evidence=(*own, *listed)))
    return replace(report, items=tuple(items))


def _evidence(item: ReportItem, claim: SignedClaim) -> Evidence:
    said = Claim(
        source=claim.agency,
        trust=Trust.OWN.value,
        source_date=claim.made.date().isoformat(),
        known_good=False,
        scheme=claim.scheme,
        grade=claim.grade,
        label=None,
        series=claim.series,
        victim_identified=claim.flags.get("victim_identified"),
        offender_identified=claim.flags.get("offender_identified"),
        distributed=claim.flags.get("distributed"),
        external_id=claim.assertion,
    )
    return Evidence("sha256", item.sha256, said)


def _terms(report: Report, order: Order, node: Node) -> Terms:
    sources = list_sources()
    own = {node.name} | {source.name for source in sources if source.trust == Trust.OWN.value}
    others = {source.name for source in sources} - own if order.with_lists else set()
    return Terms(order.scheme or report.scheme or None, node.name, own, others)


def _check_place(out: Path, data: Path) -> None:
    if lies_in(out, data):
        raise UsageError(
            f"The file is in clear, and {line_of(str(out))} lies in the data folder {line_of(str(data))}, where all is "
            "sealed: choose a place elsewhere (--out)."
        )
    if out.exists() or out.is_symlink():
        raise UsageError(f"{line_of(str(out))} is there already: name a new file (--out).")
    if not out.parent.is_dir():
        raise UsageError(f"{line_of(str(out.parent))} is no folder: make it, or name another place (--out).")


def _write_whole(out: Path, write: Callable[[TextIO], Losses]) -> tuple[Losses, str]:
    """Write a file of mode 0600 beside its place, force it to the disk and give it its name; its SHA-256 beside."""
    number, name = tempfile.mkstemp(prefix=".answers-", suffix=".part", dir=out.parent)
    part = Path(name)
    try:
        with open(number, "w", encoding="utf-8", newline="") as stream:  # noqa: PTH123 - mkstemp gives a number, mode 0600
            losses = write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        with part.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        os.link(part, out)  # never over another one
        sync_folder(out.parent)
    finally:
        part.unlink(missing_ok=True)
    return losses, digest


def _log(about: dict[str, object], why: str, acting: Acting, now: datetime) -> None:
    do_add_entry(Entry(Event.ANSWERS_WRITTEN, acting.by, now, why, about), acting.node.log_sealer)
