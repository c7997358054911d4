"""How the owner of the tests' database and a worker enter it; a test works as the owner unless it says otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from safelight.platform import walls
from safelight.platform.database import _point_django_at
from safelight.platform.roles import worker_parameters


def owners_parameters() -> dict[str, Any]:
    """How the test's own connection enters."""
    given = connection.settings_dict
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {name: given[key] for name, key in named.items() if given.get(key)} | given["OPTIONS"]


@contextmanager
def working() -> Iterator[None]:
    """Work behind the walls, as a command does, as whom nobody acts yet; outside any transaction."""
    owner = owners_parameters()
    _point_django_at(worker_parameters(owner))
    walls._standing.append(walls._Standing())
    try:
        yield
    finally:
        walls._standing.pop()
        _point_django_at(owner)
