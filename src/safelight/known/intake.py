"""Rows into the tables: what is new, what is repeated, what replaces what. Runs inside the caller's transaction.

Everything is a set operation on batches of a few thousand rows, and many rows arrive by one statement: a list of
millions takes minutes and bounded memory. The server looks up what was said before, and takes rows in, while the next
ones are made ready. Because one transaction holds a whole file, a killed import leaves nothing behind that anyone sees,
and the same command again starts afresh.
"""

import secrets
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from safelight.assertions.batches import SECRET_BYTES, BatchRow, row_salts
from safelight.errors import UsageError
from safelight.known.models import KnownEntry, KnownImport, KnownSource
from safelight.known.pictures import OwnPictureError, OwnPictures
from safelight.known.public.sets import DigestSet, Questions
from safelight.known.quarantine import Quarantine
from safelight.known.rows import BadRow, KnownRow
from safelight.known.rules import DEMO_PREFIX, HashState, Role, content_key, fingerprint, row_problem, speaks_demo
from safelight.known.screening import Screen, Screened
from safelight.known.words import TABLE, seal_words, words_of
from safelight.platform.behind import Behind
from safelight.platform.copying import analyse, reserve_ids
from safelight.platform.reading import Rows
from safelight.vault.content import Vault
from safelight.vault.signatures import NewPdq, NewSignature, Realm, Which

BATCH_ROWS = 5000
_ANALYSE_FROM = 1000
SHOWN_PROBLEMS = 20

_COLUMNS = (
    "id", "source_id", "edition_id", "signature", "fingerprint", "content", "hash_state", "line", "row", "grade",
    "media_type",
    "victim_identified", "offender_identified", "distributed", "self_generated", "suspected", "baseline", "words",
)  # fmt: skip
_TYPES = (
    "int8", "int8", "int8", "int8", "bytea", "bytea", "text", "int8", "int8", "text", "text",
    "bool", "bool", "bool", "bool", "bool", "bool", "bytea",
)  # fmt: skip
_REPEATED = "CREATE TEMPORARY TABLE known_repeated (entry bigint NOT NULL) ON COMMIT DROP"
_MADE_BEFORE = """
WITH asked AS (
    SELECT at, substring(prints FROM at * 16 + 1 FOR 16) AS print
    FROM (SELECT %(prints)s::bytea AS prints) AS given, generate_series(0, %(last)s) AS at
), made AS (
    SELECT asked.at, entry.id, entry.edition_id FROM asked CROSS JOIN LATERAL (
        SELECT id, edition_id FROM known_entry
        WHERE source_id = %(source)s AND fingerprint = asked.print AND superseded_at IS NULL LIMIT 1
    ) AS entry
), noted AS (
    INSERT INTO known_repeated SELECT id FROM made WHERE edition_id <> %(edition)s
)
SELECT at FROM made
"""
# The planner has no figures of rows that this transaction has written, and wrong ones where an import was killed: its
# dead rows fill the table, and whoever counts finds not one row on thousands of pages. With such figures all ways cost
# the same, and one that goes through a table or an index as a whole for each statement takes time by the square of the
# rows. So it is left one way, whatever the figures: this keeps it from the table, and the indexes of `KnownEntry` are
# made so that a look-up by source and fingerprint can use `known_entry_statement` alone.
_BY_INDEX = "SET LOCAL enable_seqscan = off"
_AS_USUAL = "RESET enable_seqscan"
_SUPERSEDE = """
UPDATE known_entry AS earlier SET superseded_at = %(now)s, superseded_by_id = %(edition)s
WHERE earlier.source_id = %(source)s AND earlier.edition_id <> %(edition)s AND earlier.superseded_at IS NULL
    AND earlier.content IN (
        SELECT content FROM known_entry
        WHERE source_id = %(source)s AND edition_id = %(edition)s AND superseded_at IS NULL
    )
    AND NOT EXISTS (SELECT FROM known_repeated AS repeated WHERE repeated.entry = earlier.id)
"""


@dataclass
class Counts:
    """What became of a file's rows.

    `left_out` tells how many values of each field were left out of rows that were taken; `problems` holds the first few
    refusals as (line, reason), `harmless` how many entries each published list of known good names too.
    """

    read: int = 0
    new: int = 0
    repeated: int = 0
    superseded: int = 0
    refused: int = 0
    quarantined_hashes: int = 0
    graded: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)
    harmless: dict[str, int] = field(default_factory=dict)

    def contradictions(self) -> list[str]:
        """What is to be said where a list of known material names what published lists name as harmless."""
        return [
            f"{number:,} entries name what {source} names as harmless: both stand; ask who made the list"
            for source, number in self.harmless.items()
        ]


class _Prepared(msgspec.Struct, gc=False):
    """A row that is ready for the tables."""

    row: KnownRow
    print: bytes
    pdqs: tuple[NewPdq, ...]
    state: HashState = HashState.NONE


class _Asked(NamedTuple):
    """Rows of different prints, none of which this file said earlier, and the question which the source said before."""

    prepared: dict[bytes, _Prepared]
    before: Future[Rows] | None


class Intake:
    """Takes the rows of one file into one source."""

    def __init__(
        self,
        source: KnownSource,
        edition: KnownImport,
        *,
        screen: Screen,
        quarantine: Quarantine,
        pictures: OwnPictures,
        demo_folder: bool,
        vault: Vault,
        behind: Behind,
    ) -> None:
        self.counts = Counts()
        self._signatures, self._words = vault.signatures, vault.columns(TABLE)
        self._statement_index = vault.index("known_entry statement")
        self._content_index = vault.index("known_entry content")
        self._source, self._edition = source, edition
        self._screen, self._quarantine, self._pictures = screen, quarantine, pictures
        self._demo_folder, self._behind = demo_folder, behind
        self.harmless: Sequence[tuple[str, DigestSet]] = ()
        """Published sets, by the name of their source, that are asked whether they name a content as harmless."""
        self._waiting: list[KnownRow] = []
        self._asked = _Asked({}, None)
        self._secret = secrets.token_bytes(SECRET_BYTES)
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS known_repeated")
            cursor.execute(_REPEATED)
            cursor.execute(_BY_INDEX)

    def take(self, messages: Sequence[KnownRow | BadRow]) -> list[BatchRow]:
        """Take messages of the reader, in order; what is new and on its way into the tables comes back, to be signed.

        Raises:
            UsageError: a row grades without a scheme, or declares itself a demonstration in a real base.
        """
        for message in messages:
            self.counts.read += 1
            if isinstance(message, BadRow):
                self._refuse(message.line, message.reason, message.text)
            elif (problem := row_problem(message)) is not None:
                self._refuse(message.line, problem, message.path or message.external_id or "")
            else:
                self._check(message)
                self._waiting.append(message)
        return self._turn() if len(self._waiting) >= BATCH_ROWS else []

    def flush(self) -> list[BatchRow]:
        """Take what waits, as `take` does."""
        return [*self._turn(), *self._turn()]

    def finish(self, now: datetime) -> Counts:
        """Let this file's rows replace what the source said of the same contents before; nothing waits any more."""
        with connection.cursor() as cursor:
            cursor.execute(_AS_USUAL)
            if self.counts.new >= _ANALYSE_FROM:
                # An embedded server is seldom up for long enough to count its tables by itself.
                cursor.execute("ANALYZE known_repeated")  # it is this connection's own
                analyse("known_entry", "vault_signature")
            if self.counts.new:
                cursor.execute(_SUPERSEDE, {"now": now, "edition": self._edition.pk, "source": self._source.pk})
                self.counts.superseded = cursor.rowcount
        return self.counts

    def _check(self, row: KnownRow) -> None:
        if not self._demo_folder and speaks_demo(row):
            raise UsageError(
                f"line {row.line} declares itself {DEMO_PREFIX}: a demonstration list is taken in a demonstration "
                "data folder only, whatever its name; nothing was imported"
            )
        if row.category is not None:
            self.counts.graded += 1
            if self._source.scheme is None and self._source.role == Role.KNOWN:
                raise UsageError(
                    f"line {row.line} has the grade {row.category[:60]!r}, but nothing says of which scheme: "
                    "give --scheme; nothing was imported"
                )

    def _refuse(self, line: int, reason: str, text: str) -> None:
        self.counts.refused += 1
        if len(self.counts.problems) < SHOWN_PROBLEMS:
            self.counts.problems.append((line, reason))
        self._quarantine.hold(line, reason, text)

    def _turn(self) -> list[BatchRow]:
        """Ask about what waits; put what was asked about last time into the tables, and return it."""
        waiting, self._waiting = self._waiting, []
        asked = self._ask([made for row in waiting if (made := self._prepare(row)) is not None])
        ready, self._asked = self._asked, asked
        return self._put(self._unseen(ready))

    def _put(self, prepared: list[_Prepared]) -> list[BatchRow]:
        if not prepared:
            return []
        self._screen_all(prepared)
        entries = reserve_ids(KnownEntry, len(prepared))
        kept = [NewSignature(p.row.md5, p.row.sha1, p.row.sha256, p.row.size, p.pdqs) for p in prepared]
        self._ask_harmless(kept)
        signatures = self._signatures.store(Realm.KNOWN, kept, self._behind.write)
        numbers = range(self.counts.new, self.counts.new + len(prepared))
        self._behind.write("known_entry", _COLUMNS, _TYPES, self._columns(entries, signatures, numbers, prepared))
        self.counts.new += len(prepared)
        salts = row_salts(self._secret, numbers)
        return [self._signed(salt, made) for salt, made in zip(salts, prepared, strict=True)]

    def _ask_harmless(self, kept: Sequence[NewSignature]) -> None:
        asked = Questions.of(kept) if self.harmless else None
        for source, files in self.harmless:
            hits = files.find(asked) if asked is not None else []
            sure = sum(hit.how == "sha256" or (hit.how == "sha1" and hit.size_agrees is True) for hit in hits)
            if sure:
                self.counts.harmless[source] = self.counts.harmless.get(source, 0) + sure

    def _signed(self, salt: bytes, made: _Prepared) -> BatchRow:
        """The statement as it is signed. A source without a scheme does not grade."""
        row, first = made.row, made.pdqs[0] if made.pdqs else None
        graded = row.category is not None and self._source.scheme is not None
        return BatchRow(
            salt,
            row.md5,
            row.sha1,
            row.sha256,
            first.bits if first else None,
            first.quality if first else None,
            row.size,
            (self._source.scheme or "") if graded else "",
            (row.category or "") if graded else "",
            row.victim_identified,
            row.offender_identified,
            row.distributed,
            row.self_generated,
            row.suspected,
            row.baseline,
        )

    def _prepare(self, row: KnownRow) -> _Prepared | None:
        pdqs: tuple[NewPdq, ...] = ()
        if row.path is not None:
            try:
                row, pdqs = self._pictures.fill(row)
            except OwnPictureError as error:
                self._refuse(row.line, error.message, row.path or "")
                return None
        if row.left_out:
            self._name_left_out(row)
        if row.pdq is not None and not pdqs:
            pdqs = (NewPdq(Which.LISTED, 0, row.pdq, row.quality),)
        return _Prepared(row, self._statement_index.of(fingerprint(row)), pdqs)

    def _name_left_out(self, row: KnownRow) -> None:
        for left in row.left_out:
            self.counts.left_out[left.field] = self.counts.left_out.get(left.field, 0) + 1
            self._quarantine.hold(row.line, f"{left.field} left out, its row is taken: {left.reason}", left.value)

    def _ask(self, prepared: list[_Prepared]) -> _Asked:
        """Ask which the source holds already; the first of equal ones stays. Entries of earlier files are noted.

        What was asked about last time is not in the tables yet: it is looked for here.
        """
        first: dict[bytes, _Prepared] = {}
        for made in prepared:
            if made.print not in self._asked.prepared:
                first.setdefault(made.print, made)
        self.counts.repeated += len(prepared) - len(first)
        if not first:
            return _Asked(first, None)
        asked: dict[str, bytes | int] = {
            "prints": b"".join(first),
            "last": len(first) - 1,
            "source": self._source.pk,
            "edition": self._edition.pk,
        }
        return _Asked(first, self._behind.ask(_MADE_BEFORE, asked))

    def _unseen(self, asked: _Asked) -> list[_Prepared]:
        """Those whose statement the source has not made before."""
        if asked.before is None:
            return []
        before = {at for (at,) in self._behind.answer(asked.before)}
        self.counts.repeated += len(before)
        return [made for at, made in enumerate(asked.prepared.values()) if at not in before]

    def _screen_all(self, prepared: list[_Prepared]) -> None:
        """Keep of each entry the hashes that pass; where none does, keep all and match none."""
        asked = [pdq.bits for made in prepared for pdq in made.pdqs]
        if not asked:
            return
        answers, at = self._screen.look(asked), 0
        for made in prepared:
            if made.pdqs:
                self._keep_passed(made, answers[at : at + len(made.pdqs)])
                at += len(made.pdqs)

    def _keep_passed(self, made: _Prepared, answers: Sequence[Screened]) -> None:
        if all(answer.state is HashState.MATCHED for answer in answers):
            made.state = HashState.MATCHED
            return
        for pdq, answer in zip(made.pdqs, answers, strict=True):
            if answer.state is not HashState.MATCHED:
                self._hold_hash(made, pdq, answer)
        screened = zip(made.pdqs, answers, strict=True)
        passed = tuple(pdq for pdq, answer in screened if answer.state is HashState.MATCHED)
        if passed:
            made.pdqs, made.state = passed, HashState.MATCHED
        else:
            made.state = answers[0].state

    def _hold_hash(self, made: _Prepared, pdq: NewPdq, answer: Screened) -> None:
        self.counts.quarantined_hashes += 1
        self._quarantine.hold(made.row.line, f"PDQ kept and not matched: {answer.reason}", pdq.bits.hex())

    def _columns(
        self, entries: Sequence[int], signatures: Sequence[int], numbers: Sequence[int], prepared: Sequence[_Prepared]
    ) -> list[Sequence[Any]]:
        """What stands in each of `_COLUMNS`."""
        rows, count, content = [made.row for made in prepared], len(prepared), self._content_index.of
        return [
            entries,
            [self._source.pk] * count,
            [self._edition.pk] * count,
            signatures,
            [made.print for made in prepared],
            [content(content_key(row)) for row in rows],
            [made.state.value for made in prepared],
            [row.line for row in rows],
            numbers,
            [row.category for row in rows],
            [row.media_type for row in rows],
            [row.victim_identified for row in rows],
            [row.offender_identified for row in rows],
            [row.distributed for row in rows],
            [row.self_generated for row in rows],
            [row.suspected for row in rows],
            [row.baseline for row in rows],
            seal_words([words_of(row) for row in rows], entries, self._words),
        ]
