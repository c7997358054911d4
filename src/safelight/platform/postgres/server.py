"""The server itself: made, started, adopted and stopped. Used by the keeper alone.

Rules kept here:
- a cluster appears whole or not at all: it is made beside its place, synced, and renamed;
- one `pg_hba` line: local connections with a password (SCRAM), nothing over a network;
- root writes nothing into a folder that the server's account could change under its hands;
- no start while any process of the cluster's former server lives, or shared memory could be used twice;
- durability stays PostgreSQL's default: fsync on, commits synchronous, page checksums.
"""

import os
import secrets
import select
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from safelight.errors import CannotRunError, SafelightError
from safelight.platform.postgres.account import Account, choose_account, close_way, open_way
from safelight.platform.postgres.folder import SOCKET, Layout, read_running, runtime_folder, server_processes
from safelight.platform.postgres.program import Program, find_program

ROLE = "safelight"
_PLACES = ("site", "home")
"""What the server must reach: the installed programs with their libraries, and its data."""
_PAUSE = 0.02
_LOG_LIMIT = 4 << 20
_ROOM_NEEDED = 160 << 20
"""Bytes that a new cluster takes, with its first write-ahead segments and as much again."""
_STOP_SIGNALS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
"""PostgreSQL's fast and immediate shutdown, and the seconds given to each."""


@dataclass(frozen=True)
class Server:
    """A postmaster that lives, known by a file descriptor that no other process can take the number of."""

    pid: int
    handle: int
    runtime: Path

    def ended(self, wait: float) -> bool:
        """Wait up to so many seconds for the postmaster to end; tell whether it has."""
        if select.select([self.handle], [], [], wait)[0]:
            _reap(self.pid)
            return True
        return False

    def clear(self) -> None:
        """Remove the short folder that held the socket, once the server has ended."""
        for left in (SOCKET, SOCKET.with_name(f"{SOCKET.name}.lock")):
            (self.runtime / left).unlink(missing_ok=True)
        close_way((*_PLACES, str(SOCKET.parent)), self.runtime)

    def stop(self) -> None:
        """Stop the server: cleanly if it will, at any rate."""
        for number, patience in _STOP_SIGNALS:
            try:
                signal.pidfd_send_signal(self.handle, number)
            except ProcessLookupError:
                return
            if self.ended(patience):
                return


@dataclass(frozen=True)
class Ground:
    """What a server is started on: its account, and programs, data and socket folder as that account sees them."""

    account: Account
    programs: Path
    home: Path
    runtime: Path

    @property
    def socket_folder(self) -> Path:
        """The only folder under `runtime` that the account may write."""
        return self.runtime / SOCKET.parent


def start_or_adopt(layout: Layout, wanted_account: str | None, until: float) -> Server:
    """Return the server of this cluster, running and ready: the one that lives, or a new one.

    Args:
        layout: The cluster; it is made if there is none.
        wanted_account: For root: whom to run as.
        until: The moment of `time.monotonic` to give up.

    Raises:
        CannotRunError: It cannot start; the message says why and what to do.
    """
    running = read_running(layout)
    if running and running.pid in server_processes(layout):
        server = Server(running.pid, os.pidfd_open(running.pid), running.socket_folder.parent)
    else:
        server = _start(layout, wanted_account, until)
    while not ((now := read_running(layout)) and now.pid == server.pid and now.ready):
        if server.ended(_PAUSE):
            server.clear()
            raise CannotRunError(explain_log(layout))
        if time.monotonic() > until:
            server.stop()
            server.clear()
            raise CannotRunError("The database is not ready in time: raise SAFELIGHT_DATABASE_WAIT and try again.")
    return server


def _start(layout: Layout, wanted_account: str | None, until: float) -> Server:
    program = find_program()
    _refuse_other_version(layout, program)
    while server_processes(layout):  # backends of a killed postmaster see its death and follow it
        if time.monotonic() > until:
            raise CannotRunError("Processes of a former database server do not end: restart the machine.")
        time.sleep(_PAUSE)
    account = choose_account(wanted_account, layout.cluster)
    runtime = runtime_folder(layout)
    if account.lent:
        layout.home.chmod(0o711)
        runtime.chmod(0o711)
    try:
        way = open_way(
            account, dict(zip(_PLACES, (program.site, layout.home), strict=True)), layout.home.parent, runtime
        )
        ground = Ground(account, way["site"] / program.inside, way["home"], runtime)
        ground.socket_folder.mkdir(mode=0o700, exist_ok=True)
        account.give(ground.socket_folder)
        layout.access_rules.write_text("local all all scram-sha-256\n", encoding="ascii")
        layout.access_rules.chmod(0o644)
        if not layout.cluster.exists():
            _make_cluster(layout, ground)
        _remove_stale_pid_file(layout)
        return _launch(layout, ground)
    except (OSError, SafelightError):
        close_way((*_PLACES, str(SOCKET.parent)), runtime)
        raise


def _refuse_other_version(layout: Layout, program: Program) -> None:
    if layout.major not in {None, program.major}:
        raise CannotRunError(
            f"{layout.cluster} is a cluster of PostgreSQL {layout.major}, this is {program.major}: take a backup with "
            "the release that the node ran on, `safelight backup create FOLDER`, then type `safelight database upgrade "
            "FOLDER` with this one."
        )


def _make_cluster(layout: Layout, ground: Ground) -> None:
    free = shutil.disk_usage(layout.home).free
    if free < _ROOM_NEEDED:
        raise CannotRunError(f"The disk is full: {free >> 20} MiB free at {layout.home}, {_ROOM_NEEDED >> 20} needed.")
    draft = layout.home / "cluster.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    ground.account.give(draft)
    password = _password(layout)
    lent_password = ground.runtime / "password"
    try:
        lent_password.unlink(missing_ok=True)
        lent_password.touch(mode=0o600)
        lent_password.write_text(password, encoding="ascii")
        ground.account.give(lent_password)
        _initdb(ground, draft.name, lent_password)
    finally:
        lent_password.unlink(missing_ok=True)
    draft.rename(layout.cluster)
    _sync(layout.home)


def _password(layout: Layout) -> str:
    try:
        return layout.password.read_text(encoding="ascii")
    except FileNotFoundError:
        password = secrets.token_hex(32)
    layout.password.touch(mode=0o600)
    layout.password.write_text(password, encoding="ascii")
    _sync(layout.password)
    return password


def _initdb(ground: Ground, name: str, password: Path) -> None:
    command = [
        str(ground.programs / "initdb"),
        f"--pgdata={ground.home / name}",
        f"--username={ROLE}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        # Sorting and case rules that come with PostgreSQL: an update of the machine's own never damages an index.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
    ]
    done = ground.account.run(command, _environment())
    if done.returncode != 0:
        raise CannotRunError("The database cannot be made: " + _explain(done.stderr))


def _remove_stale_pid_file(layout: Layout) -> None:
    """Remove `postmaster.pid` where its process number now belongs to a stranger.

    PostgreSQL refuses to start then. No process of the cluster lives (that was waited for), so nothing can be harmed.
    """
    running = read_running(layout)
    if running and Path(f"/proc/{running.pid}").exists():
        (layout.cluster / "postmaster.pid").unlink(missing_ok=True)


def _launch(layout: Layout, ground: Ground) -> Server:
    options = {
        "cluster_name": layout.mark,
        "listen_addresses": "",
        "hba_file": str(ground.home / layout.access_rules.name),
        "unix_socket_directories": str(ground.socket_folder),
        "unix_socket_permissions": "0700",
        "max_connections": "60",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "logging_collector": "off",
        "log_timezone": "UTC",
        "TimeZone": "UTC",
    }
    command = [str(ground.programs / "postgres"), "-D", str(ground.home / "cluster")]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    if layout.log.exists() and layout.log.stat().st_size > _LOG_LIMIT:
        layout.log.replace(layout.log.with_suffix(".log.1"))
    with layout.log.open("ab") as log:
        layout.log.chmod(0o600)
        log.write(b"--- start\n")
        log.flush()
        pid = ground.account.spawn(command, _environment(), log.fileno())
    return Server(pid, os.pidfd_open(pid), ground.runtime)


def _environment() -> dict[str, str]:
    """Return a clean environment: English messages, which are read here, and nothing of the caller's."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def explain_log(layout: Layout) -> str:
    """Return why the server ended, in one sentence, from what it wrote since its last start."""
    try:
        with layout.log.open("rb") as log:
            log.seek(max(0, layout.log.stat().st_size - (64 << 10)))
            said = log.read().decode(errors="replace")
    except OSError as error:
        return f"The database did not start, and its log cannot be read: {error.strerror}."
    return "The database did not start: " + _explain(said.rpartition("--- start\n")[2])


def _explain(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return "the disk is full. Make room and try again."
    if "Read-only file system" in said:
        return "the data folder is on a read-only disk. Make it writable, or name another with --data."
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
    return (telling or lines or ["it said nothing"])[-1] + " (see server.log in the data folder's postgres)."


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:  # adopted: not our child
        return
