"""Reads many or large rows: PostgreSQL sends values in binary, so that bytes are not spelled out and read back."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection

_NEVER_BY_ITSELF = 1 << 31
"""Uses of a statement after which it would be prepared unasked."""

Rows = list[tuple[Any, ...]]


def binary_rows(query: str, values: Sequence[Any] | Mapping[str, Any] = (), *, often: bool = False) -> Rows:
    """The rows of a query, within the transaction at hand. Values are sent apart from it: write casts for arrays.

    What is asked `often` is planned once a connection, for any values: that is for questions with one way to answer.
    """
    connection.ensure_connection()
    if often:
        connection.connection.prepare_threshold = _NEVER_BY_ITSELF  # Django turns it off for good
    with connection.wrap_database_errors:
        return ask(connection.connection, query, values, often=often)


def ask(
    to: psycopg.Connection[Any], query: str, values: Sequence[Any] | Mapping[str, Any], *, often: bool = False
) -> Rows:
    """As `binary_rows`, by a connection of psycopg's, whose errors it raises."""
    # Django's own cursor asks for text, in which bytes are twice as long and are decoded one by one.
    with psycopg.Cursor(to) as cursor:
        return cursor.execute(query, values, binary=True, prepare=often).fetchall()
