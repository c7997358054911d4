"""A seizure of very many sightings through `safelight check`: memory of the parent, and whether time stays linear.

Small pictures, each under several paths (hard links, so that making them takes no disk), in folders of a thousand. The
real command runs three times: the check, the same check again on finished work, and the report. The memory is the most
that the command's own process ever held (`VmHWM`); the rates are those of each tenth of the sightings.

    .venv/bin/python benchmarks/sightings.py [--sightings N] [--paths N] [--out FILE]
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image
from surroundings import ROOT, commit, machine, make_node

from safelight.platform.clock import now

COMMAND = [sys.executable, "-c", "from safelight.cli import main; main()"]
FOLDER = 1000
SIDE = 48
CHECK = ["--case", "Many", "--exhibit", "Many", "--keep", "none"]


@dataclass
class Ran:
    """One run of the command: its status, seconds, the most memory it held, and when how many were recorded."""

    status: int = 0
    seconds: float = 0.0
    most: int = 0
    progress: list[tuple[float, int]] = field(default_factory=list)


def picture(number: int) -> bytes:
    """A small JPEG, different for each number, with structure enough for a hash."""
    rng = np.random.default_rng([7, number])
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    written = io.BytesIO()
    coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(written, "JPEG", quality=80)
    return written.getvalue()


def make(folder: Path, sightings: int, paths: int) -> None:
    """Write the pictures and link each under `paths` names, a thousand names a folder."""
    originals: list[Path] = []
    for number in range(sightings):
        place = folder / f"{number // FOLDER:05d}"
        if number % FOLDER == 0:
            place.mkdir(parents=True)
        path = place / f"{number:07d}.jpg"
        if number % paths == 0:
            path.write_bytes(picture(number))
            originals.append(path)
        else:
            os.link(originals[number % len(originals)], path)


def run(data: Path, *words: str) -> Ran:
    """Run the command and watch it."""
    ran, began = Ran(), time.monotonic()
    with subprocess.Popen(
        [*COMMAND, "--data", str(data), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, ran, over))
        watcher.start()
        for line in process.stdout or ():
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("event") == "progress":
                ran.progress.append((time.monotonic() - began, event["files"] + event.get("skipped", 0)))
        process.wait()
        over.set()
        watcher.join()
    ran.status, ran.seconds = process.returncode, time.monotonic() - began
    return ran


def _watch(pid: int, ran: Ran, over: threading.Event) -> None:
    while not over.wait(0.2):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        held = [line for line in status.splitlines() if line.startswith("VmHWM")]
        ran.most = max(ran.most, int(held[0].split()[1]) * 1024 if held else 0)


def rates(ran: Ran, sightings: int) -> Iterator[str]:
    """Sightings a second in each tenth."""
    last = ran.progress[0]
    for tenth in range(1, 11):
        reached = next((at for at in ran.progress if at[1] >= sightings * tenth // 10), ran.progress[-1])
        yield f"{(reached[1] - last[1]) / max(reached[0] - last[0], 1e-9):,.0f}"
        last = reached


def write(options: argparse.Namespace, runs: dict[str, Ran], began: datetime) -> None:
    """Write the result as Markdown."""
    contents = -(-options.sightings // options.paths)
    rows = [
        f"| {name} | {ran.status} | {ran.seconds:,.0f} s | {ran.most / 2**20:,.0f} MiB |" for name, ran in runs.items()
    ]
    text = f"""# Very many sightings

{options.sightings:,} sightings of {contents:,} contents, in folders of {FOLDER:,}.

- When: {began:%Y-%m-%d %H:%M} UTC
- Commit: {commit()}
- Machine: {machine()}
- Command: `benchmarks/sightings.py --sightings {options.sightings} --paths {options.paths}`

| run | status | time | most memory of the process |
|---|---|---|---|
{os.linesep.join(rows)}

Sightings a second while checking, in each tenth of them: {", ".join(rates(runs["check"], options.sightings))}.
"""
    options.out.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sightings", type=int, default=1_000_000)
    parser.add_argument("--paths", type=int, default=10, help="paths of each content")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "SIGHTINGS.md")
    options = parser.parse_args()
    began = now()
    with tempfile.TemporaryDirectory(prefix="sl-many-") as work:
        folder, data = Path(work) / "source", Path(work) / "data"
        make_node(data)
        make(folder, options.sightings, options.paths)
        runs: dict[str, Ran] = {}
        for name, words in (
            ("check", ["check", str(folder), *CHECK]),
            ("the same again", ["check", str(folder), *CHECK]),
            ("report", ["report", "Many", "--format", "csv", "--out", str(Path(work) / "report")]),
        ):
            runs[name] = run(data, *words)
            print(f"{name}: status {runs[name].status}, {runs[name].seconds:.0f} s, {runs[name].most >> 20} MiB")
        write(options, runs, began)
    print(options.out)
    return max(ran.status for ran in runs.values())


if __name__ == "__main__":
    sys.exit(main())
