"""Rounds of faults: a job runs as a process of its own, is struck at one step, and what it left is judged.

A round is made of its number and the seed alone, so that a round that failed can be repeated:

    FAULT_SEED=2026 python -m pytest tests/faults -k "log-17"         # round 17 over the log again
    FAULT_ROUNDS=1000 FAULT_SEED=7 python -m pytest -q tests/faults   # a thousand, from another seed

What is struck: every fsync, fdatasync, rename, replace, link and unlink that a process makes (see
`shim/sitecustomize.py`), or a moment of the clock, which falls between them, into the database's work too. How: SIGKILL
before or after the step, a disk that is full from there on, a disk that fails once.

A job is one row of `JOBS` in `test_rounds.py`: what it prepares, the command that is struck, and what has to hold after
it. It says what it acknowledged by lines on its standard output, each written after what it tells of is safe. A first
run that nothing strikes counts its steps, once for each of its variants. (A job of several processes makes a few more
or fewer each time: where it ended before its step, it is judged all the same; so it is where a helper of it was struck,
which it may outlive.)
"""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parents[2]
SHIM = Path(__file__).with_name("shim")
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "25"))
SEED = int(os.environ.get("FAULT_SEED", "2026"))
KINDS = ("kill", "full", "kill-after", "failing", "moment", "kill", "kill-after")
"""How the rounds of a job strike, in turn; those that are there twice are struck twice as often."""

_LONGEST = 120.0
_COUNTED = ("FAULT_COUNT", "FAULT_AT", "FAULT_KIND")


class Job(Protocol):
    """One kind of work that rounds are made over."""

    variants: int
    """How many different starting points it has."""

    def prepare(self, folder: Path, variant: int) -> Any:
        """Make what is there before, in this new folder; return what `command` and `judge` need of it."""

    def command(self, folder: Path, prepared: Any) -> list[str]:
        """The process that is struck."""

    def judge(self, folder: Path, prepared: Any, left: "Left") -> None:
        """Assert that all that was acknowledged is there, that everything holds, and that work goes on."""


@dataclass(frozen=True)
class Left:
    """What a struck process left: its status, its lines, what it said last, its seconds; how many steps were made.

    `struck` tells whether it, or a process that it started, came to the step that is struck.
    """

    status: int
    lines: list[str]
    said: str
    steps: int
    seconds: float
    struck: bool

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL


@dataclass(frozen=True)
class Strike:
    """When and how a process is struck; `at` counts steps from 1, `after` is in seconds and for a moment only."""

    kind: str
    at: int = 0
    after: float = 0.0


@dataclass(frozen=True)
class Round:
    """One round: made of its job's name, its number and the seed alone."""

    job: str
    number: int
    seed: int
    chance: random.Random = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chance", random.Random(f"{self.job}/{self.number}/{self.seed}"))

    def __str__(self) -> str:
        return f"{self.job}-{self.number}"

    @property
    def kind(self) -> str:
        """How it strikes."""
        return KINDS[(self.number + self.seed) % len(KINDS)]

    def run(self, job: Job, work: Path) -> Strike:
        """Prepare, strike, judge; returns what it struck with."""
        variant = self.chance.randrange(job.variants)
        untouched = _unstruck(self.job, job, work, variant)
        strike = Strike(
            self.kind, at=self.chance.randint(1, untouched.steps), after=self.chance.uniform(0.0, untouched.seconds)
        )
        folder = work / str(self)
        folder.mkdir()
        prepared = job.prepare(folder, variant)
        left = run(job.command(folder, prepared), folder, strike)
        try:
            if self.kind != "moment":
                assert left.struck or left.steps < strike.at, "it was not struck"
            job.judge(folder, prepared, left)
        except AssertionError as error:
            error.add_note(f"round {self} of seed {self.seed}, variant {variant}, {strike}, left {left}")
            raise
        return strike


@cache
def _unstruck(name: str, job: Job, work: Path, variant: int) -> Left:
    """The job from beginning to end, judged: what is struck has to be sound."""
    folder = work / f"{name}-whole-{variant}"
    folder.mkdir()
    prepared = job.prepare(folder, variant)
    left = run(job.command(folder, prepared), folder, Strike("kill"))
    assert left.status == 0, left
    job.judge(folder, prepared, left)
    return left


def rounds(jobs: dict[str, int], total: int = ROUNDS, seed: int = SEED) -> list[Round]:
    """So many rounds, divided among jobs by their weights; at least one each."""
    weights = sum(jobs.values())
    return [
        Round(job, number, seed) for job, weight in jobs.items() for number in range(max(1, total * weight // weights))
    ]


def run(command: list[str], folder: Path, strike: Strike) -> Left:
    """Run a process under a strike, to its end, however it comes."""
    counted, struck = folder / "steps", folder / "steps-struck"
    counted.unlink(missing_ok=True)
    struck.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in _COUNTED}
    paths = [str(SHIM), *filter(None, [environment.get("PYTHONPATH")])]
    environment |= {"FAULT_COUNT": str(counted), "PYTHONPATH": os.pathsep.join(paths)}
    if strike.kind != "moment":
        environment |= {"FAULT_AT": str(strike.at), "FAULT_KIND": strike.kind}
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=ROOT
    )
    try:
        out, err = process.communicate(timeout=strike.after if strike.kind == "moment" else _LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        assert strike.kind == "moment", f"it hangs: {command}"
    steps = counted.stat().st_size if counted.exists() else 0
    lines = out.decode(errors="replace").split("\n")[:-1]  # a line that was cut off was not acknowledged
    said = err.decode(errors="replace").strip()[-2000:]
    return Left(process.returncode, lines, said, steps, time.monotonic() - began, struck.exists())


def acknowledge(*words: object) -> None:
    """Tell, from inside a job's process, what is safe now."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def python(module: str, *words: object) -> list[str]:
    """The command that runs a module of these tests."""
    return [sys.executable, "-m", module, *map(str, words)]
