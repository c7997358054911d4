"""Counts what a process does to the disk and strikes at one of these steps. Loaded by Python itself, in tests only.

Python imports `sitecustomize` from PYTHONPATH at its start. With this folder there, FAULT_AT says when and FAULT_KIND
how to strike; FAULT_COUNT names the file that the steps are counted in, one byte each, so that a killed process has told
how far it came; beside it a file of that name and `-struck` appears with the strike. Without FAULT_COUNT nothing is
changed. A process that this one starts is counted too, and may be the one that is struck, unless it starts without this
folder; the database server is no Python and syncs as it likes.

Kinds:
- `kill`: SIGKILL before the step is done;
- `kill-after`: SIGKILL once it is done, before its caller knows;
- `full`: this step and every later one that needs room fail with ENOSPC;
- `failing`: this step alone fails with EIO.
"""

import errno
import os
import signal

STEPS = ("fsync", "fdatasync", "rename", "replace", "link", "unlink")
_NEEDS_ROOM = frozenset({"fsync", "fdatasync", "rename", "replace", "link"})


class _Shim:
    """Stands before each step of this process."""

    def __init__(self, counted: str, at: int, kind: str) -> None:
        self.counted, self.at, self.kind = counted, at, kind
        self.own = (os.open, os.write, os.close, os.fstat)

    def tell(self) -> None:
        """Leave word that the strike comes now."""
        open_, _, close, _ = self.own
        close(open_(f"{self.counted}-struck", os.O_WRONLY | os.O_CREAT, 0o600))

    def count(self) -> int:
        """One more step; return which it is. Counted in a file that processes share."""
        open_, write, close, fstat = self.own
        handle = open_(self.counted, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            write(handle, b".")
            return fstat(handle).st_size
        finally:
            close(handle)

    def before(self, real, name):
        """The real call with the shim before it."""

        def call(*args, **kwargs):
            step = self.count()
            struck = step == self.at
            if struck:
                self.tell()
            if struck and self.kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if struck and self.kind == "failing":
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            if self.kind == "full" and self.at and step >= self.at and name in _NEEDS_ROOM:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            done = real(*args, **kwargs)
            if struck and self.kind == "kill-after":
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return call


def arm(environment) -> None:
    """Put the shim before every step of this process, if the environment asks for it."""
    if counted := environment.get("FAULT_COUNT"):
        shim = _Shim(counted, int(environment.get("FAULT_AT", "0")), environment.get("FAULT_KIND", "kill"))
        for name in STEPS:
            setattr(os, name, shim.before(getattr(os, name), name))


arm(os.environ)
