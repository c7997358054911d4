"""The real command as a process, on a data folder of its own."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from safelight.access.layout import KEYS_FILE
from safelight.errors import SafelightError
from safelight.platform.database import set_up_django

set_up_django()

from safelight.access.backup.restoring import wait_until_stopped  # noqa: E402 - it needs the models, as below
from tests.acceptance.forks import call, said_by, type_command  # noqa: E402
from tests.integration.casework import outcome  # noqa: E402
from tests.nodes import UNLOCKED, write_node  # noqa: E402

ROOT = Path(__file__).parents[2]
SAFELIGHT = str(Path(sys.executable).with_name("safelight"))


class Command:
    """One running `safelight`: its lines, its status, and ways to end it."""

    def __init__(self, *arguments: object, settings: dict[str, str] | None = None, **options: Any) -> None:
        self.process = subprocess.Popen(
            [SAFELIGHT, *_words(arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=_environment(arguments, settings), start_new_session=True, **options,
        )  # fmt: skip

    def end(self, timeout: float = 120) -> "Ended":
        out, err = self.process.communicate(timeout=timeout)
        return Ended(self.process.returncode, out, err)

    def running(self) -> bool:
        return self.process.poll() is None

    def children(self) -> dict[int, str]:
        """The sandbox's processes below this command: number and what it is, "nursery" or "worker"."""
        found = {}
        for pid in _children(self.process.pid):
            if "nursery_process" in _command_line(pid):
                found[pid] = "nursery"
                found.update(dict.fromkeys(_children(pid), "worker"))
        return found


def _words(arguments: tuple[object, ...]) -> list[str | bytes]:
    return [one if isinstance(one, bytes) else str(one) for one in arguments]


def _environment(arguments: tuple[object, ...], settings: dict[str, str] | None) -> dict[str, str]:
    unset = ("DATABASE", "PG", "SAFELIGHT")
    outside = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    return outside | (settings if settings is not None else _unlocked(arguments))


def _unlocked(arguments: tuple[object, ...]) -> dict[str, str]:
    """What unlocks the made-up node, which is written into the data folder that a command names, if it can be."""
    if "--data" in arguments:
        data = Path(str(arguments[arguments.index("--data") + 1]))
        with suppress(OSError, SafelightError):
            if not os.path.lexists(data) and data.parent.is_dir():
                put_database(data)
            write_node(data)
    return UNLOCKED


def put_database(data: Path) -> None:
    """Put an empty database where a command would make one, which takes seconds; nothing where it does not fit."""
    copied = subprocess.run(["cp", "-a", _empty(), data], capture_output=True, check=False)
    if copied.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        return
    (data / KEYS_FILE).unlink()


@cache
def _empty() -> Path:
    """A data folder with an empty database, made once for all tests of a process."""
    folder = tempfile.mkdtemp(prefix="safelight-test-empty-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = Path(folder) / "data"
    write_node(data)
    made = prepare("known", "list", "--data", data, settings=UNLOCKED)
    assert made.status == 0, made
    wait_until_stopped(data)
    return data


class Ended:
    """How a command ended."""

    def __init__(self, status: int, out: bytes, err: bytes) -> None:
        self.status, self.out, self.err = status, out.decode(errors="replace"), err.decode(errors="replace")

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == kind]

    @property
    def summary(self) -> dict[str, Any]:
        [summary] = self.events("summary")
        return summary

    def __repr__(self) -> str:
        return f"status {self.status}\n{self.out}\n{self.err}"


def run(*arguments: object, **options: Any) -> Ended:
    return Command(*arguments, **options).end()


def prepare(*arguments: object, settings: dict[str, str] | None = None) -> Ended:
    """Type what a test needs and is not about: as `run`, in a tenth of the time."""
    return Ended(*call(type_command, *_words(arguments), environment=_environment(arguments, settings)))


def outcome_of(data: Path) -> dict[str, Any]:
    """Everything recorded in a data folder, in comparable form."""
    return json.loads(said_by(outcome.main, data, environment=os.environ))


def wait_for(what: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until something is so, and return it."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


def _children(pid: int) -> list[int]:
    try:
        return [
            int(word)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for word in (task / "children").read_text().split()
        ]
    except OSError:
        return []


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
