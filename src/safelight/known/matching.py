"""What the known base says about contents: exact digests, then every perceptual hash within the radius.

Rules kept here:
- every entry that matches answers, once, with the strongest way it matched and the nearest of its hashes;
- a hash takes part where it carries information and its quality is at least the limit, on both sides; a list that gives
  no quality with its hashes is taken at its word;
- a video and a known video match where they share a passage, and not by single frames that look alike; a picture and
  a video by any frame;
- superseded entries, removed sources and quarantined hashes answer nothing;
- what agencies have signed about an item by its SHA-256 answers as entries do, as far as this node may read it;
- the sets of published lists are asked for a whole batch at once; one whose files are not what was written is asked
  nothing, and is named;
- what a match is worth is not decided here: MD5 alone says so by `how`, known good by `statement.known_good`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from safelight.access.node import Node
from safelight.assertions.handling import Reader
from safelight.assertions.queries import any_statements, make_ready_for_many, statements_version
from safelight.known.films import asked_first, is_film, shared
from safelight.known.matches import Match, Nearness, Statement, harmless
from safelight.known.models import KnownSource
from safelight.known.public.sets import DigestSet, Questions
from safelight.known.published import open_sets, silent
from safelight.known.queries import CurrentEntry, active_signatures, base_version, current_entries, sources_by_id
from safelight.known.rules import Role, Trust
from safelight.known.schemes import Scheme, load_schemes
from safelight.known.statements import SignedClaim, reader_of, signed_claims
from safelight.known.words import TABLE, open_words
from safelight.search.banded import BandedIndex
from safelight.search.ports import Codes, HammingIndex, Hits
from safelight.signatures.types import TRANSFORMS
from safelight.vault.sealing import ColumnSealer
from safelight.vault.signatures import KeptBlocks, NewPdq, NewSignature, Realm, Signatures

RADIUS = 31
"""Bits: the distance within which PDQ's makers call two pictures the same."""
MIN_QUALITY = 50
_ROWS_AT_ONCE = 4096
_HITS_AT_ONCE = 4_000_000
"""A film that stands still in front of a known one that does: each of its frames is near each of the other's."""
_STRENGTH = {"sha256": 0, "sha1": 1, "md5": 2, "pdq": 3}
_FLAGS = ("victim_identified", "offender_identified", "distributed", "baseline", "suspected", "self_generated")


@dataclass
class _Found:
    """What is known of one (question, signature) pair before the entries are looked up."""

    how: str = "pdq"
    size_agrees: bool | None = None
    distance: int | None = None
    asked: int = -1


@dataclass
class KnownBase:
    """The base as it was when it was opened; `version` tells whether it has changed since, and is for nobody's eyes.

    `lists` tells the same of its lists alone: a statement that somebody may not see shows in no record.
    """

    index: HammingIndex
    radius: int
    min_quality: int
    version: str
    lists: str
    node: Node
    reader: Reader
    words: ColumnSealer
    asks_statements: bool
    schemes: dict[str, Scheme] = field(default_factory=dict)
    kept: KeptBlocks = field(default_factory=KeptBlocks)
    sets: tuple[tuple[KnownSource, DigestSet], ...] = ()
    silent: tuple[str, ...] = ()
    """What is to be said of published sets that cannot answer."""

    @classmethod
    def open(
        cls,
        node: Node,
        radius: int = RADIUS,
        min_quality: int = MIN_QUALITY,
        *,
        now: datetime,
        data: Path | None = None,
    ) -> Self:
        """Load every hash that takes part, for questions of this moment.

        `data` is the folder of the unit's schemes and of published sets; without it those are not asked.
        """
        asks_statements = any_statements()
        if asks_statements:
            make_ready_for_many()
        states = open_sets(data) if data is not None else []
        missing = [str(state.source.pk) for state in states if state.opened is None]
        lists = base_version() + "".join(f" without {source}" for source in missing)
        base = cls(
            BandedIndex(),
            radius,
            min_quality,
            f"{lists}.{statements_version(now)}",
            lists,
            node,
            reader_of(node, now),
            node.vault.columns(TABLE),
            asks_statements,
            load_schemes(data),
            sets=tuple((state.source, state.opened) for state in states if state.opened is not None),
            silent=tuple(silent(states)),
        )
        base._load()
        return base

    @property
    def signatures(self) -> Signatures:
        """The digests and hashes of the base."""
        return self.node.vault.signatures

    def match(self, contents: Sequence[NewSignature]) -> list[list[Match]]:
        """The matches of each content, strongest first (SHA-256, SHA-1, MD5, then by distance), then by entry.

        A content is asked about by its digests and by all its hashes, in all turned versions that come with them.
        """
        found: dict[tuple[int, int], _Found] = defaultdict(_Found)
        self._exact(contents, found)
        asked = _Asked.of(contents, self.min_quality)
        self._near(asked, found)
        return self._answer(contents, asked, found)

    def _load(self) -> None:
        active = active_signatures()
        if not active.size:
            return
        for keys, codes in self.signatures.code_arrays(Realm.KNOWN, min_quality=self.min_quality):
            places = np.searchsorted(active, keys).clip(max=active.size - 1)
            taking_part = active[places] == keys
            self.index.add(keys[taking_part], codes[taking_part])

    def _exact(self, contents: Sequence[NewSignature], found: dict[tuple[int, int], _Found]) -> None:
        for hit in self.signatures.find(Realm.KNOWN, contents):
            pair = found[hit.query, hit.signature]
            if _STRENGTH[hit.how] < _STRENGTH[pair.how]:
                pair.how, pair.size_agrees = hit.how, hit.size_agrees

    def _near(self, asked: "_Asked", found: dict[tuple[int, int], _Found]) -> None:
        if not len(asked.codes) or not len(self.index):
            return
        owners = asked.owners()
        at, step = 0, _ROWS_AT_ONCE
        while at < len(asked.codes):
            hits = self.index.within(asked.codes[at : at + step], self.radius)
            for row, key, distance in _nearest_hits(hits, owners, at):
                pair = found[int(owners[row]), key]
                if pair.distance is None or distance < pair.distance:
                    pair.distance, pair.asked = distance, row
            at += step
            step = max(1, min(_ROWS_AT_ONCE, step * _HITS_AT_ONCE // max(1, len(hits.query))))

    def _answer(
        self, contents: Sequence[NewSignature], asked: "_Asked", found: dict[tuple[int, int], _Found]
    ) -> list[list[Match]]:
        signatures = {signature for _, signature in found}
        entries = current_entries(signatures)
        sources = sources_by_id(entry.source_id for group in entries.values() for entry in group)
        stored = self.signatures.fetch(entries, self.kept)
        answers: list[list[Match]] = [[] for _ in contents]
        for (number, signature), pair in found.items():
            if signature not in stored or signature not in entries:
                continue
            near = self._nearness(contents[number], stored[signature], pair, asked)
            if near is None and pair.how == "pdq":
                continue
            for entry in entries[signature]:
                said = self._statement(entry, sources[entry.source_id])
                answers[number].append(_match(entry, said, pair, stored[signature], near))
        for number, signed in self._signed(contents):
            answers[number].append(signed)
        for number, good in self._published(contents):
            answers[number].append(good)
        for matches in answers:
            matches.sort(key=_order)
        return answers

    def _signed(self, contents: Sequence[NewSignature]) -> Iterator[tuple[int, Match]]:
        """What agencies have signed about contents, by the content's number."""
        if not self.asks_statements:
            return
        digests = {content.sha256 for content in contents if content.sha256 is not None}
        claims = signed_claims(digests, self.reader, self.node)
        for number, content in enumerate(contents):
            for claim in claims.get(content.sha256 or b"", ()):
                yield number, Match(0, self._statement_of(claim), "sha256", (content.sha256 or b"").hex())

    def _published(self, contents: Sequence[NewSignature]) -> Iterator[tuple[int, Match]]:
        """What published sets say of contents, by the content's number."""
        if not self.sets:
            return
        asked = Questions.of(contents)
        for source, files in self.sets:
            said = harmless(source)
            for hit in files.find(asked):
                yield hit.question, Match(0, said, hit.how, hit.digest.hex(), hit.size_agrees)

    def _statement_of(self, claim: SignedClaim) -> Statement:
        scheme = self.schemes.get(claim.scheme) if claim.scheme else None
        trust = Trust.OWN if claim.agency == self.node.name else Trust.PARTNER
        flags: dict[str, bool | None] = {name: claim.flags.get(name) for name in _FLAGS}
        return Statement(
            source=claim.agency,
            trust=trust.value,
            source_date=claim.made.date().isoformat(),
            known_good=False,
            scheme=claim.scheme,
            grade=claim.grade,
            label=scheme.label(claim.grade) if scheme else None,
            series=claim.series,
            external_id=claim.assertion,
            agency=claim.agency,
            sets_grade=trust.sets_grade,
            **flags,
        )

    def _nearness(self, content: NewSignature, stored: NewSignature, pair: _Found, asked: "_Asked") -> Nearness | None:
        """The perceptual match of a content and what is stored of an entry; None where there is none."""
        if pair.distance is None:
            return None
        near = _nearest(stored, *asked.at(pair.asked), self.min_quality)
        if not (is_film(content) and is_film(stored)):
            return near
        both = shared(content, stored, self.radius, self.min_quality)
        return replace(near, transform=both.transform, passages=both.passages) if both is not None else None

    def _statement(self, entry: CurrentEntry, source: KnownSource) -> Statement:
        scheme = self.schemes.get(source.scheme) if source.scheme else None
        words = open_words(bytes(entry.words), entry.id, self.words)
        return Statement(
            source=source.name,
            trust=source.trust,
            source_date=source.list_date.isoformat() if source.list_date else None,
            known_good=source.role == Role.KNOWN_GOOD,
            scheme=source.scheme,
            grade=entry.grade,
            label=scheme.label(entry.grade) if scheme else None,
            series=words.series,
            victim_identified=entry.victim_identified,
            offender_identified=entry.offender_identified,
            distributed=entry.distributed,
            external_id=words.external_id,
            agency=words.agency,
            baseline=entry.baseline,
            suspected=entry.suspected,
            self_generated=entry.self_generated,
            sets_grade=Trust(source.trust).sets_grade,
        )


@dataclass(frozen=True)
class _Asked:
    """The hashes that are looked for: each with its content's number, and a row of `codes` for each of its versions.

    `rows` holds of each row the hash's place in `hashes` and the version's in `TRANSFORMS`.
    """

    hashes: list[tuple[int, NewPdq]]
    rows: list[tuple[int, int]]
    codes: Codes

    @classmethod
    def of(cls, contents: Sequence[NewSignature], min_quality: int) -> Self:
        hashes = [
            (number, pdq)
            for number, content in enumerate(contents)
            for pdq in asked_first(content)
            if (pdq.quality or 0) >= min_quality
        ]
        versions = [pdq.versions for _, pdq in hashes]
        rows = [(place, at) for place, bits in enumerate(versions) for at in range(len(bits) // 32)]
        return cls(hashes, rows, np.frombuffer(b"".join(versions), np.uint8).reshape(-1, 32))

    def owners(self) -> NDArray[np.int64]:
        """The content's number of each row."""
        return np.array([self.hashes[place][0] for place, _ in self.rows], np.int64)

    def at(self, row: int) -> tuple[NewPdq, int]:
        """The hash that a row of `codes` belongs to, and which version of it the row is."""
        place, version = self.rows[row]
        return self.hashes[place][1], version


def _nearest_hits(hits: Hits, owners: NDArray[np.int64], first: int) -> Iterator[tuple[int, int, int]]:
    """Of each content and key among hits of the rows from `first` on: the nearest row, the key, the distance."""
    rows = hits.query + first
    numbers = owners[rows]
    order = np.lexsort((rows, hits.distance, hits.key, numbers))
    numbers, keys = numbers[order], hits.key[order]
    taken = order[np.r_[True, (np.diff(numbers) != 0) | (np.diff(keys) != 0)]] if len(order) else order
    return zip(rows[taken].tolist(), hits.key[taken].tolist(), hits.distance[taken].tolist(), strict=True)


def _match(entry: CurrentEntry, said: Statement, pair: _Found, stored: NewSignature, near: Nearness | None) -> Match:
    digest = {"sha256": stored.sha256, "sha1": stored.sha1, "md5": stored.md5}.get(pair.how)
    value = digest if digest is not None else near.bits if near is not None else b""
    return Match(
        entry=entry.id,
        statement=said,
        how=pair.how,
        value=value.hex(),
        size_agrees=pair.size_agrees,
        near=near,
    )


def _nearest(stored: NewSignature, asked: NewPdq, version: int, min_quality: int) -> Nearness:
    """Which of an entry's hashes that take part is nearest to the version that was found near."""
    bits = int.from_bytes(asked.versions[32 * version : 32 * version + 32], "big")
    distance, known = min(
        ((int.from_bytes(pdq.bits, "big") ^ bits).bit_count(), at)
        for at, pdq in enumerate(stored.pdqs)
        if pdq.quality is None or pdq.quality >= min_quality
    )
    pdq = stored.pdqs[known]
    known_at = pdq.frame if pdq.which.of_film else None
    return Nearness(distance, pdq.bits, pdq.quality, asked.which, asked.frame, TRANSFORMS[version], known_at)


def _order(match: Match) -> tuple[int, int, int]:
    return _STRENGTH[match.how], match.near.distance if match.near is not None else 257, match.entry
