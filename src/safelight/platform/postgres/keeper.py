"""The process that keeps the server: `python -m safelight.platform.postgres.keeper DATA ACCOUNT SECONDS`.

It starts or adopts the server, says so in one line on standard output ("ready", or "error " and why), and stays until
no command uses the database any more; then it stops the server and ends. It belongs to no terminal and to no command.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from safelight.errors import SafelightError
from safelight.platform.postgres.folder import Layout
from safelight.platform.postgres.locks import FileLock
from safelight.platform.postgres.server import Server, start_or_adopt

_BEAT = 0.1
"""Seconds between two looks whether the last user has gone."""


class _Told:
    """Whether somebody asked this process to end (a machine that shuts down does)."""

    to_end = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.to_end = True


def main(arguments: list[str]) -> None:
    """Run the keeper in a process of its own, adopted by init; the caller's child ends at once."""
    data, account, seconds = arguments
    os.umask(0o077)
    if os.fork() > 0:
        os._exit(0)
    os.setsid()
    layout = Layout(Path(data))
    lock = FileLock(layout.keeper_lock)
    if not lock.try_alone():
        _say("ready")  # another keeper was quicker
        return
    told = _Told()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, told)
    try:
        server = start_or_adopt(layout, account or None, time.monotonic() + float(seconds))
    except SafelightError as error:
        _say(f"error {error.message}")
        return
    except OSError as error:
        _say(f"error The database cannot be started in {data}: {error.strerror} ({error.filename}).")
        return
    _say("ready")
    _keep(layout, server, told, lock)


def _keep(layout: Layout, server: Server, told: _Told, lock: FileLock) -> None:
    users = FileLock(layout.users_lock)
    while not server.ended(_BEAT):
        if users.try_alone() or told.to_end:
            server.stop()
            break
    server.clear()
    # In this order: whoever waits for the users' lock must find no keeper any more.
    lock.release()
    users.release()


def _say(line: str) -> None:
    with suppress(BrokenPipeError):  # the command that asked is gone; the lock will say that nobody needs us
        os.write(sys.stdout.fileno(), line.encode() + b"\n")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


if __name__ == "__main__":
    main(sys.argv[1:])
