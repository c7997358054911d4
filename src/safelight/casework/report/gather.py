"""Gathers everything a report says from the database, as it stands at one moment."""

import socket
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
from django.db import transaction

import safelight
from safelight.casework import proof
from safelight.casework.models import Answer, Case, StackMember
from safelight.casework.queries import failures_of
from safelight.casework.report import model as m
from safelight.casework.rules import Verdict
from safelight.evidence import models as evidence
from safelight.evidence import sealed
from safelight.evidence.names import ITSELF, text_of
from safelight.evidence.queries import Standings
from safelight.known.queries import SourceSummary, list_sources
from safelight.media.types import Metadata
from safelight.vault.content import Vault
from safelight.vault.sealing import ColumnSealer
from safelight.vault.signatures import NewSignature, Which

_CHUNK = 2000
_ERASED = "its content was erased from this node"
_ANSWER_OF_STATE = {
    evidence.SightingState.LOCKED: Verdict.LOCKED,
    evidence.SightingState.UNREADABLE: Verdict.UNREADABLE,
    evidence.SightingState.NOT_EXAMINED: Verdict.NOT_EXAMINED,
    evidence.SightingState.EXAMINED: Verdict.NOT_EXAMINED,
}
_STRENGTH = {Verdict.KNOWN: 0, Verdict.COPY: 1, Verdict.NEW: 2}


def gather(case: Case, vault: Vault, *, now: datetime, demo: bool) -> m.Report:
    """Everything about a case, read in one transaction so that it fits together."""
    with transaction.atomic():
        exhibits = list(evidence.Exhibit.objects.filter(case=case.name).order_by("name"))
        sightings, without_item = _sightings(exhibits)
        active = {source.name: source for source in list_sources()}
        by_number = dict(_items(case, sightings, _Opener(vault, set(active))))
        # As this case met them: by number, their order would tell which of them another case had met before.
        every = (*(by_number[item] for item in sightings if item in by_number), *without_item)
        return m.Report(
            case=case.name,
            scheme=case.scheme or "",
            made=now,
            version=safelight.__version__,
            node=socket.gethostname(),
            demo=demo,
            exhibits=tuple(_exhibits(exhibits, every)),
            items=every,
            stacks=tuple(_stacks(case, by_number)),
            sources=tuple(_uses(every, active)),
            failures=tuple(failures_of([exhibit.pk for exhibit in exhibits])),
        )


def _sightings(exhibits: list[evidence.Exhibit]) -> tuple[dict[int, list[m.Sighting]], list[m.ReportItem]]:
    """The sightings of each item, and those that have none (locked, not opened, erased) as entries of their own."""
    names = {exhibit.pk: exhibit.name for exhibit in exhibits}
    standings = Standings(list(names))
    erased = set(evidence.Item.objects.filter(state=evidence.ItemState.ERASED).values_list("id", flat=True))
    found: dict[int, list[m.Sighting]] = defaultdict(list)
    without: list[m.ReportItem] = []
    containers: dict[int, str] = {}
    roots = {source.pk: text_of(bytes(source.root)) for source in evidence.Source.objects.filter(exhibit__in=exhibits)}
    parents = set(
        evidence.Sighting.objects.filter(exhibit__in=exhibits, parent__isnull=False).values_list("parent_id", flat=True)
    )
    for row in evidence.Sighting.objects.filter(exhibit__in=exhibits).order_by("id").iterator(chunk_size=_CHUNK):
        path = _path(row, roots, containers)
        if row.pk in parents:
            containers[row.pk] = path
        exhibit, standing = names[row.exhibit_id], standings.of(row).value
        sighting = m.Sighting(path, row.size, _time(row.modified), roots[row.source_id], row.how, exhibit, standing)
        if row.item_id is not None and row.item_id not in erased:
            found[row.item_id].append(sighting)
        else:
            without.append(_without_item(row, sighting))
    return found, without


def _path(row: evidence.Sighting, roots: dict[int, str], containers: dict[int, str]) -> str:
    name = text_of(bytes(row.name))
    if row.parent_id is not None:
        return f"{containers[row.parent_id]} > {name or ITSELF}"
    return f"{roots[row.source_id]}/{name}" if name else roots[row.source_id]


def _without_item(row: evidence.Sighting, sighting: m.Sighting) -> m.ReportItem:
    verdict = _ANSWER_OF_STATE[evidence.SightingState(row.state)]
    return m.ReportItem(
        sha256="",
        sha1="",
        md5="",
        size=row.size or 0,
        verdict=verdict.value,
        reason=_ERASED if row.item_id is not None else ": ".join(filter(None, (row.failure, row.reason))) or None,
        format=None,
        width=None,
        height=None,
        frames=None,
        pdq=None,
        quality=None,
        evidence=(),
        sightings=(sighting,),
    )


class _Opener:
    """Opens what is sealed of an item and its answer; `active` names the sources that still answer."""

    def __init__(self, vault: Vault, active: set[str]) -> None:
        self._items: ColumnSealer = vault.columns(sealed.TABLE)
        self._answers: ColumnSealer = vault.columns(proof.TABLE)
        self.signatures = vault.signatures
        self._active = active

    def tile(self, item: evidence.Item) -> bytes | None:
        """The item's small picture; what is no media has none, and its text need not be opened."""
        if item.state == evidence.ItemState.NO_MEDIA:
            return None
        return sealed.open_seen(item.sealed, item.pk, self._items).tile

    def evidence(self, answer: Answer) -> Iterator[m.Evidence]:
        """Evidence as it was kept, told apart where its source is gone since."""
        for one in proof.open_evidence(bytes(answer.evidence), answer.pk, self._answers):
            if one.claim.source in self._active:
                yield one
            else:
                yield replace(one, claim=replace(one.claim, removed=True))


def _items(case: Case, sightings: dict[int, list[m.Sighting]], opener: _Opener) -> Iterator[tuple[int, m.ReportItem]]:
    current = Answer.objects.filter(case=case, current=True).exclude(item__state=evidence.ItemState.ERASED)
    answers = current.select_related("item").order_by("item_id")
    for chunk in _chunks(answers.iterator(chunk_size=_CHUNK)):
        stored = opener.signatures.fetch([answer.item.signature for answer in chunk], frames=False)
        for answer in chunk:
            yield answer.item_id, _item(answer, stored[answer.item.signature], sightings[answer.item_id], opener)


def _item(answer: Answer, stored: NewSignature, seen: list[m.Sighting], opener: _Opener) -> m.ReportItem:
    item = answer.item
    listed = next((pdq for pdq in stored.pdqs if pdq.which is Which.LISTED and pdq.frame == 0), None)
    return m.ReportItem(
        sha256=(stored.sha256 or b"").hex(),
        sha1=(stored.sha1 or b"").hex(),
        md5=(stored.md5 or b"").hex(),
        size=item.size,
        verdict=answer.verdict,
        reason=answer.reason,
        format=item.kind,
        width=item.width,
        height=item.height,
        frames=item.frames,
        pdq=listed.bits.hex() if listed else None,
        quality=listed.quality if listed else None,
        evidence=tuple(opener.evidence(answer)),
        sightings=tuple(seen),
        metadata=_metadata(item.metadata),
        damaged=item.reason if item.state in (evidence.ItemState.DAMAGED, evidence.ItemState.VIDEO) else None,
        tile=opener.tile(item),
        graded=answer.graded,
    )


def _metadata(kept: object) -> dict[str, str]:
    if kept is None:
        return {}
    parsed = msgspec.convert(kept, Metadata)
    named = {"make": parsed.make, "model": parsed.model, "software": parsed.software, "taken": parsed.taken}
    told = {name: value for name, value in named.items() if value}
    told |= {f"serial: {name}": value for name, value in parsed.serials.items()}
    if parsed.gps is not None:
        told["gps"] = f"{parsed.gps.latitude:.6f}, {parsed.gps.longitude:.6f}"
    if parsed.jpeg is not None:
        told["jpeg tables"] = parsed.jpeg.quantisation
    if parsed.container is not None:
        told["container"] = parsed.container
    return told


def _exhibits(exhibits: Iterable[evidence.Exhibit], items: Iterable[m.ReportItem]) -> Iterator[m.Exhibit]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        for sighting in item.current:
            counts[sighting.exhibit][item.verdict] += 1
    for exhibit in exhibits:
        sources = evidence.Source.objects.filter(exhibit=exhibit).order_by("id")
        roots = tuple(text_of(bytes(source.root)) for source in sources)
        yield m.Exhibit(
            name=exhibit.name,
            runs=tuple(_run(run, roots) for run in evidence.Run.objects.filter(exhibit=exhibit).order_by("number")),
            sightings=counts[exhibit.name].total(),
            by_verdict=dict(counts[exhibit.name]),
        )


def _run(run: evidence.Run, sources: tuple[str, ...]) -> m.Run:
    return m.Run(
        number=run.number,
        by=f"{run.by} on {run.host}",
        started=run.started,
        ended=run.ended,
        state=run.state,
        command=run.command,
        sources=sources,
        versions=run.versions,
        settings=run.settings,
    )


def _stacks(case: Case, items: dict[int, m.ReportItem]) -> Iterator[m.ReportStack]:
    members: dict[int, list[StackMember]] = defaultdict(list)
    for member in StackMember.objects.filter(case=case).order_by("id").iterator(chunk_size=_CHUNK):
        members[member.representative_id].append(member)
    for group in members.values():
        inside = [member for member in group if not member.near]
        verdicts = [Verdict(one.verdict) for member in inside if (one := items[member.item_id]).current]
        if not verdicts:
            continue  # all of it is history
        yield m.ReportStack(
            verdict=min(verdicts, key=lambda verdict: _STRENGTH.get(verdict, len(_STRENGTH))).value,
            members=tuple((items[member.item_id].sha256, member.how, member.distance) for member in inside),
            near=tuple((items[member.item_id].sha256, member.distance) for member in group if member.near),
        )


def _uses(items: Iterable[m.ReportItem], active: dict[str, SourceSummary]) -> Iterator[m.SourceUse]:
    """What each source answered: those in the base, and those that were removed and answered before."""
    used: dict[str, Counter[str]] = defaultdict(Counter)
    claims: dict[str, m.Claim] = {}
    for item in items:
        if not item.current:
            continue
        for one in {one.claim.source: one for one in reversed(item.evidence)}.values():
            used[one.claim.source][item.verdict] += 1
            claims[one.claim.source] = one.claim
    for name in sorted(active.keys() | used.keys()):
        claim = claims.get(name)
        source = active.get(name)
        counts = used[name]
        yield m.SourceUse(
            name=name,
            trust=source.trust if source else claim.trust if claim else "",
            date=_date(source) if source else claim.source_date if claim else None,
            scheme=source.scheme if source else claim.scheme if claim else None,
            entries=source.entries if source else 0,
            known=counts[Verdict.KNOWN.value],
            copies=counts[Verdict.COPY.value],
            known_good=counts[Verdict.KNOWN_GOOD.value],
            removed=source is None,
        )


def _date(source: SourceSummary) -> str | None:
    return source.list_date.isoformat() if source.list_date else None


def _time(nanoseconds: int | None) -> datetime | None:
    if nanoseconds is None:
        return None
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _chunks(answers: Iterable[Answer]) -> Iterator[list[Answer]]:
    chunk: list[Answer] = []
    for answer in answers:
        chunk.append(answer)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
