"""How fast rows go into a batch, how long 10^4 statements take to fold, and what handling costs a row of a page.

    python benchmarks/assertions.py [--rows N] [--statements N]        (writes ASSERTIONS.md)

All on the embedded database in a folder of its own, in one process. Rows are drawn ahead, so that only storing them is
measured: encoding, hashing, sealing, COPY, signing the header, commit. A proof from the blocks stands beside one over
the whole batch, which is what it saves. The statements are all about one item, from a neighbour who takes some of them
back; a fold is read, opened, filtered for its reader and folded. A page is one of 500 items, each with a statement of
its own, every other one of which its reader may not see. Times are of the wall, the best of three rounds.
"""

import argparse
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from surroundings import Page

from safelight.access.key_records import KeyRecord
from safelight.assertions.batches import BatchRow, prove_row, row_salt
from safelight.assertions.fold import Thing, fold
from safelight.assertions.handling import Reader
from safelight.assertions.kinds import Target
from safelight.assertions.record import About, Assertion, Handling, encode_assertion
from safelight.assertions.signing import encode_envelope, sign_record
from safelight.platform.database import open_database, set_up_django
from safelight.platform.settings import read_settings
from safelight.vault.nodekeys import make_keys
from safelight.vault.protection import KeyFile

set_up_django()
from django.db import transaction  # noqa: E402 - needs Django set up

from safelight.access.node import Node  # noqa: E402 - needs Django set up
from safelight.assertions.actions import BatchSaid, do_make_batch, do_receive_assertion  # noqa: E402 - needs Django set up
from safelight.assertions.queries import assertions_about, batch_rows, prove_batch_row  # noqa: E402 - needs Django set up
from safelight.known.statements import signed_claims  # noqa: E402 - needs Django set up

WANTED = 20_000
"""Rows a second into a batch."""

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
PURPOSE = "identify-persons-and-objects"
ITEM = f"{1:064x}"
_ROUNDS = 3
_ROWS_OF_A_PAGE = 500


def _seconds(work: Callable[[], object], rounds: int = _ROUNDS) -> float:
    best = float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def _rows(count: int) -> list[BatchRow]:
    secret = secrets.token_bytes(32)
    return [
        BatchRow(
            row_salt(secret, number),
            md5=secrets.token_bytes(16),
            sha1=secrets.token_bytes(20),
            sha256=secrets.token_bytes(32),
            pdq=secrets.token_bytes(32),
            quality=90,
            size=number,
            scheme="DEMO",
            value="Value A",
            victim_identified=False,
        )
        for number in range(count)
    ]


def _batches(node: Node, count: int, page: Page) -> None:
    rows, said = _rows(count), BatchSaid("officer-7", "List Harbour", "DEMO", "unverified")
    made = []
    taken = _seconds(lambda: made.append(do_make_batch(said, rows, node, acting_user="bench", now=NOW)))
    batch = made[-1].row
    read = _seconds(lambda: sum(1 for _ in batch_rows(batch, node)))
    proof = _seconds(lambda: prove_batch_row(batch, count // 3, node))
    whole = _seconds(lambda: prove_row(list(batch_rows(batch, node)), count // 3), 1)
    page.line("A batch | rows | seconds | rows a second")
    page.line("---|---|---|---")
    page.line(f"made | {count:,} | {taken:.2f} | {count / taken:,.0f}")
    page.line(f"read | {count:,} | {read:.2f} | {count / read:,.0f}")
    page.line(f"one row proved | 1 | {proof:.4f} | {1 / proof:,.0f}")
    page.line(f"one row proved over the whole | 1 | {whole:.2f} | {1 / whole:,.1f}")
    page.line(f"\nWanted: {WANTED:,} rows a second: {'kept' if count / taken >= WANTED else 'MISSED'}.\n")


def _statement(number: int, item: str = ITEM, to: str = "Agency Alpha") -> Assertion:
    """Some grades, notes and names of places, of which every tenth takes the one before back."""
    kinds = [
        ("grade", {"scheme": "DEMO", "value": str(number % 3)}),
        ("note", {"text": f"Seen in exhibit {number}."}),
        ("tag", {"tag": f"Tag {number % 50}"}),
    ]
    takes_back = number % 10 == 9
    kind, says = ("withdrawn", {"why": "a mistake"}) if takes_back else kinds[number % len(kinds)]
    return Assertion(
        id=f"{number:032x}",
        agency="Agency Beta",
        officer="officer-7",
        kind=kind,
        about=About(type="item", ids=(item,)),
        says=says,
        purpose=PURPOSE,
        subject="unknown",
        handling=Handling(agencies=(to,), tlp="amber", pap="green"),
        basis="Invented Act 1",
        nature="assessment",
        made=NOW + timedelta(seconds=number),
        review=NOW + timedelta(days=365),
        supersedes=(f"{number - 1:032x}",) if takes_back else (),
    )


def _receive(statements: Iterable[Assertion], node: Node) -> float:
    """Seconds in which a neighbour's statements are verified, taken in and logged."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    record = KeyRecord(public, "Agency Beta", None, NOW - timedelta(days=1), NOW + timedelta(days=1))
    sent = [encode_envelope(sign_record(encode_assertion(one), key)) for one in statements]
    begin = time.perf_counter()
    with transaction.atomic():
        for envelope in sent:
            do_receive_assertion(envelope, {record.name: record}, node, acting_user="bench", now=NOW)
    return time.perf_counter() - begin


def _statements(node: Node, count: int, page: Page) -> None:
    taken = _receive((_statement(number) for number in range(count)), node)
    thing = Thing(Target.ITEM, frozenset({ITEM}))
    reader = Reader(node.name, frozenset({PURPOSE}), NOW + timedelta(days=1))
    found = assertions_about([thing], reader, node)
    read = _seconds(lambda: assertions_about([thing], reader, node))
    folded = _seconds(lambda: fold(thing, found, reader))
    page.line("Statements about one item | how many | seconds | a second")
    page.line("---|---|---|---")
    for what, spent in (("taken in, verified and logged", taken), ("read and opened", read), ("folded", folded)):
        page.line(f"{what} | {len(found):,} | {spent:.2f} | {len(found) / spent:,.0f}")


def _page_of_items(node: Node, page: Page) -> None:
    """What it costs to show of each row of a page what its reader may see, and nothing else."""
    items = [f"{number + 2:064x}" for number in range(_ROWS_OF_A_PAGE)]
    places = range(30_000, 30_000 + 30 * _ROWS_OF_A_PAGE, 30)  # each a grade, made before it is read
    readers = [("Agency Alpha", "Agency Gamma")[at % 2] for at in range(_ROWS_OF_A_PAGE)]
    _receive(map(_statement, places, items, readers), node)
    reader = Reader(node.name, frozenset({PURPOSE}), NOW + timedelta(days=1))
    wanted = [bytes.fromhex(item) for item in items]
    shown = signed_claims(wanted, reader, node)
    assert len(shown) == _ROWS_OF_A_PAGE // 2
    whole = _seconds(lambda: signed_claims(wanted, reader, node))
    page.line(f"\nA page of {_ROWS_OF_A_PAGE} | milliseconds | microseconds a row")
    page.line("---|---|---")
    page.line(f"read, opened, held against handling, folded | {whole * 1e3:.1f} | {whole / _ROWS_OF_A_PAGE * 1e6:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the batch (default: %(default)s)")
    parser.add_argument("--statements", type=int, default=10_000, help="statements (default: %(default)s)")
    wanted = parser.parse_args()
    page = Page("Statements and batches")
    with (
        tempfile.TemporaryDirectory() as folder,
        open_database(read_settings(data=Path(folder) / "data"), as_owner=True),
    ):
        node = Node(make_keys("Agency Alpha", KeyFile(secrets.token_bytes(32))), Path(folder) / "data")
        _batches(node, wanted.rows, page)
        _statements(node, wanted.statements, page)
        _page_of_items(node, page)
    page.write("ASSERTIONS.md")


if __name__ == "__main__":
    main()
