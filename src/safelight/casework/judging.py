"""Asks the known base about items and writes the answers down, with the evidence as it stands now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from safelight.casework.models import Answer, Case
from safelight.casework.proof import TABLE, seal_evidence
from safelight.casework.report.model import Claim, Evidence
from safelight.casework.rules import Agreement, How, Judgement, Verdict, judge
from safelight.evidence.models import Exhibit, ItemState, Run, Sighting
from safelight.evidence.recording import RecordedItem, recorded_items
from safelight.known.matches import Match
from safelight.known.matching import KnownBase
from safelight.linking.alignment import Passage
from safelight.platform.copying import copy_rows, reserve_ids
from safelight.vault.content import Vault
from safelight.vault.signatures import Which

_OTHERWISE = {
    ItemState.PICTURE: Verdict.NEW,
    ItemState.VIDEO: Verdict.NEW,
    ItemState.DAMAGED: Verdict.NEW,
    ItemState.UNREADABLE: Verdict.UNREADABLE,
    ItemState.LOCKED: Verdict.LOCKED,
    ItemState.NO_MEDIA: Verdict.NOT_EXAMINED,
}
_COLUMNS = [
    "id",
    "case_id",
    "item_id",
    "run_id",
    "verdict",
    "graded",
    "reason",
    "evidence",
    "base",
    "radius",
    "quality",
    "made",
    "current",
]
_AT_ONCE, _VIDEOS_AT_ONCE = 500, 8
_ANSWERS_LOCK = 0x5AFE_0003
EVIDENCE_KEPT = 200
"""Matches kept of one answer, strongest first; a hash that hits more is counted, and says so."""
_WHICH = {Which.LISTED: "list", Which.SHOWN: "shown", Which.FILM: "film", Which.FILM_INSIDE: "film inside its borders"}
_WITHOUT_INFORMATION = "no usable hash: the picture has no structure that a perceptual hash could hold"


def judge_items(
    case: Case,
    run: Run,
    items: Iterable[int],
    base: KnownBase,
    vault: Vault,
    *,
    now: datetime,
    new: Mapping[int, RecordedItem] | None = None,
) -> dict[int, Verdict]:
    """Answer about items that have no current answer from this state of the base; the verdict of every item comes back.

    One whose content was erased gets no answer: its verdict is that it was not examined.

    `new` holds those of them that were recorded in this very transaction, so that they need not be read back. The
    caller's transaction, or one of its own, holds the new answers; earlier ones stay, no longer current.
    """
    fresh = new or {}
    wanted = dict.fromkeys(items)
    with transaction.atomic():
        hold_answers(case)
        older = [item for item in wanted if item not in fresh]
        standing = dict(_standing(case, older, base)) if older else {}
        again = [item for item in older if item not in standing]
        pending = [fresh[item] for item in wanted if item in fresh] + (recorded_items(again, vault) if again else [])
        matches = base.match([item.signature for item in pending])
        judged = [(item, *_judged(item, found, base)) for item, found in zip(pending, matches, strict=True)]
        if again:
            Answer.objects.filter(case=case, item__in=again, current=True).update(current=False)
        same = (base.version, base.radius, base.min_quality, now, True)
        columns = vault.columns(TABLE)
        rows = (
            (number, case.pk, item.number, run.pk, *_row(item, one), seal_evidence(told, number, columns), *same)
            for number, (item, one, told) in zip(reserve_ids(Answer, len(judged)), judged, strict=True)
        )
        copy_rows(Answer, _COLUMNS, rows)
    erased = dict.fromkeys(wanted, Verdict.NOT_EXAMINED)
    return erased | standing | {item.number: judgement.verdict for item, judgement, _evidence in judged}


def answered_otherwise(case: Case, exhibit: Exhibit, base: KnownBase) -> Iterator[list[int]]:
    """The items of an exhibit that have no current answer in this case from this state of the base, some at a time.

    Of videos, which have very many hashes, few at a time.
    """
    standing = _current(case, base).filter(item=OuterRef("item"))
    without = Sighting.objects.filter(~Exists(standing), exhibit=exhibit, item__isnull=False).order_by("item")
    videos = Q(item__state=ItemState.VIDEO)
    for rows, most in ((without.exclude(videos), _AT_ONCE), (without.filter(videos), _VIDEOS_AT_ONCE)):
        items = list(rows.values_list("item_id", flat=True).distinct())
        yield from (items[at : at + most] for at in range(0, len(items), most))


def hold_answers(case: Case) -> None:
    """Until the transaction ends, nobody else answers in this case: an item has one current answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_ANSWERS_LOCK, case.pk])


def _standing(case: Case, items: Sequence[int], base: KnownBase) -> Iterable[tuple[int, Verdict]]:
    rows = _current(case, base).filter(item__in=items).values_list("item_id", "verdict")
    return ((item, Verdict(verdict)) for item, verdict in rows)


def _current(case: Case, base: KnownBase) -> QuerySet[Answer]:
    """The current answers of a case that come from this state of the base."""
    return Answer.objects.filter(
        case=case, current=True, base=base.version, radius=base.radius, quality=base.min_quality
    )


def _judged(item: RecordedItem, found: Sequence[Match], base: KnownBase) -> tuple[Judgement, list[Evidence]]:
    judgement = judge([_agreement(match) for match in found], _OTHERWISE[item.state])
    return judgement, [_evidence(found[row], base) for row in judgement.order[:EVIDENCE_KEPT]]


def _row(item: RecordedItem, judgement: Judgement) -> tuple[object, ...]:
    return judgement.verdict.value, judgement.graded, _reason(item, judgement)


def _reason(item: RecordedItem, judgement: Judgement) -> str | None:
    more = len(judgement.order) - EVIDENCE_KEPT
    parts = [judgement.reason, f"{more} more matches are not listed" if more > 0 else None]
    if judgement.verdict in (Verdict.UNREADABLE, Verdict.NOT_EXAMINED, Verdict.LOCKED):
        parts.append(item.reason)
    elif judgement.verdict is Verdict.NEW and not item.signature.pdqs:
        parts.append(_WITHOUT_INFORMATION)
    return "; ".join(part for part in parts if part) or None


def _agreement(match: Match) -> Agreement:
    said = match.statement
    return Agreement(
        how=How(match.how),
        known_good=said.known_good,
        trusted=said.sets_grade,
        grade=said.grade,
        size_agrees=match.size_agrees,
        distance=match.near.distance if match.near and match.how == How.PDQ else 0,
        source=said.source,
    )


def _evidence(match: Match, base: KnownBase) -> Evidence:
    said: dict[str, Any] = vars(match.statement)
    claim = Claim(**{name: said[name] for name in Claim.__dataclass_fields__ if name in said})
    near = match.near
    if near is None:
        return Evidence(match.how, match.value, claim)
    film = near.which.of_film
    frame = f" of frame {near.frame}" if near.frame and not film else ""
    return Evidence(
        how=match.how,
        value=match.value,
        claim=claim,
        distance=near.distance,
        quality=near.quality,
        transform=near.transform.value,
        which=_WHICH[near.which] + frame,
        radius=base.radius,
        at=near.frame / 1000 if film else None,
        known_at=None if near.known_at is None else near.known_at / 1000,
        passages=tuple(_seconds(one) for one in near.passages),
    )


def _seconds(passage: Passage) -> tuple[float, float, float, float]:
    times = passage.query_start, passage.query_end, passage.known_start, passage.known_end
    start, end, known_start, known_end = (round(one / 1_000_000, 3) for one in times)
    return start, end, known_start, known_end
