"""What the known base answers: every entry that matches, once, and nothing that was removed, replaced or held back."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.known.actions import do_remove_source
from safelight.known.matching import KnownBase
from safelight.known.queries import base_version
from safelight.known.rules import Role, Trust
from safelight.signatures.types import TRANSFORMS, Digests, Pdq, Still
from safelight.vault.signatures import NewPdq, NewSignature, Which
from tests.integration.known.conftest import NOW
from tests.nodes import NODE

pytestmark = pytest.mark.django_db

NOBODY = Digests(b"\1" * 16, b"\1" * 20, b"\1" * 32, 1)


def bits(seed: int) -> bytes:
    return random.Random(seed).randbytes(32)


def near(code: bytes, distance: int, seed: int = 0) -> bytes:
    flipped = int.from_bytes(code, "big")
    for bit in random.Random(seed).sample(range(256), distance):
        flipped ^= 1 << bit
    return flipped.to_bytes(32, "big")


def ask(*codes: bytes, quality: int = 100, digests: Digests = NOBODY) -> NewSignature:
    pdqs = tuple(NewPdq(Which.LISTED, 0, code, quality) for code in codes)
    return NewSignature(digests.md5, digests.sha1, digests.sha256, digests.size, pdqs)


def a_still(listed: Pdq, shown: Pdq | None = None) -> Still:
    return Still(index=4, listed=listed, shown=shown, tile=bytes(4096), shown_size=(9, 9), pixels=bytes(16))


def answers(question: NewSignature, **options) -> list:
    return KnownBase.open(NODE, now=NOW, **options).match([question])[0]


def of_size(size: int) -> Digests:
    return Digests(bytes([7]) * 16, bytes([7]) * 20, bytes([7]) * 32, size)


def test_the_strongest_digest_is_named_with_all_that_the_source_says(bring):
    bring(
        f"md5,sha1,sha256,size,category,series,victim identified,id\n{'07' * 16},{'07' * 20},{'07' * 32},5,1,Series Harbour,Y,77\n",
        scheme="VIC-US",
        trust=Trust.NATIONAL,
    )
    (match,) = answers(NewSignature.of(of_size(5)))
    assert (match.how, match.value, match.size_agrees, match.near) == ("sha256", "07" * 32, True, None)
    said = match.statement
    assert (said.source, said.trust, said.scheme, said.grade) == ("alpha", "national", "VIC-US", "1")
    assert said.label == "Child exploitation (illegal)"
    assert (said.series, said.victim_identified, said.external_id, said.sets_grade) == (
        "Series Harbour",
        True,
        "77",
        True,
    )


@pytest.mark.parametrize(("column", "how"), [("md5", "md5"), ("sha1", "sha1"), ("sha256", "sha256")])
def test_each_digest_finds_alone_and_says_so(bring, column, how):
    length = {"md5": 16, "sha1": 20, "sha256": 32}[column]
    bring(f"{column},size\n{'07' * length},9\n")
    (match,) = answers(NewSignature.of(of_size(5)))
    assert (match.how, match.size_agrees, match.statement.sets_grade) == (how, False, False)


def test_an_md5_that_a_stronger_digest_contradicts_is_no_match(bring):
    bring(f"md5,sha256\n{'07' * 16},{'08' * 32}\n")
    assert answers(NewSignature.of(of_size(5))) == []


def test_every_source_answers_for_itself(bring):
    bring(f"md5,category\n{'07' * 16},1\n", name="alpha", scheme="VIC-US")
    bring(f"md5,category\n{'07' * 16},5\n", name="beta", scheme="VIC-US")
    bring(f"md5\n{'07' * 16}\n", name="gamma", role=Role.KNOWN_GOOD)
    said = [
        (match.statement.source, match.statement.grade, match.statement.known_good)
        for match in answers(NewSignature.of(of_size(1)))
    ]
    assert said == [("alpha", "1", False), ("beta", "5", False), ("gamma", None, True)]


def test_the_radius_is_kept_to_the_bit(bring):
    bring(f"pdq\n{bits(1).hex()}\n")
    (match,) = answers(ask(near(bits(1), 31)))
    assert (match.how, match.near.distance, match.value) == ("pdq", 31, bits(1).hex())
    assert answers(ask(near(bits(1), 32))) == []
    assert len(answers(ask(near(bits(1), 32)), radius=32)) == 1


def test_quality_counts_on_both_sides(bring):
    bring(f"md5,pdq,quality\n{1:032x},{bits(1).hex()},49\n{2:032x},{bits(2).hex()},50\n{3:032x},{bits(3).hex()},\n")
    assert answers(ask(bits(1))) == []
    assert len(answers(ask(bits(2)))) == 1
    assert len(answers(ask(bits(3)))) == 1
    assert answers(ask(bits(2), quality=49)) == []
    without_information = Pdq(8 * bits(2), 100, usable=False)
    assert answers(NewSignature.of(NOBODY, [a_still(without_information)])) == []
    assert len(answers(ask(bits(1), quality=40), min_quality=40)) == 1


def test_the_nearest_version_is_told(bring):
    bring(f"pdq\n{bits(1).hex()}\n")
    versions = b"".join(near(bits(1), 30 - at, at) for at in range(8))
    pdq, other = Pdq(versions, 90, True), Pdq(b"".join(bits(50 + at) for at in range(8)), 90, True)
    (match,) = answers(NewSignature.of(NOBODY, [a_still(other, pdq)]))
    assert (match.near.distance, match.near.transform, match.near.which, match.near.frame) == (
        23,
        TRANSFORMS[7],
        Which.SHOWN,
        4,
    )


def test_an_exact_match_tells_its_distance_too(bring):
    bring(f"md5,pdq\n{'07' * 16},{bits(1).hex()}\n")
    (match,) = answers(ask(near(bits(1), 3), digests=of_size(1)))
    assert (match.how, match.near.distance) == ("md5", 3)


def test_equal_hashes_all_answer(bring):
    for count in (1, 2, 4, 7):
        bring(
            "md5,pdq\n" + "".join(f"{number:032x},{bits(count).hex()}\n" for number in range(1, count + 1)),
            name=f"s{count}",
        )
    base = KnownBase.open(NODE, now=NOW)
    assert [len(base.match([ask(bits(count))])[0]) for count in (1, 2, 4, 7)] == [1, 2, 4, 7]


def test_removed_replaced_and_held_back_entries_are_silent(bring):
    bring(f"md5,pdq\n{'07' * 16},{bits(1).hex()}\n", name="gone")
    bring(f"md5,category,pdq\n{'07' * 16},1,{bits(2).hex()}\n", name="changed", scheme="VIC-US")
    bring(f"md5,category,pdq\n{'07' * 16},2,{bits(3).hex()}\n", name="changed")
    bring(f"sha256,pdq\n{'09' * 32},{'0' * 64}\n", name="flat")
    opened = KnownBase.open(NODE, now=NOW)
    do_remove_source("gone", node=NODE, acting_user="officer", now=NOW)
    for base in (opened, KnownBase.open(NODE, now=NOW)):
        exact, gone, replaced, current, flat = base.match(
            [NewSignature.of(of_size(1)), ask(bits(1)), ask(bits(2)), ask(bits(3)), ask(bytes(32))]
        )
        assert [(match.statement.source, match.statement.grade) for match in exact] == [("changed", "2")]
        assert (gone, replaced, len(current), flat) == ([], [], 1, [])
    (by_digest,) = answers(NewSignature.of(Digests(b"\1" * 16, b"\1" * 20, bytes([9]) * 32, 1)))
    assert by_digest.how == "sha256"


def test_the_version_changes_with_the_base(bring):
    versions = [base_version()]
    bring(f"md5\n{'07' * 16}\n")
    versions.append(base_version())
    bring(f"md5\n{'07' * 16}\n", name="dry", dry_run=True)
    assert base_version() == versions[-1]
    do_remove_source("alpha", node=NODE, acting_user="officer", now=NOW)
    versions.append(base_version())
    assert len(set(versions)) == 3


def test_many_questions_are_answered_in_their_order(bring):
    bring("pdq\n" + "".join(f"{bits(number).hex()}\n" for number in range(40)))
    found = KnownBase.open(NODE, now=NOW).match([ask(bits(number)) for number in range(60)])
    assert [[match.value for match in matches] for matches in found] == [
        [bits(number).hex()] if number < 40 else [] for number in range(60)
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 40), st.sampled_from(["", "20", "50", "99"])), max_size=12
    ),
    queries=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40), st.integers(40, 60)), min_size=1, max_size=6),
)
def test_matches_are_those_of_brute_force(bring, entries, queries):
    """Held against twelve lines that compare everything with everything."""
    name = f"list-{random.randrange(10**12)}"
    codes = [near(bits(base), distance, number) for number, (base, distance, _) in enumerate(entries)]
    rows = [f"{code.hex()},{quality}" for code, (_, _, quality) in zip(codes, entries, strict=True)]
    bring("pdq,quality\n" + "".join(f"{row}\n" for row in rows), name=name)
    asked = [ask(near(bits(base), distance, 99), quality=quality) for base, distance, quality in queries]
    found = KnownBase.open(NODE, now=NOW).match(asked)
    do_remove_source(name, node=NODE, acting_user="officer", now=NOW)
    known = {(code, quality) for code, (_, _, quality) in zip(codes, entries, strict=True)}
    for question, matches in zip(asked, found, strict=True):
        (query,) = question.pdqs
        expected = sorted(
            ((int.from_bytes(code, "big") ^ int.from_bytes(query.bits, "big")).bit_count(), code)
            for code, quality in known
            if (query.quality or 0) >= 50 and (not quality or int(quality) >= 50)
        )
        assert sorted((match.near.distance, match.near.bits) for match in matches) == [
            pair for pair in expected if pair[0] <= 31
        ]
