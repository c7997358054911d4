"""What the log costs: adding entries, publishing them, verifying a copy with the public key alone, and one proof.

An embedded database of its own is opened in a temporary folder. Entries are added as everything adds them, one
transaction each; the rest, up to `--count`, is copied into the table, sealed and salted alike, as nobody adds a million
one by one. All are published with one call. Then `safelight log verify` runs over the folder, as an outsider's process
with no database: its time, and the most memory it ever held (`VmHWM`). Proofs are made and opened: the median of many.

    .venv/bin/python benchmarks/log.py [--count N] [--added N] [--out FILE]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from surroundings import ROOT, commit, machine

from safelight.platform.clock import now
from safelight.platform.database import open_database, set_up_django
from safelight.platform.settings import read_settings

set_up_django()

from safelight.access.node import LogSealer  # noqa: E402 - models need Django set up
from safelight.log.actions import do_add_entry, do_publish_entries  # noqa: E402 - as above
from safelight.log.entries import Entry, Event, commitment, new_salt  # noqa: E402 - as above
from safelight.log.models import LogEntry  # noqa: E402 - as above
from safelight.log.notes import Signer  # noqa: E402 - as above
from safelight.log.policy import Policy  # noqa: E402 - as above
from safelight.log.proving import open_proof, prove_entry  # noqa: E402 - as above
from safelight.log.queries import recorded_entry  # noqa: E402 - as above
from safelight.log.stores.folder import FolderTileStore  # noqa: E402 - as above
from safelight.platform.copying import copy_rows, reserve_ids  # noqa: E402 - as above
from safelight.vault.keys import RootKey  # noqa: E402 - as above

VERIFY = """
import sys
from safelight.cli import main
try:
    main()
finally:
    [most] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
    print("most", most, file=sys.stderr)
"""
AT_A_TIME = 20_000
PROOFS = 200
SIGNER = Signer("agency-alpha.example/log", bytes(range(32)))
SEALER = LogSealer(RootKey(bytes(range(32))))


@dataclass(frozen=True)
class Row:
    """One line of the result: what was done, how often, in how many seconds; memory in bytes where it was watched."""

    what: str
    times: int
    seconds: float
    most: int | None = None

    def __str__(self) -> str:
        memory = f"{self.most / 2**20:,.0f} MiB" if self.most is not None else ""
        rate = f"{self.times / self.seconds:,.0f}"
        each = f"{self.seconds / self.times * 1e3:,.2f} ms" if self.times <= PROOFS else f"{self.seconds:,.1f} s"
        return f"| {self.what} | {self.times:,} | {each} | {rate} | {memory} |"


def entry(number: int) -> Entry:
    """An entry of the usual size, plainly made up."""
    about = {"case": "Case Harbour", "exhibit": f"Exhibit {number}", "files": number, "known": number // 3}
    return Entry(Event.CHECKED, "officer-1", datetime.fromisoformat("2026-03-14T12:00:00+00:00"), about=about)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def add(count: int) -> Row:
    """Add entries one by one, each committed."""
    seconds = timed(lambda: [do_add_entry(entry(number), SEALER) for number in range(count)])
    return Row("entries added, a transaction each", count, seconds)


def fill(count: int) -> None:
    """Copy entries into the table, sealed and salted as `do_add_entry` does it."""
    columns = ("id", "event", "record", "salt", "commitment")
    for begin in range(0, count, AT_A_TIME):
        ids = reserve_ids(LogEntry, min(AT_A_TIME, count - begin))
        copy_rows(LogEntry, columns, _rows(ids, begin))


def _rows(ids: list[int], begin: int) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(ids, begin):
        said, salt = entry(number).encoded(), new_salt()
        yield row, Event.CHECKED.value, SEALER.seal(said, row), salt, commitment(said, salt)


def publish(store: FolderTileStore, count: int) -> Row:
    """Publish all that waits with one call."""
    seconds = timed(lambda: do_publish_entries(store, SIGNER))
    return Row("entries published, one call", count, seconds)


def publish_one_by_one(store: FolderTileStore, times: int) -> Row:
    """Publish after each entry, as the sequencer does for a node with little to do."""
    spent = 0.0
    for number in range(times):
        do_add_entry(entry(number), SEALER)
        spent += timed(lambda: do_publish_entries(store, SIGNER))
    return Row("publications of one entry, to a log of that size", times, spent)


def verify(folder: Path, kept: Path, count: int) -> Row:
    """Verify the folder in a process that has the public key and a checkpoint, and nothing else."""
    command = [sys.executable, "-c", VERIFY, "log", "verify", str(folder), "--key", str(SIGNER.key)]
    began = time.perf_counter()
    ended = subprocess.run([*command, "--checkpoint", str(kept)], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if ended.returncode:
        raise SystemExit(f"the log does not hold: {ended.stderr}")
    return Row("entries verified, folder and public key alone", count, seconds, int(ended.stderr.split()[-1]) * 1024)


def prove(store: FolderTileStore, count: int) -> Iterator[Row]:
    """Prove single entries spread over the log, and open the proofs; the median of each."""
    policy = Policy.parse(f"log {SIGNER.key}\nquorum none\n".encode())
    making, opening = [], []
    for place in range(PROOFS):
        one = recorded_entry(place * count // PROOFS, SEALER)
        assert one.number is not None
        assert one.record is not None
        assert one.salt is not None
        began = time.perf_counter()
        proof = prove_entry(store, SIGNER.key, one.number, one.record, one.salt).encode()
        made = time.perf_counter()
        open_proof(proof, policy)
        opening.append(time.perf_counter() - made)
        making.append(made - began)
    yield Row("inclusion proof made (median)", 1, statistics.median(making))
    yield Row("inclusion proof opened (median)", 1, statistics.median(opening))


def measure(work: Path, count: int, added: int) -> Iterator[Row]:
    """All rows, in the order of the work."""
    store, kept = FolderTileStore(work / "log"), work / "checkpoint"
    with open_database(read_settings(data=work / "data"), as_owner=True):
        yield add(added)
        fill(count - added)
        yield publish(store, count)
        kept.write_bytes(store.checkpoint() or b"")
        yield from prove(store, count)
        yield publish_one_by_one(store, PROOFS)
    yield verify(store.root, kept, count + PROOFS)


def write(options: argparse.Namespace, rows: list[Row], size: int, began: datetime) -> None:
    """Write the result as Markdown."""
    text = f"""# The log

A log of {options.count:,} entries; published, its folder has {size / 2**20:,.0f} MiB.

- When: {began:%Y-%m-%d %H:%M} UTC
- Commit: {commit()}
- Machine: {machine()}
- Command: `benchmarks/log.py --count {options.count} --added {options.added}`

| what | times | time | a second | most memory of the process |
|---|---|---|---|---|
{os.linesep.join(map(str, rows))}
"""
    options.out.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000, help="entries in the log")
    parser.add_argument("--added", type=int, default=5_000, help="how many of them are added one by one")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "LOG.md")
    options = parser.parse_args()
    if not PROOFS <= options.added <= options.count:
        parser.error(f"--added is from {PROOFS} to --count")
    began, rows = now(), []
    with tempfile.TemporaryDirectory(prefix="sl-log-") as work:
        for row in measure(Path(work), options.count, options.added):
            rows.append(row)
            print(row, flush=True)
        size = sum(path.stat().st_size for path in (Path(work) / "log").rglob("*") if path.is_file())
    write(options, rows, size, began)
    print(options.out)


if __name__ == "__main__":
    main()
