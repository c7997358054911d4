"""Writes many rows at once: ids are reserved first, then rows go in by the column, inside the caller's transaction.

PostgreSQL takes no COPY into a table with a wall (row-level security); it takes arrays, one for each column.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.db.models import Model
from psycopg import sql

from safelight.platform.arrays import encode_array, register
from safelight.platform.reading import binary_rows
from safelight.platform.wall_questions import ANALYSE

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
_NOT_ALIKE = frozenset({"float8"})
"""Types of which values are equal that are not the same: zeros of two signs."""
_CASTS = {"jsonb": "%b::text::jsonb"}
_AT_A_TIME = 1000
"""Rows, given one by one, that go in by one statement."""


def reserve_ids(model: type[Model], count: int) -> list[int]:
    """Take `count` ids for rows that are about to be copied."""
    if not count:
        return []
    # the sequence in parentheses: looked up once, and not for each id; eight bytes each, end to end
    [(taken,)] = binary_rows(
        "SELECT string_agg(int8send(nextval((SELECT pg_get_serial_sequence(%s, 'id')))), '') "
        "FROM generate_series(1, %s::int8)",
        [_table(model), count],
    )
    return list(struct.unpack(f">{count}q", taken))


def copy_rows(model: type[Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Copy rows into a model's table; `columns` are the database's names, in the order of each row.

    JSON comes as its text. The database holds no NUL in text: where a hostile file made a decoder say one, a
    replacement character stands.
    """
    types = [_type(model, column) for column in columns]
    texts = [at for at, name in enumerate(types) if name in _TEXTS]
    with writing(_table(model), columns, types) as write:
        for row in rows:
            values = list(row)
            for at in texts:
                if values[at] and "\0" in values[at]:
                    values[at] = values[at].replace("\0", "\ufffd")
            write(values)


def _type(model: type[Model], column: str) -> str:
    """PostgreSQL's name of the type of a model's column."""
    fields = {field.column: field for field in model._meta.concrete_fields}  # noqa: SLF001 - as below
    return _NAMES[(fields[column].db_type(connection) or "").partition("(")[0]]


def analyse(*tables: str) -> None:
    """Let the planner know the tables that many rows were copied into; the server would look at them minutes later."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {ANALYSE}(%s)", [list(tables)])


@contextmanager
def writing(table: str, columns: Sequence[str], types: Sequence[str]) -> Iterator[Callable[[Sequence[Any]], None]]:
    """Write row by row: call what the block is given with each. JSON comes as its text.

    Args:
        table: the table's name.
        columns: the columns, in the order of each row's values.
        types: PostgreSQL's name of each column's type.
    """
    waiting: list[Sequence[Any]] = []

    def write(row: Sequence[Any]) -> None:
        waiting.append(row)
        if len(waiting) == _AT_A_TIME:
            flush()

    def flush() -> None:
        write_columns(table, columns, types, list(zip(*waiting, strict=True)))
        waiting.clear()

    yield write
    if waiting:
        flush()


def write_columns(table: str, columns: Sequence[str], types: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
    """The quickest way into a table: what is written into each column, one value a row, all by one statement.

    Args:
        table: the table's name.
        columns: the columns.
        types: PostgreSQL's name of each column's type.
        values: as many for each column. JSON comes as its text.
    """
    statement, arrays = insertion(table, columns, types, values)
    connection.ensure_connection()
    with connection.wrap_database_errors:
        send(connection.connection, statement, arrays)


def insertion(
    table: str, columns: Sequence[str], types: Sequence[str], values: Sequence[Sequence[Any]]
) -> tuple[sql.Composed, list[Any]]:
    """The statement that writes these columns, as `write_columns` has them, and its values.

    A column that says the same in every row is one value: an array of it would be taken apart again row by row.
    """
    given: list[sql.Composable] = []
    alike: list[Any] = []
    apart: list[int] = []
    arrays: list[Any] = []
    for at, (name, column) in enumerate(zip(types, values, strict=True)):
        if at and name not in _NOT_ALIKE and column and column.count(column[0]) == len(column):
            given.append(sql.SQL(_CASTS.get(name, f"%b::{name}")))
            alike.append(column[0])
        else:
            given.append(sql.Identifier("given", f"c{at}"))
            apart.append(at)
            arrays.append(encode_array("text" if name == "jsonb" else name, column))
    casts = ("%b::text[]::jsonb[]" if types[at] == "jsonb" else f"%b::{types[at]}[]" for at in apart)
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM unnest({}) AS given ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(given),
        sql.SQL(", ".join(casts)),
        sql.SQL(", ").join(sql.Identifier(f"c{at}") for at in apart),
    )
    return statement, [*alike, *arrays]


def send(to: psycopg.Connection[Any], statement: sql.Composed, arrays: Sequence[Any]) -> None:
    """Run an `insertion`. Django's own cursor writes values into a statement's text; this one sends them apart."""
    with psycopg.Cursor(to) as cursor:
        register(cursor)
        cursor.execute(statement, arrays)


def _table(model: type[Model]) -> str:
    return str(model._meta.db_table)  # noqa: SLF001 - Django's public Meta stands behind an underscore
