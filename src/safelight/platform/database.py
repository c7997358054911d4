"""The database, opened for one command: embedded or by DATABASE_URL, with Django set up and every migration applied.

Rules kept here:
- after `open_database` returns, the tables are those of this version, whoever of several commands made them so;
- a database reached over a network is reached with verified TLS, and is PostgreSQL 15 or later;
- a demonstration's database is opened in a demonstration's folder only, and no other database is;
- a database that goes away or a disk that fills up ends a command with a sentence, not with a driver's error.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django.apps
import psycopg
from django.db import OperationalError, connection, connections, transaction
from django.db.utils import load_backend
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from safelight.errors import CannotRunError, UsageError
from safelight.platform.mark import keep_mark, mark_missing, refuse_other_mark
from safelight.platform.postgres.folder import Layout, read_running, server_processes
from safelight.platform.postgres.program import find_program
from safelight.platform.postgres.users import Address, using_server
from safelight.platform.roles import Parameters, ensure_roles, let_worker_in, worker_parameters
from safelight.platform.settings import InsecureSettingError, Settings, prepare_data
from safelight.platform.walls import build_walls, is_migrating, migrating, tear_down, walls_stand

OLDEST_VERSION = 15
NAME = "safelight"
_LOCAL_HOSTS = {"", "localhost", "127.0.0.1", "::1"}
_NOTICE_SECONDS = 2.0
_VERIFIED = {"verify-ca", "verify-full"}
_MIGRATION_KEY = "platform: migrations"
_MARK_KEY = "platform: mark"

_FULL = "The database's disk is full: make room, then run the same command again. What was acknowledged is kept."
_ROOM_TO_WORK = 20 << 20
"""Bytes. With less, PostgreSQL cannot write its log ahead (16 MiB a piece) and ends without giving the reason."""

_open: list[tuple[Path, str | None]] = []
"""What this process has open: a second opening of the same joins it."""

_owners: list[Parameters] = []
"""How the owner enters what this process has open."""


class BusyError(CannotRunError):
    """Another command is at work on the same thing: wait until it has finished, then try again."""


@dataclass(frozen=True)
class DatabaseStatus:
    """What `safelight doctor` says about the database. `problem` is None where nothing is wrong."""

    kind: str
    version: str | None
    up: bool
    data: Path
    disk_free: int | None
    problem: str | None = None


@contextmanager
def open_database(settings: Settings, *, as_owner: bool = False) -> Iterator[None]:
    """Open the database for as long as the block lasts; Django's models and `connection` work inside it.

    Whoever opens it works as a worker, for whom there are no rows until somebody acts (`walls.acting`); `as_owner` as
    `working_as_owner`, for the whole block.

    Opening what this process has open already joins it. Nothing of the embedded server outlives its last user by more
    than the second that it takes to stop.

    Raises:
        CannotRunError: There is no usable database; the message says why and what to do. Also raised in place of a
            driver's error that leaves the block because the server went away or its disk is full.
    """
    data = prepare_data(settings)
    url = settings.database_url.get_secret_value() if settings.database_url else None
    if _open:
        if _open[0] != (data, url):
            raise CannotRunError(f"This process already uses the database of {_open[0][0]}: use one at a time.")
        with working_as_owner() if as_owner else nullcontext():
            yield
        return
    _open.append((data, url))
    try:
        with _reach(settings, data, url) as parameters:
            try:
                worker = _prepared(parameters, data)
                _owners.append(parameters)
                if not as_owner:
                    _point_django_at(worker)
                with migrating() if as_owner else nullcontext():
                    yield
            except OperationalError as error:
                full = url is None and shutil.disk_usage(data).free < _ROOM_TO_WORK
                raise (CannotRunError(_FULL) if full else _in_words(error)) from error
            finally:
                connections.close_all()
    finally:
        _open.clear()
        _owners.clear()


@contextmanager
def working_as_owner() -> Iterator[None]:
    """Be the owner of the open database, who is shown every row, as long as the block lasts; outside any transaction.

    For what moves whole tables (a backup, a restore) and what has to reach every case (an erasure). Whoever enters has
    been found to be allowed that. This thread alone is the owner: another one that connects meanwhile is a worker.
    """
    if is_migrating():
        yield
        return
    _enter(_configured(_owners[-1]))
    try:
        with migrating():
            yield
    finally:
        _enter(connections.settings)


def _prepared(owner: Parameters, data: Path) -> Parameters:
    """Bring the tables to this version and build their walls, as the owner; return how a worker enters."""
    _point_django_at(owner)
    worker = worker_parameters(owner)
    with migrating():
        apply_migrations()
        _compare_marks(data)
        if not walls_stand(connection.connection):
            with _migrating_alone() as alone:
                ensure_roles(alone, worker)
                build_walls(alone)
        let_worker_in(connection.connection, worker)
    return worker


@contextmanager
def _reach(settings: Settings, data: Path, url: str | None) -> Iterator[Parameters]:
    if url is not None:
        parameters = read_url(url)
        _refuse_old_server(parameters)
        yield parameters
        return
    with using_server(data, account=settings.database_user, wait=settings.database_wait) as address:
        yield _ensure_embedded(address)


def read_url(url: str) -> Parameters:
    """Read a database address, in any form that libpq takes.

    Raises:
        UsageError: It has the wrong form.
        InsecureSettingError: It leads over a network without verified TLS, or its target cannot be told.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise UsageError(
            "DATABASE_URL has the wrong form: write postgresql://user@host/name?sslmode=verify-full."
        ) from None
    if "service" in given or "PGSERVICE" in os.environ:
        raise InsecureSettingError("DATABASE_URL names a service, which hides its host: write the host itself.")
    asked = {"host": os.environ.get("PGHOST", ""), "hostaddr": os.environ.get("PGHOSTADDR", "")}
    hosts = [str(given.get(key) or otherwise) for key, otherwise in asked.items()]
    mode = given.get("sslmode") or os.environ.get("PGSSLMODE", "")
    names = [name for host in hosts for name in host.split(",")]
    remote = [name for name in names if name not in _LOCAL_HOSTS and not name.startswith(("/", "@"))]
    if remote and mode not in _VERIFIED:
        raise InsecureSettingError(f"DATABASE_URL leads to {remote[0]} without verified TLS: add sslmode=verify-full.")
    return dict(given)


def _refuse_old_server(parameters: Parameters) -> None:
    try:
        with psycopg.connect(make_conninfo(**parameters), connect_timeout=10) as probe:
            version = probe.info.server_version // 10_000
    except psycopg.OperationalError as error:
        raise _in_words(error) from error
    if version < OLDEST_VERSION:
        raise CannotRunError(
            f"DATABASE_URL leads to PostgreSQL {version}: version {OLDEST_VERSION} or later is needed."
        )


def _ensure_embedded(address: Address) -> Parameters:
    parameters: Parameters = {"host": str(address.socket_folder), "user": NAME, "password": address.password}
    target = parameters | {"dbname": NAME}
    try:
        psycopg.connect(make_conninfo(**target)).close()
    except psycopg.OperationalError as error:
        if "does not exist" not in str(error):
            raise _in_words(error) from error
        with psycopg.connect(make_conninfo(**parameters, dbname="postgres"), autocommit=True) as connection_:
            try:
                connection_.execute(f"CREATE DATABASE {NAME}")
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return target  # another first command was quicker
    return target


def _point_django_at(parameters: Parameters) -> None:
    """Let this thread, and every one that has not connected yet, enter so from now on."""
    set_up_django()
    connections.settings = _configured(parameters)
    _enter(connections.settings)


def _configured(parameters: Parameters) -> dict[str, Any]:
    """Django's settings of a database that is entered so."""
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    database: Parameters = {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, "NAME": ""}
    database |= {setting: str(parameters[name]) for name, setting in named.items() if name in parameters}
    database["OPTIONS"] = {name: value for name, value in parameters.items() if name not in named}
    configured: dict[str, Any] = connections.configure_settings({"default": database})
    return configured


def _enter(configured: dict[str, Any]) -> None:
    """Let this thread's next query connect anew."""
    connections.close_all()
    connections["default"] = load_backend(configured["default"]["ENGINE"]).DatabaseWrapper(
        configured["default"], "default"
    )


def set_up_django() -> None:
    """Load Django with our models, once; it needs no database for that."""
    os.environ["DJANGO_SETTINGS_MODULE"] = (
        "safelight.platform.django_settings"  # not another program's that was left there
    )
    if not django.apps.apps.ready:
        django.setup()


def apply_migrations() -> None:
    """Bring the tables to this version, if they are not; several commands may try at once.

    All of it is one transaction: Django notes some migrations only after it has committed what they did, and who is
    killed in between would find tables that are there already, for good.

    Raises:
        CannotRunError: The database was made by a newer version.
    """
    from django.core.management import call_command  # noqa: PLC0415 - rarely needed, and slow to import

    if not _migrations_missing():
        return
    with _migrating_alone() as owner:
        tear_down(owner)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks to come cannot be altered
            call_command("migrate", verbosity=0, interactive=False)


@contextmanager
def _migrating_alone() -> Iterator[psycopg.Connection[Any]]:
    """The owner's connection, on which nobody else changes tables or walls meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_number(_MIGRATION_KEY)])
        try:
            yield connection.connection
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_number(_MIGRATION_KEY)])


def _compare_marks(data: Path) -> None:
    if mark_missing():
        with advisory_lock(_MARK_KEY):
            keep_mark(data)
    refuse_other_mark(data)


def _migrations_missing() -> bool:
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415 - needs Django set up

    loader = MigrationLoader(connection)
    applied = set(loader.applied_migrations)
    newer = {key for key in applied if key[0] in loader.migrated_apps} - set(loader.disk_migrations)
    if newer:
        raise CannotRunError("The database was made by a newer version of Safelight: install that version.")
    return not applied.issuperset(loader.disk_migrations)


@contextmanager
def advisory_lock(key: str) -> Iterator[None]:
    """Hold a name alone among all processes on this database, on a connection of its own, as long as the block lasts.

    The name is free again when the block or the process ends, however it ends.

    Raises:
        BusyError: Somebody else holds it.
    """
    parameters = {**connection.get_connection_params(), "autocommit": True}
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters) as own:
        _take_soon(own, _number(key))
        try:
            yield
        finally:
            with suppress(psycopg.Error):  # where the connection is gone, so is the lock
                own.execute("SELECT pg_advisory_unlock(%s)", [_number(key)])


def _take_soon(own: psycopg.Connection[Any], number: int) -> None:
    """Take a lock; one whose holder was killed a moment ago is free as soon as the server has noticed."""
    until = time.monotonic() + _NOTICE_SECONDS
    while own.execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone() != (True,):
        if time.monotonic() > until:
            raise BusyError
        time.sleep(0.1)


def _number(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)


def _in_words(error: Exception) -> CannotRunError:
    cause = error.__cause__ or error
    if isinstance(cause, psycopg.errors.DiskFull) or "No space left on device" in str(cause):
        return CannotRunError(_FULL)
    # What follows the first line guesses at the reason, or says it once more for each address.
    said = str(cause).strip().partition("\n")[0].strip(" .:") or type(cause).__name__
    return CannotRunError(
        f"The database does not answer: {said}. What was acknowledged is kept; run the command again."
    )


def database_status(settings: Settings) -> DatabaseStatus:
    """Tell how the database is, without starting or changing anything."""
    data = settings.data
    existing = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    try:
        if settings.database_url:
            version = _version_by_url(settings.database_url.get_secret_value())
            return DatabaseStatus("DATABASE_URL", version, up=True, data=data, disk_free=free)
        layout = Layout(data.resolve() / "postgres")
        running = read_running(layout)
        up = running is not None and running.pid in server_processes(layout)
        return DatabaseStatus("embedded", find_program().version, up=up, data=data, disk_free=free)
    except (CannotRunError, UsageError) as error:
        kind = "DATABASE_URL" if settings.database_url else "embedded"
        return DatabaseStatus(kind, None, up=False, data=data, disk_free=free, problem=error.message)


def _version_by_url(url: str) -> str:
    parameters = read_url(url)
    _refuse_old_server(parameters)
    with psycopg.connect(make_conninfo(**parameters), connect_timeout=10) as probe:
        return ".".join(str(part) for part in divmod(probe.info.server_version, 10_000))
