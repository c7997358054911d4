"""Keeps what a command wrote into files for a while. Loaded by Python itself, in tests only.

Python imports `sitecustomize` from PYTHONPATH at its start. With this folder there, SPILL names a folder into which the
process copies, when it ends, every file that it had opened for writing, also those that never had a name or lost it.
Locks are left alone, since to keep one open would be to keep the lock.
"""

import atexit
import builtins
import io
import os
import stat


class _Spill:
    """Holds a second descriptor of each file that was opened for writing."""

    def __init__(self, folder: str) -> None:
        self.folder, self.real_open, self.held = folder, os.open, []

    def keep(self, handle: int) -> None:
        name = os.readlink(f"/proc/self/fd/{handle}")
        if "lock" not in name and stat.S_ISREG(os.fstat(handle).st_mode) and not name.startswith("/memfd:"):
            self.held.append(os.dup(handle))

    def open(self, path, flags, *rest, **more):
        handle = self.real_open(path, flags, *rest, **more)
        if flags & (os.O_WRONLY | os.O_RDWR):
            self.keep(handle)
        return handle

    def open_file(self, real):
        def call(file, mode="r", *rest, **more):
            made = real(file, mode, *rest, **more)
            if not isinstance(file, int) and not more.get("opener") and set(mode) & set("wax+"):
                self.keep(made.fileno())
            return made

        return call

    def pour(self) -> None:
        for number, handle in enumerate(self.held):
            into = self.real_open(f"{self.folder}/{os.getpid()}-{number}", os.O_WRONLY | os.O_CREAT, 0o600)
            at = 0
            # A descriptor for writing alone is read by its name in /proc, which asks the file's own rights.
            of = self.real_open(f"/proc/self/fd/{handle}", os.O_RDONLY)
            while piece := os.pread(of, 1 << 20, at):
                os.write(into, piece)
                at += len(piece)


if _folder := os.environ.get("SPILL"):
    _spill = _Spill(_folder)
    os.open = _spill.open
    io.open = builtins.open = _spill.open_file(io.open)
    atexit.register(_spill.pour)
