"""What every other test here relies on: it works behind the walls, and steps out only where it says so."""

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from safelight.platform.walls import WORKER, acting, is_migrating
from tests.integration.entrances import owner

rolled_back = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)
both = pytest.mark.parametrize(
    "kind", [pytest.param("rolled back", marks=rolled_back), pytest.param("committed", marks=committed)]
)


def standing() -> tuple[bool, str, str]:
    """Whether it is a worker who asks, as whom he acts and for what."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user = %s, current_setting('safelight.person'), current_setting('safelight.purpose')",
            [WORKER],
        )
        worker, person, purpose = cursor.fetchone()
    assert is_migrating() == (purpose == "migrating")
    return worker, person, purpose


FOUNDER, OWNER = (True, "unenrolled", "work"), (False, "owner", "migrating")


@both
def test_a_test_works_as_a_worker_as_whom_the_founder_acts(kind: str) -> None:
    assert connection.in_atomic_block == (kind == "rolled back")
    assert standing() == FOUNDER
    with owner():
        assert standing() == OWNER
        with owner():
            assert standing() == OWNER
        assert standing() == OWNER
    assert standing() == FOUNDER
    with acting("officer-one"):
        with owner():
            assert standing() == OWNER
        assert standing() == (True, "officer-one", "work")


@both
def test_what_no_worker_may_is_refused(kind: str) -> None:
    for refused in ("SELECT * FROM django_migrations", "DELETE FROM log_entry", "TRUNCATE casework_case"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(refused)
    assert standing() == FOUNDER


@both
def test_what_fails_as_the_owner_leaves_the_worker(kind: str) -> None:
    step = owner() if kind == "rolled back" else acting("officer-one")
    with pytest.raises(ProgrammingError), transaction.atomic(), step:
        connection.cursor().execute("no statement")
    assert standing() == FOUNDER


@rolled_back
def test_a_transaction_that_failed_ends_without_another_error() -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.connection.execute("SELECT * FROM nowhere")


@committed
def test_a_worker_who_logged_in_becomes_no_owner_amid_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(AssertionError, match="cannot become the owner"), owner():
        pass


@pytest.mark.as_owner
@both
def test_who_needs_the_owner_is_the_owner(kind: str) -> None:
    assert standing() == OWNER
