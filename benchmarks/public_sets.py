"""How fast a published list of known good comes in at the size of the NSRL, and how fast it is asked.

    python benchmarks/public_sets.py [--rows N] [--vics-rows N] [--questions N] [--folder PATH]  (writes PUBLIC.md)

Two generated lists: an SQLite database as NSRL's RDS 3 is (SHA-256, SHA-1, MD5, CRC, name, size, package), and VICS
JSON as NSRL's CAID list is (MD5, SHA-1, size, a file). Importing is the whole job: read in the sandbox, packed, sorted,
written, synced, counted on by the database, logged. Questions are contents by three digests and size, half of them in
the list: asked of the file alone, as arrays; and of the base as a check does, 2,000 at a time, answered in words.

The peer is SQLite with an index, as IPED keeps such lists: the index is made on the very list, and asked one question a
statement, all in one process, sorted or not as they come. Both answer out of the page cache.
"""

import argparse
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
from surroundings import Page

from safelight.platform.database import open_database, set_up_django
from safelight.platform.settings import read_settings
from safelight.platform.walls import NOBODY_ENROLLED, acting
from safelight.vault.nodekeys import make_keys
from safelight.vault.protection import KeyFile

set_up_django()

from safelight.access.node import Node  # noqa: E402 - needs Django set up
from safelight.known.actions import do_import_list  # noqa: E402 - needs Django set up
from safelight.known.importing import ImportOptions  # noqa: E402 - needs Django set up
from safelight.known.matching import KnownBase  # noqa: E402 - needs Django set up
from safelight.known.public.sets import Questions  # noqa: E402 - needs Django set up
from safelight.known.rules import Role, Trust  # noqa: E402 - needs Django set up
from safelight.vault.signature_blocks import NewSignature  # noqa: E402 - needs Django set up

WANTED_SECONDS = 15 * 60
"""For 30 million rows."""
WANTED_ANSWERS = 1_000_000
"""A second."""
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
_CHUNK = 100_000
_AT_ONCE = 2_000
_BYTES = 16 + 20 + 32
_SCHEMA = """
CREATE TABLE VERSION (version VARCHAR, build_set VARCHAR);
INSERT INTO VERSION VALUES ('generated', 'benchmark');
CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR, md5 VARCHAR, crc32 VARCHAR, file_name VARCHAR,
    file_size INTEGER, package_id INTEGER);
"""


def _drawn(chunk: int, label: str = "list") -> list[bytes]:
    """MD5, SHA-1 and SHA-256 in one, of each content of a chunk; always the same."""
    raw = Random(f"{label} {chunk}").randbytes(_CHUNK * _BYTES)
    return [raw[at : at + _BYTES] for at in range(0, len(raw), _BYTES)]


def _contents(rows: int) -> Iterator[tuple[int, str, str, str]]:
    """Number, MD5, SHA-1 and SHA-256 in hex, of each content of a list."""
    for start in range(0, rows, _CHUNK):
        for number, drawn in enumerate(_drawn(start // _CHUNK)[: rows - start], start):
            text = drawn.hex().upper()
            yield number, text[:32], text[32:72], text[72:]


def _write_rds(path: Path, rows: int) -> None:
    with sqlite3.connect(path, isolation_level=None) as database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA + "BEGIN;")
        database.executemany(
            "INSERT INTO FILE VALUES (?, ?, ?, '8D2A1F00', 'library.dll', ?, 1)",
            ((sha256, sha1, md5, number) for number, md5, sha1, sha256 in _contents(rows)),
        )
        database.execute("COMMIT")
    database.close()


def _write_vics(path: Path, rows: int) -> None:
    context = "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml/US/$metadata#Media"
    with path.open("w", encoding="ascii") as file:
        file.write(f'{{"odata.metadata":"{context}","value":[\n')
        for number, md5, sha1, _ in _contents(rows):
            file.write(
                f'{"," if number else ""}{{"MediaID":{number + 1},"Category":8,"MD5":"{md5}","SHA1":"{sha1}",'
                f'"MediaSize":"{number}","MediaFiles":[{{"MD5":"{md5}","FileName":"texture.png"}}]}}\n'
            )
        file.write("]}")


def _import(path: Path, node: Node, data: Path) -> float:
    options = ImportOptions(name=path.name, role=Role.KNOWN_GOOD, trust=Trust.PUBLIC)
    begin = time.perf_counter()
    done = do_import_list(
        path, options=options, settings=read_settings(data=data), node=node, acting_user="bench", now=NOW
    )
    taken = time.perf_counter() - begin
    print(f"  {path.name}: {done.counts.new:,} new of {done.counts.read:,} read, {taken:.0f} s", flush=True)
    return taken


def _questions(count: int, rows: int) -> list[NewSignature]:
    """Contents, each second one of the list, in no order."""
    asked: list[NewSignature] = []
    drawn = Random("questions")
    while len(asked) < count:
        chunk = drawn.randrange(max(1, rows // _CHUNK))
        for label in ("list", "strangers"):
            known = _drawn(chunk, label)[:rows]
            for at in drawn.sample(range(len(known)), min(len(known), 20_000)):
                one = known[at]
                asked.append(NewSignature(one[:16], one[16:36], one[36:], chunk * _CHUNK + at))
    drawn.shuffle(asked)
    return asked[:count]


def _ask_file(base: KnownBase, asked: list[NewSignature]) -> tuple[float, int]:
    """Seconds of one look-up of all SHA-256 in the file, as arrays, and how many were there."""
    table = base.sets[0][1].tables["sha256"]
    keys = np.frombuffer(b"".join(one.sha256 or b"" for one in asked), np.uint8).reshape(-1, 32)
    table.first_not_below(keys[:1000])
    begin = time.perf_counter()
    places = np.minimum(table.first_not_below(keys), len(table.rows) - 1)
    there = int((table.rows[places] == keys).all(axis=1).sum())
    return time.perf_counter() - begin, there


def _ask_set(base: KnownBase, asked: list[NewSignature]) -> tuple[float, int]:
    """Seconds of asking the set by all digests, the strongest that agrees, and how many it told of."""
    begin = time.perf_counter()
    known = sum(
        len(base.sets[0][1].find(Questions.of(asked[at : at + _AT_ONCE]))) for at in range(0, len(asked), _AT_ONCE)
    )
    return time.perf_counter() - begin, known


def _ask_base(base: KnownBase, asked: list[NewSignature]) -> tuple[float, int]:
    begin = time.perf_counter()
    known = sum(sum(map(bool, base.match(asked[at : at + _AT_ONCE]))) for at in range(0, len(asked), _AT_ONCE))
    return time.perf_counter() - begin, known


def _peer(path: Path, asked: list[NewSignature]) -> tuple[float, float, int]:
    """Seconds of making SQLite's index on SHA-256, of asking it, and how many were there."""
    with sqlite3.connect(path) as database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;")
        begin = time.perf_counter()
        database.execute("CREATE INDEX by_sha256 ON FILE (sha256)")
        made = time.perf_counter() - begin
        keys = [((one.sha256 or b"").hex().upper(),) for one in asked]
        begin = time.perf_counter()
        statement = "SELECT file_size FROM FILE WHERE sha256 = ?"
        there = sum(database.execute(statement, key).fetchone() is not None for key in keys)
        taken = time.perf_counter() - begin
    database.close()
    return made, taken, there


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=30_000_000, help="rows of the database (default: %(default)s)")
    parser.add_argument("--vics-rows", type=int, default=30_000_000, help="rows of the JSON (default: %(default)s)")
    parser.add_argument("--questions", type=int, default=1_000_000, help="contents asked about (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="where the lists and the data lie meanwhile: 25 GB")
    wanted = parser.parse_args()
    page = Page("Published lists of known good")
    with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        rds, vics = Path(folder) / "rds", Path(folder) / "vics"
        _write_rds(rds, wanted.rows)
        asked = _questions(wanted.questions, wanted.rows)
        with open_database(read_settings(data=data)), acting(NOBODY_ENROLLED):
            node = Node(make_keys("Agency Alpha", KeyFile(secrets.token_bytes(32))), data)
            put_in = _import(rds, node, data)
            size = sum(file.stat().st_size for file in (data / "public").rglob("*") if file.is_file())
            base = KnownBase.open(node, now=NOW, data=data)
            by_file, there = _ask_file(base, asked)
            cold, _ = _ask_set(base, asked)
            warm, hits = _ask_set(base, asked)
            by_base, known = _ask_base(base, asked)
            made, by_peer, found = _peer(rds, asked)
            rds.unlink()
            _write_vics(vics, wanted.vics_rows)
            vics_in = _import(vics, node, data)
    page.line("What | how many | seconds | rate | wanted")
    page.line("---|---|---|---|---")
    for what, rows, taken in (("SQLite (RDS 3)", wanted.rows, put_in), ("VICS JSON (CAID)", wanted.vics_rows, vics_in)):
        most = WANTED_SECONDS * rows / 30_000_000
        page.line(f"{what} imported | {rows:,} | {taken:.1f} | {rows / taken:,.0f} a second | {most:,.0f} seconds")
    rate = len(asked) / by_file
    page.line(
        f"file asked ({there:,} there) | {len(asked):,} | {by_file:.2f} | {rate:,.0f} a second | {WANTED_ANSWERS:,}"
    )
    for what, taken, good in (
        ("set asked by three digests, each block of it read for the first time", cold, hits),
        ("set asked by three digests, again", warm, hits),
        ("base asked as a check does, answered in words", by_base, known),
    ):
        page.line(f"{what} ({good:,} there) | {len(asked):,} | {taken:.2f} | {len(asked) / taken:,.0f} a second | ")
    page.line(f"peer: index of SQLite made | {wanted.rows:,} | {made:.1f} | {wanted.rows / made:,.0f} a second | ")
    page.line(
        f"peer asked ({found:,} there) | {len(asked):,} | {by_peer:.2f} | {len(asked) / by_peer:,.0f} a second | "
    )
    page.line("")
    page.line(f"The set of the database holds {size:,} bytes: {size / wanted.rows:.1f} a row, three digests and sizes.")
    page.write("PUBLIC.md")


if __name__ == "__main__":
    main()
