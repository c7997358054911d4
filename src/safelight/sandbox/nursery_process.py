"""The process that workers are born from: it has loaded every decoder, holds no foreign byte, and forks on request.

Run by `Nursery` as `python -m safelight.sandbox.nursery_process`. Standard input is the control socket.
"""

import gc
import importlib
import os
import signal
import socket
import sys
from typing import Any

import msgspec

from safelight.sandbox.layers import die_with_parent
from safelight.sandbox.limits import Limits
from safelight.sandbox.worker import serve

_REQUEST_BYTES = 4096


def main() -> None:
    """Load the tasks named on the command line, then answer requests until the parent goes away."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    control = socket.socket(fileno=os.dup(0))
    tasks = {name: _load(name) for name in sys.argv[1:]}
    gc.freeze()  # what is loaded stays: a worker need not look through it, nor copy its pages to note that it did
    control.send(b"ready")
    while True:
        request, fds, _flags, _address = socket.recv_fds(control, _REQUEST_BYTES, 1)
        if not request:
            return
        words = msgspec.msgpack.decode(request)
        if words[0] == "spawn":
            control.send(msgspec.msgpack.encode(_spawn(control, fds[0], tasks[words[1]], Limits(**words[2]))))
        else:
            control.send(msgspec.msgpack.encode(os.waitpid(words[1], 0)[1]))


def _load(name: str) -> Any:
    module_name, _, function = name.partition(":")
    module = importlib.import_module(module_name)
    warm_up = getattr(module, "warm_up", None)
    if warm_up is not None:
        warm_up()
    return getattr(module, function)


def _spawn(control: socket.socket, fd: int, task: Any, limits: Limits) -> int:
    child = os.fork()
    if child:
        os.close(fd)
        return child
    status = 70
    try:
        die_with_parent()
        control.close()
        with socket.socket(fileno=fd) as connection:
            _only(fd)
            serve(connection, task, limits)
        status = 0
    except (EOFError, OSError, MemoryError):
        status = 71
    finally:
        os._exit(status)


def _only(fd: int) -> None:
    """Keep the worker's socket; standard streams lead nowhere, every other file is closed."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for low in (0, 1, 2):
        os.dup2(nowhere, low)
    os.closerange(3, fd)
    os.closerange(fd + 1, 1024)


if __name__ == "__main__":
    main()
