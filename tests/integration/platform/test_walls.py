"""The second wall, gone at with plain SQL as the role that works: what `access` decides is not asked here."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from psycopg.conninfo import make_conninfo

from safelight.access.models import CaseMember, OfficerRow
from safelight.casework.models import Case
from safelight.errors import CannotRunError
from safelight.evidence.models import Exhibit
from safelight.platform import walls
from safelight.platform.database import working_as_owner
from safelight.platform.roles import let_worker_in, worker_parameters
from safelight.platform.settings import Settings
from safelight.platform.walls import WALLS, WEB, WORKER, Rule, Wall, across_cases, acting, build_walls, for_case
from tests.integration.entrances import owners_parameters, working

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_owner,  # the walls are gone at on connections of their own, and built anew
]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1"


@pytest.fixture
def webs_password() -> str | None:
    """The desk's role has no password until there is a desk; here one that follows from the worker's.

    Roles belong to the whole server, on which other tests run at the same time: they set the same one.
    """
    workers = worker_parameters(owners_parameters()).get("password")
    if workers is None:  # the server lets it in without one, as it does the owner
        return None
    with suppress(InternalError), connection.cursor() as cursor:  # another test was quicker
        cursor.execute(f"ALTER ROLE {WEB} PASSWORD '{workers}'")
    return str(workers)


@pytest.fixture(params=[WORKER, WEB])
def worker(request: pytest.FixtureRequest, webs_password: str | None) -> Iterator[psycopg.Connection]:
    """A connection of each role that works, logged in by itself, which nobody acts on yet."""
    entrance = worker_parameters(owners_parameters())
    if request.param == WEB:
        entrance |= {"user": WEB} | ({"password": webs_password} if webs_password else {})
    with psycopg.connect(make_conninfo(**entrance), autocommit=True) as own:
        assert own.execute("SELECT session_user, current_user").fetchone() == (request.param,) * 2
        yield own


def act(worker: psycopg.Connection, person: str, *, purpose: str = "work", case: str = "") -> None:
    for name, value in (("person", person), ("purpose", purpose), ("case", case)):
        worker.execute("SELECT set_config(%s, %s, false)", [f"safelight.{name}", value])


def two_officers() -> list[OfficerRow]:
    """Two who are each other's second, as the first two are."""
    keys = secrets.token_bytes(32), secrets.token_bytes(32)
    with transaction.atomic():
        return [
            OfficerRow.objects.create(
                pseudonym=pseudonym, agency="Agency Alpha", public_key=key, begins=NOW, ends=NOW.replace(year=2036),
                enrolment=b'{"roles":["supervisor"]}', second_key=second, second_signature=bytes(64),
            )
            for pseudonym, key, second in (("officer-one", *keys), ("officer-two", *keys[::-1]))
        ]  # fmt: skip


@pytest.fixture
def two_cases() -> tuple[Case, Case]:
    """Series Harbour, on which officer-one works, and Series Meadow, on which officer-two does; with an exhibit each."""
    made = []
    for name, officer in zip(("Series Harbour", "Series Meadow"), two_officers(), strict=True):
        case = Case.objects.create(name=name, opened=NOW)
        Exhibit.objects.create(case=name, name="exhibit 1", opened=NOW)
        CaseMember.objects.create(officer=officer, case=case.pk, begins=NOW, added_by="made up")
        made.append(case)
    return made[0], made[1]


def rows(worker: psycopg.Connection, table: str) -> int:
    try:
        return len(worker.execute(f"SELECT FROM {table}").fetchall())  # type: ignore[arg-type]
    except psycopg.errors.InsufficientPrivilege:
        return 0


def tables(worker: psycopg.Connection) -> list[str]:
    return [name for (name,) in worker.execute(TABLES).fetchall()]


def test_every_table_has_a_declared_wall_and_every_declared_wall_a_table(worker: psycopg.Connection) -> None:
    assert tables(worker) == sorted(WALLS)


def test_row_level_security_is_forced_on_every_table(worker: psycopg.Connection) -> None:
    lax = f"SELECT relname FROM pg_class WHERE relname IN ({TABLES}) AND NOT (relrowsecurity AND relforcerowsecurity)"
    lax = lax.replace(" ORDER BY 1", "")
    assert worker.execute(lax).fetchall() == []


def test_without_a_person_there_is_no_row_in_any_table_and_none_goes_in(
    worker: psycopg.Connection, two_cases: tuple[Case, Case]
) -> None:
    assert {table: rows(worker, table) for table in tables(worker)} == dict.fromkeys(WALLS, 0)
    for table in tables(worker):
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.GeneratedAlways)):
            worker.execute(f"INSERT INTO {table} DEFAULT VALUES")  # type: ignore[arg-type]


def test_a_person_without_a_known_purpose_is_shown_no_row(
    worker: psycopg.Connection, two_cases: tuple[Case, Case]
) -> None:
    for purpose in ("", "migrating", "curiosity"):
        act(worker, "officer-one", purpose=purpose)
        assert {table: rows(worker, table) for table in tables(worker)} == dict.fromkeys(WALLS, 0)


def test_a_member_is_shown_the_own_case_and_nothing_of_another(
    worker: psycopg.Connection, two_cases: tuple[Case, Case]
) -> None:
    act(worker, "officer-one")
    assert worker.execute("SELECT name FROM casework_case").fetchall() == [("Series Harbour",)]
    assert worker.execute('SELECT "case" FROM evidence_exhibit').fetchall() == [("Series Harbour",)]
    act(worker, "officer-nobody")
    assert rows(worker, "casework_case") == 0


def test_nobody_writes_into_another_case(worker: psycopg.Connection, two_cases: tuple[Case, Case]) -> None:
    act(worker, "officer-one")
    other = two_cases[1].pk
    assert worker.execute("UPDATE casework_case SET name = 'mine'").rowcount == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        worker.execute("INSERT INTO casework_kept (case_id, item_id, leaving) VALUES (%s, 1, false)", [other])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        worker.execute("INSERT INTO evidence_exhibit (\"case\", name, opened) VALUES ('Series Meadow', 'x', now())")


def test_who_left_a_case_is_shown_it_no_more(worker: psycopg.Connection, two_cases: tuple[Case, Case]) -> None:
    CaseMember.objects.filter(case=two_cases[0].pk).update(ends=NOW)
    act(worker, "officer-one")
    assert rows(worker, "casework_case") == 0


def test_the_founder_is_shown_cases_as_long_as_nobody_is_enrolled(worker: psycopg.Connection) -> None:
    Case.objects.create(name="Series Harbour", opened=NOW)
    act(worker, "unenrolled")
    assert rows(worker, "casework_case") == 1
    two_officers()
    assert rows(worker, "casework_case") == 0


def test_a_case_that_is_named_narrows_what_is_shown(worker: psycopg.Connection, two_cases: tuple[Case, Case]) -> None:
    one, other = two_cases
    act(worker, "officer-one", case=str(one.pk))
    assert rows(worker, "casework_case") == 1
    act(worker, "officer-one", case=str(other.pk))
    assert rows(worker, "casework_case") == 0


@pytest.mark.parametrize(
    "attempt",
    [
        "SET ROLE safelight", "SET SESSION AUTHORIZATION safelight", "SET ROLE {other}",
        "ALTER TABLE casework_case DISABLE ROW LEVEL SECURITY", "ALTER TABLE casework_case NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY own ON casework_case", "CREATE POLICY mine ON casework_case USING (true)",
        "CREATE FUNCTION climb() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'", "CREATE TABLE mine (n int)",
        "COPY (SELECT 1) TO PROGRAM 'true'", "COPY (SELECT 1) TO '/tmp/never'", "SELECT * FROM pg_authid",
        "SELECT pg_read_file('/etc/hostname')", "ALTER ROLE {own} SUPERUSER", "CREATE ROLE climber",
        "ALTER ROLE {own} BYPASSRLS", "TRUNCATE casework_case", "DELETE FROM log_entry",
        "ALTER TABLE access_approval DISABLE TRIGGER USER", "DROP TRIGGER access_approval_written ON access_approval",
        "DROP FUNCTION access_is_enrolled", "SET session_replication_role = replica", "DELETE FROM access_approval",
        "DELETE FROM evidence_sighting", "DROP TABLE casework_case", "SELECT * FROM django_migrations",
    ],
)  # fmt: skip
def test_a_worker_can_neither_climb_nor_take_a_wall_down(worker: psycopg.Connection, attempt: str) -> None:
    own = worker.info.user
    act(worker, "unenrolled")
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject)):
        worker.execute(attempt.format(own=own, other=WEB if own == WORKER else WORKER))  # type: ignore[arg-type]


def test_going_back_to_where_it_came_from_a_worker_is_still_a_worker(worker: psycopg.Connection) -> None:
    for attempt in ("RESET ROLE", "RESET SESSION AUTHORIZATION", "SET row_security = off"):
        worker.execute(attempt)  # type: ignore[arg-type]
        assert worker.execute("SELECT current_user, session_user").fetchone() == (worker.info.user,) * 2
    act(worker, "unenrolled")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        worker.execute("SELECT * FROM casework_case")  # row_security = off refuses rather than goes round


def test_a_table_of_its_own_in_front_of_the_true_one_changes_no_wall(
    worker: psycopg.Connection, two_cases: tuple[Case, Case]
) -> None:
    act(worker, "officer-one")
    worker.execute("CREATE TEMPORARY TABLE access_case_member AS SELECT * FROM public.access_case_member")
    worker.execute("INSERT INTO pg_temp.access_case_member SELECT id, %s, begins, ends, added_by, officer_id"
                   " FROM pg_temp.access_case_member", [two_cases[1].pk])  # fmt: skip
    assert worker.execute("SELECT name FROM casework_case").fetchall() == [("Series Harbour",)]


def test_a_table_without_a_wall_is_refused() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE surplus (n int)")
        with pytest.raises(CannotRunError, match="tables without a wall: surplus"):
            build_walls(connection.connection)
        transaction.set_rollback(True)


def test_walls_that_were_weakened_are_found_and_built_anew() -> None:
    connection.ensure_connection()
    owner = connection.connection
    assert walls.walls_stand(owner)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE casework_case NO FORCE ROW LEVEL SECURITY")
    assert not walls.walls_stand(owner)
    build_walls(owner)
    assert walls.walls_stand(owner)


def told() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        names = ("person", "purpose", "case")
        cursor.execute(
            "SELECT " + ", ".join(f"coalesce(current_setting('safelight.{name}', true), '')" for name in names)
        )
        return tuple(cursor.fetchone())


@pytest.fixture
def as_worker(embedded_database: Settings) -> Iterator[None]:
    """The test works as a command does."""
    with working():
        yield


def test_what_is_told_ends_with_its_block_in_a_transaction_and_outside(as_worker: None) -> None:
    before = told()
    with acting("officer-one"):
        assert told() == ("officer-one", "work", "")
        with for_case(7), across_cases():
            assert told() == ("officer-one", "across cases", "7")
        with transaction.atomic(), acting("officer-two"):
            assert told()[0] == "officer-two"
        assert told() == ("officer-one", "work", "")
        with pytest.raises(ZeroDivisionError), transaction.atomic(), for_case(8):
            raise ZeroDivisionError
        with pytest.raises(ProgrammingError), transaction.atomic(), for_case(8), connection.cursor() as cursor:
            cursor.execute("no statement")
        with transaction.atomic(), for_case(9):
            transaction.set_rollback(True)
        assert told() == ("officer-one", "work", "")
    assert told() == before


def test_a_connection_that_opens_meanwhile_is_told_what_stands(as_worker: None) -> None:
    with acting("officer-one"), for_case(7):
        connection.close()
        assert told() == ("officer-one", "work", "7")
        connection.close()
        with across_cases():
            assert told() == ("officer-one", "across cases", "7")
    connection.close()


def test_a_workers_thread_that_connects_anew_while_the_owner_works_is_told_who_works(as_worker: None) -> None:
    """As the log's sequencer does during a backup where another process was publishing: told of the owner's work, it
    would be shown no entry, and publish nothing."""

    def anew() -> tuple[str, ...]:
        connection.close()
        return told()

    with ThreadPoolExecutor(1) as pool, acting("officer-one"):
        before = pool.submit(told).result()
        with working_as_owner():
            assert told()[1] == "migrating"
            assert pool.submit(anew).result() == before == ("officer-one", "work", "")
        pool.submit(lambda: connection.close()).result()  # noqa: PLW0108 - the connection of that thread


def test_a_thread_that_connects_while_another_works_as_the_owner_is_no_owner(as_worker: None) -> None:
    def told_at_first() -> tuple[str, ...]:
        try:
            return connection.settings_dict["USER"], *told()
        finally:
            connection.close()

    with acting("officer-one"), working_as_owner(), ThreadPoolExecutor(1) as pool:
        assert told()[1] == "migrating"
        assert pool.submit(told_at_first).result() == ("safelight_worker", "officer-one", "work", "")


def test_a_worker_whose_password_was_changed_is_let_in_again() -> None:
    entrance = owners_parameters() | {"password": owners_parameters().get("password", "made up")}
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("ALTER ROLE safelight_worker PASSWORD 'another'")
    let_worker_in(connection.connection, worker_parameters(entrance))
    psycopg.connect(make_conninfo(**worker_parameters(entrance))).close()


def test_who_is_in_as_the_owner_stays_so_whoever_acts() -> None:
    with acting("officer-one"), across_cases():
        assert told()[:2] == ("officer-one", "migrating")


COMMAND = """
import sys
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from safelight.platform.walls import acting
with open_database(read_settings(data=sys.argv[1], database_url=sys.argv[2] or None)):
    from safelight.casework.queries import Case
    with acting("unenrolled"):
        print(Case.objects.count())
    print(Case.objects.count())
"""


def test_two_commands_do_not_act_for_each_other(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = tmp_path_factory.mktemp("walled")
    data.chmod(0o700)
    make = COMMAND.replace(
        "print(Case.objects.count())", "Case.objects.create(name='Series Harbour', opened='2026-03-01T00:00Z')", 1
    )
    runs = [
        subprocess.run([sys.executable, "-c", text, str(data), ""], check=True, capture_output=True, text=True).stdout
        for text in (make, COMMAND)
    ]
    assert runs == ["0\n", "1\n0\n"]


def test_a_rule_names_a_column_where_it_needs_one() -> None:
    for table, wall in WALLS.items():
        assert bool(wall.column) == (wall.rule in {Rule.CASE, Rule.CASE_NAME, Rule.EXHIBIT}), table
    assert Wall(Rule.NODE, "made up").kept


def test_the_walls_are_described_as_they_stand() -> None:
    said = (Path(__file__).parents[3] / "docs" / "access.md").read_text(encoding="utf-8")
    for table, wall in WALLS.items():
        across = " (reads across cases pass)" if wall.across else ""
        assert f"| `{table}` | {wall.rule}{across} | {'no' if wall.kept else 'yes'} | {wall.why} |" in said
