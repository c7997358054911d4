"""The embedded server's life, tried with real commands that are really killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from safelight.platform.postgres.folder import Layout, read_running, server_processes
from safelight.platform.postgres.locks import FileLock, is_held

COMMAND = """
import sys
from safelight.errors import SafelightError
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from django.db import connection

try:
    with open_database(read_settings(data=sys.argv[1]), as_owner=True):
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA IF NOT EXISTS apart")
            cursor.execute("CREATE TABLE IF NOT EXISTS apart.tried (n int)")
            for statement in sys.argv[2:]:
                if statement == "WAIT":
                    print("open", flush=True)
                    sys.stdin.readline()
                else:
                    cursor.execute(statement)
                    if cursor.description:
                        print(*cursor.fetchone(), flush=True)
except SafelightError as error:
    print(error.message, file=sys.stderr)
    sys.exit(error.exit_code)
"""
INSERT, COUNT = "INSERT INTO apart.tried VALUES (1)", "SELECT count(*) FROM apart.tried"


class Machine:
    """Commands on one data folder, and what is left of them."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.layout = Layout(data.resolve() / "postgres")
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *statements: str, data: Path | None = None) -> "subprocess.Popen[str]":
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "PG"))}
        command = subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(data or self.data), *statements],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        self.started.append(command)
        return command

    def run(self, *statements: str) -> str:
        command = self.start(*statements)
        said, complaint = command.communicate(timeout=60)
        assert command.returncode == 0, complaint
        return said.strip()

    def opened(self) -> "subprocess.Popen[str]":
        """A command that stays inside the database until it is told to go on."""
        command = self.start(INSERT, "WAIT", COUNT)
        assert command.stdout
        assert command.stdout.readline() == "open\n", command.communicate()[1]
        return command

    def postmaster(self) -> int:
        running = read_running(self.layout)
        assert running
        return running.pid

    def keeper(self) -> int:
        mark = str(self.layout.home).encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
                    continue
                if b"safelight.platform.postgres.keeper" in words and mark in words:
                    return int(entry.name)
        raise AssertionError("no keeper")

    def nothing_is_left(self) -> bool:
        return not server_processes(self.layout) and not is_held(self.layout.keeper_lock)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a cluster that rests, for tests that need not see one made."""
    machine = Machine(tmp_path_factory.mktemp("made"))
    machine.run()
    eventually(machine.nothing_is_left)
    return machine.data


@pytest.fixture
def machine(tmp_path: Path, made: Path) -> Iterator[Machine]:
    subprocess.run(["cp", "--archive", str(made), str(tmp_path / "data")], check=True)
    yield from watched(Machine(tmp_path / "data"))


@pytest.fixture
def fresh_machine(tmp_path: Path) -> Iterator[Machine]:
    """A data folder in which nothing was ever started."""
    (tmp_path / "data").mkdir(mode=0o700)
    yield from watched(Machine(tmp_path / "data"))


def watched(machine: Machine) -> Iterator[Machine]:
    yield machine
    for command in machine.started:
        command.kill()
        command.communicate()
    if machine.layout.home.exists():
        eventually(machine.nothing_is_left)


def eventually(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.05)


def finish(command: "subprocess.Popen[str]") -> str:
    said, complaint = command.communicate("\n", timeout=60)
    assert command.returncode == 0, complaint
    return said.strip()


def test_the_first_starts_the_next_joins_the_last_one_out_stops(machine: Machine) -> None:
    first = machine.opened()
    second = machine.opened()
    postmaster = machine.postmaster()
    running = read_running(machine.layout)
    assert running
    first_socket = running.socket_folder
    assert finish(first) == "2"
    time.sleep(0.5)
    assert machine.postmaster() == postmaster, "one is still inside"
    assert finish(second) == "2"
    eventually(machine.nothing_is_left)
    assert not (machine.layout.cluster / "postmaster.pid").exists(), "it was stopped, not killed"
    assert not first_socket.exists(), "its place in the runtime folder is gone too"
    assert machine.run(COUNT) == "2"


def test_a_killed_command_leaves_nothing_behind(machine: Machine) -> None:
    command = machine.opened()
    command.kill()
    eventually(machine.nothing_is_left)
    assert machine.run(COUNT) == "1"


def test_a_killed_postmaster_is_recovered_by_the_next_command(machine: Machine) -> None:
    command = machine.opened()
    os.kill(machine.postmaster(), signal.SIGKILL)
    assert machine.run(COUNT) == "1", "what was committed is there"
    _, complaint = command.communicate("\n", timeout=60)
    assert command.returncode == 3
    assert "run the command again" in complaint
    assert "Traceback" not in complaint


def test_a_killed_keeper_is_replaced_by_the_next_command_and_its_server_adopted(machine: Machine) -> None:
    command = machine.opened()
    postmaster = machine.postmaster()
    os.kill(machine.keeper(), signal.SIGKILL)
    eventually(lambda: not is_held(machine.layout.keeper_lock))
    other = machine.opened()
    assert machine.postmaster() == postmaster
    assert finish(command) == "2"
    assert finish(other) == "2"
    eventually(machine.nothing_is_left)


def test_a_keeper_killed_during_the_last_command_is_replaced_before_that_ends(machine: Machine) -> None:
    command = machine.opened()
    os.kill(machine.keeper(), signal.SIGKILL)
    eventually(lambda: not is_held(machine.layout.keeper_lock))  # a process is not gone at once when it is killed
    assert finish(command) == "1"
    eventually(machine.nothing_is_left)


def test_a_server_left_by_a_killed_keeper_and_a_killed_command_is_adopted(machine: Machine) -> None:
    command = machine.opened()
    postmaster = machine.postmaster()
    os.kill(machine.keeper(), signal.SIGKILL)
    command.kill()
    other = machine.opened()
    assert machine.postmaster() == postmaster
    finish(other)
    eventually(machine.nothing_is_left)


def test_a_keeper_asked_to_end_stops_the_server(machine: Machine) -> None:
    machine.opened()
    os.kill(machine.keeper(), signal.SIGTERM)
    eventually(machine.nothing_is_left)


def test_two_first_commands_at_once_share_one_server(fresh_machine: Machine) -> None:
    commands = [fresh_machine.start(INSERT, "WAIT", COUNT) for _ in range(3)]
    for command in commands:
        assert command.stdout
        assert command.stdout.readline() == "open\n", command.communicate()[1]
    assert [finish(command) for command in commands] == ["3"] * 3


def test_a_command_that_arrives_while_the_server_stops_starts_it_anew(machine: Machine) -> None:
    for round_ in range(1, 6):
        machine.run(INSERT)
        time.sleep(0.04 * round_)
    assert machine.run(COUNT) == "5"


def test_a_first_command_killed_while_the_cluster_is_made_leaves_no_half_cluster(fresh_machine: Machine) -> None:
    command = fresh_machine.start(INSERT)
    eventually(lambda: (fresh_machine.layout.home / "cluster.new").exists() or fresh_machine.layout.cluster.exists())
    os.kill(fresh_machine.keeper(), signal.SIGKILL)
    command.kill()
    command.wait()
    fresh_machine.layout.home.joinpath("cluster.new", "half").mkdir(parents=True, exist_ok=True)
    assert fresh_machine.run(INSERT, COUNT) in {"1", "2"}


def test_a_process_number_that_now_belongs_to_a_stranger_stops_nobody(machine: Machine) -> None:
    machine.run(INSERT)
    eventually(machine.nothing_is_left)
    stale = machine.layout.cluster / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{machine.layout.cluster}\n1\n5432\n/nowhere\n\n1 1\nready   \n")
    shutil.chown(stale, machine.layout.cluster.stat().st_uid)
    assert machine.run(COUNT) == "1"


def test_a_long_path_needs_no_long_socket(fresh_machine: Machine) -> None:
    deep = fresh_machine.data / ("d" * 120) / "data"
    deep.mkdir(parents=True)
    deep.chmod(0o700)
    fresh_machine.layout = Layout(deep.resolve() / "postgres")
    command = fresh_machine.start(INSERT, COUNT, data=deep)
    assert finish(command) == "1"


def test_nothing_listens_on_a_network_and_nobody_enters_without_the_password(machine: Machine) -> None:
    assert machine.run("SELECT current_setting('listen_addresses') = '', current_setting('fsync')") == "True on"
    command = machine.opened()
    running = read_running(machine.layout)
    assert running
    refused = subprocess.run(
        [sys.executable, "-c", f"import psycopg; psycopg.connect(host={str(running.socket_folder)!r}, user='safelight')"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert "no password supplied" in refused.stderr
    assert machine.layout.password.stat().st_mode & 0o777 == 0o600
    assert running.socket_folder.stat().st_mode & 0o777 == 0o700
    finish(command)


def test_a_cluster_of_another_version_is_named(machine: Machine) -> None:
    machine.run(INSERT)
    eventually(machine.nothing_is_left)
    (machine.layout.cluster / "PG_VERSION").write_text("16\n")
    command = machine.start(COUNT)
    _, complaint = command.communicate(timeout=60)
    assert command.returncode == 3
    assert "cluster of PostgreSQL 16, this is 18: " in complaint
    assert "`safelight database upgrade FOLDER`" in complaint


@pytest.mark.parametrize(
    ("options", "reason"), [("size=20m", "The disk is full"), ("size=400m,ro", "Read-only file system")]
)
def test_a_full_or_read_only_disk_is_named_and_nothing_stays(fresh_machine: Machine, options: str, reason: str) -> None:
    script = f'mount -t tmpfs -o mode=0700,{options} none "$1" && exec "$2" -c "$3" "$1"'
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [*own, "sh", "-c", script, "sh", str(fresh_machine.data), sys.executable, COMMAND],
        check=False, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert done.returncode == 3
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert (
        fresh_machine.nothing_is_left()
        if fresh_machine.layout.home.exists()
        else not list(fresh_machine.data.iterdir())
    )


def test_a_locked_data_folder_is_waited_for_and_then_named(
    fresh_machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh_machine.layout.home.mkdir()
    lock = FileLock(fresh_machine.layout.users_lock)
    assert lock.try_alone()
    monkeypatch.setenv("SAFELIGHT_DATABASE_WAIT", "0.2")
    command = fresh_machine.start(COUNT)
    _, complaint = command.communicate(timeout=60)
    lock.release()
    assert command.returncode == 3
    assert "still locked" in complaint
