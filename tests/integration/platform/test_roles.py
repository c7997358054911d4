"""The roles that work, on a server where the owner is no superuser: made, refused, let in, and what the owner may then."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from safelight.errors import CannotRunError
from safelight.platform.roles import ensure_roles, let_worker_in, worker_parameters
from tests.integration.debian import debian_15  # noqa: F401 - a fixture

OWNER = "made_up_owner"
OPEN = """
import sys
from pathlib import Path
from safelight.errors import SafelightError
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from safelight.platform.walls import acting
data = Path(sys.argv[1])
try:
    with open_database(read_settings(data=data, database_url=sys.argv[2])), acting("unenrolled"):
        from django.db import connection
        from datetime import UTC, datetime
        from safelight.casework.models import Case
        from safelight.platform.copying import analyse
        Case.objects.create(name="Series Harbour", opened=datetime(2026, 3, 1, tzinfo=UTC))
        analyse("casework_case")
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, reltuples FROM pg_class WHERE relname = 'casework_case'")
            print(*cursor.fetchone())
except SafelightError as error:
    print(error.message)
"""


@pytest.fixture
def admin(debian_15: str) -> Iterator[psycopg.Connection]:  # noqa: F811 - the fixture
    """A superuser beside an owner who may nothing but what is his, with a database of his."""
    with psycopg.connect(debian_15, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB")  # type: ignore[arg-type]
        connection.execute(f"CREATE DATABASE {OWNER} OWNER {OWNER}")  # type: ignore[arg-type]
        yield connection


@pytest.fixture
def entrance(admin: psycopg.Connection, debian_15: str) -> dict[str, str]:  # noqa: F811 - the fixture
    """How the owner enters."""
    return {**conninfo_to_dict(debian_15), "user": OWNER, "dbname": OWNER}


@pytest.fixture
def owner(entrance: dict[str, str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(make_conninfo(**entrance), autocommit=True) as connection:
        yield connection


def run_as_told(admin: psycopg.Connection, told: str) -> None:
    """What an administrator does whom an error names the statements."""
    for statement in told.split("`")[1].split(";"):
        if statement.strip():
            admin.execute(statement)  # type: ignore[arg-type]


def opened(data: Path, entrance: dict[str, str]) -> str:
    data.mkdir(mode=0o700, exist_ok=True)
    command = [sys.executable, "-c", OPEN, str(data), make_conninfo(**entrance)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.strip()


def test_an_owner_who_may_make_no_roles_is_told_what_an_administrator_runs_and_that_is_all_it_takes(
    admin: psycopg.Connection, entrance: dict[str, str], tmp_path: Path
) -> None:
    said = opened(tmp_path / "data", entrance)
    assert said.startswith("The owner of the database may not make roles: let an administrator run `CREATE ROLE ")
    run_as_told(admin, said)
    assert opened(tmp_path / "data", entrance) == "safelight_worker 1.0"


def test_an_owner_who_may_makes_the_roles_and_whoever_works_has_tables_counted(
    admin: psycopg.Connection, entrance: dict[str, str], tmp_path: Path
) -> None:
    admin.execute(f"ALTER ROLE {OWNER} CREATEROLE")  # type: ignore[arg-type]
    assert opened(tmp_path / "data", entrance) == "safelight_worker 1.0"


@pytest.mark.parametrize(
    "climbing",
    [
        "ALTER ROLE safelight_worker SUPERUSER", "ALTER ROLE safelight_worker BYPASSRLS",
        "ALTER ROLE safelight_web CREATEROLE", "ALTER ROLE safelight_web CREATEDB",
        "ALTER ROLE safelight_web REPLICATION", f"GRANT {OWNER} TO safelight_worker",
        "CREATE TABLE made_up (n int); ALTER TABLE made_up OWNER TO safelight_web",
    ],
)  # fmt: skip
def test_a_role_that_can_climb_is_refused(
    admin: psycopg.Connection, owner: psycopg.Connection, entrance: dict[str, str], climbing: str
) -> None:
    worker = worker_parameters(entrance)
    admin.execute(f"ALTER ROLE {OWNER} CREATEROLE")  # type: ignore[arg-type]
    ensure_roles(owner, worker)
    ensure_roles(owner, worker)
    inside = conninfo_to_dict(admin.info.dsn) | {"dbname": OWNER}
    with psycopg.connect(make_conninfo(**inside), autocommit=True) as superuser:
        superuser.execute(climbing)  # type: ignore[arg-type]
    with pytest.raises(CannotRunError, match=r"The database role safelight_\w+ may more than work: take from it"):
        ensure_roles(owner, worker)


def test_who_is_not_let_in_is_told_so(
    admin: psycopg.Connection, owner: psycopg.Connection, entrance: dict[str, str]
) -> None:
    worker = worker_parameters(entrance)
    admin.execute("CREATE ROLE safelight_worker NOLOGIN")
    with pytest.raises(CannotRunError, match=r"safelight_worker is not let in: .*not permitted to log in\. Let it in"):
        let_worker_in(owner, worker)
    with pytest.raises(CannotRunError, match="run `ALTER ROLE safelight_worker PASSWORD 'SCRAM-SHA-256"):
        let_worker_in(owner, worker_parameters(entrance | {"password": "made up"}))
    admin.execute("ALTER ROLE safelight_worker LOGIN")
    let_worker_in(owner, worker)


def test_a_role_that_another_command_made_meanwhile_is_no_error(
    admin: psycopg.Connection, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, entrance: dict[str, str]
) -> None:
    admin.execute(f"ALTER ROLE {OWNER} CREATEROLE")  # type: ignore[arg-type]
    ensure_roles(owner, worker_parameters(entrance))
    monkeypatch.setattr("safelight.platform.roles._THERE", "SELECT rolname FROM pg_roles WHERE rolname <> ALL(%s)")
    ensure_roles(owner, worker_parameters(entrance | {"password": "made up"}))
