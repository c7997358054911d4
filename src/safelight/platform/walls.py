"""The second wall: row-level security on every table, and who the database is told is acting.

The first wall is code (`access`); this one holds where that code errs. It is no wall against who can send SQL of his
own choice: he can name himself whom he likes. He still cannot climb, take a wall down, or leave this database.

Rules kept here:
- every table stands in `WALLS`; one that does not is refused at start;
- nobody said who acts, and for what: no rows, and none goes in;
- what belongs to a case is there for its members, or for the founder while nobody is enrolled, and for nobody else;
- reads across cases are a purpose of their own, entered for single questions in the code (`across_cases`);
- `TRUNCATE` and DDL are the owner's, who only migrates and moves whole tables; who is in as the owner stays so.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.signals import connection_created
from psycopg import sql
from psycopg.pq import TransactionStatus

from safelight.errors import CannotRunError
from safelight.platform.wall_questions import CASES, EXHIBITS, FOUNDER, questions_sql

WORKER, WEB = "safelight_worker", "safelight_web"
"""The roles of commands and jobs, and of the desk."""

NOBODY_ENROLLED = "unenrolled"
"""Whom the founder of a node acts as."""


class Purpose(StrEnum):
    """What somebody is in the database for; closed vocabulary."""

    WORK = "work"
    ACROSS = "across cases"
    MIGRATING = "migrating"


class Rule(StrEnum):
    """Which rows of a table a person is shown, and may write; closed vocabulary."""

    OWNER = "owner"
    """Nobody's but the owner's."""
    NODE = "node"
    """Every person's who acts for a purpose."""
    CASE = "case"
    """A case's members'; `column` holds the case's number."""
    CASE_NAME = "case name"
    """As CASE, where `column` holds the case's name."""
    EXHIBIT = "exhibit"
    """As the exhibit in `column`."""


@dataclass(frozen=True)
class Wall:
    """What stands before one table. `across` where reads across cases pass it; `kept` where no row is ever deleted."""

    rule: Rule
    why: str
    column: str = ""
    across: bool = False
    kept: bool = True


_ACCESS = "who may do what is asked for at each step, by whoever acts"
_BASE = "one base for all cases; what it says is sealed"
_SAID = "handling decides what of a statement is handed out; it is sealed"
_CUSTODY = "shows what was seized in a case"
_VAULT = "one content may belong to several cases; everything that tells of it is sealed"
_WORK = "shows what was found in a case"
_PLATFORM = "only migrations and the opening of the database need it"

WALLS: Mapping[str, Wall] = MappingProxyType(
    {
        "access_approval": Wall(Rule.NODE, _ACCESS),
        "access_break_glass": Wall(Rule.NODE, _ACCESS),
        "access_case_member": Wall(Rule.NODE, _ACCESS),
        "access_officer": Wall(Rule.NODE, _ACCESS),
        "access_request": Wall(Rule.NODE, _ACCESS),
        "access_request_digest": Wall(Rule.NODE, "finds the requests that name a content that is erased", kept=False),
        "access_role_grant": Wall(Rule.NODE, _ACCESS),
        "assertion": Wall(Rule.NODE, _SAID),
        "assertion_about": Wall(Rule.NODE, _SAID),
        "assertion_batch": Wall(Rule.NODE, _SAID),
        "assertion_block": Wall(Rule.NODE, _SAID),
        "casework_answer": Wall(Rule.CASE, _WORK, "case_id"),
        "casework_case": Wall(Rule.CASE, "its name tells that there is one", "id"),
        "casework_kept": Wall(
            Rule.CASE, f"{_WORK}; that another case keeps a content is asked before it goes", "case_id",
            across=True, kept=False,
        ),
        "casework_stackmember": Wall(Rule.CASE, _WORK, "case_id", kept=False),
        "django_migrations": Wall(Rule.OWNER, _PLATFORM),
        "evidence_exhibit": Wall(Rule.CASE_NAME, _CUSTODY, "case"),
        "evidence_item": Wall(Rule.NODE, "one row for each content, whatever cases it is in; sightings say in which"),
        "evidence_run": Wall(Rule.EXHIBIT, _CUSTODY, "exhibit_id"),
        "evidence_sighting": Wall(
            Rule.EXHIBIT, f"{_CUSTODY}; what a content holds inside is known from wherever it was read first",
            "exhibit_id", across=True,
        ),
        "evidence_source": Wall(Rule.EXHIBIT, _CUSTODY, "exhibit_id"),
        "known_entry": Wall(Rule.NODE, _BASE),
        "known_import": Wall(Rule.NODE, _BASE),
        "known_set": Wall(Rule.NODE, "published digests, for all cases"),
        "known_source": Wall(Rule.NODE, _BASE),
        "log_entry": Wall(Rule.NODE, "everything is logged, and whoever works publishes; records are sealed"),
        "log_entry_digest": Wall(Rule.NODE, "finds what the log says of a content that is erased", kept=False),
        "log_outside_checkpoint": Wall(Rule.NODE, "says nothing of any entry"),
        "platform_mark": Wall(Rule.OWNER, _PLATFORM),
        "vault_handout": Wall(Rule.NODE, _VAULT),
        "vault_hold": Wall(Rule.NODE, _VAULT, kept=False),
        "vault_object": Wall(Rule.NODE, _VAULT, kept=False),
        "vault_object_key": Wall(Rule.NODE, _VAULT, kept=False),
        "vault_receipt": Wall(Rule.NODE, _VAULT),
        "vault_signature": Wall(Rule.NODE, _VAULT, kept=False),
        "vault_signature_block": Wall(Rule.NODE, _VAULT, kept=False),
        "vault_signature_key": Wall(Rule.NODE, _VAULT, kept=False),
        "vault_tombstone": Wall(Rule.NODE, _VAULT),
    }
)  # fmt: skip

# Each of these stands in a SELECT of its own, so that it is asked once for a query, and not for each row.
_PERSON = "current_setting('safelight.person', true)"
_PURPOSE = "current_setting('safelight.purpose', true)"
_SOMEBODY = (
    f"(SELECT coalesce({_PERSON}, '') <> '' AND coalesce({_PURPOSE}, '') IN ('{Purpose.WORK}', '{Purpose.ACROSS}'))"
)
_ACROSS = f"(SELECT coalesce({_PERSON}, '') <> '' AND coalesce({_PURPOSE}, '') = '{Purpose.ACROSS}')"
_NAMED_CASE = "(SELECT nullif(current_setting('safelight.case', true), '')::bigint)"
_OF: Mapping[Rule, str] = {
    Rule.NODE: _SOMEBODY,
    Rule.CASE: f"({_SOMEBODY} AND {{column}} = coalesce({_NAMED_CASE}, {{column}})"
    f" AND ((SELECT {FOUNDER}()) OR {{column}} IN (SELECT {CASES}())))",
    Rule.CASE_NAME: "{column} IN (SELECT name FROM casework_case)",
    Rule.EXHIBIT: f"{{column}} IN (SELECT {EXHIBITS}())",
}

_TABLES = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'f', 'm') ORDER BY 1
"""
_BUILT = "SELECT obj_description(to_regclass('django_migrations'), 'pg_class')"
_POLICIES = "SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema()"
_TELL = """
SELECT set_config('safelight.person', person, here), set_config('safelight.purpose', purpose, here),
       set_config('safelight.case', "case", here)
  FROM (VALUES (%s, %s, %s, %s)) AS told (person, purpose, "case", here)
"""


def refuse_unwalled(owner: psycopg.Connection[Any]) -> None:
    """Go on only if every table is declared.

    Raises:
        CannotRunError: one is not.
    """
    tables = [name for name, _ in owner.execute(_TABLES).fetchall()]
    if unknown := sorted(set(tables) - set(WALLS)):
        raise CannotRunError(
            f"The database holds tables without a wall: {', '.join(unknown)}. Give Safelight a database of its own."
        )


def walls_stand(owner: psycopg.Connection[Any]) -> bool:
    """Whether this version's walls are built on every table that there is, with no door more and none less."""
    built = owner.execute(_BUILT).fetchone() == (_fingerprint(),)
    doors = {(table, name) for table, wall in WALLS.items() for name in _doors(wall)}
    return (
        built
        and all(forced for _, forced in owner.execute(_TABLES).fetchall())
        and set(owner.execute(_POLICIES).fetchall()) == doors
    )


def tear_down(owner: psycopg.Connection[Any]) -> None:
    """Drop every policy, before migrations change what they name. Until walls stand, only the owner is shown rows."""
    if owner.execute(_BUILT).fetchone() != (None,):
        owner.execute("COMMENT ON TABLE django_migrations IS NULL")
    for table, policy in owner.execute(_POLICIES).fetchall():
        owner.execute(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(policy), sql.Identifier(table)))
    for table, forced in owner.execute(_TABLES).fetchall():
        if forced:
            owner.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(sql.Identifier(table)))


def build_walls(owner: psycopg.Connection[Any]) -> None:
    """Build the wall of every table anew, whole or not at all, and tell the roles what they may.

    Raises:
        CannotRunError: a table has no rule.
    """
    refuse_unwalled(owner)
    with owner.transaction():
        tear_down(owner)
        [schema] = owner.execute("SELECT current_schema()").fetchone() or ("public",)
        statements = questions_sql(schema, (WORKER, WEB), NOBODY_ENROLLED)
        for table, _ in owner.execute(_TABLES).fetchall():
            statements += wall_sql(table, WALLS[table])
        for statement in (*statements, *_schema_sql(schema, _fingerprint())):
            owner.execute(statement)


@contextmanager
def walls_down() -> Iterator[None]:
    """Take the walls down inside the caller's transaction, for the owner to load whole tables; then build them anew."""
    tear_down(connection.connection)
    yield
    connection.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table changes with checks still to come
    build_walls(connection.connection)


def wall_sql(table: str, wall: Wall) -> list[sql.Composed]:
    """The statements that build one wall."""
    named = {"table": sql.Identifier(table), "roles": sql.SQL(f"{WORKER}, {WEB}")}
    verbs = ["SELECT", "INSERT", "UPDATE"] + ["DELETE"] * (not wall.kept)
    texts = [
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        "REVOKE ALL ON {table} FROM PUBLIC, {roles}",
    ]
    if wall.rule is not Rule.OWNER:
        texts.append(f"GRANT {', '.join(verbs)} ON {{table}} TO {{roles}}")
    texts += [f"CREATE POLICY {name} ON {{table}} {text}" for name, text in _doors(wall).items()]
    return [sql.SQL(text).format(**named) for text in texts]


def _doors(wall: Wall) -> dict[str, str]:
    """The policies of a wall by their names."""
    doors = {"migrating": f"TO CURRENT_USER USING ((SELECT {_PURPOSE} = '{Purpose.MIGRATING}'))"}
    if wall.rule is not Rule.OWNER:
        shown = _OF[wall.rule].format(column=f'"{wall.column}"')
        doors["own"] = f"TO {{roles}} USING ({shown})"
    if wall.across:
        doors["across"] = f"FOR SELECT TO {{roles}} USING ({_ACROSS})"
    return doors


def _schema_sql(schema: str, fingerprint: str) -> list[sql.Composed]:
    named = {"schema": sql.Identifier(schema), "print": sql.Literal(fingerprint)}
    return [
        sql.SQL(text).format(**named)
        for text in (
            "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
            f"GRANT USAGE ON SCHEMA {{schema}} TO {WORKER}, {WEB}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {{schema}} TO {WORKER}, {WEB}",
            "COMMENT ON TABLE django_migrations IS {print}",
        )
    ]


def _fingerprint() -> str:
    """What the walls of this version are told by."""
    texts = [one.as_string() for table, wall in WALLS.items() for one in wall_sql(table, wall)]
    texts += [one.as_string() for one in (*questions_sql("", (WORKER, WEB), NOBODY_ENROLLED), *_schema_sql("", ""))]
    return "safelight walls " + hashlib.sha256("\n".join(texts).encode()).hexdigest()


@dataclass(frozen=True)
class _Standing:
    """What the database is told: who acts, for what, and in which case if in one."""

    person: str = ""
    purpose: Purpose = Purpose.WORK
    case: str = ""


_standing: list[_Standing] = [_Standing()]
"""What stands, the last one; a command and its threads act for one person at a time."""


@contextmanager
def acting(person: str) -> Iterator[None]:
    """Act in the database as a person (a pseudonym) as long as the block lasts, in every thread that connects.

    A connection of this thread that is open already is told at once, and told at the end who acted before.
    """
    with _told(replace(_standing[-1], person=person)):
        yield


@contextmanager
def migrating() -> Iterator[None]:
    """Act as the owner, who is shown every row, as long as the block lasts."""
    with _told(_Standing("owner", Purpose.MIGRATING)):
        yield


def is_migrating() -> bool:
    """Whether it is the owner who acts."""
    return _standing[-1].purpose is Purpose.MIGRATING


@contextmanager
def for_case(case: int) -> Iterator[None]:
    """Be shown, of what belongs to cases, this one's only, while the block lasts, in every thread that connects."""
    with _told(replace(_standing[-1], case=str(case))):
        yield


@contextmanager
def across_cases() -> Iterator[None]:
    """Read across cases, on this thread's connection, what `WALLS` opens for that, as long as the block lasts."""
    stands = _standing[-1]
    if is_migrating():
        yield
        return
    connection.ensure_connection()
    _tell(replace(stands, purpose=Purpose.ACROSS))
    try:
        yield
    finally:
        _tell_again(stands)


@contextmanager
def _told(stands: _Standing) -> Iterator[None]:
    """Tell the connection of this thread, and every one that opens meanwhile; and after the block what stood before.

    Inside a transaction it is told for that transaction alone; where that has failed, its end takes everything back.
    """
    _standing.append(stands)
    try:
        _tell(stands)
        yield
    finally:
        _standing.pop()
        _tell_again(_standing[-1])


def _tell_again(stands: _Standing) -> None:
    live = connection.connection
    failed = live is not None and live.info.transaction_status == TransactionStatus.INERROR
    if not failed and not connection.needs_rollback:
        _tell(stands)


def _tell(stands: _Standing) -> None:
    if connection.connection is None or connection.connection.closed:
        return
    with connection.cursor() as cursor:
        cursor.execute(_TELL, [stands.person, stands.purpose.value, stands.case, connection.in_atomic_block])


def _greet(**_: object) -> None:
    """Tell a new connection what stands; a worker's in another thread, while the owner works, what stood before him."""
    worker = connection.settings_dict["USER"] == WORKER
    _tell(next(one for one in reversed(_standing) if not worker or one.purpose is not Purpose.MIGRATING))


connection_created.connect(_greet, dispatch_uid="safelight.platform.walls")
