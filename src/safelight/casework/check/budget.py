"""Bounds the content that is in memory at one time: in bytes, and in open files, since each content is one."""

import resource
import threading
from collections.abc import Callable

_WANTED_FILES = 8192
_CONTENTS = 2000


class Budget:
    """Readers take bytes before they read, and give them back when the content is let go of."""

    def __init__(self, limit: int, contents: int) -> None:
        self._limit, self._contents = limit, contents
        self._used = self._held = 0
        self._freed = threading.Condition()

    def take(self, size: int, stopped: Callable[[], bool]) -> bool:
        """Wait until one more content of `size` bytes fits, or none is held; False where the run was stopped."""
        with self._freed:
            while self._held and (self._used + size > self._limit or self._held >= self._contents):
                if stopped():
                    return False
                self._freed.wait(0.2)
            self._used += size
            self._held += 1
        return True

    def give_back(self, size: int) -> None:
        """Let others have the bytes of one content."""
        with self._freed:
            self._used -= size
            self._held -= 1
            self._freed.notify_all()


def contents_allowed() -> int:
    """How many contents may be held at one time: half the files this process may open. It takes more if it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (_WANTED_FILES if limit == resource.RLIM_INFINITY else limit for limit in (soft, hard))
    if soft < min(_WANTED_FILES, hard):
        soft = min(_WANTED_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return max(1, min(_CONTENTS, soft // 2))
