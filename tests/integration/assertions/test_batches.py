"""Rows of a batch are stored sealed, come back to the byte, and each is provable without reading the others."""

import msgspec
import pytest
from django.db import connection

from safelight.assertions import actions, queries
from safelight.assertions.actions import BatchSaid, do_destroy_rows, do_make_batch
from safelight.assertions.batches import (
    BLOCK_ROWS,
    BadBatchError,
    BatchRow,
    batch_root,
    check_batch,
    check_row,
    encode_row,
    parse_row,
    row_salt,
)
from safelight.assertions.models import AssertionBatch, AssertionBlock
from safelight.assertions.queries import (
    DestroyedRowsError,
    batch_header,
    batch_row,
    batch_rows,
    prove_batch_row,
)
from safelight.assertions.signing import BadSignatureError, add_officer, verify_record
from safelight.errors import UsageError
from safelight.log.entries import Event
from safelight.vault.sealing import SealedValueError
from tests.integration.assertions.node import NODE, logged
from tests.integration.entrances import owner
from tests.unit.assertions.example import NOW
from tests.unit.assertions.test_signing import SEVEN, record_of

pytestmark = pytest.mark.django_db
SAID = BatchSaid(officer="officer-7", source="List Harbour", scheme="DEMO", trust="unverified")
SECRET = b"s" * 32
KEY = record_of(SEVEN, "officer-7")
OWN = {actions.own_key(NODE).name: actions.own_key(NODE)}


def row(number):
    return BatchRow(
        row_salt(SECRET, number), md5=number.to_bytes(16), sha256=number.to_bytes(32), scheme="DEMO", value="Value A"
    )


def make(rows, **more):
    return do_make_batch(SAID, rows, NODE, acting_user="officer-7", now=NOW, **more)


@pytest.mark.parametrize("count", [0, 1, 511, 512, 513, 1500])
def test_a_batch_comes_back_whole_and_its_header_stands_for_it(count):
    rows = [row(number) for number in range(count)]
    made = make(iter(rows))
    encoded = list(batch_rows(made.row, NODE))
    assert check_batch(made.header, encoded) == rows
    assert (made.header.rows, made.header.root) == (count, batch_root([encode_row(one) for one in rows]).hex())
    header, envelope = batch_header(made.row, NODE)
    assert header == made.header
    verify_record(envelope, OWN, logged_at=NOW)
    assert AssertionBlock.objects.count() == -(-count // BLOCK_ROWS)


def test_a_batch_is_logged_in_its_transaction():
    made = make([row(0)])
    [(event, record)] = logged()
    assert event == Event.BATCH_ASSERTED
    assert made.header.id in record
    assert made.header.root in record


def test_a_row_that_cannot_be_leaves_nothing_behind():
    for wrong in (msgspec.structs.replace(row(3), md5=b"short"), msgspec.structs.replace(row(3), scheme="Other")):
        with pytest.raises(BadBatchError):
            make([row(0), wrong])
    assert (AssertionBatch.objects.count(), AssertionBlock.objects.count(), logged()) == (0, 0, [])


def test_rows_may_use_the_database_while_they_are_asked_for(monkeypatch):
    monkeypatch.setattr(actions, "_BLOCKS_AT_A_TIME", 1)

    def rows():
        for number in range(1100):
            if number % 300 == 0:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
            yield row(number)

    made = make(rows())
    assert len(check_batch(made.header, batch_rows(made.row, NODE))) == 1100


def test_an_officer_signs_the_header_and_a_false_one_stores_nothing():
    made = make([row(0)], countersign=lambda envelope: add_officer(envelope, SEVEN), keys={KEY.name: KEY})
    _header, envelope = batch_header(made.row, NODE)
    assert [one.officer for one in verify_record(envelope, {**OWN, KEY.name: KEY}, logged_at=NOW)] == ["officer-7"]
    with pytest.raises(BadSignatureError, match="not known"):
        make([row(0)], countersign=lambda envelope: add_officer(envelope, SEVEN))
    assert AssertionBatch.objects.count() == 1


@pytest.mark.parametrize("count", [1, 512, 700, 1030, 1536])
def test_every_row_is_found_and_proved_alone(count):
    made = make(row(number) for number in range(count))
    for number in {0, count // 2, 511 % count, 512 % count, count - 1}:
        assert batch_row(made.row, number, NODE) == row(number)
        proven = prove_batch_row(made.row, number, NODE)
        assert check_row(made.header, proven.row, proven.number, proven.proof) == row(number)
        assert proven.header == batch_header(made.row, NODE)[1]


def test_a_proof_reads_two_blocks_at_most(monkeypatch):
    made = make(row(number) for number in range(3000))
    opened = []
    read = queries._block_rows
    monkeypatch.setattr(
        queries, "_block_rows", lambda batch, block, seals: opened.append(block) or read(batch, block, seals)
    )
    proven = prove_batch_row(made.row, 600, NODE)
    check_row(made.header, proven.row, 600, proven.proof)
    assert sorted(set(opened)) == [1, 5]


def test_what_is_not_there_is_told():
    made = make(row(number) for number in range(600))
    for number in (-1, 600, 1023, 5000):
        with pytest.raises(UsageError, match="no row"):
            batch_row(made.row, number, NODE)
        with pytest.raises(UsageError, match="no row"):
            prove_batch_row(made.row, number, NODE)
    with pytest.raises(UsageError, match="no batch"):
        prove_batch_row(made.row + 1, 0, NODE)


def test_blocks_that_change_places_do_not_open():
    made = make(row(number) for number in range(1024))
    blocks = AssertionBlock.objects.order_by("number")
    blocks.filter(number=0).update(rows=blocks[1].rows)
    with pytest.raises(SealedValueError, match="moved"):
        list(batch_rows(made.row, NODE))


def test_a_block_that_is_gone_shows_against_the_header():
    made = make(row(number) for number in range(1100))
    with owner():  # no worker deletes a block
        AssertionBlock.objects.filter(number=1).delete()
    with pytest.raises(BadBatchError, match="not those its header stands for"):
        check_batch(made.header, batch_rows(made.row, NODE))


def test_nothing_of_a_row_or_a_header_stands_in_clear():
    planted = BatchRow(
        row_salt(SECRET, 0), md5=b"planted-md5-----", sha256=b"planted-sha256--" * 2, pdq=b"planted-pdq-----" * 2,
        scheme="DEMO", value="Value Planted",
    )  # fmt: skip
    make([planted, row(1)])
    words = [b"planted", b"Planted", b"List Harbour", b"officer-7", planted.salt, b"DEMO"]
    for table in ("assertion_batch", "assertion_block", "log_entry"):
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT (FORMAT BINARY)") as copy:
            dump = b"".join(bytes(piece) for piece in copy)
        assert len(dump) > 100
        assert [word for word in words if word in dump] == [], table
    assert parse_row(next(batch_rows(AssertionBatch.objects.get().id, NODE))) == planted


def test_rows_that_were_destroyed_are_gone_while_their_header_stands_and_other_batches_stay():
    gone, stays = make([row(1), row(2)]), make([row(3)])
    proven = prove_batch_row(gone.row, 1, NODE)
    do_destroy_rows(gone.row)
    for read in (lambda: list(batch_rows(gone.row, NODE)), lambda: batch_row(gone.row, 1, NODE)):
        with pytest.raises(DestroyedRowsError):
            read()
    header, _ = batch_header(gone.row, NODE)
    assert check_row(header, proven.row, proven.number, proven.proof) == row(2)
    assert list(batch_rows(stays.row, NODE)) == [encode_row(row(3))]
