"""Writes many rows at once: ids are reserved first, then rows go in by COPY, inside the caller's transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Model
from psycopg.types.string import BytesBinaryDumper

_NAMES = {
    "bigint": "int8",
    "integer": "int4",
    "smallint": "int2",
    "boolean": "bool",
    "double precision": "float8",
    "text": "text",
    "varchar": "varchar",
    "bytea": "bytea",
    "jsonb": "jsonb",
    "timestamp with time zone": "timestamptz",
}
_TEXTS = frozenset({"text", "varchar"})
_JSONB_VERSION = b"\x01"
"""What jsonb begins with on its way in, before its text (PostgreSQL `jsonb_recv`)."""


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

    JSON comes as its text. The database holds no NUL in text: where a hostile file made a decoder say one, a
    replacement character stands.
    """
    types = [_type(model, column) for column in columns]
    texts = [at for at, name in enumerate(types) if name in _TEXTS]
    documents = [at for at, name in enumerate(types) if name == "jsonb"]
    statement = f"COPY {_table(model)} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with binary_copy(statement, ["bytea" if name == "jsonb" else name for name in types]) as write:
        for row in rows:
            values = list(row)
            for at in texts:
                if values[at] and "\0" in values[at]:
                    values[at] = values[at].replace("\0", "\ufffd")
            for at in documents:
                if values[at] is not None:
                    values[at] = _JSONB_VERSION + values[at].encode()
            write(values)


def _type(model: type[Model], column: str) -> str:
    """PostgreSQL's name of the type of a model's column."""
    fields = {field.column: field for field in model._meta.concrete_fields}  # noqa: SLF001 - as below
    return _NAMES[(fields[column].db_type(connection) or "").partition("(")[0]]


def analyse(*models: type[Model]) -> None:
    """Let the planner know the tables that many rows were copied into; the server would look at them minutes later."""
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"ANALYZE {_table(model)}")


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
