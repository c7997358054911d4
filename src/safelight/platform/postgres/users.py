"""A command's side of the embedded server: join it, or have it started; never stop it while others use it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from safelight.errors import CannotRunError
from safelight.platform.postgres.folder import SOCKET, Layout, read_running
from safelight.platform.postgres.locks import holding, is_held

_PAUSE = 0.02
_GRACE = 60.0
"""Seconds beyond the wait that the keeper may take to make a cluster, or to stop a server that is late."""


@dataclass(frozen=True)
class Address:
    """Where the server answers, and the password that it asks for."""

    socket_folder: Path
    password: str = field(repr=False)


@contextmanager
def using_server(data: Path, *, account: str | None, wait: float) -> Iterator[Address]:
    """Use the server of a data folder: started if none runs, and stopped after its last user, however that one ends.

    Args:
        data: The data folder, which exists and is private.
        account: For root: whom the server runs as.
        wait: Seconds to wait for it.

    Raises:
        CannotRunError: The server cannot be had; the message says why and what to do.
    """
    layout = Layout(data / "postgres")
    try:
        layout.home.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CannotRunError(f"Cannot make {layout.home}: {error.strerror}. Use a writable data folder.") from error
    until = time.monotonic() + wait
    with holding(layout.users_lock, alone=False, until=until):
        address = _ensure(layout, account, until)
        try:
            yield address
        finally:
            if not is_held(layout.keeper_lock):
                # The keeper was killed. Another must be there before we let go, or the server would stay for ever.
                _start_keeper(layout, account, wait)


def _ensure(layout: Layout, account: str | None, until: float) -> Address:
    with holding(layout.start_lock, alone=True, until=until):
        while True:
            if not is_held(layout.keeper_lock):
                said = _start_keeper(layout, account, max(1.0, until - time.monotonic()))
                if said.startswith("error "):
                    raise CannotRunError(said.removeprefix("error "))
            running = read_running(layout)
            if running and running.ready and _answers(running.socket_folder):
                return Address(running.socket_folder, layout.password.read_text(encoding="ascii"))
            if time.monotonic() > until:
                raise CannotRunError(f"The database does not answer: see {layout.log}, then try again.")
            time.sleep(_PAUSE)


def _start_keeper(layout: Layout, account: str | None, seconds: float) -> str:
    # -P and a fixed folder: nothing is imported from where the user happens to stand, which may be a seized folder.
    command = [sys.executable, "-P", "-m", "safelight.platform.postgres.keeper"]
    command += [os.fspath(layout.home), account or "", f"{seconds:.1f}"]
    with subprocess.Popen(  # noqa: S603 - this interpreter, our own module
        command,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        try:
            said, complaint = child.communicate(timeout=seconds + _GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            return f"error The database did not come up in {seconds:.0f} seconds: see {layout.log}, then try again."
    if not said:
        reason = complaint.decode(errors="replace").strip().splitlines() or ["it was killed"]
        return f"error The database's keeper did not start: {reason[-1]}"
    return said.decode(errors="replace").strip()


def _answers(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(folder / SOCKET.name))
        except OSError:
            return False
    return True
