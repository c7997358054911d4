"""From matches to a verdict. Pure: values in, values out.

The rules kept here (DESIGN, rule 3 and rule 4):
- a digest match answers *known*; where only MD5 agrees it says so, sets no grade and suppresses nothing;
- *known good* needs SHA-256, or SHA-1 and size, and gives way to anything that calls the content known;
- a perceptual match answers *copy of known*: it never sets a grade;
- a grade stands only on SHA-256 or SHA-1 and a source that this unit trusts; contradicting sources all stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What Safelight answers about an item (DESIGN, words)."""

    KNOWN = "known"
    COPY = "copy of known"
    KNOWN_GOOD = "known good"
    NEW = "new"
    LOCKED = "locked"
    NOT_EXAMINED = "not examined"
    UNREADABLE = "unreadable"


class How(StrEnum):
    """What agreed."""

    SHA256 = "sha256"
    SHA1 = "sha1"
    MD5 = "md5"
    PDQ = "pdq"


_STRENGTH = {How.SHA256: 0, How.SHA1: 1, How.MD5: 2, How.PDQ: 3}


@dataclass(frozen=True)
class Agreement:
    """One match as the rules see it; `trusted` says whether the unit trusts the source's grades."""

    how: How
    known_good: bool
    trusted: bool
    grade: str | None
    size_agrees: bool | None = None
    distance: int = 0
    source: str = ""


@dataclass(frozen=True)
class Judgement:
    """A verdict; `order` is the rows of the agreements, strongest first; `graded` whether a grade stands on it."""

    verdict: Verdict
    graded: bool
    reason: str | None
    order: tuple[int, ...]


def judge(agreements: Sequence[Agreement], otherwise: Verdict) -> Judgement:
    """Decide about one item; `otherwise` is the answer where nothing agrees (new, not examined, unreadable)."""
    order = tuple(sorted(range(len(agreements)), key=lambda row: _rank(agreements[row], row)))
    exact = [one for one in agreements if one.how is not How.PDQ and not one.known_good]
    if exact:
        strong = [one for one in exact if one.how is not How.MD5]
        graded = any(one.trusted and one.grade is not None for one in strong)
        return Judgement(Verdict.KNOWN, graded, None if strong else "by MD5 only: it sets no grade", order)
    if any(one.how is How.PDQ and not one.known_good for one in agreements):
        return Judgement(Verdict.COPY, graded=False, reason="a perceptual match: it sets no grade", order=order)
    if any(_suffices_for_good(one) for one in agreements):
        return Judgement(Verdict.KNOWN_GOOD, graded=False, reason=None, order=order)
    return Judgement(otherwise, graded=False, reason=None, order=order)


def _suffices_for_good(agreement: Agreement) -> bool:
    if not agreement.known_good:
        return False
    return agreement.how is How.SHA256 or (agreement.how is How.SHA1 and agreement.size_agrees is True)


def _rank(agreement: Agreement, row: int) -> tuple[int, int, bool, str, int]:
    return (_STRENGTH[agreement.how], agreement.distance, agreement.known_good, agreement.source, row)
