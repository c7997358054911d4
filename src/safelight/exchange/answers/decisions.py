"""What may be said of a content to somebody else: this unit's own decision, and what lists say where that is wanted.

Rules kept here:
- a grade is one only on an equal SHA-256 or SHA-1: what a picture looks like is no decision;
- a grade in another scheme than the file's is never translated: it is told in words, and counted as lost;
- where two grades of one scheme contradict each other, neither stands: both are told;
- what a list says is told under that list's name, and never as this unit's own.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from safelight.casework.report.model import Claim, ReportItem

_CRYPTOGRAPHIC = ("sha256", "sha1")


class Loss(StrEnum):
    """What a form cannot hold, each as a sentence that is counted."""

    OTHER_SCHEME = "grades in another scheme: told in the comment, not translated"
    CONTRADICTION = "contents with grades that contradict each other: told in the comment, none given"
    NO_NUMBER = "grades that are no number, as categories of the form are"
    NEAR = "contents that look like known ones: a near match is told in the comment, and is no grade"
    OTHERS = "contents about which others say something: not passed on"
    FRAMES = "videos: hashes of their frames have no place"
    TURNED = "hashes of what is shown, where they differ from the listed one"
    NO_MEDIA = "contents that are no media, locked or not examined: left out"
    WITHOUT_CONTENT = "places whose content could not be read: left out"
    HISTORY = "places that are history (replaced or vanished): left out"
    DIGEST = "SHA-256 and PDQ: the form has no place for them"
    TYPE = "contents whose media type cannot be told"
    TEXTS = "values of metadata that have no name in the form"
    PLACES = "further places of one content: the form has one line for each content"
    CARRIED = "values of other programs (PhotoDNA and the like) are not computed here: left empty"


@dataclass
class Losses:
    """How often each was lost, and how many contents the file holds."""

    counts: Counter[Loss] = field(default_factory=Counter)
    contents: int = 0

    def add(self, loss: Loss, count: int = 1) -> None:
        """Count something that is lost."""
        if count:
            self.counts[loss] += count


@dataclass(frozen=True)
class Terms:
    """On which terms a file is made: the scheme of its grades, the own agency, the names of own and of other lists.

    `own` are the names under which this unit's own words stand in evidence; `lists` those of imported lists that may be
    told, empty where they may not.
    """

    scheme: str | None
    agency: str
    own: Collection[str]
    lists: Collection[str]


@dataclass(frozen=True)
class Decision:
    """What is said of one content: its grade in the file's scheme, flags (None: nobody said), series, and words."""

    grade: str | None = None
    victim_identified: bool | None = None
    offender_identified: bool | None = None
    distributed: bool | None = None
    series: str | None = None
    by: tuple[str, ...] = ()
    comment: str = ""

    @property
    def from_lists(self) -> bool:
        """Whether a list stands behind it."""
        return bool(self.by)


def decide(item: ReportItem, terms: Terms, losses: Losses) -> Decision:
    """What may be said of an item to the recipient."""
    told = [one for one in item.evidence if not one.claim.known_good and not one.claim.removed]
    equal = [one.claim for one in told if one.how in _CRYPTOGRAPHIC]
    own = [claim for claim in equal if claim.source in terms.own]
    listed = [claim for claim in equal if claim.source in terms.lists and claim.source not in terms.own]
    losses.add(Loss.OTHERS, int(len(own) + len(listed) < len(equal)))
    speaking = own or listed
    comments: list[str] = []
    grade = _grade(speaking, terms.scheme, comments, losses)
    near = [one for one in told if one.how == "pdq" and one.claim.source in {*terms.own, *terms.lists}]
    if near and not equal:
        losses.add(Loss.NEAR)
        best = min(near, key=lambda one: one.distance or 0)
        comments.append(f"looks like known material: PDQ {best.distance} of 256 bits from {best.value}")
    return Decision(
        grade=grade,
        victim_identified=_flag(speaking, "victim_identified"),
        offender_identified=_flag(speaking, "offender_identified"),
        distributed=_flag(speaking, "distributed"),
        series=next((claim.series for claim in speaking if claim.series), None),
        by=tuple(dict.fromkeys(claim.source for claim in speaking)) if not own else (),
        comment="; ".join(comments),
    )


def _grade(claims: Sequence[Claim], scheme: str | None, comments: list[str], losses: Losses) -> str | None:
    graded = [claim for claim in claims if claim.grade is not None]
    here = {claim.grade for claim in graded if claim.scheme == scheme}
    for claim in graded:
        if claim.scheme != scheme:
            losses.add(Loss.OTHER_SCHEME)
            comments.append(f"{claim.source}: {claim.scheme} {claim.grade}")
    if len(here) > 1:
        losses.add(Loss.CONTRADICTION)
        comments += [f"{claim.source}: {claim.scheme} {claim.grade}" for claim in graded if claim.scheme == scheme]
    return here.pop() if len(here) == 1 else None


def _flag(claims: Sequence[Claim], name: str) -> bool | None:
    """True where somebody says so; False only where somebody says that it is not so, and nobody that it is."""
    said = [value for claim in claims if (value := getattr(claim, name)) is not None]
    return any(said) if said else None


def is_media(item: ReportItem) -> bool:
    """Whether a content is a picture or a video, or known to be something: what such a file is about."""
    return bool(item.sha256) and (
        item.verdict in ("known", "copy of known", "new", "linked", "unreadable")
        or (item.verdict == "known good" and item.width is not None)
    )
