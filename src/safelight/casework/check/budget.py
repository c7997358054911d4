"""Bounds the bytes of content that are in memory at one time."""

import threading
from collections.abc import Callable


class Budget:
    """Readers take bytes before they read, and give them back when the content is let go of."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._freed = threading.Condition()

    def take(self, size: int, stopped: Callable[[], bool]) -> bool:
        """Wait until `size` bytes fit, or nothing else is held; False where the run was stopped meanwhile."""
        with self._freed:
            while self._used and self._used + size > self._limit:
                if stopped():
                    return False
                self._freed.wait(0.2)
            self._used += size
        return True

    def give_back(self, size: int) -> None:
        """Let others have the bytes."""
        with self._freed:
            self._used -= size
            self._freed.notify_all()
