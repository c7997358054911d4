"""What all tests share: no network, and for those that ask, one database for the whole session.

A test that needs the database says so with pytest-django's mark, and nothing else:

    pytestmark = pytest.mark.django_db                    # each test in a transaction that is rolled back
    pytestmark = pytest.mark.django_db(transaction=True)  # real commits, tables emptied after each test

The second kind is for code that opens connections of its own, uses threads or processes, or needs a commit to be seen.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pytest_socket import disable_socket

from safelight.platform.database import open_database
from safelight.platform.settings import Settings, read_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "safelight.platform.django_settings")

# How long an example takes says something of the machine, and nothing of what is tested.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# For `make mutation`: a mutant meets the same examples each time, nobody reads the smallest one that kills it, and a
# machine that is slow for a moment has killed nothing.
settings.register_profile(
    "mutation",
    max_examples=50,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def pytest_runtest_setup() -> None:
    """Refuse every socket but unix ones. (The database driver's own are not Python's: it may use DATABASE_URL.)"""
    disable_socket(allow_unix_socket=True)


@pytest.fixture(scope="session")
def embedded_database(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Settings]:
    """Open one database for all tests of the session, in a data folder of its own; hand out its settings.

    It is the embedded PostgreSQL, or where DATABASE_URL is set, a scratch database there, removed at the end. Use it
    through the `django_db` mark (see above); ask for it by name only to know the data folder. Code under test that calls
    `open_database` with these settings joins what is open.
    """
    data = tmp_path_factory.mktemp("data")
    data.chmod(0o700)
    with (
        django_db_blocker.unblock(),
        _scratch_url() as url,
        open_database(read_settings(data=data, database_url=url), as_owner=True),
    ):
        if url is None:
            _wait_for_no_disk()
        yield read_settings(data=data, database_url=url)


def _wait_for_no_disk() -> None:
    """Let the embedded server not wait for its disk: no test takes the machine's power away."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET fsync = off")
        cursor.execute("SELECT pg_reload_conf()")


@contextmanager
def _scratch_url() -> Iterator[str | None]:
    given = os.environ.get("DATABASE_URL")
    if not given:
        yield None
        return
    name = f"safelight_test_{secrets.token_hex(4)}"
    url = make_conninfo(**conninfo_to_dict(given) | {"dbname": name})
    with psycopg.connect(given, autocommit=True) as admin, pytest.MonkeyPatch.context() as patch:
        admin.execute(f"CREATE DATABASE {name}")
        patch.setenv("DATABASE_URL", url)
        yield url
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def django_db_setup(embedded_database: Settings) -> None:
    """Give pytest-django our database instead of one that it would make."""
