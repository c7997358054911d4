"""The rounds of faults of `tests/faults`, very many of them, with what came of each kind of job and strike.

.venv/bin/python benchmarks/faults.py [--rounds N] [--seed N] [--out FILE]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from surroundings import ROOT, commit, machine

from safelight.platform.clock import now

STRIKES = {
    "kill": "SIGKILL before a step",
    "kill-after": "SIGKILL after a step",
    "moment": "SIGKILL at a moment",
    "full": "disk full from a step on",
    "failing": "disk fails once",
}


@dataclass
class Rounds:
    """What came of all rounds: those that held by job and strike, and the names of those that did not."""

    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0


def read(report: Path) -> Rounds:
    """Take the rounds out of pytest's report, which is our own."""
    found = Rounds()
    for case in ET.parse(report).getroot().iter("testcase"):
        if not (name := case.get("name", "")).startswith("test_a_round["):
            continue
        one = name.removeprefix("test_a_round[").removesuffix("]")
        found.seconds += float(case.get("time", "0"))
        struck = [prop.get("value", "") for prop in case.iter("property") if prop.get("name") == "struck"]
        if struck:
            found.held[one.rpartition("-")[0], struck[0]] += 1
        else:
            found.failed.append(one)
    return found


def write(path: Path, options: argparse.Namespace, rounds: Rounds, began: datetime) -> None:
    """Write the results: one table, and which rounds failed."""
    total = rounds.held.total() + len(rounds.failed)
    jobs = sorted({job for job, _ in rounds.held})
    text = f"""# Rounds of faults

A job runs as a process of its own and is struck; then what it left is judged: all that it acknowledged is there, log
and vault verify, database and vault agree, and the same command goes on.

{total:,} rounds: **{len(rounds.failed)} failed**.

- When: {began:%Y-%m-%d %H:%M} UTC; {rounds.seconds:.0f} s
- Commit: {commit()}
- Machine: {machine()}
- Command: `benchmarks/faults.py --rounds {options.rounds} --seed {options.seed}`

A step is an fsync, fdatasync, rename, link or unlink. Numbers are rounds that held.

| job | {" | ".join(STRIKES.values())} | all |
|---|{"---:|" * (len(STRIKES) + 1)}
"""
    for job in jobs:
        counts = [rounds.held[job, strike] for strike in STRIKES]
        text += f"| {job} | {' | '.join(map(str, counts))} | {sum(counts)} |\n"
    if rounds.failed:
        again = f"FAULT_ROUNDS={options.rounds} FAULT_SEED={options.seed} python -m pytest tests/faults"
        text += "\n## Rounds that failed\n\n" + "".join(f"- `{again} -k '[{one}]'`\n" for one in rounds.failed)
    path.write_text(text, encoding="utf-8")


def main() -> int:
    """Run the rounds, write what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "FAULTS.md")
    options = parser.parse_args()
    began = now()
    with tempfile.TemporaryDirectory(prefix="faults-") as work:
        report = Path(work) / "rounds.xml"
        command = [sys.executable, "-m", "pytest", "-q", "tests/faults/test_rounds.py"]
        command += [f"--junitxml={report}", "-o", "junit_family=xunit1"]
        environment = {**os.environ, "FAULT_ROUNDS": str(options.rounds), "FAULT_SEED": str(options.seed)}
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if not report.exists():
            return status
        rounds = read(report)
    write(options.out, options, rounds, began)
    print(options.out)
    return 1 if rounds.failed or status else 0


if __name__ == "__main__":
    sys.exit(main())
