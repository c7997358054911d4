"""What is read ahead comes in order, ends as its source ends, and is given up when nobody wants the rest."""

import threading
import time
from collections.abc import Generator

import pytest

from safelight.sandbox.ahead import in_batches, read_ahead


class Source:
    """Counts up, and tells how far it was asked and whether it was closed."""

    def __init__(self, count: int, error: Exception | None = None, seconds: float = 0.0) -> None:
        self.given = 0
        self.closed = threading.Event()
        self._count, self._error, self._seconds = count, error, seconds

    def stream(self) -> Generator[int, None, None]:
        """The numbers, then the error."""
        try:
            for number in range(self._count):
                time.sleep(self._seconds)
                self.given += 1
                yield number
            if self._error is not None:
                raise self._error
        finally:
            self.closed.set()


@pytest.mark.parametrize("count", [0, 1, 100])
def test_everything_comes_in_order(count: int) -> None:
    source = Source(count)
    assert list(read_ahead(source.stream(), 4)) == list(range(count))
    assert source.closed.is_set()


def test_an_error_comes_after_what_came_before_it() -> None:
    coming = read_ahead(Source(3, ValueError("broken off")).stream(), 8)
    assert [next(coming) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="broken off"):
        next(coming)


def test_a_slow_source_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safelight.sandbox.ahead._LOOK_AGAIN_SECONDS", 0.001)
    assert list(read_ahead(Source(3, seconds=0.02).stream(), 2)) == [0, 1, 2]


def test_no_more_than_asked_for_is_kept_ready_and_the_rest_is_never_read() -> None:
    source = Source(10_000)
    coming = read_ahead(source.stream(), 3)
    assert next(coming) == 0
    time.sleep(0.1)
    assert source.given <= 6
    coming.close()
    assert source.closed.wait(5)
    assert source.given <= 6


def test_a_source_that_still_gives_is_stopped_by_the_close() -> None:
    source = Source(10_000, seconds=0.005)
    coming = read_ahead(source.stream(), 10_000)
    assert next(coming) == 0
    coming.close()
    assert source.closed.wait(5)
    assert source.given < 100


def messages(*sizes: int, error: Exception | None = None) -> Generator[bytes, None, None]:
    for number, size in enumerate(sizes):
        yield bytes([number]) * size
    if error is not None:
        raise error


@pytest.mark.parametrize(
    ("sizes", "lists"),
    [((), [0]), ((1, 1), [2]), ((1,) * 7, [3, 3, 1]), ((9, 1, 9, 9), [1, 2, 1, 0]), ((5, 5), [2, 0])],
)
def test_small_messages_go_in_lists_in_their_order(sizes: tuple[int, ...], lists: list[int]) -> None:
    batches = list(in_batches(messages(*sizes), most=3, size=9))
    assert [len(batch) for batch in batches] == lists
    assert [message for batch in batches for message in batch] == list(messages(*sizes))


def test_what_came_before_an_error_is_not_lost() -> None:
    batches = in_batches(messages(1, 1, error=ValueError("broken off")), most=9, size=99)
    assert next(batches) == [b"\0", b"\1"]
    with pytest.raises(ValueError, match="broken off"):
        next(batches)


def test_a_stream_in_lists_is_closed_with_them() -> None:
    source = Source(100)
    batches = in_batches((b"x" for _ in source.stream()), most=2, size=9)
    next(batches)
    batches.close()
    del batches
    assert source.given <= 3
