"""Locks on files, held by a process and gone with it, however it ends (flock(2))."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safelight.errors import CannotRunError

PAUSE = 0.02
"""Seconds between two tries for a lock that somebody else holds."""


class FileLock:
    """One lock file, opened by this process. It is let go by `release`, or by the end of the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def try_shared(self) -> bool:
        """Take the lock beside others; False if somebody holds it alone."""
        return self._try(fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        """Take the lock alone; False if anybody holds it."""
        return self._try(fcntl.LOCK_EX)

    def _try(self, how: int) -> bool:
        try:
            fcntl.flock(self._file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let the lock go, for forked children that share it too."""
        if self._file >= 0:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            os.close(self._file)
            self._file = -1


def is_held(path: Path) -> bool:
    """Tell whether some process holds a lock file alone at this moment."""
    lock = FileLock(path)
    try:
        return not lock.try_shared()
    finally:
        lock.release()


@contextmanager
def holding(path: Path, *, alone: bool, until: float) -> Iterator[FileLock]:
    """Hold a lock file for a while, waiting for it until a moment of `time.monotonic`.

    Raises:
        CannotRunError: Others did not let it go in time, or the file cannot be opened.
    """
    try:
        lock = FileLock(path)
    except OSError as error:
        raise CannotRunError(f"Cannot open {path}: {error.strerror}. The data folder must be writable.") from error
    try:
        while not (lock.try_alone() if alone else lock.try_shared()):
            if time.monotonic() > until:
                raise CannotRunError(f"{path} is still locked by another command: wait for it, then try again.")
            time.sleep(PAUSE)
        yield lock
    finally:
        lock.release()
