"""Things go over once, in order, and nobody waits for ever on a way that is full."""

import queue
import threading

import pytest

from safelight.sandbox import Handover


def test_everything_goes_over_once_and_in_order():
    way: Handover[int] = Handover(5)
    giver = threading.Thread(target=lambda: [way.put(number, lambda: False) for number in range(500)])
    giver.start()
    assert [way.take(10) for _ in range(500)] == list(range(500))
    giver.join()
    assert way.empty()


def test_a_full_way_gives_up_when_it_is_stopped():
    way: Handover[int] = Handover(2)
    stopped = threading.Event()
    assert [way.put(number, stopped.is_set) for number in range(2)] == [True, True]
    threading.Timer(0.05, stopped.set).start()
    assert not way.put(2, stopped.is_set)
    assert [way.take(), way.take()] == [0, 1]
    with pytest.raises(queue.Empty):
        way.take()


def test_what_ended_the_work_is_raised_from_a_full_way():
    def ended() -> bool:
        raise RuntimeError("over")

    way: Handover[int] = Handover(1)
    way.put(0, ended)
    with pytest.raises(RuntimeError, match="over"):
        way.put(1, ended)


def test_who_waits_for_something_gets_it():
    way: Handover[str] = Handover(1)
    threading.Timer(0.05, way.put, ["thing", lambda: False]).start()
    assert way.take(10) == "thing"
    with pytest.raises(queue.Empty):
        way.take(0.01)
