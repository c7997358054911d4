"""Where the embedded server keeps things, and what its files and processes say about its state."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from safelight.errors import CannotRunError

SOCKET = Path("socket") / ".s.PGSQL.5432"
"""The socket below the runtime folder; PostgreSQL chooses the second name."""
_SOCKET_LIMIT = 107
"""Bytes that Linux allows in the path of a unix socket."""
_STATUS_LINE = 7
"""Which line of `postmaster.pid` says "ready"; see PostgreSQL's `pidfile.h`."""


@dataclass(frozen=True)
class Layout:
    """The paths below `<data>/postgres`.

    `mark` names this cluster among all processes of the machine: it stands in the command line or title of each of
    its server's processes.
    """

    home: Path

    @property
    def mark(self) -> str:
        """The name of this cluster, the same for everybody who uses this folder."""
        return "safelight-" + hashlib.sha256(os.fsencode(self.home)).hexdigest()[:8]

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own folder."""
        return self.home / "cluster"

    @property
    def major(self) -> str | None:
        """Of which major version of PostgreSQL the cluster is; None where there is none yet."""
        try:
            return (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None

    @property
    def password(self) -> Path:
        """The password of the only role, readable by the owner of the data folder alone."""
        return self.home / "password"

    @property
    def access_rules(self) -> Path:
        """PostgreSQL's `pg_hba` file: who may connect, and how."""
        return self.home / "pg_hba.conf"

    @property
    def log(self) -> Path:
        """What the server has to say."""
        return self.home / "server.log"

    @property
    def users_lock(self) -> Path:
        """Held by each command that uses the database; by the keeper alone while it stops the server."""
        return self.home / "users.lock"

    @property
    def start_lock(self) -> Path:
        """Held by the one command that makes sure the server runs."""
        return self.home / "start.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held by the keeper as long as it lives."""
        return self.home / "keeper.lock"


@dataclass(frozen=True)
class Running:
    """What `postmaster.pid` says: process, folder of the socket, and whether it takes connections."""

    pid: int
    socket_folder: Path
    ready: bool


def read_running(layout: Layout) -> Running | None:
    """Read the server's own file about itself; None where there is none, or it is half written."""
    try:
        lines = (layout.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        ready = len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"
        return Running(int(lines[0]), Path(lines[4]), ready)
    except (OSError, ValueError, IndexError):
        return None


def server_processes(layout: Layout) -> list[int]:
    """Return every living process of this cluster's server: postmaster, backends and workers."""
    mark = layout.mark.encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has just ended, or is not ours to see
            continue
        is_postgres = words[0].startswith(b"postgres:") or words[0].endswith(b"/postgres")
        if is_postgres and any(mark in word for word in words):
            found.append(int(entry.name))
    return found


def runtime_folder(layout: Layout) -> Path:
    """Make the short folder for the socket and for a private view, or take the one there is. It is ours alone.

    Raises:
        CannotRunError: Somebody else owns the place, or could put something there.
    """
    bases = [os.environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{os.geteuid()}", "/tmp"]  # noqa: S108 - checked below
    if os.geteuid() == 0:
        bases = ["/run", "/tmp"]  # noqa: S108 - the server's account could not enter root's own runtime folder
    folders = [Path(base) / f"{layout.mark}-{os.geteuid()}" for base in bases if os.access(base, os.W_OK | os.X_OK)]
    fitting = [folder for folder in folders if len(os.fsencode(folder / SOCKET)) <= _SOCKET_LIMIT]
    if not fitting:
        raise CannotRunError("There is no folder for the database's socket: make /tmp writable.")
    folder = fitting[0]
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o066:
            raise CannotRunError(f"{folder} is not ours: somebody put it there. Remove it and try again.") from None
    except OSError as error:
        raise CannotRunError(f"Cannot make {folder} for the database's socket: {error.strerror}.") from error
    return folder
