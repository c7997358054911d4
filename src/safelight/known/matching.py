"""What the known base says about contents: exact digests, then every perceptual hash within the radius.

Rules kept here:
- every entry that matches answers, once, with the strongest way it matched and the nearest of its hashes;
- a hash takes part where it carries information and its quality is at least the limit, on both sides; a list that gives
  no quality with its hashes is taken at its word;
- superseded entries, removed sources and quarantined hashes answer nothing;
- what a match is worth is not decided here: MD5 alone says so by `how`, known good by `statement.known_good`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from safelight.known.models import KnownEntry
from safelight.known.queries import active_signatures, base_version, current_entries
from safelight.known.rules import Role, Trust
from safelight.known.schemes import Scheme, load_schemes
from safelight.search.ports import Codes, HammingIndex, Hits
from safelight.search.scan import ScanIndex
from safelight.signatures.types import TRANSFORMS, Digests, Examination, Pdq, Transform
from safelight.vault import signatures as vault
from safelight.vault.signatures import Realm, Which

RADIUS = 31
"""Bits: the distance within which PDQ's makers call two pictures the same."""
MIN_QUALITY = 50
_STRENGTH = {"sha256": 0, "sha1": 1, "md5": 2, "pdq": 3}


@dataclass(frozen=True)
class QueryHash:
    """One version of one hash of the content at hand: 32 bytes, which hash and frame it is, and how it was turned."""

    which: Which
    frame: int
    transform: Transform
    bits: bytes
    quality: int
    usable: bool


@dataclass(frozen=True)
class Question:
    """One content to be asked about: its digests, and the hashes to be looked for (none where it is no picture)."""

    digests: Digests
    hashes: tuple[QueryHash, ...] = ()

    @classmethod
    def of(cls, digests: Digests, examination: Examination | None) -> Self:
        """The question about an examined content: all frames, list and shown hash, in all eight turned versions."""
        hashes: list[QueryHash] = []
        for still in examination.stills if examination is not None else ():
            hashes += _versions(Which.LISTED, still.index, still.listed)
            if still.shown is not None:
                hashes += _versions(Which.SHOWN, still.index, still.shown)
        return cls(digests, tuple(hashes))


@dataclass(frozen=True)
class Statement:
    """What a source says of a matched content; the fields of a report's claim, as plain values."""

    source: str
    trust: str
    source_date: str | None
    known_good: bool
    scheme: str | None
    grade: str | None
    label: str | None
    series: str | None
    victim_identified: bool | None
    offender_identified: bool | None
    distributed: bool | None
    external_id: str | None
    agency: str | None = None
    baseline: bool | None = None
    suspected: bool | None = None
    self_generated: bool | None = None
    sets_grade: bool = False
    """The source's trust is one whose cryptographic matches may set a grade."""


@dataclass(frozen=True)
class Nearness:
    """A perceptual match: distance in bits, the known hash and its quality, and the version that was near it."""

    distance: int
    bits: bytes
    quality: int | None
    which: Which
    frame: int
    transform: Transform


@dataclass(frozen=True)
class Match:
    """One entry of the known base that a content matches.

    `how` is the strongest way ("sha256", "sha1", "md5" or "pdq"), `value` the matched value in hex; `size_agrees` is
    None where a side has no size. `near` tells the perceptual match as well, where there is one.
    """

    entry: int
    source: int
    statement: Statement
    how: str
    value: str
    size_agrees: bool | None = None
    near: Nearness | None = None


@dataclass
class _Found:
    """What is known of one (question, signature) pair before the entries are looked up."""

    how: str = "pdq"
    size_agrees: bool | None = None
    distance: int | None = None
    row: int = -1


@dataclass
class KnownBase:
    """The base as it was when it was opened; `version` tells whether it has changed since."""

    index: HammingIndex
    radius: int
    min_quality: int
    version: str
    schemes: dict[str, Scheme] = field(default_factory=dict)

    @classmethod
    def open(cls, radius: int = RADIUS, min_quality: int = MIN_QUALITY, *, data: Path | None = None) -> Self:
        """Load every hash that takes part; `data` is the data folder, for the unit's own schemes."""
        version = base_version()
        base = cls(ScanIndex(), radius, min_quality, version, load_schemes(data))
        base._load()
        return base

    def match(self, questions: Sequence[Question]) -> list[list[Match]]:
        """The matches of each question, strongest first (SHA-256, SHA-1, MD5, then by distance), then by entry."""
        found: dict[tuple[int, int], _Found] = defaultdict(_Found)
        self._exact(questions, found)
        rows = [
            (number, hash_)
            for number, question in enumerate(questions)
            for hash_ in question.hashes
            if hash_.usable and hash_.quality >= self.min_quality
        ]
        self._near(rows, found)
        return self._answer(questions, rows, found)

    def _load(self) -> None:
        active = active_signatures()
        if not active.size:
            return
        for keys, codes in vault.code_arrays(Realm.KNOWN, min_quality=self.min_quality):
            places = np.searchsorted(active, keys).clip(max=active.size - 1)
            taking_part = active[places] == keys
            self.index.add(keys[taking_part], codes[taking_part])

    def _exact(self, questions: Sequence[Question], found: dict[tuple[int, int], _Found]) -> None:
        asked = [vault.NewSignature(q.digests.md5, q.digests.sha1, q.digests.sha256, q.digests.size) for q in questions]
        for hit in vault.find(Realm.KNOWN, asked):
            pair = found[hit.query, hit.signature]
            if _STRENGTH[hit.how] < _STRENGTH[pair.how]:
                pair.how, pair.size_agrees = hit.how, hit.size_agrees

    def _near(self, rows: Sequence[tuple[int, QueryHash]], found: dict[tuple[int, int], _Found]) -> None:
        if not rows or not len(self.index):
            return
        hits: Hits = self.index.within(_as_codes([hash_.bits for _, hash_ in rows]), self.radius)
        for row, key, distance in zip(hits.query.tolist(), hits.key.tolist(), hits.distance.tolist(), strict=True):
            pair = found[rows[row][0], key]
            if pair.distance is None or distance < pair.distance:
                pair.distance, pair.row = distance, row

    def _answer(
        self,
        questions: Sequence[Question],
        rows: Sequence[tuple[int, QueryHash]],
        found: dict[tuple[int, int], _Found],
    ) -> list[list[Match]]:
        signatures = {signature for _, signature in found}
        entries = current_entries(signatures)
        stored = vault.fetch(entries)
        answers: list[list[Match]] = [[] for _ in questions]
        for (number, signature), pair in found.items():
            query = rows[pair.row][1] if pair.distance is not None else None
            for entry in entries.get(signature, ()) if signature in stored else ():
                answers[number].append(self._match(entry, pair, stored[signature], query))
        for matches in answers:
            matches.sort(key=_order)
        return answers

    def _match(self, entry: KnownEntry, pair: _Found, stored: vault.NewSignature, query: QueryHash | None) -> Match:
        near = None if query is None else _nearness(stored, query, self.min_quality)
        digest = {"sha256": stored.sha256, "sha1": stored.sha1, "md5": stored.md5}.get(pair.how)
        value = digest if digest is not None else near.bits if near is not None else b""
        return Match(
            entry=entry.pk,
            source=entry.source_id,
            statement=self._statement(entry),
            how=pair.how,
            value=value.hex(),
            size_agrees=pair.size_agrees,
            near=near,
        )

    def _statement(self, entry: KnownEntry) -> Statement:
        source = entry.source
        scheme = self.schemes.get(source.scheme) if source.scheme else None
        return Statement(
            source=source.name,
            trust=source.trust,
            source_date=source.list_date.isoformat() if source.list_date else None,
            known_good=source.role == Role.KNOWN_GOOD,
            scheme=source.scheme,
            grade=entry.grade,
            label=scheme.label(entry.grade) if scheme else None,
            series=entry.series,
            victim_identified=entry.victim_identified,
            offender_identified=entry.offender_identified,
            distributed=entry.distributed,
            external_id=entry.external_id,
            agency=entry.agency,
            baseline=entry.baseline,
            suspected=entry.suspected,
            self_generated=entry.self_generated,
            sets_grade=Trust(source.trust).sets_grade,
        )


def _versions(which: Which, frame: int, pdq: Pdq) -> list[QueryHash]:
    return [
        QueryHash(which, frame, transform, pdq.versions[at * 32 : at * 32 + 32], pdq.quality, pdq.usable)
        for at, transform in enumerate(TRANSFORMS)
    ]


def _nearness(stored: vault.NewSignature, query: QueryHash, min_quality: int) -> Nearness:
    """Which of an entry's hashes that take part is nearest to the version that was found near."""
    asked = int.from_bytes(query.bits, "big")
    distance, known = min(
        ((int.from_bytes(pdq.bits, "big") ^ asked).bit_count(), at)
        for at, pdq in enumerate(stored.pdqs)
        if pdq.quality is None or pdq.quality >= min_quality
    )
    pdq = stored.pdqs[known]
    return Nearness(distance, pdq.bits, pdq.quality, query.which, query.frame, query.transform)


def _order(match: Match) -> tuple[int, int, int]:
    return _STRENGTH[match.how], match.near.distance if match.near is not None else 257, match.entry


def _as_codes(codes: Sequence[bytes]) -> Codes:
    return np.frombuffer(b"".join(codes), np.uint8).reshape(-1, 32)
