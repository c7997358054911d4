"""The sentences of a report: verdicts in the glossary's words, and evidence said so that a person can judge it.

A perceptual match and MD5 alone never set a grade, and each sentence about one says so. Grades are quoted as their
source said them (scheme and value), never translated.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from safelight.casework.report.model import Claim, Evidence, ReportItem, Urgent
from safelight.casework.report.text import amount


@dataclass(frozen=True)
class Word:
    """A verdict: its heading, how a sentence counts it (one, many), and what it means."""

    title: str
    one: str
    many: str
    meaning: str


VERDICTS: dict[str, Word] = {
    "known": Word(
        "Known",
        "known",
        "known",
        "The very same content is in the known base, by its digest. What each source says of it is quoted.",
    ),
    "copy of known": Word(
        "Copies of known",
        "copy of known",
        "copies of known",
        "Looks like something in the known base (PDQ). A lead for a person to confirm; it never sets a grade.",
    ),
    "linked": Word("Linked", "linked", "linked", "Something ties it to other material; the evidence says what."),
    "new": Word("New", "new", "new", "Examined, and nothing in the known base matched. What it shows is not known."),
    "known good": Word(
        "Known good",
        "known good",
        "known good",
        "A list of ordinary files has this very content, by SHA-256, or by SHA-1 and size.",
    ),
    "locked": Word("Locked", "locked", "locked", "A password is needed to see what is inside."),
    "unreadable": Word("Unreadable", "could not be read", "could not be read", "It could not be opened or decoded."),
    "not examined": Word(
        "Not examined", "not examined", "not examined", "No picture or video: only digests were taken."
    ),
}
"""In the order of a report. A verdict that is not listed here is shown by its own name, after these."""

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Content", "One distinct file content, named by its SHA-256. The same content may lie in many places."),
    ("Sighting", "A content seen at one place: a path in an exhibit, an entry of an archive, an embedded thumbnail."),
    ("Stack", "Contents that are copies of one picture. One of them, the representative, stands for all."),
    ("Near copy", "Within the match radius of the representative, but not confirmed as a copy; it stands beside."),
    ("Grade", "What a source said, as scheme and value. Grades of different schemes are never translated."),
    ("PDQ", "A 256-bit perceptual hash. Few differing bits mean that two pictures look alike, not that they are one."),
    (
        "View avoided",
        "A file that nobody has to look at: graded by a trusted source, known good, or a stacked copy.",
    ),
)

_DIGESTS = {"sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5"}
_STRENGTH = {"sha256": 0, "sha1": 1, "md5": 2, "pdq": 3}
_TURNED = {
    "rotate90": "turned by 90°",
    "rotate180": "turned upside down",
    "rotate270": "turned by 270°",
    "flipx": "mirrored",
    "flipy": "mirrored",
    "transpose": "turned and mirrored",
    "antitranspose": "turned and mirrored",
}
_WHICH = re.compile(r"(list|shown)\W*(\d*)")
_OF_FILM = {"film": "a frame as stored", "film inside its borders": "a frame inside its borders"}
_PASSAGES_TOLD = 5


@dataclass(frozen=True)
class Proof:
    """One evidence in words: what matched, what the source says, and what follows or does not."""

    match: str
    says: str
    note: str


def word_for(verdict: str) -> Word:
    """Return the word of a verdict; one that is not known here stands for itself."""
    return VERDICTS.get(verdict) or Word(verdict, verdict, verdict, "")


def verdict_order(verdicts: Iterable[str]) -> list[str]:
    """Sort verdicts into a report's order, each once."""
    ranks = {verdict: rank for rank, verdict in enumerate(VERDICTS)}
    return sorted(set(verdicts), key=lambda verdict: (ranks.get(verdict, len(ranks)), verdict))


def verdict_counts(by_verdict: dict[str, int]) -> str:
    """Count verdicts in words: "118 known, 31 copies of known, 4 could not be read"; those of none are left out."""
    order = [verdict for verdict in verdict_order(by_verdict) if by_verdict[verdict]]
    words = (amount(by_verdict[verdict], word_for(verdict).one, word_for(verdict).many) for verdict in order)
    return ", ".join(words) or "none"


def strength(evidence: Evidence) -> tuple[int, bool, int, str]:
    """Order evidence, strongest first: better digest, source still in the base, smaller distance, name."""
    rank = _STRENGTH.get(evidence.how, len(_STRENGTH))
    return (rank, evidence.claim.removed, evidence.distance or 0, evidence.claim.source)


def by_strength(item: ReportItem) -> list[Evidence]:
    """Return an item's evidence, strongest first."""
    return sorted(item.evidence, key=strength)


def proof(evidence: Evidence) -> Proof:
    """Say one evidence in words."""
    return Proof(_match(evidence), claim_words(evidence.claim), _note(evidence))


def urgent_words(urgent: Urgent) -> str:
    """Say what is urgent, who says so and whom to call."""
    return f"{urgent.agency}, of the {urgent.about}: {urgent.why} (contact: {urgent.contact})"


def grade_words(claim: Claim) -> str:
    """Quote a grade as its source said it: "DEMO 1 'Category one'"; "" where the source gave none."""
    if claim.grade is None:
        return ""
    label = f"'{claim.label}'" if claim.label else ""
    return " ".join(part for part in (claim.scheme, claim.grade, label) if part)


def claim_words(claim: Claim) -> str:
    """Say what a source says of an entry: grade, series, who is identified; known good; or that it gives no grade."""
    parts = [
        "known good" if claim.known_good else grade_words(claim) or "no grade",
        claim.series,
        _flag(claim.victim_identified, "victim identified", "victim not identified"),
        _flag(claim.offender_identified, "offender identified", "offender not identified"),
        _flag(claim.distributed, "distributed", "not distributed"),
        f"entry {claim.external_id}" if claim.external_id else None,
    ]
    return ", ".join(part for part in parts if part)


def transform_words(transform: str | None) -> str:
    """Say how the picture at hand was turned before it matched; "" where it was not."""
    if transform in (None, "original"):
        return ""
    return f"{_TURNED[transform]} ({transform})" if transform in _TURNED else str(transform)


def _flag(value: bool | None, yes: str, no: str) -> str | None:
    return None if value is None else yes if value else no


def _match(evidence: Evidence) -> str:
    source = evidence.claim.source
    if evidence.how != "pdq":
        return f"{_DIGESTS.get(evidence.how, evidence.how)} equal to an entry of {source}"
    turned = transform_words(evidence.transform)
    details = [
        f"radius {evidence.radius}" if evidence.radius is not None else "",
        f"quality {evidence.quality}" if evidence.quality is not None else "",
        _which_words(evidence.which),
        _moments(evidence),
    ]
    beside = ", ".join(detail for detail in details if detail)
    distance = "an unknown number" if evidence.distance is None else str(evidence.distance)
    words = f"PDQ within {distance} of 256 bits{', ' + turned + ',' if turned else ''} of an entry of {source}"
    return f"{words} ({beside})" if beside else words


def _moments(evidence: Evidence) -> str:
    """Where in videos it was found, as a person would look it up."""
    if evidence.passages:
        told = [
            f"{clock(start)} to {clock(end)} is {clock(known_start)} to {clock(known_end)} of the known video"
            for start, end, known_start, known_end in evidence.passages[:_PASSAGES_TOLD]
        ]
        more = len(evidence.passages) - len(told)
        return "; ".join(told) + (f"; and {more} more passages" if more else "")
    here = f"at {clock(evidence.at)}" if evidence.at is not None else ""
    there = f"at {clock(evidence.known_at)} of the known video" if evidence.known_at is not None else ""
    return ", ".join(one for one in (here, there) if one)


def clock(seconds: float) -> str:
    """A time in a video, to a tenth of a second: "2:03.4", and "1:02:03.4" from an hour on."""
    hours, rest = divmod(int(seconds * 10), 36_000)
    minutes, tenths = divmod(rest, 600)
    end = f"{tenths // 10:02}.{tenths % 10}"
    return f"{hours}:{minutes:02}:{end}" if hours else f"{minutes}:{end}"


def _which_words(which: str | None) -> str:
    found = _WHICH.match(which or "")
    if found is None:
        return _OF_FILM.get(which or "", which or "")
    words = "picture as stored" if found[1] == "list" else "picture as shown"
    return f"{words}, frame {found[2]}" if found[2] else words


def _note(evidence: Evidence) -> str:
    notes = []
    if evidence.how == "pdq":
        notes.append("A perceptual match: it never sets a grade.")
    if evidence.how == "md5":
        notes.append("MD5 alone: it never sets a grade.")
    if evidence.claim.removed:
        notes.append("This source has since been removed; the answer keeps its evidence.")
    return " ".join(notes)
