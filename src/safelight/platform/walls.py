"""The second wall: row-level security on every table, and who the database is told is acting.

The first wall is code (`access`); this one holds where that code errs. It is no wall against who can send SQL of his
own choice: he can name himself whom he likes. He still cannot climb, take a wall down, or leave this database.

Rules kept here:
- every table stands in `WALLS`; one that does not is refused at start;
- nobody said who acts, and for what: no rows, and none goes in;
- what belongs to a case is there for its members, or for the founder while nobody is enrolled, and for nobody else;
- reads across cases are a purpose of their own, entered for single questions in the code (`across_cases`);
- `TRUNCATE` and DDL are the owner's, who does nothing but migrate.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.signals import connection_created
from psycopg import sql
from psycopg.pq import TransactionStatus

from safelight.errors import CannotRunError

WORKER, WEB = "safelight_worker", "safelight_web"
"""The roles of commands and jobs, and of the desk."""

NOBODY_ENROLLED = "unenrolled"
"""Whom the founder of a node acts as."""

_MAINTAIN_FROM = 170_000
"""The version of PostgreSQL from which a role that owns no table can be let count one (`ANALYZE`)."""


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
        "known_source": Wall(Rule.NODE, _BASE),
        "log_entry": Wall(Rule.NODE, "everything is logged, and whoever works publishes; records are sealed"),
        "log_outside_checkpoint": Wall(Rule.NODE, "says nothing of any entry"),
        "platform_mark": Wall(Rule.OWNER, _PLATFORM),
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
_IS_FOUNDER = f"{_PERSON} = '{NOBODY_ENROLLED}'"
_NONE_ENROLLED = """NOT EXISTS (
    SELECT FROM access_officer o WHERE (o.approval IS NOT NULL OR o.second_signature IS NOT NULL)
       AND NOT EXISTS (SELECT FROM access_role_grant g WHERE g.officer_id = o.id AND g.role = 'outside-second'))"""
_FOUNDER = f"(SELECT {_IS_FOUNDER} AND {_NONE_ENROLLED})"
_OWN_CASES = """(SELECT m."case" FROM access_case_member m JOIN access_officer o ON o.id = m.officer_id
    WHERE m.ends IS NULL AND o.pseudonym = current_setting('safelight.person', true))"""
_NAMED_CASE = "(SELECT coalesce(current_setting('safelight.case', true), ''))"
_OF: Mapping[Rule, str] = {
    Rule.NODE: _SOMEBODY,
    Rule.CASE: f"({_SOMEBODY} AND {_NAMED_CASE} IN ('', {{column}}::text)"
    f" AND ({_FOUNDER} OR {{column}} IN {_OWN_CASES}))",
    Rule.CASE_NAME: "{column} IN (SELECT name FROM casework_case)",
    Rule.EXHIBIT: "{column} IN (SELECT id FROM evidence_exhibit)",
}

_TABLES = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'f', 'm') ORDER BY 1
"""
_BUILT = "SELECT obj_description(to_regclass('django_migrations'), 'pg_class')"
_POLICIES = "SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema() ORDER BY 1, 2"


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
    """Whether this version's walls are built on every table that there is."""
    built = owner.execute(_BUILT).fetchone() == (_fingerprint(owner),)
    return built and all(forced for _, forced in owner.execute(_TABLES).fetchall())


def tear_down(owner: psycopg.Connection[Any]) -> None:
    """Drop every policy, before migrations change what they name. Without one nobody but the owner is shown a row."""
    if owner.execute(_BUILT).fetchone() != (None,):
        owner.execute("COMMENT ON TABLE django_migrations IS NULL")
    for table, policy in owner.execute(_POLICIES).fetchall():
        owner.execute(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(policy), sql.Identifier(table)))


def build_walls(owner: psycopg.Connection[Any]) -> None:
    """Build the wall of every table anew, whole or not at all, and tell the roles what they may.

    Raises:
        CannotRunError: a table has no rule.
    """
    refuse_unwalled(owner)
    with owner.transaction():
        tear_down(owner)
        for table, _ in owner.execute(_TABLES).fetchall():
            for statement in wall_sql(table, WALLS[table], owner.info.server_version):
                owner.execute(statement)
        [schema] = owner.execute("SELECT current_schema()").fetchone() or ("public",)
        for statement in _schema_sql(schema, _fingerprint(owner)):
            owner.execute(statement)


def wall_sql(table: str, wall: Wall, version: int) -> list[sql.Composed]:
    """The statements that build one wall, on a server of this version (as libpq tells it, such as 150004)."""
    named = {"table": sql.Identifier(table), "roles": sql.SQL(f"{WORKER}, {WEB}")}
    verbs = ["SELECT", "INSERT", "UPDATE"] + ["DELETE"] * (not wall.kept)
    verbs += ["MAINTAIN"] * (version >= _MAINTAIN_FROM)
    migrating = f"(SELECT {_PURPOSE} = '{Purpose.MIGRATING}')"
    texts = [
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        "REVOKE ALL ON {table} FROM PUBLIC, {roles}",
        f"CREATE POLICY migrating ON {{table}} TO CURRENT_USER USING ({migrating})",
    ]
    if wall.rule is not Rule.OWNER:
        shown = _OF[wall.rule].format(column=f'"{wall.column}"')
        texts += [
            f"GRANT {', '.join(verbs)} ON {{table}} TO {{roles}}",
            f"CREATE POLICY own ON {{table}} TO {{roles}} USING ({shown})",
        ]
    if wall.across:
        texts.append(f"CREATE POLICY across ON {{table}} FOR SELECT TO {{roles}} USING ({_ACROSS})")
    return [sql.SQL(text).format(**named) for text in texts]


def _schema_sql(schema: str, fingerprint: str) -> list[sql.Composed]:
    return [
        sql.SQL(text).format(schema=sql.Identifier(schema), print=sql.Literal(fingerprint))
        for text in (
            "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
            f"GRANT USAGE ON SCHEMA {{schema}} TO {WORKER}, {WEB}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {{schema}} TO {WORKER}, {WEB}",
            "COMMENT ON TABLE django_migrations IS {print}",
        )
    ]


def _fingerprint(owner: psycopg.Connection[Any]) -> str:
    """What the walls of this version, on this server, are told by."""
    version = owner.info.server_version
    texts = [one.as_string() for table, wall in WALLS.items() for one in wall_sql(table, wall, version)]
    return "safelight walls " + hashlib.sha256("\n".join(texts).encode()).hexdigest()


_acting: list[tuple[str, Purpose]] = []
"""Who acts and for what, the last one; a command and its threads act for one person at a time."""


@contextmanager
def acting(person: str, purpose: Purpose = Purpose.WORK) -> Iterator[None]:
    """Act in the database as a person (a pseudonym) as long as the block lasts, in every thread that connects.

    A connection of this thread that is open already is told at once, and told at the end who acted before.
    """
    before = _acting[-1] if _acting else ("", Purpose.WORK)
    _acting.append((person, purpose))
    try:
        with _told(_standing(person, purpose), _standing(*before)):
            yield
    finally:
        _acting.pop()


@contextmanager
def for_case(case: int) -> Iterator[None]:
    """Be shown, of all that belongs to cases, this one's only, on this thread's connection, while the block lasts."""
    with _told({"case": str(case)}, {"case": ""}):
        yield


@contextmanager
def across_cases() -> Iterator[None]:
    """Read across cases, on this thread's connection, what `WALLS` opens for that, as long as the block lasts."""
    with _told({"purpose": Purpose.ACROSS.value}, {"purpose": Purpose.WORK.value}):
        yield


@contextmanager
def _told(now: Mapping[str, str], after: Mapping[str, str]) -> Iterator[None]:
    """Tell the connection of this thread, and after the block again.

    Inside a transaction it is told for that transaction alone; where that has failed, its end takes everything back.
    """
    _tell(now)
    try:
        yield
    finally:
        if connection.connection is None or connection.connection.info.transaction_status != TransactionStatus.INERROR:
            _tell(after)


def _tell(values: Mapping[str, str]) -> None:
    if connection.connection is None or connection.connection.closed:
        return
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute("SELECT set_config(%s, %s, %s)", [f"safelight.{name}", value, connection.in_atomic_block])


def _greet(**_: object) -> None:
    """Tell a new connection who acts."""
    if _acting:
        _tell(_standing(*_acting[-1]))


def _standing(person: str, purpose: Purpose) -> dict[str, str]:
    return {"person": person, "purpose": purpose.value}


connection_created.connect(_greet, dispatch_uid="safelight.platform.walls")
