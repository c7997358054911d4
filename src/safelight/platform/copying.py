"""Writes many rows at once: ids are reserved first, then rows go in by COPY, inside the caller's transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Model
from psycopg.types.string import BytesBinaryDumper


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


def _table(model: type[Model]) -> str:
    return str(model._meta.db_table)  # noqa: SLF001 - Django's public Meta stands behind an underscore
