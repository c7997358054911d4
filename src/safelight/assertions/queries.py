"""The ways to read statements and batches. What a reader may not see does not exist for them.

Rules kept here:
- `handling` decides what a reader may see, and nothing leaves before that; the database narrows by purpose only;
- what takes an earlier statement back is found with it, whatever it is about itself;
- what is handed out is closed: with a statement goes what it takes back or is taken back by, and what is said of the
  series and subjects that it names, each only where the recipient may have it; what names any other content stays;
- a batch has no handling of its own: who reads it decides who asks (`known`);
- a row is proved from its block, the last block and the roots of all: 10^6 rows are not read for one.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Max, Q, QuerySet

from safelight.access.node import Node
from safelight.access.queries import officer_keys
from safelight.assertions.batches import (
    BLOCK_ROWS,
    BatchHeader,
    BatchRow,
    parse_header,
    parse_row,
    prove_row_in_blocks,
    split_rows,
)
from safelight.assertions.fold import State, Thing, fold, is_urgent, says_again
from safelight.assertions.handling import Reader, may_pass_on, may_see
from safelight.assertions.kinds import Target
from safelight.assertions.models import AssertionAbout, AssertionBatch, AssertionBlock, StoredAssertion
from safelight.assertions.record import Assertion, reopen_assertion
from safelight.assertions.sealing import StatementSeals
from safelight.assertions.signing import Envelope, reopen_envelope
from safelight.assertions.vocabularies import load_terms
from safelight.errors import InputError, UsageError
from safelight.log.entries import named_digests
from safelight.platform.copying import analyse

_AT_A_TIME = 2000


class DestroyedRowsError(InputError):
    """The rows of this batch were destroyed, as when its source was removed."""


@dataclass(frozen=True)
class ProvenRow:
    """One row of a batch with all that shows it to an outsider: `batches.check_row`, and the header's signatures."""

    header: Envelope
    row: bytes
    number: int
    proof: tuple[bytes, ...]


def assertions_about(things: Iterable[Thing], reader: Reader, node: Node) -> list[Assertion]:
    """Every statement that may concern one of these things, or takes such a one back, and that the reader may see.

    To be folded for each thing: `fold` knows which statement concerns which.

    Raises:
        InputError: a stored statement was altered, or contradicts what is known of its kind by now.
    """
    seals = StatementSeals(node)
    found = _visible(_rows_about({seals.thing(one) for thing in things for one in thing.ids}), reader, seals)
    # Of those found and seen only: what takes back a hidden statement would tell that it is there.
    names = {seals.name(assertion.agency, assertion.id) for assertion in found.values()}
    takers = _visible(_rows_about(names).exclude(id__in=found), reader, seals)
    return [*found.values(), *takers.values()]


def handed_out(items: Collection[bytes], reader: Reader, to: Reader, node: Node) -> list[Envelope]:
    """The signed statements about these contents (by SHA-256) that the reader may hand to `to`, with what they lean on.

    One that names another content than these stays here, whoever may read it. In the order of agency and identifier.

    Raises:
        InputError: as `assertions_about`.
    """
    seals, given = StatementSeals(node), frozenset(items)
    purposes = reader.purposes & to.purposes
    found: dict[int, tuple[Assertion, Envelope]] = {}
    asked: set[bytes] = set()
    fresh = {seals.thing(item.hex()) for item in given}
    while fresh:
        asked |= fresh
        standing = AssertionAbout.objects.filter(index__in=fresh).values("assertion_id")
        rows = StoredAssertion.objects.filter(Q(id__in=standing) | Q(name__in=fresh)).exclude(id__in=found)
        new = {
            row: (assertion, envelope)
            for row, assertion, envelope in _opened(rows, purposes, seals)
            if may_pass_on(assertion, reader, to) and named_digests(envelope.record) <= given
        }
        found |= new
        fresh = {index for assertion, _ in new.values() for index in seals.leaning(assertion)} - asked
    ordered = sorted(found.values(), key=lambda one: (one[0].agency, one[0].id))
    return [envelope for _, envelope in ordered]


def state_of(thing: Thing, reader: Reader, node: Node) -> State:
    """What is known of a thing, as far as the reader may see.

    Raises:
        InputError: as `assertions_about`.
    """
    return fold(thing, assertions_about([thing], reader, node), reader)


def said_before(assertion: Assertion, node: Node, now: datetime) -> list[Assertion]:
    """The own agency's statements that stand now and say what this one says; where none does, the last that did.

    For whatever purpose: so nobody takes a statement back to say the same to more.

    Raises:
        InputError: as `assertions_about`.
    """
    thing = Thing(Target(assertion.about.type), frozenset(assertion.about.ids))
    reader = Reader(node.name, frozenset(load_terms("purposes")), now)
    known = assertions_about([thing], reader, node)
    said = sorted((one for one in known if says_again(assertion, one)), key=lambda one: (one.made, one.id))
    state = fold(thing, known, reader)
    standing = {one.id for question in state.questions for answer in question.answers for one in answer.by}
    return [one for one in said if one.id in standing] or said[-1:]


def due_for_review(before: datetime, reader: Reader, node: Node) -> list[Assertion]:
    """The reader's own agency's statements that stand and whose review comes before this time.

    Urgent ones go first, then the earliest. What was taken back, as by the same said anew with a later review, is none.

    Raises:
        InputError: as `assertions_about`.
    """
    seals = StatementSeals(node)
    rows = StoredAssertion.objects.filter(review__lt=before).order_by("review", "id")
    own = [one for one in _visible(rows, reader, seals).values() if one.agency == reader.agency]
    takers = _visible(_rows_about([seals.name(one.agency, one.id) for one in own]), reader, seals).values()
    gone = {identifier for taker in takers for identifier in taker.supersedes}  # an agency takes back its own only
    return sorted((one for one in own if one.id not in gone), key=lambda one: not is_urgent(one))


def statements_version(now: datetime) -> str:
    """A text that differs whenever a statement has come in, or has come to its review."""
    latest = StoredAssertion.objects.aggregate(latest=Max("id"))["latest"]
    return f"{latest or 0}.{StoredAssertion.objects.filter(review__lte=now).count()}"


def any_statements() -> bool:
    """Whether there is a statement at all."""
    return StoredAssertion.objects.exists()


def make_ready_for_many() -> None:
    """Have the server count its statements before it is asked about thousands of things at once.

    It would do so by itself a minute after they came, if it is still up; until then it reads every statement each time.
    """
    analyse(StoredAssertion._meta.db_table, AssertionAbout._meta.db_table)  # noqa: SLF001 - Django's documented name


def statement_named(agency: str, identifier: str, node: Node) -> Assertion | None:
    """The statement of an agency under this identifier, for who takes it back; None where it is not here.

    Raises:
        InputError: as `assertions_about`.
    """
    seals = StatementSeals(node)
    found = StoredAssertion.objects.filter(name=seals.name(agency, identifier)).values_list("id", "envelope").first()
    if found is None:
        return None
    row, sealed = found
    return reopen_assertion(opened_envelope(row, sealed, seals).record)


def approvers_of(assertions: Iterable[Assertion], node: Node) -> dict[tuple[str, str], tuple[str, ...]]:
    """By agency and identifier, who signed a statement besides the officer who speaks; others are absent.

    An officer known here stands by the pseudonym, another one by the beginning of the name of the key.

    Raises:
        InputError: as `assertions_about`.
    """
    seals = StatementSeals(node)
    named = {seals.name(one.agency, one.id): one for one in assertions}
    pseudonyms = {key.name: key.officer for key in officer_keys()}
    found = {}
    for row, name, sealed in StoredAssertion.objects.filter(name__in=named).values_list("id", "name", "envelope"):
        said = named[bytes(name)]
        signers = (
            pseudonyms.get(one.key) or f"key {one.key[:8]}" for one in opened_envelope(row, sealed, seals).officers
        )
        if others := tuple(dict.fromkeys(signer for signer in signers if signer != said.officer)):
            found[said.agency, said.id] = others
    return found


def is_purpose_here(purpose: str, reader: Reader, node: Node) -> bool:
    """Whether a word is a purpose: one of the closed list, or a newer node's in a statement that the reader may see."""
    if purpose in load_terms("purposes"):
        return True
    asking = replace(reader, purposes=frozenset({purpose}))
    return bool(_visible(StoredAssertion.objects.filter(purpose=""), asking, StatementSeals(node)))


def opened_envelope(row: int, sealed: bytes | memoryview, seals: StatementSeals) -> Envelope:
    """The envelope in a row.

    Raises:
        SealedValueError: it was altered, moved from another row, or sealed by another node.
    """
    return reopen_envelope(seals.open_envelope(bytes(sealed), row))


def batch_header(batch: int, node: Node) -> tuple[BatchHeader, Envelope]:
    """What stands over a batch, and how it is signed.

    Raises:
        UsageError: there is no such batch.
        SealedValueError: it was altered, moved from another row, or sealed by another node.
    """
    row = AssertionBatch.objects.filter(id=batch).values_list("header", flat=True).first()
    if row is None:
        raise UsageError(f"there is no batch {batch}")
    envelope = reopen_envelope(StatementSeals(node).open_header(bytes(row), batch))
    return parse_header(envelope.record), envelope


def batch_rows(batch: int, node: Node) -> Iterator[bytes]:
    """The rows of a batch in their fixed form and their order, streamed; `batches.check_batch` checks them as a whole.

    Raises:
        DestroyedRowsError: they were destroyed.
        BadBatchError: a block breaks off.
        SealedValueError: a block was altered, moved or sealed by another node.
    """
    seals = StatementSeals(node)
    blocks = AssertionBlock.objects.filter(batch_id=batch).order_by("number").values_list("number", "rows")
    for number, sealed in blocks.iterator(chunk_size=64):
        yield from _opened_rows(bytes(sealed), batch, number, seals)


def batch_row(batch: int, number: int, node: Node) -> BatchRow:
    """Row `number` of a batch, from 0.

    Raises:
        UsageError: there is no such row.
        BadBatchError, SealedValueError: as `batch_rows`.
    """
    block, place = divmod(number, BLOCK_ROWS)
    rows = _block_rows(batch, block, StatementSeals(node))
    if not 0 <= place < len(rows):
        raise UsageError(f"the batch {batch} has no row {number}")
    return parse_row(rows[place])


def prove_batch_row(batch: int, number: int, node: Node) -> ProvenRow:
    """Row `number` of a batch with its proof, for somebody who may see that row and no other.

    Raises:
        UsageError: there is no such batch or row.
        BadBatchError, SealedValueError: as `batch_rows`.
    """
    header, envelope = batch_header(batch, node)
    if not 0 <= number < header.rows:
        raise UsageError(f"the batch {batch} has no row {number}")
    seals = StatementSeals(node)
    rows = _block_rows(batch, number // BLOCK_ROWS, seals)
    blocks = AssertionBlock.objects.filter(batch_id=batch).order_by("number")
    roots = [bytes(root) for root in blocks.values_list("root", flat=True)]
    proof = prove_row_in_blocks(lambda block: _block_rows(batch, block, seals), roots, number, header.rows)
    return ProvenRow(envelope, rows[number % BLOCK_ROWS], number, tuple(proof))


def _rows_about(indexes: Collection[bytes]) -> "QuerySet[StoredAssertion]":
    """The statements that stand under one of these blind indexes, in the order in which they were taken in."""
    standing = AssertionAbout.objects.filter(index__in=indexes).values("assertion_id")
    return StoredAssertion.objects.filter(id__in=standing).order_by("id")


def _visible(rows: "QuerySet[StoredAssertion]", reader: Reader, seals: StatementSeals) -> dict[int, Assertion]:
    """Those that the reader may see, by row, each once."""
    return {row: assertion for row, assertion, _ in _opened(rows, reader.purposes, seals) if may_see(assertion, reader)}


def _opened(
    rows: "QuerySet[StoredAssertion]", purposes: Collection[str], seals: StatementSeals
) -> Iterator[tuple[int, Assertion, Envelope]]:
    """The statements in these rows, as far as they can have one of these purposes."""
    # A word that only a newer node knows is not in clear: it stands sealed, with the empty one beside it.
    narrowed = rows.filter(purpose__in=[*purposes, ""]).values_list("id", "envelope")
    for row, sealed in narrowed.iterator(chunk_size=_AT_A_TIME):
        envelope = opened_envelope(row, sealed, seals)
        yield row, reopen_assertion(envelope.record), envelope


def _block_rows(batch: int, block: int, seals: StatementSeals) -> list[bytes]:
    """The rows of a block; none where there is no such block."""
    sealed = AssertionBlock.objects.filter(batch_id=batch, number=block).values_list("rows", flat=True).first()
    return [] if sealed is None else _opened_rows(bytes(sealed), batch, block, seals)


def _opened_rows(sealed: bytes, batch: int, block: int, seals: StatementSeals) -> list[bytes]:
    if not sealed:
        raise DestroyedRowsError
    return list(split_rows(seals.open_rows(sealed, batch, block)))
