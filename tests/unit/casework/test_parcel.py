"""When an archive is complete: never before the last thing in it has arrived, at whatever depth and in whatever order."""

from hypothesis import given
from hypothesis import strategies as st

from safelight.casework.check.budget import Budget
from safelight.casework.check.parcel import Archive


def archive(number, outer=None):
    return Archive(number, b"place", 1, resumed=False, outer=outer)


def test_an_archive_is_complete_with_its_last_entry_or_its_last_word():
    one = archive(1)
    one.expect()
    assert one.arrived() == []
    assert one.arrived() == [1]


def test_an_outer_archive_waits_for_the_inner_one():
    outer = archive(1)
    outer.expect()  # the inner archive's own sighting
    outer.expect()  # the inner archive's end
    inner = archive(2, outer)
    inner.expect()
    assert outer.arrived() == []
    assert outer.arrived() == []  # its own last word: all but the inner one is there
    assert inner.arrived() == []
    assert inner.arrived() == [2, 1]


@given(entries=st.lists(st.integers(0, 3), min_size=1, max_size=12), order=st.randoms(use_true_random=False))
def test_whatever_the_order_each_archive_is_complete_once_and_inner_ones_first(entries, order):
    """`entries` hang below a chain of four archives at the depths given; everything arrives in any order."""
    chain = [archive(0)]
    for number in range(1, 4):
        chain[-1].expect()
        chain.append(archive(number, chain[-1]))
    arrivals = list(range(4))  # the last word of each
    for depth in entries:
        chain[depth].expect()
        arrivals.append(depth)
    order.shuffle(arrivals)
    complete = [number for depth in arrivals for number in chain[depth].arrived()]
    assert complete == [3, 2, 1, 0]


def test_a_budget_lets_one_too_large_in_alone_and_wakes_who_waits():
    budget = Budget(10, 100)
    assert budget.take(50, lambda: False)
    assert not budget.take(1, lambda: True)
    budget.give_back(50)
    assert budget.take(6, lambda: True)
    assert budget.take(4, lambda: True)
    assert not budget.take(1, lambda: True)


def test_a_budget_counts_contents_too_also_empty_ones():
    budget = Budget(10, 2)
    assert budget.take(0, lambda: True)
    assert budget.take(0, lambda: True)
    assert not budget.take(0, lambda: True)
    budget.give_back(0)
    assert budget.take(1, lambda: True)
