"""The rules of verdicts, as a table of cases and as invariants over random matches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.casework.rules import Agreement, How, Verdict, judge


def known(how, *, trusted=True, grade="DEMO 1", **more):
    return Agreement(how, known_good=False, trusted=trusted, grade=grade, **more)


def good(how, **more):
    return Agreement(how, known_good=True, trusted=True, grade=None, **more)


CASES = [
    ([], Verdict.NEW, False),
    ([known(How.SHA256)], Verdict.KNOWN, True),
    ([known(How.SHA1)], Verdict.KNOWN, True),
    ([known(How.SHA256, trusted=False)], Verdict.KNOWN, False),
    ([known(How.SHA256, grade=None)], Verdict.KNOWN, False),
    ([known(How.MD5)], Verdict.KNOWN, False),
    ([known(How.PDQ, distance=0)], Verdict.COPY, False),
    ([good(How.SHA256)], Verdict.KNOWN_GOOD, False),
    ([good(How.SHA1)], Verdict.NEW, False),
    ([good(How.SHA1, size_agrees=False)], Verdict.NEW, False),
    ([good(How.SHA1, size_agrees=True)], Verdict.KNOWN_GOOD, False),
    ([good(How.MD5, size_agrees=True)], Verdict.NEW, False),
    ([good(How.PDQ)], Verdict.NEW, False),
    ([good(How.SHA256), known(How.MD5)], Verdict.KNOWN, False),
    ([good(How.SHA256), known(How.PDQ, distance=20)], Verdict.COPY, False),
    ([good(How.SHA256), known(How.SHA256)], Verdict.KNOWN, True),
]


@pytest.mark.parametrize(("agreements", "verdict", "graded"), CASES)
def test_the_table(agreements, verdict, graded):
    judgement = judge(agreements, Verdict.NEW)
    assert (judgement.verdict, judgement.graded) == (verdict, graded)


AGREEMENTS = st.lists(
    st.builds(
        Agreement,
        how=st.sampled_from(How),
        known_good=st.booleans(),
        trusted=st.booleans(),
        grade=st.none() | st.just("1"),
        size_agrees=st.none() | st.booleans(),
        distance=st.integers(0, 31),
        source=st.sampled_from("abc"),
    ),
    max_size=6,
)


@given(AGREEMENTS, st.sampled_from([Verdict.NEW, Verdict.NOT_EXAMINED, Verdict.UNREADABLE]))
def test_invariants(agreements, otherwise):
    judgement = judge(agreements, otherwise)
    assert sorted(judgement.order) == list(range(len(agreements))), "all evidence is kept"
    if judgement.graded:
        assert any(a.how in (How.SHA256, How.SHA1) and a.trusted and a.grade and not a.known_good for a in agreements)
    if judgement.verdict is Verdict.KNOWN_GOOD:
        assert all(a.known_good for a in agreements), "nothing that calls it known is suppressed"
    if all(a.how is How.PDQ for a in agreements):
        assert judgement.verdict in (Verdict.COPY, otherwise)


@given(AGREEMENTS, st.randoms(use_true_random=False))
def test_the_order_of_matches_does_not_matter(agreements, random):
    shuffled = list(agreements)
    random.shuffle(shuffled)
    first, second = judge(agreements, Verdict.NEW), judge(shuffled, Verdict.NEW)
    assert (first.verdict, first.graded, first.reason) == (second.verdict, second.graded, second.reason)
