"""The soak: very many damaged files of all formats through `safelight check`, with not one aborted run.

Every file is a small good picture, archive or video with random injuries (`safelight.samples.hostile.mutations`), the
same for the same seed. They go through the real command, a portion a run, each run an exhibit of its own in one data
folder. A run is aborted when it ends with another status than 0 (done) or 1 (done, with named failures), when it takes
too long, or when its report lacks one of the files. Files that crash or hang a decoder are named and kept.

    .venv/bin/python benchmarks/soak.py [--files N] [--portion N] [--seed N] [--out FILE] [--keep FOLDER]
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from surroundings import ROOT, commit, machine, make_node

from safelight.platform.clock import now
from safelight.samples.many import Base, archive_bases, bases, film_bases, make_many

COMMAND = [sys.executable, "-c", "from safelight.cli import main; main()"]
SECONDS_PER_FILE = 2.0
"""A run that takes longer than this for each of its files, and ten minutes, is ended and counts as aborted."""
READ, NO_PICTURE, ARCHIVE, BROKEN = "read", "no picture any more", "archive opened", "archive broken"
GRAVE = ("crashed", "timed-out", "reply-too-large")
ORDER = (READ, "damaged", "unreadable", ARCHIVE, BROKEN, NO_PICTURE, *GRAVE)


@dataclass
class Tally:
    """What came of all files: outcomes by the format they were made from, grave ones by path, and the aborted runs."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    grave: list[str] = field(default_factory=list)
    aborted: list[str] = field(default_factory=list)
    runs: int = 0
    inside: int = 0
    seconds: float = 0.0


def sources(seed: int) -> list[Base]:
    """Everything that is injured: pictures in every format, archives of them, videos, and HEIC files from the tests."""
    heic = sorted((ROOT / "tests" / "data" / "heic").glob("*.heic"))
    return [
        *bases(seed, 1),
        *archive_bases(seed),
        *film_bases(seed),
        *(Base("heic", "heic", path.read_bytes()) for path in heic),
    ]


def check(data: Path, folder: Path, name: str, count: int, tally: Tally) -> dict[str, str]:
    """Check one portion; returns the kind of failure by path. An aborted run is written down."""
    command = [*COMMAND, "--data", str(data), "check", str(folder), "--case", name, "--exhibit", name, "--keep", "none"]
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=600 + SECONDS_PER_FILE * count
        )
    except subprocess.TimeoutExpired:
        tally.aborted.append(f"{name}: took too long")
        return {}
    finally:
        tally.seconds += time.monotonic() - began
        tally.runs += 1
    if done.returncode not in {0, 1}:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        tally.aborted.append(f"{name}: status {done.returncode}, said: {said[:300]}")
        return {}
    events = [json.loads(line) for line in (done.stdout + done.stderr).splitlines() if line.startswith("{")]
    return {event["path"]: event["kind"] for event in events if event.get("event") == "failure"}


def report(data: Path, name: str, out: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of the run's report."""
    command = [*COMMAND, "--data", str(data), "report", name, "--format", "csv", "--out", str(out)]
    subprocess.run(command, capture_output=True, check=True)
    (path,) = out.glob("*.csv")
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def outcome(row: dict[str, str], failures: dict[str, str]) -> str:
    """Name what came of one file."""
    kind = failures.get(row["path"])
    if kind is not None:
        return BROKEN if kind == "archive" else kind
    if row["verdict"] != "not examined":
        return READ
    return ARCHIVE if "below it" in row["reason"] or row["reason"].startswith("an archive") else NO_PICTURE


def portion(
    work: Path, made: list[Base], number: int, first: int, count: int, options: argparse.Namespace, tally: Tally
) -> None:
    """Make one portion, check it, and count what came of it."""
    name, folder = f"soak {number}", work / f"portion-{number}"
    files = {str(path) for path in make_many(folder, count, options.seed, mutated=True, sources=made, first=first)}
    failures = check(work / "data", folder, name, count, tally)
    if not tally.aborted or not tally.aborted[-1].startswith(f"{name}:"):
        for row in report(work / "data", name, work / f"report-{number}"):
            if row["found_as"] != "file":
                tally.inside += 1
                continue
            files.discard(row["path"])
            came = outcome(row, failures)
            tally.outcomes[Path(row["path"]).name.rsplit("_", 1)[0], came] += 1
            if came in GRAVE:
                _keep(options.keep, row["path"], came, tally)
        if files:
            tally.aborted.append(f"{name}: {len(files)} files are not in its report, among them {min(files)}")
        shutil.rmtree(folder)


def _keep(folder: Path | None, path: str, came: str, tally: Tally) -> None:
    tally.grave.append(f"{came}: {Path(path).name}")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)


def write(path: Path, options: argparse.Namespace, tally: Tally, began: datetime) -> None:
    """Write the result as Markdown."""
    total, kinds = sum(tally.outcomes.values()), len({name for name, _ in tally.outcomes})
    rate = total / max(tally.seconds, 1e-9)
    text = f"""# The soak

{total:,} damaged files of {kinds} kinds through `safelight check`, in {tally.runs} runs: **{len(tally.aborted)} aborted
runs**, {len(tally.grave)} files that crashed or hung a decoder (each cost that one file).

- When: {began:%Y-%m-%d %H:%M} UTC; {tally.seconds:.0f} s of checking, {rate:.0f} files/s
- Commit: {commit()}
- Machine: {machine()}
- Command: `benchmarks/soak.py --files {options.files} --portion {options.portion} --seed {options.seed}`
- Found inside the files (entries, thumbnails): {tally.inside:,}

Rows are what a file was before it was injured; columns what the check said of it. *damaged*: pixels came out, and what
is wrong is named. *no picture any more*: its first bytes no longer say that it is one.

"""
    lines = list(table(tally))
    for title, things in (("Aborted runs", tally.aborted), ("Files that crashed or hung a decoder", tally.grave)):
        if things:
            lines += ["", f"## {title}", "", *(f"- {thing}" for thing in things[:100])]
    path.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")


def table(tally: Tally) -> Iterator[str]:
    """Yield the lines of the table: a row for each format, a column for each outcome that occurred."""
    came = {one for _, one in tally.outcomes}
    columns = [one for one in ORDER if one in came] + sorted(came - set(ORDER))
    yield "| made from | files | " + " | ".join(columns) + " |"
    yield "|---|---:|" + "---:|" * len(columns)
    for name in sorted({name for name, _ in tally.outcomes}):
        counts = [tally.outcomes[name, one] for one in columns]
        yield f"| {name} | {sum(counts):,} | " + " | ".join(f"{count:,}" for count in counts) + " |"
    sums = [sum(count for (_, one), count in tally.outcomes.items() if one == column) for column in columns]
    yield f"| **all** | **{sum(sums):,}** | " + " | ".join(f"**{count:,}**" for count in sums) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--portion", type=int, default=5_000, help="files of one run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "SOAK.md")
    parser.add_argument("--keep", type=Path, help="a folder for copies of the files that crash or hang a decoder")
    options = parser.parse_args()
    began, tally = now(), Tally()
    made = sources(options.seed)
    with tempfile.TemporaryDirectory(prefix="soak-") as work:
        make_node(Path(work) / "data")
        for number, first in enumerate(range(0, options.files, options.portion), start=1):
            count = min(options.portion, options.files - first)
            portion(Path(work), made, number, first, count, options, tally)
            print(f"{first + count:,} of {options.files:,} files, {len(tally.aborted)} aborted runs", file=sys.stderr)
        write(options.out, options, tally, began)
    print(options.out)
    return 1 if tally.aborted else 0


if __name__ == "__main__":
    sys.exit(main())
