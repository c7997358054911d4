"""NSRL RDS version 3: an SQLite database, read inside the sandbox, where no file can be opened.

SQLite asks for its pages by a file system of ours, which has one file: the content that the sandbox was handed. It is
read only, taken as unchanging, and has no journal. Fields as the published schema has them (FILE, METADATA, VERSION),
seen in IPED's reader of it (issue 1461); of a table that is not asked for nothing is read.

Rules kept here:
- only plain tables are read: a view or a virtual table of a foreign file is a program;
- a file with a page that cannot be read keeps the rows before it, and says that it broke off; one that is shorter than
  it says is refused as a whole, by SQLite itself.
"""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import apsw

from safelight.known.formats import values
from safelight.known.formats.packing import PACK_BYTES, pack_row
from safelight.known.formats.table import RDS_FORMAT
from safelight.known.formats.text import UnreadableListError
from safelight.known.formats.values import BadValueError
from safelight.known.rows import BadRow, FileEnd, FileHead, Message, PackedRows

MAGIC = b"SQLite format 3\0"
_TABLES = ("METADATA", "FILE")
"""Where both are plain tables, the first has each content once, and the second once for each package."""
_DIGESTS = ("md5", "sha1", "sha256")
_SIZES = ("file_size", "bytes", "size")
_NAME = "safelight-content"


class _Content:
    """The one file of our file system, for SQLite."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's name
        self._content.seek(offset)
        return self._content.read(amount)

    def xFileSize(self) -> int:  # noqa: N802 - SQLite's name
        return self._content.seek(0, 2)

    def xFileControl(self, _operation: int, _pointer: int) -> bool:  # noqa: N802 - SQLite's name
        return False

    def xSectorSize(self) -> int:  # noqa: N802 - SQLite's name
        return 4096

    def xDeviceCharacteristics(self) -> int:  # noqa: N802 - SQLite's name
        return apsw.SQLITE_IOCAP_IMMUTABLE

    def xLock(self, _level: int) -> None:  # noqa: N802 - SQLite's name
        """There is nobody else."""

    xUnlock = xLock  # noqa: N815 - SQLite's name

    def xCheckReservedLock(self) -> bool:  # noqa: N802 - SQLite's name
        return False

    def xClose(self) -> None:  # noqa: N802 - SQLite's name
        """The content is its owner's."""


class _Files(apsw.VFS):
    """A file system that has one file, whatever it is asked for, and nothing beside it."""

    def __init__(self, content: BinaryIO) -> None:
        super().__init__(_NAME, "")
        self._content = content

    def xOpen(self, _name: Any, _flags: list[int]) -> Any:  # noqa: N802 - SQLite's name
        return _Content(self._content)

    def xFullPathname(self, name: str) -> str:  # noqa: N802 - SQLite's name
        return name

    def xAccess(self, _name: str, _flags: int) -> bool:  # noqa: N802 - SQLite's name
        return False


def read_rds(content: BinaryIO) -> Iterator[Message]:
    """Read an RDS: head first, then its rows, packed, and refusals (`line` counts rows), then the end.

    Raises:
        UnreadableListError: it is no database that can be read, or has no table of an RDS.
    """
    files = _Files(content)
    try:
        connection = apsw.Connection(
            f"file:list?immutable=1&vfs={_NAME}", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        )
        try:
            yield from _read(connection)
        finally:
            connection.close()
    except apsw.Error as error:
        raise UnreadableListError(f"this SQLite database cannot be read: {_said(error)}; fetch it again") from error
    finally:
        files.unregister()


def _read(connection: apsw.Connection) -> Iterator[Message]:
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    table, columns = _table_of(connection)
    yield FileHead(RDS_FORMAT, "3", columns=list(columns.values()), notes=_about(connection), published=True)
    asked = ", ".join(f'"{columns[name]}"' if name in columns else "NULL" for name in (*_DIGESTS, "size"))
    number, waiting, reason = 0, bytearray(), None
    try:
        rows = connection.execute(f'SELECT {asked} FROM "{table}"')  # noqa: S608 - names that were compared with ours
        for number, (md5, sha1, sha256, size) in enumerate(rows, 1):
            try:
                waiting += _row(md5, sha1, sha256, size)
            except BadValueError as error:
                yield BadRow(number, error.message, values.spelled([md5, sha1, sha256, size]))
            if len(waiting) >= PACK_BYTES:
                yield PackedRows(bytes(waiting))
                waiting.clear()
    except apsw.Error as error:
        reason = f"broke off after row {number}: {_said(error)}"
    if waiting:
        yield PackedRows(bytes(waiting))
    yield FileEnd(complete=reason is None, reason=reason)


def _row(md5: object, sha1: object, sha256: object, size: object) -> bytes:
    found = values.digest(md5, 16, "MD5"), values.digest(sha1, 20, "SHA-1"), values.digest(sha256, 32, "SHA-256")
    if not any(found):
        raise BadValueError("no digest in it")
    return pack_row(*found, values.integer(size, "size"))


def _table_of(connection: apsw.Connection) -> tuple[str, Mapping[str, str]]:
    """The table to read, and the names of its columns by what they hold."""
    for wanted in _TABLES:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND upper(name) = ?", (wanted,)
        ):
            known = {column.lower(): column for (column,) in connection.execute(_COLUMNS, (name,))}
            columns = {digest: known[digest] for digest in _DIGESTS if digest in known}
            size = next((known[one] for one in _SIZES if one in known), None)
            if ("sha1" in columns or "sha256" in columns) and '"' not in name:
                return name, columns | ({"size": size} if size is not None else {})
    raise UnreadableListError("this is an SQLite database, but no NSRL RDS: no table FILE or METADATA with digests")


_COLUMNS = "SELECT name FROM pragma_table_info(?)"


def _about(connection: apsw.Connection) -> list[str]:
    """What the table VERSION says, where there is one."""
    there = connection.execute("SELECT 1 FROM sqlite_schema WHERE type='table' AND rootpage > 0 AND name = 'VERSION'")
    if there.fetchone() is None:
        return []
    rows = connection.execute("SELECT * FROM VERSION LIMIT 3").fetchall()
    return [values.clean("NSRL " + ", ".join(str(cell) for cell in row if cell is not None), 300) for row in rows]


def _said(error: apsw.Error) -> str:
    return values.clean(" ".join(str(error).split()), 200)
