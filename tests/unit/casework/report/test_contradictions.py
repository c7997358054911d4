"""Contradictions are found where sources say opposite things, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.casework.report.contradictions import distinct_claims, points_of_contradiction
from tests.unit.casework.report.example import equal, item, near


@pytest.mark.parametrize(
    ("evidence", "points"),
    [
        ((), []),
        ((equal(), equal("md5", source="b")), []),
        ((equal(grade="1"), near(source="b", grade="2")), ["grade in DEMO"]),
        ((equal(grade="1"), equal(source="b", grade="2", scheme="OTHER")), []),
        ((equal(grade="1"), equal(source="b", grade=None)), []),
        ((equal(), equal(source="b", known_good=True, grade=None)), ["known good"]),
        ((equal(victim_identified=True), equal(victim_identified=None)), []),
        ((equal(victim_identified=True), equal(victim_identified=False)), ["victim identified"]),
        ((equal(distributed=True), equal(distributed=None), equal(distributed=False)), ["distributed"]),
        ((equal(offender_identified=True), equal(offender_identified=False)), ["offender identified"]),
    ],
)
def test_points(evidence, points):
    assert points_of_contradiction(item("a", evidence=evidence)) == points


@given(st.permutations([equal(), equal(source="b", grade="2"), near(source="c", victim_identified=False)]))
def test_the_order_of_evidence_changes_nothing(evidence):
    assert points_of_contradiction(item("a", evidence=tuple(evidence))) == ["grade in DEMO", "victim identified"]


def test_each_claim_is_quoted_once():
    evidence = [equal(), near(3), equal(source="b")]
    assert distinct_claims(evidence) == [evidence[0], evidence[2]]
