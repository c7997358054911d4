"""The database's tables as streams of rows, out of one moment and into an empty database.

Rows go as PostgreSQL's COPY text, and the tables are made by the migrations of that time: what was copied out of one
major version of PostgreSQL goes into any other that is supported, which a dump by its own program does not promise.

Rules kept here:
- all tables are read in one snapshot, as the owner, to whom no wall hides a row;
- the tables of keys, of erasures and of what was handed out can be told from all others: they are backed up apart;
- nothing is loaded into a database that holds a row.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

import msgspec
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from psycopg.sql import SQL, Composed, Identifier

from safelight.errors import CannotRunError, UsageError
from safelight.platform.database import working_as_owner

KEY_TABLES = ("vault_object_key", "vault_signature_key")
STONE_TABLES = ("vault_tombstone", "vault_receipt", "vault_handout")
"""What says what was erased, and who was given what: a restored node has to know of it, however old the backup."""
_MARK, _MIGRATIONS = "platform_mark", "django_migrations"
_PIECE = 1 << 17
_TABLES = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
GROUP BY c.relname ORDER BY c.relname
"""
_SEQUENCES = """
SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL
ORDER BY sequencename
"""

Migration = tuple[str, str]
"""An app's label and the name of one of its migrations."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table: its name, and its columns in the order of each row."""

    name: str
    columns: tuple[str, ...]


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What tables there were, by which migrations, and how far each sequence had counted."""

    migrations: tuple[Migration, ...]
    tables: tuple[Table, ...]
    sequences: tuple[tuple[str, int], ...] = ()


@contextmanager
def snapshot() -> Iterator[None]:
    """See the database as it is now as long as the block lasts, whatever others write meanwhile."""
    with working_as_owner(), transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def read_schema(names: Collection[str] | None = None) -> Schema:
    """What tables there are: these, or all but those of keys."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [Table(name, tuple(columns)) for name, columns in cursor.fetchall()]
        cursor.execute(_SEQUENCES)
        sequences = tuple(cursor.fetchall())
    left_out = {*KEY_TABLES, _MARK, _MIGRATIONS}
    wanted = [one for one in tables if (one.name in names if names is not None else one.name not in left_out)]
    return Schema(_applied(), tuple(wanted), sequences if names is None else ())


def copy_out(table: Table) -> Iterator[bytes]:
    """The rows of a table, in pieces of some size."""
    waiting = bytearray()
    with connection.cursor() as cursor, cursor.copy(_copy(table, SQL("TO STDOUT"))) as copy:
        for row in copy:
            waiting += row
            if len(waiting) >= _PIECE:
                yield bytes(waiting)
                waiting.clear()
    yield bytes(waiting)


def copy_in(table: Table, content: Iterable[bytes | bytearray]) -> None:
    """Load what `copy_out` gave into a table."""
    with connection.cursor() as cursor, cursor.copy(_copy(table, SQL("FROM STDIN"))) as copy:
        for piece in content:
            copy.write(piece)


def empty(tables: Collection[str]) -> None:
    """Empty these tables."""
    with connection.cursor() as cursor:
        for name in tables:
            cursor.execute(SQL("DELETE FROM {}").format(Identifier(name)))


def refuse_filled() -> None:
    """Go on only in a database without a row.

    Raises:
        UsageError: it holds some.
    """
    with connection.cursor() as cursor:
        for table in read_schema().tables:
            cursor.execute(SQL("SELECT EXISTS (SELECT FROM {})").format(Identifier(table.name)))
            if cursor.fetchone() != (False,):
                raise UsageError("The database is not empty: a backup is restored into an empty one only.")


def make_tables(schema: Schema) -> None:
    """Make the empty database's tables those that a backup was taken of.

    Raises:
        CannotRunError: the backup was taken by a newer version.
    """
    if set(schema.migrations) == set(_applied()):
        return
    loader = MigrationLoader(connection)
    if not set(schema.migrations) <= set(loader.disk_migrations):
        raise CannotRunError("The backup was taken by a newer version of Safelight: install that version.")
    with connection.cursor() as cursor:
        for table in (*(one.name for one in read_schema().tables), *KEY_TABLES, _MIGRATIONS):
            cursor.execute(SQL("DROP TABLE IF EXISTS {} CASCADE").format(Identifier(table)))
    wanted = set(schema.migrations)
    last = [
        one for one in schema.migrations
        if not any(child.key in wanted and child.key[0] == one[0] for child in loader.graph.node_map[one].children)
    ]  # fmt: skip
    MigrationExecutor(connection).migrate(last)


def renew_tables() -> None:
    """Bring the tables of an earlier release to this one."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    call_command("migrate", verbosity=0, interactive=False)


def set_sequences(schema: Schema) -> None:
    """Let the sequences go on from where they were."""
    with connection.cursor() as cursor:
        for name, value in schema.sequences:
            cursor.execute("SELECT setval(%s::regclass, %s)", [name, value])


def _applied() -> tuple[Migration, ...]:
    with connection.cursor() as cursor:
        cursor.execute(SQL("SELECT app, name FROM {} ORDER BY app, name").format(Identifier(_MIGRATIONS)))
        return tuple((app, name) for app, name in cursor.fetchall())


def _copy(table: Table, way: SQL) -> Composed:
    columns = SQL(", ").join(map(Identifier, table.columns))
    return SQL("COPY {} ({}) {}").format(Identifier(table.name), columns, way)
