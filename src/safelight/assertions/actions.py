"""The ways to write statements: make one, take one in from another agency, make a batch of rows, ask for a history.

Rules kept here:
- statement or batch, and the entry of the log that tells of it, are in one transaction;
- a statement is taken once: the same one again changes nothing, another one under its name is refused;
- what this node says is understood here, signed by its key, and follows what it takes back so that everybody who saw
  the one learns of the other; what it takes back must be here;
- what others say is taken as it stands where its signatures hold, unknown kinds, too. What it takes back may come
  later, and is taken back however narrowly that is said: not to rely on it any more is the safe side;
- the node speaks for the agency of its own name, and for no other;
- what widens the handling of an earlier statement, which it takes back or only says again, uses up the approval of two,
  in the transaction of the statement.
"""

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction

from safelight.access.key_records import KeyRecord
from safelight.access.node import Node
from safelight.access.queries import officer_keys
from safelight.assertions.batches import (
    BLOCK_ROWS,
    BadBatchError,
    BatchHeader,
    BatchRow,
    batch_root,
    encode_header,
    encode_row,
    root_of_blocks,
)
from safelight.assertions.fold import Thing
from safelight.assertions.handling import CannotFollowError, Reader, check_follows, widens
from safelight.assertions.models import AssertionBatch, AssertionBlock, StoredAssertion
from safelight.assertions.queries import assertions_about, opened_envelope, said_before, statement_named
from safelight.assertions.record import Assertion
from safelight.assertions.sealing import StatementSeals
from safelight.assertions.signing import (
    Envelope,
    Signature,
    encode_envelope,
    parse_envelope,
    sign_assertion,
    sign_record,
    verify_assertion,
    verify_record,
    wants_two,
)
from safelight.assertions.vocabularies import load_terms
from safelight.errors import InputError, UsageError
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.copying import copy_rows, reserve_ids

_BLOCKS_AT_A_TIME = 64
# One round trip, since a neighbour's statements come by the thousand. A statement is about something, so that no row
# means that none was stored.
_STORE = """
WITH stored AS (
    INSERT INTO assertion (id, name, envelope, purpose, review, entry)
    VALUES (%(id)s, %(name)s, %(envelope)s, %(purpose)s, %(review)s, %(entry)s)
    ON CONFLICT (name) DO NOTHING RETURNING id
)
INSERT INTO assertion_about (assertion_id, index) SELECT stored.id, unnest(%(abouts)s::bytea[]) FROM stored
"""
_NOBODY: Mapping[str, KeyRecord] = {}


class OtherStatementError(InputError):
    """There is another statement under this name already: an agency gives an identifier once."""


@dataclass(frozen=True)
class BatchSaid:
    """What is said of a batch before its rows are read: see `batches.BatchHeader`."""

    officer: str
    source: str
    scheme: str
    trust: str


@dataclass(frozen=True)
class MadeBatch:
    """A batch that was just made: its row in the database, by which queries know it, and its signed header."""

    row: int
    header: BatchHeader


def own_key(node: Node) -> KeyRecord:
    """The node's own key, which always counts."""
    public = node.keys.root.signing_key().public_key().public_bytes_raw()
    return KeyRecord(public, node.name, None, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def officer_records() -> dict[str, KeyRecord]:
    """The keys of this node's officers by name, also those that count no more: what they signed before stays valid."""
    return {record.name: record for record in officer_keys()}


def do_make_as_node(
    assertion: Assertion,
    node: Node,
    *,
    officers: Sequence[Signature] = (),
    keys: Mapping[str, KeyRecord] = _NOBODY,
    approve: Callable[[str, bool], Sequence[Signature]] | None = None,
    acting_user: str,
    now: datetime,
) -> int:
    """Sign a statement by the node, store it and log it; return its row.

    This is the node's own work and asks nobody's permission: an officer speaks by `stating.do_state`.

    Args:
        assertion: what is said.
        node: who says it.
        officers: officers' signatures over the record (`signing.add_officer`), two where its kind wants four eyes.
        keys: keys by name of officers who are not enrolled here.
        approve: asked where two must want it: uses up what allows the statement with this SHA-256, in hex, which widens
            the handling of what it takes back or says again, or does not, and gives the signatures of who approved;
            what it raises undoes everything.
        acting_user: who did it.
        now: when it is logged, at which keys must count.

    Raises:
        UsageError: it speaks for another agency or from the future, says what is not known here, or widens the
            handling of what it takes back or says again where nobody approves that.
        BadAssertionError: it contradicts its kind or a bound.
        BadSignatureError: an officer's signature is missing, or does not hold.
        CannotFollowError: it may not take the place of what it names, or that is not here.
        OtherStatementError: this identifier was given to another statement.
    """
    if assertion.agency != node.name:
        raise UsageError(f"This node speaks for {node.name!r}, not for {assertion.agency!r}.")
    if assertion.made > now:
        raise UsageError(f"The assertion {assertion.id} would be made at {assertion.made}, which is still to come.")
    signed = sign_assertion(assertion, node.keys.root.signing_key())
    with transaction.atomic():
        earlier = [*_taken_back(assertion, node), *said_before(assertion, node, now)]
        wider = next((one for one in earlier if widens(assertion, one)), None)
        is_wider = wider is not None
        if wider is not None and approve is None:
            raise UsageError(
                f"The assertion {assertion.id} widens the handling of {wider.id}, which it takes back or says again: "
                "two must approve that."
            )
        is_approved = approve is not None and (is_wider or wants_two(assertion))
        approvers = approve(_digest(signed), is_wider) if approve is not None and is_approved else ()
        envelope = Envelope(signed.record, signed.node, (*officers, *approvers))
        verify_assertion(envelope, {**keys, **_known_here(node, envelope)}, logged_at=now)
        return _take(envelope, assertion, node, acting_user, now)


def do_receive_assertion(
    untrusted_envelope: bytes, keys: Mapping[str, KeyRecord], node: Node, *, acting_user: str, now: datetime
) -> int:
    """Take in a statement of another agency; return its row.

    `keys` are that agency's by name, its node's and its officers'; `now` is when it is logged.

    Raises:
        UsageError: it is this node's own.
        BadAssertionError: it cannot be read.
        BadSignatureError: a signature does not hold, or one is missing.
        OtherStatementError: this identifier was given to another statement of that agency.
    """
    envelope = parse_envelope(untrusted_envelope)
    assertion = verify_assertion(envelope, keys, logged_at=now)
    if assertion.agency == node.name:
        raise UsageError(f"The assertion {assertion.id} speaks for this node, which makes its own.")
    return _take(envelope, assertion, node, acting_user, now)


def do_make_batch(
    said: BatchSaid,
    rows: Iterable[BatchRow],
    node: Node,
    *,
    countersign: Callable[[Envelope], Envelope] | None = None,
    keys: Mapping[str, KeyRecord] = _NOBODY,
    acting_user: str,
    now: datetime,
) -> MadeBatch:
    """Store rows as one batch under a header signed by the node, and log it.

    Rows are taken a stretch at a time, many by one statement; asking for the next one may use the database. Their salts
    must come from a secret of this batch alone (`batches.row_salt`), or a proof of one row helps to guess others.

    Args:
        said: what stands in the header besides.
        rows: the rows in their order, any number of them.
        node: who takes the list in.
        countersign: adds the officer's signature to the header (`signing.add_officer`).
        keys: the officer's key by its name, where he is not enrolled here.
        acting_user: who did it.
        now: when the batch is made and logged.

    Raises:
        BadBatchError: a row, or something said, cannot be; nothing was stored.
        BadSignatureError: the officer's signature does not hold.
    """
    seals = StatementSeals(node)
    with transaction.atomic():
        [batch] = reserve_ids(AssertionBatch, 1)
        count, root = _copy_blocks(batch, said, rows, seals)
        header = BatchHeader(
            id=secrets.token_hex(16),
            agency=node.name,
            officer=said.officer,
            source=said.source,
            scheme=said.scheme,
            trust=said.trust,
            made=now.replace(microsecond=0),
            rows=count,
            root=root.hex(),
        )
        envelope = sign_record(encode_header(header), node.keys.root.signing_key())
        if countersign is not None:
            envelope = countersign(envelope)
        verify_record(envelope, {**keys, **_known_here(node, envelope)}, logged_at=now)
        about = {"id": header.id, "record": _digest(envelope), "rows": count, "root": header.root}
        AssertionBatch.objects.create(
            id=batch,
            name=seals.batch_name(header.agency, header.id),
            header=seals.seal_header(encode_envelope(envelope), batch),
            rows=count,
            entry=do_add_entry(Entry(Event.BATCH_ASSERTED, acting_user, now, about=about), node.log_sealer),
        )
    return MadeBatch(batch, header)


def do_destroy_rows(batch: int) -> None:
    """Destroy what a batch says, in the caller's transaction and under its entry in the log.

    Header and roots stay: a proof that somebody holds of a row still holds, and nothing here shows what it says.
    """
    AssertionBlock.objects.filter(batch_id=batch).update(rows=b"")


def do_search_statements(
    things: Collection[Thing], reader: Reader, node: Node, *, asked: str, why: str, acting_user: str, now: datetime
) -> list[Assertion]:
    """What the reader may see that is said of some things, once the log holds who asked and why.

    To be folded for each thing, as `queries.assertions_about`; `asked` is what he typed to mean them.

    Raises:
        UsageError: `why` says nothing.
        InputError: a stored statement was altered, or contradicts what is known of its kind by now.
    """
    ids = sorted({one for thing in things for one in thing.ids})
    about = {"asked": asked, "ids": ids, "purposes": sorted(reader.purposes)}
    with transaction.atomic():
        do_add_entry(Entry(Event.SEARCHED, acting_user, now, why, about), node.log_sealer)
    return assertions_about(things, reader, node)


def _known_here(node: Node, envelope: Envelope) -> dict[str, KeyRecord]:
    """The node's own key, and where officers signed, those of its officers."""
    officers = officer_records() if envelope.officers else {}
    own = own_key(node)
    return {**officers, own.name: own}


def _taken_back(assertion: Assertion, node: Node) -> list[Assertion]:
    """What it takes back, once it is found that it may."""
    found = []
    for identifier in assertion.supersedes:
        earlier = statement_named(assertion.agency, identifier, node)
        if earlier is None:
            raise CannotFollowError(f"The assertion {assertion.id} takes back {identifier}, which is not here.")
        check_follows(assertion, earlier)
        found.append(earlier)
    return found


def _digest(envelope: Envelope) -> str:
    return hashlib.sha256(envelope.record).hexdigest()


def _take(envelope: Envelope, assertion: Assertion, node: Node, acting_user: str, now: datetime) -> int:
    """Store and log a statement whose signatures hold, in one transaction, unless it is here already."""
    seals = StatementSeals(node)
    about = {"agency": assertion.agency, "id": assertion.id, "kind": assertion.kind, "record": _digest(envelope)}
    with transaction.atomic():
        row = _stored(envelope, assertion, node, seals, Entry(Event.ASSERTED, acting_user, now, about=about))
        if row is not None:
            return row
        transaction.set_rollback(True)  # the entry goes: nothing was stored that it could tell of
    there = StoredAssertion.objects.get(name=seals.name(assertion.agency, assertion.id))
    if opened_envelope(there.id, there.envelope, seals).record != envelope.record:
        raise OtherStatementError(
            f"The assertion {assertion.id} of {assertion.agency!r} is here with other words: ask that agency which one "
            "it means."
        )
    return there.id


def _stored(envelope: Envelope, assertion: Assertion, node: Node, seals: StatementSeals, entry: Entry) -> int | None:
    """Store a statement and its entry; None where its name is taken, be it by who stored it a moment ago."""
    [row] = reserve_ids(StoredAssertion, 1)
    values: dict[str, Any] = {
        "id": row,
        "name": seals.name(assertion.agency, assertion.id),
        "envelope": seals.seal_envelope(encode_envelope(envelope), row),
        "purpose": assertion.purpose if assertion.purpose in load_terms("purposes") else "",
        "review": assertion.review,
        "entry": do_add_entry(entry, node.log_sealer),
        "abouts": sorted(seals.abouts(assertion)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_STORE, values)
        return row if cursor.rowcount else None


def _copy_blocks(batch: int, said: BatchSaid, rows: Iterable[BatchRow], seals: StatementSeals) -> tuple[int, bytes]:
    """Copy rows into the blocks of a batch; how many there were, and the root over them."""
    coming, count = iter(rows), 0
    roots: list[bytes] = []
    while some := list(islice(coming, _BLOCKS_AT_A_TIME * BLOCK_ROWS)):
        count += len(some)
        fresh = [(number, _encoded(block, said)) for number, block in enumerate(_blocks(some), len(roots))]
        made = [batch_root(block) for _number, block in fresh]
        copy_rows(
            AssertionBlock,
            ("batch_id", "number", "root", "rows"),
            [
                (batch, number, root, seals.seal_rows(b"".join(block), batch, number))
                for (number, block), root in zip(fresh, made, strict=True)
            ],
        )
        roots += made
    return count, root_of_blocks(roots)


def _blocks(rows: list[BatchRow]) -> Iterator[list[BatchRow]]:
    return (rows[place : place + BLOCK_ROWS] for place in range(0, len(rows), BLOCK_ROWS))


def _encoded(rows: list[BatchRow], said: BatchSaid) -> list[bytes]:
    for row in rows:
        if row.scheme not in {"", said.scheme}:
            raise BadBatchError(
                f"A row of {said.source!r} grades under {row.scheme!r}, its header under another scheme."
            )
    return [encode_row(row) for row in rows]
