"""Asks the known base about items and writes the answers down, with the evidence as it stands now."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from safelight.casework.models import Answer, Case
from safelight.casework.report.model import Claim, Evidence
from safelight.casework.rules import Agreement, How, Judgement, Verdict, judge
from safelight.evidence.models import Item, ItemState, Run
from safelight.known.matching import KnownBase, Match, QueryHash, Question
from safelight.signatures.types import TRANSFORMS, Digests
from safelight.vault.signatures import NewPdq, NewSignature, Which, fetch

_OTHERWISE = {
    ItemState.PICTURE: Verdict.NEW,
    ItemState.DAMAGED: Verdict.NEW,
    ItemState.UNREADABLE: Verdict.UNREADABLE,
    ItemState.NO_MEDIA: Verdict.NOT_EXAMINED,
}
_ANSWERS_LOCK = 0x5AFE_0003
EVIDENCE_KEPT = 200
"""Matches kept of one answer, strongest first; a hash that hits more is counted, and says so."""
_WHICH = {Which.LISTED: "list", Which.SHOWN: "shown"}
_WITHOUT_INFORMATION = "no usable hash: the picture has no structure that a perceptual hash could hold"


def judge_items(case: Case, run: Run, items: Iterable[int], base: KnownBase, *, now: datetime) -> dict[int, Verdict]:
    """Answer about items that have no current answer from this state of the base; the verdict of every item comes back.

    The caller's transaction, or one of its own, holds the new answers; earlier ones stay, no longer current.
    """
    wanted = list(dict.fromkeys(items))
    with transaction.atomic():
        _one_at_a_time(case)
        standing = dict(_standing(case, wanted, base))
        pending = list(Item.objects.filter(pk__in=[item for item in wanted if item not in standing]))
        stored = fetch([item.signature for item in pending])
        matches = base.match([_question(stored[item.signature]) for item in pending])
        answers = [
            _answer(case, run, item, stored[item.signature], found, base, now)
            for item, found in zip(pending, matches, strict=True)
        ]
        Answer.objects.filter(case=case, item__in=[item.pk for item in pending], current=True).update(current=False)
        Answer.objects.bulk_create(answers, batch_size=500)
    return standing | {answer.item_id: Verdict(answer.verdict) for answer in answers}


def _one_at_a_time(case: Case) -> None:
    """Until the transaction ends, nobody else answers in this case: an item has one current answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_ANSWERS_LOCK, case.pk])


def _standing(case: Case, items: Sequence[int], base: KnownBase) -> Iterable[tuple[int, Verdict]]:
    rows = Answer.objects.filter(
        case=case, item__in=items, current=True, base=base.version, radius=base.radius, quality=base.min_quality
    )
    return ((item, Verdict(verdict)) for item, verdict in rows.values_list("item_id", "verdict"))


def _question(stored: NewSignature) -> Question:
    digests = Digests(stored.md5 or b"", stored.sha1 or b"", stored.sha256 or b"", stored.size or 0)
    return Question(digests, tuple(version for pdq in stored.pdqs for version in _versions(pdq)))


def _versions(pdq: NewPdq) -> Iterable[QueryHash]:
    versions = pdq.bits + (pdq.turned or b"")
    for row, transform in enumerate(TRANSFORMS[: len(versions) // 32]):
        bits = versions[32 * row : 32 * row + 32]
        yield QueryHash(pdq.which, pdq.frame, transform, bits, pdq.quality or 0, usable=True)


def _answer(
    case: Case, run: Run, item: Item, stored: NewSignature, found: Sequence[Match], base: KnownBase, now: datetime
) -> Answer:  # fmt: skip
    judgement = judge([_agreement(match) for match in found], _OTHERWISE[ItemState(item.state)])
    evidence = [_evidence(found[row], base) for row in judgement.order[:EVIDENCE_KEPT]]
    return Answer(
        case=case,
        item=item,
        run=run,
        verdict=judgement.verdict.value,
        graded=judgement.graded,
        reason=_reason(item, stored, judgement),
        evidence=[msgspec.to_builtins(one) for one in evidence],
        base=base.version,
        radius=base.radius,
        quality=base.min_quality,
        made=now,
    )


def _reason(item: Item, stored: NewSignature, judgement: Judgement) -> str | None:
    more = len(judgement.order) - EVIDENCE_KEPT
    parts = [judgement.reason, f"{more} more matches are not listed" if more > 0 else None]
    if judgement.verdict in (Verdict.UNREADABLE, Verdict.NOT_EXAMINED):
        parts.append(item.reason)
    elif judgement.verdict is Verdict.NEW and not stored.pdqs:
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
    frame = f" of frame {near.frame}" if near.frame else ""
    return Evidence(
        how=match.how,
        value=match.value,
        claim=claim,
        distance=near.distance,
        quality=near.quality,
        transform=near.transform.value,
        which=_WHICH[near.which] + frame,
        radius=base.radius,
    )
