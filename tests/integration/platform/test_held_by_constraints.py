"""What two persons signed, and what came of it, gone at with plain SQL as each role that works."""

import psycopg
import pytest

from safelight.access.models import OfficerRow
from safelight.casework.models import Case
from tests.integration.platform import test_walls
from tests.integration.platform.test_walls import NOW, act, two_officers, webs_password, worker

__all__ = ["webs_password", "worker"]
pytestmark = test_walls.pytestmark
DAY = "timestamptz '2026-03-02'"
REQUEST = (
    "INSERT INTO access_request (act, what, record, digest, requester_id, signature, at, until)"
    f" VALUES (%s, '', '', gen_random_bytes_of, %s, '', {DAY}, {DAY} + interval '1 day') RETURNING id"
).replace("gen_random_bytes_of", "sha256(random()::text::bytea)")


@pytest.fixture
def two(worker: psycopg.Connection) -> list[OfficerRow]:
    """The officers of a node, the first of whom acts."""
    made = two_officers()
    act(worker, "officer-one")
    return made


def number(worker: psycopg.Connection, text: str, *values: object) -> int:
    [found] = worker.execute(text, values).fetchone()  # type: ignore[arg-type,misc]
    return int(found)


def used_approval(worker: psycopg.Connection, two: list[OfficerRow], what: str) -> str:
    """The name of an act that both wanted, and that was done on that day."""
    request = number(worker, REQUEST, what, two[0].pk)
    worker.execute(
        "INSERT INTO access_approval (request_id, requester_id, approver_id, signature, at, used_at)"
        f" VALUES (%s, %s, %s, '', {DAY}, {DAY})", [request, two[0].pk, two[1].pk],
    )  # fmt: skip
    return f"act-{request}"


def broken_glass(worker: psycopg.Connection, what: str) -> str:
    """The name of an act for which the recovery kit was used."""
    insert = f"INSERT INTO access_break_glass (act, what, record, at, until, used_at) VALUES (%s, '', '', {DAY}, {DAY}, {DAY})"
    return f"glass-{number(worker, insert + ' RETURNING id', what)}"


def grant(worker: psycopg.Connection, officer: int, by: str, *, role: str = "auditor", begins: str = DAY) -> None:
    worker.execute(
        f"INSERT INTO access_role_grant (officer_id, role, begins, granted_by) VALUES (%s, %s, {begins}, %s)",  # type: ignore[arg-type]
        [officer, role, by],
    )


def member(worker: psycopg.Connection, officer: OfficerRow, *, by: str, case: int = 7, begins: str = DAY) -> None:
    worker.execute(
        f'INSERT INTO access_case_member ("case", officer_id, begins, added_by) VALUES (%s, %s, {begins}, %s)',  # type: ignore[arg-type]
        [case, officer.pk, by],
    )


def join_alone(worker: psycopg.Connection, officer: OfficerRow) -> None:
    """Put up for review that an officer lets himself into a case."""
    insert = (
        "INSERT INTO access_break_glass (act, what, record, by_id, at, until, used_at)"
        f" VALUES ('access:case-member:join-alone', '', '', %s, {DAY}, {DAY}, {DAY})"
    )
    worker.execute(insert, [officer.pk])  # type: ignore[arg-type]


def enrol(worker: psycopg.Connection, pseudonym: str, **columns: object) -> int:
    """Write an officer's row, as a transaction of its own."""
    given = {"pseudonym": pseudonym, "agency": "Agency Alpha", "public_key": pseudonym.encode(), "begins": NOW,
             "ends": NOW.replace(year=2036), **columns}  # fmt: skip
    marks = ", ".join(["%s"] * len(given))
    return number(
        worker, f"INSERT INTO access_officer ({', '.join(given)}) VALUES ({marks}) RETURNING id", *given.values()
    )


def pair(worker: psycopg.Connection, one: str, other: str) -> None:
    with worker.transaction():
        for own, second in ((one, other), (other, one)):
            enrol(worker, own, enrolment=b'{"roles":[]}', second_key=second.encode(), second_signature=bytes(64))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE access_approval SET used_at = NULL",
        "UPDATE access_approval SET used_at = used_at + interval '1 day'",
        "UPDATE access_approval SET signature = 'made up'",
        "UPDATE access_approval SET at = at + interval '1 day'",
        "UPDATE access_break_glass SET used_at = NULL",
        "UPDATE access_break_glass SET until = until + interval '1 day'",
        "UPDATE access_break_glass SET act = 'another'",
        "UPDATE access_request SET act = 'made up'",
        "UPDATE access_request SET what = 'made up'",
        "UPDATE access_request SET until = until + interval '1 day'",
        "UPDATE access_request SET signature = 'made up'",
        "UPDATE access_role_grant SET role = 'national-officer'",
        "UPDATE access_role_grant SET granted_by = 'made up'",
        "UPDATE access_officer SET public_key = 'made up'",
        "UPDATE access_officer SET ends = ends + interval '1 day'",
        "UPDATE access_officer SET os_user = 'made up'",
        "UPDATE access_case_member SET officer_id = officer_id + 1",
    ],
)
def test_what_was_signed_or_used_stays_as_it_is(worker: psycopg.Connection, two: list[OfficerRow], change: str) -> None:
    grant(worker, two[1].pk, used_approval(worker, two, "access:role:change"))
    broken_glass(worker, "made up")
    member(worker, two[0], by="officer-two")
    with pytest.raises(psycopg.errors.CheckViolation, match="does not change any more"):
        worker.execute(change)  # type: ignore[arg-type]


def test_an_end_is_set_once_and_never_taken_back(worker: psycopg.Connection, two: list[OfficerRow]) -> None:
    grant(worker, two[1].pk, used_approval(worker, two, "access:role:change"))
    for table, column in (("access_role_grant", "ends"), ("access_officer", "revoked_at")):
        assert worker.execute(f"UPDATE {table} SET {column} = {DAY}").rowcount > 0  # type: ignore[arg-type]
        for value in ("NULL", f"{DAY} + interval '1 day'"):
            with pytest.raises(psycopg.errors.CheckViolation, match="does not change any more"):
                worker.execute(f"UPDATE {table} SET {column} = {value}")  # type: ignore[arg-type]


def test_a_role_names_what_granted_it_once(worker: psycopg.Connection, two: list[OfficerRow]) -> None:
    other = used_approval(worker, two, "vault:content:erase")
    waits = f"act-{number(worker, REQUEST, 'access:role:change', two[0].pk)}"
    for by in ("made up", "act-999", "glass-999", "unenrolled", other, waits, "founding"):
        with pytest.raises(psycopg.errors.CheckViolation, match="granted the role"):
            grant(worker, two[1].pk, by)
    good = used_approval(worker, two, "access:role:change")
    for role, begins in (("outside-second", DAY), ("auditor", f"{DAY} + interval '1 hour'")):
        with pytest.raises(psycopg.errors.CheckViolation, match="granted the role"):
            grant(worker, two[1].pk, good, role=role, begins=begins)
    grant(worker, two[1].pk, good)
    with pytest.raises(psycopg.errors.CheckViolation, match="granted the role"):
        grant(worker, two[0].pk, good)
    grant(worker, two[0].pk, broken_glass(worker, "access:role:change"))
    grant(worker, two[0].pk, "founding", role="supervisor", begins="timestamptz '2026-03-01 00:00Z'")


def test_who_tells_the_database_that_he_is_nobody_before_it_looks_is_still_held(
    worker: psycopg.Connection, two: list[OfficerRow]
) -> None:
    good = used_approval(worker, two, "access:role:change")
    grant(worker, two[1].pk, good)
    for write in (
        lambda: grant(worker, two[0].pk, good),
        lambda: pair(worker, "officer-three", "officer-four"),
    ):
        worker.execute("BEGIN")
        write()
        act(worker, "")
        with pytest.raises(psycopg.errors.CheckViolation):
            worker.execute("COMMIT")


def test_an_officer_names_what_made_him_one_once(worker: psycopg.Connection, two: list[OfficerRow]) -> None:
    other = used_approval(worker, two, "access:role:change")
    for by in ("made up", other):
        with pytest.raises(psycopg.errors.CheckViolation, match="an officer"):
            enrol(worker, "officer-three", approval=by)
    good = used_approval(worker, two, "access:officer:enrol")
    third = enrol(worker, "officer-three", approval=good)
    grant(worker, third, good, begins="timestamptz '2026-03-01 00:00Z'")
    with pytest.raises(psycopg.errors.CheckViolation, match="an officer"):
        enrol(worker, "officer-four", approval=good)
    enrol(worker, "officer-five", approval=broken_glass(worker, "access:officer:enrol"))


def test_there_is_one_first_pair_and_one_more_for_each_time_the_kit_was_used_for_it(
    worker: psycopg.Connection, two: list[OfficerRow]
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="an officer"):
        pair(worker, "officer-three", "officer-four")
    broken_glass(worker, "access:officer:found")
    pair(worker, "officer-three", "officer-four")
    with pytest.raises(psycopg.errors.CheckViolation, match="an officer"):
        pair(worker, "officer-five", "officer-six")


def test_nobody_is_a_first_officer_whose_second_does_not_name_him(worker: psycopg.Connection) -> None:
    act(worker, "unenrolled")
    with pytest.raises(psycopg.errors.CheckViolation, match="an officer"):
        enrol(worker, "officer-three", enrolment=b"{}", second_key=b"nobody", second_signature=bytes(64))
    enrol(worker, "officer-three", enrolment=b"{}", second_key=b"nobody")


def test_nobody_lets_himself_into_a_case_that_is_there_without_a_review(
    worker: psycopg.Connection, two: list[OfficerRow]
) -> None:
    case = Case.objects.create(name="Series Harbour", opened=NOW).pk
    itself = "(SELECT opened FROM casework_case)"
    join_alone(worker, two[1])
    for begins in (DAY, f"coalesce({itself}, timestamptz '2026-03-01 00:00Z')"):
        with pytest.raises(psycopg.errors.CheckViolation, match=f"nobody lets himself into case {case}"):
            member(worker, two[0], by="officer-one", case=case, begins=begins)
    join_alone(worker, two[0])
    with pytest.raises(psycopg.errors.CheckViolation, match="lets himself"):
        member(worker, two[0], by="officer-one", case=case, begins=f"{DAY} + interval '1 hour'")
    member(worker, two[0], by="officer-one", case=case)
    assert worker.execute("SELECT name FROM casework_case").fetchall() == [("Series Harbour",)]


def test_nobody_lets_himself_into_a_case_that_had_members_reviewed_or_not(
    worker: psycopg.Connection, two: list[OfficerRow]
) -> None:
    case = Case.objects.create(name="Series Harbour", opened=NOW).pk
    member(worker, two[1], by="officer-one", case=case)
    worker.execute(f"UPDATE access_case_member SET ends = {DAY} + interval '1 hour'")
    for one in two:
        join_alone(worker, one)
        with pytest.raises(psycopg.errors.CheckViolation, match="lets himself"):
            member(worker, one, by=one.pseudonym, case=case)


def test_who_opens_a_case_is_its_first_member_and_nobody_is_of_one_that_is_not_there(
    worker: psycopg.Connection, two: list[OfficerRow]
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="lets himself"):
        member(worker, two[0], by="officer-one")
    with worker.transaction():
        member(worker, two[0], by="officer-one")
        member(worker, two[1], by="officer-one")
        worker.execute(f"INSERT INTO casework_case (id, name, opened) VALUES (7, 'Series Harbour', {DAY})")
    assert number(worker, "SELECT count(*) FROM access_case_member") == 2


def test_who_added_a_member_is_an_officer_or_the_founder(worker: psycopg.Connection, two: list[OfficerRow]) -> None:
    for by in ("made up", "", "unenrolled"):
        with pytest.raises(psycopg.errors.CheckViolation, match="lets himself"):
            member(worker, two[0], by=by)
    member(worker, two[0], by="officer-two")


def test_the_founder_adds_members_as_long_as_nobody_is_enrolled(worker: psycopg.Connection) -> None:
    act(worker, "unenrolled")
    enrol(worker, "officer-three", enrolment=b"{}", second_key=b"nobody")
    member(worker, OfficerRow.objects.get(), by="unenrolled")


def test_who_tells_the_database_that_he_is_the_owner_is_not_let_in(
    worker: psycopg.Connection, two: list[OfficerRow]
) -> None:
    case = Case.objects.create(name="Series Harbour", opened=NOW).pk
    for purpose in ("migrating", ""):
        worker.execute("BEGIN")
        act(worker, "officer-one", purpose=purpose)
        with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege)):
            member(worker, two[0], by="officer-one", case=case)
        worker.execute("ROLLBACK")
