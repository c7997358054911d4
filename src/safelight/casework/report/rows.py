"""Items, stacks and contradictions as the page shows them: text only, each list capped, evidence strongest first.

Pictures, where they were asked for, are shown of material that a person still has to judge, and of nothing else:
what a trusted source graded is answered, not shown (DESIGN, rule 4).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from safelight.casework.report.contradictions import distinct_claims, points_of_contradiction
from safelight.casework.report.model import Report, ReportItem, ReportStack, Sighting
from safelight.casework.report.text import Capped, DataUri, amount, capped, counted, size_words
from safelight.casework.report.tiles import tile_uri
from safelight.casework.report.words import (
    Proof,
    Word,
    by_strength,
    proof,
    strength,
    urgent_words,
    verdict_order,
    word_for,
)

ROWS = 200
STACKS = 100
MEMBERS = 12
PLACES = 4
PROOFS = 4
_OPEN = 12
_TO_JUDGE = frozenset({"copy of known", "linked", "new"})


@dataclass(frozen=True)
class Row:
    """One content: where it was seen, what it is, its verdict's reason, the evidence, and the tile if it is shown."""

    digest: str
    places: Capped[str]
    facts: str
    reason: str
    damaged: str
    grading: str
    proofs: Capped[Proof]
    tile: DataUri | None


@dataclass(frozen=True)
class Member:
    """One content in or beside a stack: a place it was seen at, its digest, and why it is here."""

    place: str
    digest: str
    why: str


@dataclass(frozen=True)
class StackRow:
    """A stack: its verdict, its size in words, its representative, the strongest evidence, copies and near copies."""

    verdict: str
    size: str
    head: Row
    strongest: Proof | None
    members: Capped[Member]
    near: Capped[Member]


@dataclass(frozen=True)
class Dispute:
    """One content about which sources contradict each other: on what, and each claim."""

    row: Row
    points: str
    claims: Capped[Proof]


@dataclass(frozen=True)
class Alarm:
    """One content about which something is urgent: where it was seen, and what is said."""

    digest: str
    places: Capped[str]
    says: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """All contents of one verdict; a short list is open from the start."""

    anchor: str
    word: Word
    files: str
    rows: Capped[Row]
    unfolded: bool


def sections(report: Report, *, pictures: bool) -> tuple[Section, ...]:
    """Sort a report's items into one section per verdict, in a report's order; verdicts without items are left out."""
    groups: dict[str, list[ReportItem]] = {}
    for item in filter(_is_current, report.items):
        groups.setdefault(item.verdict, []).append(item)
    return tuple(_section(verdict, groups[verdict], pictures=pictures) for verdict in verdict_order(groups))


def stacks(report: Report, *, pictures: bool) -> Capped[StackRow]:
    """Show the stacks of more than one content (or with near copies): urgent, worst verdict, then largest first."""
    items = {item.sha256: item for item in report.items if item.current}
    several = (stack for stack in report.stacks if len(stack.members) + len(stack.near) > 1)
    told = [stack for stack in several if any(digest in items for digest, _, _ in stack.members)]
    ranks = {verdict: rank for rank, verdict in enumerate(verdict_order(stack.verdict for stack in told))}
    told.sort(key=lambda one: (_is_calm(one, items), ranks[one.verdict], -len(one.members), one.members[0][0]))
    return capped(told, STACKS, lambda stack: _stack(stack, items, pictures=pictures))


def disputes(report: Report) -> Capped[Dispute]:
    """Show the items about which sources contradict each other."""
    found = [(item, points) for item in filter(_is_current, report.items) if (points := points_of_contradiction(item))]
    return capped(found, ROWS, lambda pair: _dispute(*pair))


def urgent(report: Report) -> Capped[Alarm]:
    """Show what is urgent, by content: where it was seen, and what is said."""
    return capped([item for item in report.items if item.urgent and item.current], ROWS, _alarm)


def row(item: ReportItem, *, pictures: bool = False) -> Row:
    """Show one item."""
    judged = pictures and item.tile is not None and item.verdict in _TO_JUDGE and not item.graded
    return Row(
        digest=item.sha256,
        places=capped(item.current, PLACES, place_words),
        facts=_facts(item),
        reason=(item.reason or "") if not item.evidence else "",  # evidence speaks for itself
        damaged=item.damaged or "",
        grading=_grading(item),
        proofs=capped(by_strength(item), PROOFS, proof),
        tile=tile_uri(item.tile) if judged and item.tile is not None else None,
    )


def place_words(sighting: Sighting) -> str:
    """Say where an item was seen; an embedded picture is named as one."""
    return sighting.path if sighting.how in ("file", "entry") else f"{sighting.path} ({sighting.how})"


def _section(verdict: str, items: list[ReportItem], *, pictures: bool) -> Section:
    files = sum(len(item.current) for item in items)
    return Section(
        anchor="verdict-" + "".join(char if char.isascii() and char.isalnum() else "-" for char in verdict),
        word=word_for(verdict),
        files=f"{amount(files, 'file')}, {amount(len(items), 'content')}",
        rows=capped(items, ROWS, lambda item: row(item, pictures=pictures)),
        unfolded=len(items) <= _OPEN,
    )


def _is_current(item: ReportItem) -> bool:
    return bool(item.current)


def _is_calm(stack: ReportStack, items: Mapping[str, ReportItem]) -> bool:
    """Whether nothing in a stack is urgent."""
    return not any(items[digest].urgent for digest, *_ in stack.members if digest in items)


def _alarm(item: ReportItem) -> Alarm:
    says = tuple(urgent_words(one) for one in item.urgent[:PROOFS])
    return Alarm(item.sha256, capped(item.current, PLACES, place_words), says)


def _facts(item: ReportItem) -> str:
    parts = [
        (item.format or "").upper(),
        f"{item.width} \u00d7 {item.height}" if item.width and item.height else "",
        f"{counted(item.frames)} frames" if item.frames and item.frames > 1 else "",
        size_words(item.size),
        f"PDQ quality {item.quality}" if item.quality is not None else "",
    ]
    return " · ".join(part for part in parts if part)


def _grading(item: ReportItem) -> str:
    if item.graded:
        return "Graded by a cryptographic match with a trusted source."
    return "Not graded: no trusted source that grades it matched cryptographically." if item.verdict == "known" else ""


def _stack(stack: ReportStack, items: Mapping[str, ReportItem], *, pictures: bool) -> StackRow:
    members = [one for one in stack.members if one[0] in items]
    contents = [items[digest] for digest, _, _ in members]
    beside = [one for one in stack.near if one[0] in items]
    files = sum(len(item.current) for item in contents)
    evidence = sorted((one for item in contents for one in item.evidence), key=strength)
    near = f", {amount(len(beside), 'near copy', 'near copies')} beside" if beside else ""
    return StackRow(
        verdict=word_for(stack.verdict).one,
        size=f"{amount(len(members), 'content')}, {amount(files, 'file')}{near}",
        head=row(contents[0], pictures=pictures),
        strongest=proof(evidence[0]) if evidence else None,
        members=capped(members[1:], MEMBERS, lambda one: _member(items, *one)),
        near=capped(beside, MEMBERS, lambda one: _member(items, one[0], "near", one[1])),
    )


def _member(items: Mapping[str, ReportItem], digest: str, how: str, distance: int | None) -> Member:
    item = items.get(digest)
    places = _first_place(item.current) if item else ""
    bits = "" if distance is None else f", {amount(distance, 'bit')} of 256"
    return Member(places or "(not in this report)", digest, f"{how}{bits}")


def _first_place(sightings: Iterable[Sighting]) -> str:
    return next((place_words(sighting) for sighting in sightings), "")


def _dispute(item: ReportItem, points: list[str]) -> Dispute:
    evidence = distinct_claims(by_strength(item))
    return Dispute(row(item), ", ".join(points), capped(evidence, MEMBERS, proof))
