"""The ways to read the log's entries."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from safelight.errors import UsageError
from safelight.log.entries import commitment, named_digests
from safelight.log.models import EntryDigest, LogEntry, OutsideCheckpoint
from safelight.log.outside import HandedOut
from safelight.log.ports import Sealer

_ROWS = 2000
_COLUMNS = ("id", "number", "event", "record", "salt", "commitment")


@dataclass(frozen=True)
class Recorded:
    """One entry as it is stored: its number in the log, None where it waits; its record, None where it was erased."""

    row: int
    number: int | None
    event: str
    record: bytes | None
    salt: bytes | None
    commitment: bytes


def leaves(begin: int, count: int) -> list[bytes]:
    """The leaves from number `begin` on, in order, up to `count` of them."""
    rows = LogEntry.objects.filter(number__gte=begin, number__lt=begin + count).order_by("number")
    return [bytes(leaf) for leaf in rows.values_list("commitment", flat=True)]


def count_unpublished(size: int) -> int:
    """How many committed entries a checkpoint of `size` entries does not cover, numbered or not."""
    with _by_index():  # two questions: one that joins them by OR reads the whole log
        return LogEntry.objects.filter(number__isnull=True).count() + LogEntry.objects.filter(number__gte=size).count()


def waiting(most: int) -> list[int]:
    """The rows of committed entries that have no number yet, in the order of writing, up to so many."""
    with _by_index():
        return list(LogEntry.objects.filter(number__isnull=True).order_by("id").values_list("id", flat=True)[:most])


@contextmanager
def _by_index() -> Iterator[None]:
    """Have an index followed entry by entry, which steps over rows that were numbered since and marks them as gone.

    Other ways read all of those again each time, until the server cleans up.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        yield
        cursor.execute("RESET enable_seqscan; RESET enable_bitmapscan")


def last_handed_out() -> HandedOut | None:
    """The largest checkpoint that left this machine, the one with most witnesses among equals; None where none did."""
    rows = OutsideCheckpoint.objects.order_by("-size", "-witnesses", "-at").values_list("size", "at", "witnesses")
    found = rows.first()
    return HandedOut(*found) if found is not None else None


def recorded_entries(sealer: Sealer) -> Iterator[Recorded]:
    """Every entry in the order of writing, its record opened; streamed.

    Raises:
        InputError: a sealed record was altered or moved.
    """
    rows = LogEntry.objects.order_by("id").values_list(*_COLUMNS)
    for values in rows.iterator(chunk_size=_ROWS):
        yield _recorded(*values, sealer=sealer)


def recorded_entry(number: int, sealer: Sealer) -> Recorded:
    """The entry of a number.

    Raises:
        UsageError: there is none.
        InputError: its sealed record was altered or moved.
    """
    found = LogEntry.objects.filter(number=number).values_list(*_COLUMNS).first()
    if found is None:
        raise UsageError(f"the log has no entry {number}")
    return _recorded(*found, sealer=sealer)


def recorded_row(row: int, sealer: Sealer) -> Recorded | None:
    """The entry that was added under this id, published or not; None where there is none.

    Raises:
        InputError: its sealed record was altered or moved.
    """
    found = LogEntry.objects.filter(pk=row).values_list(*_COLUMNS).first()
    return _recorded(*found, sealer=sealer) if found is not None else None


def named_contents(sealer: Sealer) -> Iterator[bytes]:
    """Every SHA-256 that an entry names and is found by, as often as it does; streamed.

    Raises:
        InputError: a sealed record was altered or moved.
    """
    naming = LogEntry.objects.filter(Exists(EntryDigest.objects.filter(entry=OuterRef("pk"))), record__isnull=False)
    for row, record in naming.order_by("id").values_list("id", "record").iterator(chunk_size=_ROWS):
        assert record is not None, "what was destroyed was not asked for"
        yield from named_digests(sealer.open(bytes(record), row))


def _recorded(
    row: int, number: int | None, event: str, record: bytes | None, salt: bytes | None, leaf: bytes, *, sealer: Sealer
) -> Recorded:
    opened = sealer.open(bytes(record), row) if record is not None else None
    return Recorded(row, number, event, opened, bytes(salt) if salt is not None else None, bytes(leaf))


def misfits(sealer: Sealer) -> Iterator[int]:
    """The rows whose record is not what their leaf commits to; an erased one has nothing to say."""
    for one in recorded_entries(sealer):
        if one.record is not None and commitment(one.record, one.salt or b"") != one.commitment:
            yield one.row
