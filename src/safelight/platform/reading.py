"""Reads many or large rows: PostgreSQL sends values in binary, so that bytes are not spelled out and read back."""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def binary_rows(query: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query, within the transaction at hand. Values are sent apart from it: write casts for arrays."""
    connection.ensure_connection()
    # Django's own cursor asks for text, in which bytes are twice as long and are decoded one by one.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(query, values, binary=True).fetchall()
