"""Reads many or large rows: PostgreSQL sends values in binary, so that bytes are not spelled out and read back."""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection

_NEVER_BY_ITSELF = 1 << 31
"""Uses of a statement after which it would be prepared unasked."""


def binary_rows(
    query: str, values: Sequence[Any] | dict[str, Any] = (), *, often: bool = False
) -> list[tuple[Any, ...]]:
    """The rows of a query, within the transaction at hand. Values are sent apart from it: write casts for arrays.

    What is asked `often` is planned once a connection, for any values: that is for questions with one way to answer.
    """
    connection.ensure_connection()
    if often:
        connection.connection.prepare_threshold = _NEVER_BY_ITSELF  # Django turns it off for good
    # Django's own cursor asks for text, in which bytes are twice as long and are decoded one by one.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(query, values, binary=True, prepare=often).fetchall()
