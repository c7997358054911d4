"""Hands things from some threads to others, many hundreds a second.

Waking the other side for each of them costs more than handing it over does: so whoever finds the way full looks again a
moment later, and then hands over many at once.
"""

import queue
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
_MOMENT = 0.003


class Handover(Generic[T]):
    """First in, first out; about `most` things lie here at a time."""

    def __init__(self, most: int) -> None:
        self._things: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._most = most

    def put(self, thing: T, stopped: Callable[[], object]) -> bool:
        """Hand over when there is room; False where `stopped` turned true before. It may raise, too."""
        while self._things.qsize() >= self._most:
            if stopped():
                return False
            time.sleep(_MOMENT)
        self._things.put(thing)
        return True

    def take(self, seconds: float = 0.0) -> T:
        """The next thing.

        Raises:
            queue.Empty: there was none for that long.
        """
        return self._things.get(timeout=seconds) if seconds else self._things.get_nowait()

    def empty(self) -> bool:
        """Whether nothing lies here."""
        return self._things.empty()
