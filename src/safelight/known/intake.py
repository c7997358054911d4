"""Rows into the tables: what is new, what is repeated, what replaces what. Runs inside the caller's transaction.

Everything is a set operation on batches of a few thousand rows, and rows arrive by COPY: a list of millions takes
minutes and bounded memory. Because one transaction holds a whole file, a killed import leaves nothing behind, and the
same command again starts afresh.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from django.db import connection
from psycopg.types.json import Jsonb

from safelight.errors import UsageError
from safelight.known.models import KnownImport, KnownSource
from safelight.known.pictures import OwnPictureError, OwnPictures
from safelight.known.quarantine import Quarantine
from safelight.known.rows import BadRow, KnownRow
from safelight.known.rules import DEMO_PREFIX, HashState, Role, content_key, fingerprint, row_problem, speaks_demo
from safelight.known.screening import Screen, Screened
from safelight.vault import signatures as vault
from safelight.vault.signatures import NewPdq, NewSignature, Realm, Which

BATCH_ROWS = 5000
_ANALYSE_FROM = 1000
_SHOWN_PROBLEMS = 20

_COLUMNS = (
    "source_id", "edition_id", "signature", "fingerprint", "content", "hash_state", "line", "external_id", "grade",
    "series", "agency", "media_type", "comment", "victim_identified", "offender_identified", "distributed",
    "self_generated", "suspected", "baseline", "tags", "opaque", "notes",
)  # fmt: skip
_COPY = f"COPY known_entry ({', '.join(_COLUMNS)}) FROM STDIN"
_SEEN = "CREATE TEMPORARY TABLE known_seen (fingerprint bytea PRIMARY KEY) ON COMMIT DROP"
_SEE = "INSERT INTO known_seen SELECT unnest(%s::bytea[]) ON CONFLICT DO NOTHING RETURNING fingerprint"
_CURRENT = (
    "SELECT fingerprint FROM known_entry WHERE source_id = %s AND superseded_at IS NULL AND fingerprint = ANY(%s)"
)
_SUPERSEDE = """
UPDATE known_entry AS earlier SET superseded_at = %(now)s, superseded_by_id = %(edition)s
WHERE earlier.source_id = %(source)s AND earlier.edition_id <> %(edition)s AND earlier.superseded_at IS NULL
    AND earlier.content IN (
        SELECT content FROM known_entry
        WHERE source_id = %(source)s AND edition_id = %(edition)s AND superseded_at IS NULL
    )
    AND NOT EXISTS (SELECT FROM known_seen AS seen WHERE seen.fingerprint = earlier.fingerprint)
"""


@dataclass
class Counts:
    """What became of a file's rows; `problems` holds the first few refusals as (line, reason)."""

    read: int = 0
    new: int = 0
    repeated: int = 0
    superseded: int = 0
    refused: int = 0
    quarantined_hashes: int = 0
    graded: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class _Prepared:
    """A row that is ready for the tables."""

    row: KnownRow
    print: bytes
    pdqs: tuple[NewPdq, ...]
    state: HashState = HashState.NONE


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
    ) -> None:
        self.counts = Counts()
        self._source, self._edition = source, edition
        self._screen, self._quarantine, self._pictures = screen, quarantine, pictures
        self._demo_folder = demo_folder
        self._waiting: list[KnownRow] = []
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS known_seen")
            cursor.execute(_SEEN)

    def take(self, messages: Sequence[KnownRow | BadRow]) -> None:
        """Take messages of the reader, in order.

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
        if len(self._waiting) >= BATCH_ROWS:
            self._flush()

    def finish(self, now: datetime) -> Counts:
        """Take what waits, and let this file's rows replace what the source said of the same contents before."""
        self._flush()
        if self.counts.new:
            with connection.cursor() as cursor:
                cursor.execute(_SUPERSEDE, {"now": now, "edition": self._edition.pk, "source": self._source.pk})
                self.counts.superseded = cursor.rowcount
                if self.counts.new >= _ANALYSE_FROM:
                    # An embedded server is seldom up for long enough to count its tables by itself.
                    cursor.execute("ANALYZE known_entry, vault_signature, vault_pdq")
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
        if len(self.counts.problems) < _SHOWN_PROBLEMS:
            self.counts.problems.append((line, reason))
        self._quarantine.hold(line, reason, text)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        prepared = self._unseen([made for row in waiting if (made := self._prepare(row)) is not None])
        self._screen_all(prepared)
        signatures = vault.store(
            Realm.KNOWN,
            [NewSignature(p.row.md5, p.row.sha1, p.row.sha256, p.row.size, p.pdqs) for p in prepared],
        )
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for signature, made in zip(signatures, prepared, strict=True):
                copy.write_row(self._columns(signature, made))
        self.counts.new += len(prepared)

    def _prepare(self, row: KnownRow) -> _Prepared | None:
        try:
            filled, pdqs = self._pictures.fill(row)
        except OwnPictureError as error:
            self._refuse(row.line, error.message, row.path or "")
            return None
        if filled.pdq is not None and not pdqs:
            pdqs = (NewPdq(Which.LISTED, 0, filled.pdq, filled.quality),)
        return _Prepared(filled, fingerprint(filled), pdqs)

    def _unseen(self, prepared: list[_Prepared]) -> list[_Prepared]:
        """Those whose statement neither this file nor the source has made before; the first of equal ones stays."""
        first = {made.print: made for made in reversed(prepared)}
        with connection.cursor() as cursor:
            cursor.execute(_SEE, [list(first)])
            new = {bytes(print_) for (print_,) in cursor.fetchall()}
            cursor.execute(_CURRENT, [self._source.pk, list(new)])
            new -= {bytes(print_) for (print_,) in cursor.fetchall()}
        unseen = [made for made in prepared if made.print in new and first[made.print] is made]
        self.counts.repeated += len(prepared) - len(unseen)
        return unseen

    def _screen_all(self, prepared: list[_Prepared]) -> None:
        """Keep of each entry the hashes that pass; where none does, keep all and match none."""
        asked = [pdq.bits for made in prepared for pdq in made.pdqs]
        answers = iter(self._screen.look(asked))
        for made in prepared:
            screened = [(pdq, next(answers)) for pdq in made.pdqs]
            passed = tuple(pdq for pdq, answer in screened if answer.state is HashState.MATCHED)
            for pdq, answer in screened:
                if answer.state is not HashState.MATCHED:
                    self._hold_hash(made, pdq, answer)
            if passed:
                made.pdqs, made.state = passed, HashState.MATCHED
            elif screened:
                made.state = screened[0][1].state

    def _hold_hash(self, made: _Prepared, pdq: NewPdq, answer: Screened) -> None:
        self.counts.quarantined_hashes += 1
        self._quarantine.hold(made.row.line, f"PDQ kept and not matched: {answer.reason}", pdq.bits.hex())

    def _columns(self, signature: int, made: _Prepared) -> tuple[object, ...]:
        row = made.row
        return (
            self._source.pk, self._edition.pk, signature, made.print, content_key(row), made.state.value, row.line,
            row.external_id, row.category, row.series, row.agency, row.media_type, row.comment, row.victim_identified,
            row.offender_identified, row.distributed, row.self_generated, row.suspected, row.baseline,
            _json(row.tags), _json(row.opaque), _json(row.notes),
        )  # fmt: skip


def _json(value: object) -> Jsonb:
    return Jsonb(value, dumps=msgspec.json.encode)
