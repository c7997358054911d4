"""Whether a database is a demonstration's: the file `DEMO` says so in the data folder, a row says so in the database.

Rules kept here:
- the first command that opens a database writes down which of the two it is, and nothing changes that afterwards;
- where file and row differ, no command runs: a practice list never answers in real work, and no real case ends up in a
  folder that is thrown away.
"""

from pathlib import Path

from django.db import connection, transaction

from safelight.errors import CannotRunError
from safelight.platform.settings import DEMO, is_demo

_MAKE = """
CREATE TABLE IF NOT EXISTS platform_mark (single boolean PRIMARY KEY DEFAULT true CHECK (single), demo boolean NOT NULL)
"""
_KEEP = "INSERT INTO platform_mark (demo) VALUES (%s) ON CONFLICT DO NOTHING"


def mark_missing() -> bool:
    """Tell whether the open database does not say yet which of the two it is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('platform_mark') IS NULL")
        return bool(cursor.fetchone()[0])


def keep_mark(data: Path) -> None:
    """Write into the open database what its data folder says; what was written before stays."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_MAKE)
        cursor.execute(_KEEP, [is_demo(data)])


def refuse_other_mark(data: Path) -> None:
    """Compare the open database with its data folder.

    Raises:
        CannotRunError: one of the two is a demonstration's, and the other is not.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT demo FROM platform_mark")
        (demo,) = cursor.fetchone()
    if demo and not is_demo(data):
        raise CannotRunError(
            f"The database of {data} is a demonstration's, and the folder lacks the file {DEMO}: "
            f"put an empty {DEMO} back, or use another folder for real work."
        )
    if is_demo(data) and not demo:
        raise CannotRunError(
            f"The database of {data} is not a demonstration's, and the folder holds the file {DEMO}: "
            "take the file out, or use another folder for a demonstration."
        )
