"""How fast a list goes into the known base, and how many digests the base answers.

    python benchmarks/known_base.py [--rows N] [--questions N] [--statements N]        (writes KNOWN_BASE.md)

All on the embedded database in a folder of its own. The list is a CSV file as a partner would send it, with three
digests, a PDQ hash, a grade and a series a row; importing it is the whole job: the file is parsed in the sandbox, rows
are checked, screened, sealed and indexed, become a signed batch, and are committed. (The bare batch: `assertions.py`.)
Then the base is opened as a check opens it, and asked about contents by their three digests, 2,000 at a time. It knows
every tenth of them, whose whole answer, with what the list says, has to be unsealed. Then it is opened and asked again,
when this node has signed a statement of its own about some of those.

Asking is done by one thread, which waits while the database works: never more than one core is at work, so a second of
the wall is one of a core at the most.
"""

import argparse
import csv
import random
import secrets
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from surroundings import Page

from safelight.platform.database import open_database, set_up_django
from safelight.platform.settings import mark_demo, read_settings
from safelight.platform.walls import NOBODY_ENROLLED, acting
from safelight.vault.nodekeys import make_keys
from safelight.vault.protection import KeyFile

set_up_django()

from safelight.access.node import Node  # noqa: E402 - needs Django set up
from safelight.assertions.actions import do_make_as_node  # noqa: E402 - needs Django set up
from safelight.assertions.record import About, Assertion, Handling  # noqa: E402 - needs Django set up
from safelight.known.actions import do_import_list  # noqa: E402 - needs Django set up
from safelight.known.importing import ImportOptions  # noqa: E402 - needs Django set up
from safelight.known.matching import KnownBase  # noqa: E402 - needs Django set up
from safelight.vault.signatures import NewSignature  # noqa: E402 - needs Django set up

WANTED_ROWS = 20_000
"""Rows a second."""
WANTED_ANSWERS = 1_000_000
"""Answers a minute and core."""

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
_AT_ONCE = 2_000
_KNOWN = 10
_COLUMNS = ("md5", "sha1", "sha256", "pdq", "quality", "category", "series")


def _digests(seed: int) -> tuple[bytes, bytes, bytes]:
    drawn = random.Random(seed)
    return drawn.randbytes(16), drawn.randbytes(20), drawn.randbytes(32)


def _write_list(path: Path, count: int) -> None:
    drawn = random.Random("hashes")
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(_COLUMNS)
        for number in range(count):
            digests = [digest.hex() for digest in _digests(number)]
            lines.writerow([*digests, drawn.randbytes(32).hex(), 90, number % 3, f"Series Harbour {number % 100}"])


def _import(path: Path, node: Node, data: Path) -> float:
    """Seconds that a whole import takes."""
    options = ImportOptions(name="demo-not-for-use-bench", scheme="DEMO")
    begin = time.perf_counter()
    done = do_import_list(
        path, options=options, settings=read_settings(data=data), node=node, acting_user="bench", now=NOW
    )
    taken = time.perf_counter() - begin
    print(f"  {done.counts.new:,} new of {done.counts.read:,} read, {done.counts.refused} refused")
    return taken


def _questions(count: int, rows: int) -> Iterator[list[NewSignature]]:
    """Contents by their digests, every tenth of them known."""
    for start in range(0, count, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, count))
        seeds = [number % rows if number % _KNOWN == 0 else rows + number for number in numbers]
        yield [NewSignature(*_digests(seed), size=None) for seed in seeds]


def _ask(base: KnownBase, count: int, rows: int) -> tuple[float, int]:
    """Seconds of the answers, and how many contents were known."""
    taken, known = 0.0, 0
    for contents in _questions(count, rows):
        begin = time.perf_counter()
        answers = base.match(contents)
        taken += time.perf_counter() - begin
        known += sum(bool(answer) for answer in answers)
    return taken, known


def _state(count: int, node: Node) -> float:
    """Seconds that it takes to sign, log and seal a grade of each of so many contents that are known."""
    begin = time.perf_counter()
    for number in range(count):
        digest = _digests(number * _KNOWN)[2]
        said = Assertion(
            id=f"{number:032x}",
            agency=node.name,
            officer="officer-1",
            kind="grade",
            about=About(type="item", ids=(digest.hex(),)),
            says={"scheme": "DEMO", "value": "1"},
            purpose="identify-persons-and-objects",
            subject="unknown",
            handling=Handling(),
            basis="Invented Act 1",
            nature="assessment",
            made=NOW,
            review=NOW + timedelta(days=365),
        )
        do_make_as_node(said, node, acting_user="bench", now=NOW)
    return time.perf_counter() - begin


def _asked_line(what: str, count: int, taken: float) -> str:
    return f"{what} | {count:,} | {taken:.2f} | {count / taken * 60:,.0f} a minute and core | {WANTED_ANSWERS:,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000, help="rows of the list (default: %(default)s)")
    parser.add_argument("--questions", type=int, default=200_000, help="contents asked about (default: %(default)s)")
    parser.add_argument("--statements", type=int, default=2_000, help="own statements (default: %(default)s)")
    wanted = parser.parse_args()
    page = Page("The known base")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        mark_demo(data)
        path = Path(folder) / "demo-not-for-use-bench.csv"
        _write_list(path, wanted.rows)
        with open_database(read_settings(data=data)), acting(NOBODY_ENROLLED):
            node = Node(make_keys("Agency Alpha", KeyFile(secrets.token_bytes(32))), data)
            put_in = _import(path, node, data)
            begin = time.perf_counter()
            base = KnownBase.open(node, now=NOW)
            opened = time.perf_counter() - begin
            asked, known = _ask(base, wanted.questions, wanted.rows)
            stated = _state(wanted.statements, node)
            asked_both, known_both = _ask(KnownBase.open(node, now=NOW), wanted.questions, wanted.rows)
    rows = wanted.rows / put_in
    page.line("What | how many | seconds | rate | wanted")
    page.line("---|---|---|---|---")
    page.line(f"imported | {wanted.rows:,} | {put_in:.2f} | {rows:,.0f} a second | {WANTED_ROWS:,}")
    page.line(f"opened | {wanted.rows:,} | {opened:.2f} | {wanted.rows / opened:,.0f} a second | ")
    page.line(_asked_line(f"asked by digests ({known:,} known)", wanted.questions, asked))
    page.line(
        f"own statements made | {wanted.statements:,} | {stated:.2f} | {wanted.statements / stated:,.0f} a second | "
    )
    page.line(_asked_line(f"asked again, with them ({known_both:,} known)", wanted.questions, asked_both))
    page.write("KNOWN_BASE.md")


if __name__ == "__main__":
    main()
