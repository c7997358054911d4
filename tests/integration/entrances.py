"""How the owner of the tests' database and a worker enter it, and how a test steps from one to the other.

Every test of this folder works as a command does: as a worker, with the founder acting (see `conftest.py`). One that
needs the owner says so by the mark `as_owner`; a single look from outside is `with owner():`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg.pq import TransactionStatus

from safelight.platform import walls
from safelight.platform.database import _point_django_at, working_as_owner
from safelight.platform.roles import worker_parameters
from safelight.platform.walls import WORKER, is_migrating, migrating


def owners_parameters() -> dict[str, Any]:
    """How the test's own connection enters."""
    given = connection.settings_dict
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {name: given[key] for name, key in named.items() if given.get(key)} | given["OPTIONS"]


@contextmanager
def working() -> Iterator[None]:
    """Work behind the walls, as a command does, as whom nobody acts yet; to be entered by the owner.

    In a transaction, which a test rolls back, the owner takes the worker's role; outside of one a worker logs in.
    """
    with _in_role(WORKER) if connection.in_atomic_block else _logged_in():
        yield


@contextmanager
def _logged_in() -> Iterator[None]:
    entrance = owners_parameters()
    _point_django_at(worker_parameters(entrance))
    walls._standing.append(walls._Standing())
    try:
        yield
    finally:
        walls._standing.pop()
        _point_django_at(entrance)


@contextmanager
def owner() -> Iterator[None]:
    """Be the owner, who is shown every row, for a look from outside or for what no command does."""
    if is_migrating() or not connection.in_atomic_block:
        with working_as_owner():
            yield
        return
    with _in_role("NONE"):
        yield


@contextmanager
def _in_role(role: str) -> Iterator[None]:
    """Take a role inside the test's transaction; NONE is who logged in."""
    before = _role()
    _take(role)
    try:
        with walls._told(walls._Standing()) if role == WORKER else migrating():
            yield
    finally:
        if connection.connection.info.transaction_status == TransactionStatus.INTRANS:  # else its end takes all back
            _take(before)


def _role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        return str(cursor.fetchone()[0])


def _take(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        cursor.execute("SELECT current_user = %s", [WORKER])
        assert cursor.fetchone()[0] == (role == WORKER), "a worker who logged in cannot become the owner"
