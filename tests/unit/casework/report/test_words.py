"""The sentences of a report: each evidence is said so that nobody takes a perceptual match for a grade."""

from dataclasses import replace

import pytest

from safelight.casework.report.words import by_strength, claim_words, proof, verdict_counts, verdict_order, word_for
from tests.unit.casework.report.example import claim, equal, item, near

ALL = "demo-not-for-use-alpha"


@pytest.mark.parametrize(
    ("evidence", "match", "note"),
    [
        (equal(), f"SHA-256 equal to an entry of {ALL}", ""),
        (equal("sha1"), f"SHA-1 equal to an entry of {ALL}", ""),
        (equal("md5"), f"MD5 equal to an entry of {ALL}", "MD5 alone: it never sets a grade."),
        (
            near(6, "flipx"),
            (
                f"PDQ within 6 of 256 bits, mirrored (flipx), of an entry of {ALL}"
                " (radius 31, quality 100, picture as stored, frame 0)"
            ),
            "A perceptual match: it never sets a grade.",
        ),
        (
            replace(near(0), which="shown", radius=None, quality=None),
            f"PDQ within 0 of 256 bits of an entry of {ALL} (picture as shown)",
            "A perceptual match: it never sets a grade.",
        ),
        (
            replace(near(2), which="film", at=3725.46, known_at=7.0),
            (
                f"PDQ within 2 of 256 bits of an entry of {ALL} (radius 31, quality 100, a frame as stored, at 1:02:05.4,"
                " at 0:07.0 of the known video)"
            ),
            "A perceptual match: it never sets a grade.",
        ),
        (
            replace(
                near(0), which="film inside its borders", at=0.0, known_at=7.0, passages=((0.0, 4.6, 8.0, 12.6),) * 7
            ),
            (
                f"PDQ within 0 of 256 bits of an entry of {ALL} (radius 31, quality 100, a frame inside its borders, "
                + "; ".join(["0:00.0 to 0:04.6 is 0:08.0 to 0:12.6 of the known video"] * 5)
                + "; and 2 more passages)"
            ),
            "A perceptual match: it never sets a grade.",
        ),
        (
            equal(removed=True),
            f"SHA-256 equal to an entry of {ALL}",
            "This source has since been removed; the answer keeps its evidence.",
        ),
    ],
)
def test_proof(evidence, match, note):
    said = proof(evidence)
    assert (said.match, said.note) == (match, note)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (claim(), "DEMO 1 'Category one', Series Harbour, victim identified"),
        (claim(grade=None, series=None, victim_identified=None), "no grade"),
        (claim(known_good=True, grade=None, series=None, victim_identified=None), "known good"),
        (
            claim(grade="9", series=None, victim_identified=False, offender_identified=True, distributed=False),
            "DEMO 9, victim not identified, offender identified, not distributed",
        ),
        (claim(scheme=None, series=None, victim_identified=None, external_id="A-7"), "1 'Category one', entry A-7"),
    ],
)
def test_claims_are_quoted_as_said(what, words):
    assert claim_words(what) == words


def test_strongest_evidence_comes_first():
    weak = [near(12), near(3), equal("md5"), equal("sha1"), equal(removed=True), equal()]
    ordered = by_strength(item("a", evidence=tuple(weak)))
    assert [(one.how, one.distance, one.claim.removed) for one in ordered] == [
        ("sha256", None, False),
        ("sha256", None, True),
        ("sha1", None, False),
        ("md5", None, False),
        ("pdq", 3, False),
        ("pdq", 12, False),
    ]


def test_verdicts_are_counted_in_the_order_of_a_report():
    counts = {"unreadable": 4, "new": 1, "known": 1118, "copy of known": 31, "locked": 0}
    assert verdict_counts(counts) == "1,118 known, 31 copies of known, 1 new, 4 could not be read"
    assert verdict_counts({}) == "none"


def test_a_verdict_unknown_to_the_report_is_not_lost():
    assert verdict_order(["strange", "new"]) == ["new", "strange"]
    assert word_for("strange").title == "strange"
