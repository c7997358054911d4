"""The database as commands meet it: by address, by several at once, newer than they are, or on a full disk."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from safelight.errors import CannotRunError
from safelight.platform import database
from safelight.platform.database import BusyError, advisory_lock, apply_migrations, database_status, open_database
from safelight.platform.settings import Settings, read_settings
from tests.integration.debian import debian_15  # noqa: F401 - a fixture

HOLD = """
import sys
from safelight.platform.database import advisory_lock, open_database
from safelight.platform.settings import read_settings
with open_database(read_settings(data=sys.argv[1], database_url=sys.argv[2] or None)), advisory_lock("exhibit 7"):
    print("held", flush=True)
    sys.stdin.readline()
"""

OPEN = """
import sys
from django.db import connection
from safelight.errors import SafelightError
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
try:
    with open_database(read_settings(data=sys.argv[1]), as_owner=True), connection.cursor() as cursor:
        for statement in sys.argv[2:]:
            cursor.execute(statement)
        cursor.execute("SELECT count(*) FROM vault_signature")
        print(*cursor.fetchone())
except SafelightError as error:
    print(error.message)
    sys.exit(error.exit_code)
"""
KILLED = """
import os, signal, sys
from safelight.platform.database import open_database, set_up_django
from safelight.platform.settings import read_settings
set_up_django()
from django.db.migrations.recorder import MigrationRecorder
real = MigrationRecorder.record_applied
def killed(self, app, name):
    if app == "casework":
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, app, name)
MigrationRecorder.record_applied = killed
with open_database(read_settings(data=sys.argv[1])):
    pass
"""
FILL = "INSERT INTO vault_signature (realm, block, sha256) SELECT 1, 1, sha256(i::text::bytea) FROM generate_series(1, 4000000) i"


def url_of(settings: Settings) -> str | None:
    return settings.database_url.get_secret_value() if settings.database_url else None


@pytest.mark.django_db(transaction=True)
def test_a_name_is_held_by_one_command_and_free_when_that_is_killed(embedded_database: Settings) -> None:
    command = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(embedded_database.data), url_of(embedded_database) or ""],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert command.stdout
    assert command.stdout.readline() == "held\n"
    with pytest.raises(BusyError), advisory_lock("exhibit 7"):
        pass
    with advisory_lock("exhibit 8"):
        pass
    command.send_signal(signal.SIGKILL)
    command.communicate()
    with connection.cursor() as cursor:  # the server notices the closed socket in its own time
        cursor.execute("SELECT pg_sleep(0.3)")
    with advisory_lock("exhibit 7"), pytest.raises(BusyError), advisory_lock("exhibit 7"):
        pass


@pytest.mark.django_db
@pytest.mark.as_owner  # only the owner migrates
def test_a_database_of_a_newer_version_is_refused() -> None:
    apply_migrations()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('vault', '9999_later', now())")
    with pytest.raises(CannotRunError, match="newer version"):
        apply_migrations()


@pytest.mark.django_db
def test_what_is_open_is_joined_and_another_is_refused(embedded_database: Settings, tmp_path: Path) -> None:
    with open_database(embedded_database), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    with pytest.raises(CannotRunError, match="one at a time"), open_database(read_settings(data=tmp_path)):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@pytest.mark.django_db
def test_the_status_of_a_running_database(embedded_database: Settings) -> None:
    status = database_status(embedded_database)
    assert status.up
    assert status.problem is None
    assert status.version is not None
    assert int(status.version.split(".")[0]) >= 15


def test_the_status_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    status = database_status(read_settings(data=tmp_path / "none"))
    assert (status.kind, status.up, status.problem) == ("embedded", False, None)
    assert status.disk_free
    assert not (tmp_path / "none").exists()
    wrong = database_status(read_settings(data=tmp_path, database_url="postgresql:///x?host=/nowhere"))
    assert (wrong.kind, wrong.up) == ("DATABASE_URL", False)
    assert wrong.problem is not None
    assert "does not answer" in wrong.problem


def test_any_postgresql_from_15_on_by_its_address(
    debian_15: str,  # noqa: F811 - the fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("DATABASE_URL", debian_15)
    insert = "INSERT INTO vault_signature (realm, block) VALUES (1, 1)"
    commands = [
        subprocess.Popen([sys.executable, "-c", OPEN, str(tmp_path), insert], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = {command.communicate(timeout=60)[0].strip() for command in commands}
    assert [command.returncode for command in commands] == [0, 0]
    assert "2" in said, "both made the tables at once, and both found them"
    assert not (tmp_path / "postgres").exists(), "no embedded database beside it"
    version = database_status(read_settings(data=tmp_path)).version
    assert version is not None
    assert version.startswith("15.")
    monkeypatch.setattr(database, "OLDEST_VERSION", 16)
    refused = database_status(read_settings(data=tmp_path)).problem
    assert refused == "DATABASE_URL leads to PostgreSQL 15: version 16 or later is needed."


def test_a_disk_that_fills_up_ends_with_a_sentence_and_room_is_all_it_needs(tmp_path: Path) -> None:
    script = """
        mount -t tmpfs -o mode=0700,size=250m none "$1"
        "$2" -c "$3" "$1" "$4"; echo "status $?"
        mount -o remount,size=600m "$1"
        "$2" -c "$3" "$1"; echo "status $?"
    """
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [*own, "sh", "-c", script, "sh", str(tmp_path), sys.executable, OPEN, FILL],
        check=True, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    first, status, rows, again = done.stdout.splitlines()
    assert first.startswith("The database's disk is full")
    assert (status, rows, again) == ("status 3", "0", "status 0")


def test_who_is_killed_between_tables_and_the_note_that_they_are_made_begins_anew(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    struck, again = (
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "data")],
            check=False, capture_output=True, text=True, env=environment,
        )
        for script in (KILLED, OPEN)
    )  # fmt: skip
    assert struck.returncode == -signal.SIGKILL, struck.stderr
    assert (again.returncode, again.stdout) == (0, "0\n"), again.stderr
