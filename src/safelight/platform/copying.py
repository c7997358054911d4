"""Many rows at once, by COPY: in, once their ids are reserved, inside the caller's transaction; and out, as arrays."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Model
from numpy.typing import NDArray
from psycopg.types.string import BytesBinaryDumper

_HEADER = 19
"""Bytes before the first row of a binary COPY: its signature, flags, and the length of an extension, which is none."""
_TRAILER = 2
_OUT_BYTES = 4 << 20
_ODD = "a column that was copied out is null or of another length than was said"


def reserve_ids(model: type[Model], count: int) -> list[int]:
    """Take `count` ids for rows that are about to be copied."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [_table(model), count],
        )
        return [number for (number,) in cursor.fetchall()]


def copy_rows(model: type[Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Copy rows into a model's table; `columns` are the database's names, in the order of each row.

    The database holds no NUL in text: where a hostile file made a decoder say one, a replacement character stands.
    """
    with connection.cursor() as cursor, cursor.copy(f"COPY {_table(model)} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in row])


@contextmanager
def binary_copy(statement: str, types: Sequence[str]) -> Iterator[Callable[[Sequence[Any]], None]]:
    """A binary COPY into a table, the quickest way in: call what the block is given with each row.

    Args:
        statement: the COPY, `FROM STDIN (FORMAT BINARY)`.
        types: PostgreSQL's name of each column's type; values are sent as just that (bytes as "bytea" go as they are,
            which serves for any type whose binary form is at hand).
    """
    with connection.cursor() as cursor:
        # The dumper that was registered last serves a type, and for bytea that is one for DB-API's Binary, in Python.
        cursor.adapters.register_dumper(bytes, BytesBinaryDumper)
        with cursor.copy(statement) as copy:
            copy.set_types(types)
            yield copy.write_row


def copy_out(query: str, parameters: Sequence[int | str], lengths: Sequence[int]) -> Iterator[list[NDArray[np.uint8]]]:
    """The rows of a query as arrays of bytes, column by column, some thousands of rows at a time.

    Args:
        query: a SELECT whose columns are never null and always as long as `lengths` says.
        parameters: values for its placeholders.
        lengths: bytes of each column as PostgreSQL sends it in binary: 8 for bigint, most significant first; the
            content of a bytea.

    Yields:
        For each column an array of n x its length.

    Raises:
        ValueError: a column is null or of another length than was said.
    """
    fields = [[("size", ">i4"), ("value", np.uint8, (length,))] for length in lengths]
    row = np.dtype([("count", ">i2"), *((f"column{at}", parts) for at, parts in enumerate(fields))])
    waiting = bytearray()
    skipped = False
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", parameters) as copy:
        for data in copy:
            waiting += data
            if not skipped and len(waiting) >= _HEADER:
                del waiting[:_HEADER]
                skipped = True
            if len(waiting) >= _OUT_BYTES:
                yield _columns(waiting, row)
    del waiting[-_TRAILER:]
    if waiting:
        yield _columns(waiting, row)
    if waiting:
        raise ValueError(_ODD)


def as_numbers(column: NDArray[np.uint8]) -> NDArray[np.int64]:
    """A column of bigint as `copy_out` gives it (n x 8 bytes), as numbers."""
    return np.ascontiguousarray(column).view(">i8").reshape(-1).astype(np.int64)


def _columns(waiting: bytearray, row: np.dtype[np.void]) -> list[NDArray[np.uint8]]:
    """Take the whole rows out of what has come in."""
    whole = len(waiting) // row.itemsize * row.itemsize
    rows = np.frombuffer(bytes(waiting[:whole]), row)
    del waiting[:whole]
    columns = [rows[name] for name in row.names or () if name != "count"]
    if any((column["size"] != column["value"].shape[1]).any() for column in columns):
        raise ValueError(_ODD)
    return [column["value"] for column in columns]


def _table(model: type[Model]) -> str:
    return str(model._meta.db_table)  # noqa: SLF001 - Django's public Meta stands behind an underscore
