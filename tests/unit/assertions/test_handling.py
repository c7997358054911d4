"""Who may see, act and pass on, against a model written down apart from the code, over random worlds."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.assertions.handling import (
    CannotFollowError,
    check_follows,
    has_ended,
    may_act,
    may_pass_on,
    may_see,
    widens,
)
from safelight.assertions.record import Handling, not_understood
from tests.unit.assertions.example import NOW, change, drawn, identifier, open_to_all, reader, readers, statement
from tests.unit.assertions.model import allowed_to_see


@given(drawn, readers)
def test_seeing_is_as_the_model_says(assertion, who):
    assert may_see(assertion, who) == allowed_to_see(assertion, who)


@given(drawn, readers, st.booleans())
def test_acting_wants_more_than_seeing(assertion, who, agreed):
    allowed = (
        allowed_to_see(assertion, who)
        and not not_understood(assertion)
        and not has_ended(assertion, who.at)
        and (
            who.agency == assertion.agency
            or (assertion.handling.pap in {"green", "clear"} and (agreed or not assertion.handling.ask_first))
        )
    )
    assert may_act(assertion, who, source_agreed=agreed) == allowed


@given(drawn, readers, readers)
def test_nobody_passes_on_to_somebody_who_may_not_see_it(assertion, who, to):
    allowed = (
        allowed_to_see(assertion, who)
        and allowed_to_see(assertion, to)
        and (
            who.agency == assertion.agency
            or (
                assertion.handling.onward
                and assertion.handling.tlp in {"amber", "green", "clear"}
                and not assertion.handling.unknown
            )
        )
    )
    assert may_pass_on(assertion, who, to) == allowed


NAMED = {"tlp": "clear", "pap": "clear", "ask_first": False}


@pytest.mark.parametrize(
    ("handling", "who", "sees"),
    [
        (Handling(), {}, False),
        (Handling(), {"agency": "Agency Alpha"}, True),
        (Handling(), {"agency": "Agency Alpha", "purposes": ["removal"]}, False),
        (Handling(agencies=("Agency Beta",)), {}, True),
        (Handling(agencies=("Agency Beta",)), {"agency": "Agency Gamma"}, False),
        (Handling(groups=("Group Harbour",), tlp="red"), {"groups": ["Group Harbour"]}, False),
        (Handling(groups=("Group Harbour",), tlp="amber+strict"), {"groups": ["Group Harbour"]}, True),
        (Handling(groups=("Group Harbour",), tlp="amber+strict"), {"groups": ["Group Meadow"]}, False),
        (Handling(all_units=True, tlp="amber"), {}, False),
        (Handling(all_units=True, tlp="green"), {}, True),
        (Handling(all_units=True, tlp="green"), {"is_provider": True}, False),
        (Handling(providers=True, tlp="amber+strict"), {"is_provider": True}, False),
        (Handling(providers=True, tlp="amber"), {"is_provider": True}, True),
        (Handling(providers=True, tlp="amber"), {}, False),
        (open_to_all(tlp="violet"), {}, False),
        (open_to_all(unknown={"embargo": True}), {}, False),
        (open_to_all(unknown={"embargo": True}), {"agency": "Agency Alpha"}, True),
        (open_to_all(), {"at": NOW + timedelta(days=365, seconds=-1)}, True),
        (open_to_all(), {"at": NOW + timedelta(days=365)}, False),
        (open_to_all(), {"agency": "Agency Alpha", "at": NOW + timedelta(days=365)}, True),
    ],
)
def test_a_case_of_seeing(handling, who, sees):
    assert may_see(statement(handling=handling), reader(**who)) is sees


@pytest.mark.parametrize(
    ("more", "agreed", "acts"),
    [
        ({}, False, True),
        ({"handling": open_to_all(ask_first=True)}, False, False),
        ({"handling": open_to_all(ask_first=True)}, True, True),
        ({"handling": open_to_all(pap="amber")}, True, False),
        ({"handling": open_to_all(pap="violet")}, True, False),
        ({"kind": "foretold"}, True, False),
        ({"unknown": {"z": 1}}, True, False),
        ({"agency": "Agency Beta", "handling": Handling()}, False, True),
    ],
)
def test_a_case_of_acting(more, agreed, acts):
    assert may_act(statement(**more), reader(), source_agreed=agreed) is acts


def test_nothing_that_ended_is_acted_on():
    assertion = statement("do-not-act")
    before, after = NOW + timedelta(days=9, hours=23), NOW + timedelta(days=10)
    assert [has_ended(assertion, at) for at in (before, after)] == [False, True]
    assert [may_act(assertion, reader(at=at)) for at in (before, after)] == [True, False]
    early = change(assertion, review=NOW + timedelta(days=1))
    assert has_ended(early, NOW + timedelta(days=1))


def test_a_recipient_passes_on_only_what_is_for_onward_sharing():
    beta, gamma = reader(), reader("Agency Gamma")
    assert may_pass_on(statement(), beta, gamma)
    assert not may_pass_on(statement(handling=open_to_all(onward=False)), beta, gamma)
    assert may_pass_on(statement(handling=open_to_all(onward=False)), reader("Agency Alpha"), gamma)
    named = Handling(agencies=("Agency Beta", "Agency Gamma"), onward=True, tlp="amber+strict")
    assert not may_pass_on(statement(handling=named), beta, gamma)
    assert not may_pass_on(statement(), beta, reader("Agency Gamma", purposes=["removal"]))


NARROWER = "its handling is narrower, so not everybody would learn of it"


def follower(**more):
    return statement("withdrawn", 2, **{"supersedes": (identifier(1),), **more})


def test_a_withdrawal_that_reaches_everybody_follows():
    check_follows(follower(), statement())


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"supersedes": (identifier(3),)}, "it does not name it"),
        ({"agency": "Agency Beta"}, "only the agency that made a statement takes it back"),
        ({"made": NOW - timedelta(seconds=1)}, "it was made before it"),
        ({"review": NOW + timedelta(days=364)}, "it would end before it"),
        ({"purpose": "removal"}, "it has another purpose, so not everybody would learn of it"),
        ({"handling": open_to_all(tlp="amber")}, NARROWER),
        ({"handling": open_to_all(all_units=False)}, NARROWER),
        ({"handling": open_to_all(providers=False)}, NARROWER),
        ({"handling": open_to_all(unknown={"z": 1})}, NARROWER),
    ],
)
def test_what_does_not_reach_everybody_does_not_follow(more, why):
    sentence = f"The assertion {identifier(2)} cannot take the place of {identifier(1)}: {why}."
    with pytest.raises(CannotFollowError, match=f"^{re.escape(sentence)}$"):
        check_follows(follower(**more), statement())


@pytest.mark.parametrize("name", ["agencies", "groups"])
def test_whoever_was_named_is_named_again(name):
    earlier = statement(handling=open_to_all(**{name: ("a", "b")}))
    check_follows(follower(handling=open_to_all(**{name: ("a", "b", "c")})), earlier)
    with pytest.raises(CannotFollowError, match="narrower"):
        check_follows(follower(handling=open_to_all(**{name: ("a", "c")})), earlier)


@pytest.mark.parametrize(
    "narrower",
    [
        {"all_units": False}, {"providers": False}, {"onward": False}, {"ask_first": True}, {"tlp": "amber"},
        {"pap": "red"}, {"unknown": {"z": 1}},
    ],
)  # fmt: skip
def test_what_opens_more_than_before_widens_and_the_same_or_less_does_not(narrower):
    wide, narrow = statement(), statement(handling=open_to_all(**narrower))
    assert widens(wide, narrow)
    assert not widens(narrow, wide)
    assert not widens(narrow, narrow)


@pytest.mark.parametrize("name", ["agencies", "groups"])
def test_one_more_who_is_named_widens(name):
    few, many = (statement(handling=open_to_all(**{name: names})) for names in (("a",), ("a", "b")))
    assert widens(many, few)
    assert not widens(few, many)


@given(drawn, drawn, readers)
def test_what_widens_nothing_shows_nobody_more(earlier, later, who):
    later = change(later, agency=earlier.agency, purpose=earlier.purpose, review=earlier.review)
    if not widens(later, earlier):
        assert may_see(earlier, who) or not may_see(later, who)


@given(drawn, drawn, readers)
def test_whoever_sees_a_statement_sees_what_follows_it(earlier, later, who):
    later = change(later, agency=earlier.agency, supersedes=(earlier.id,), id=identifier(99), purpose=earlier.purpose)
    try:
        check_follows(later, earlier)
    except CannotFollowError:
        return
    assert may_see(later, who) or not may_see(earlier, who)


def test_only_what_stays_visible_as_long_takes_back_what_is_urgent():
    urgent = statement("urgent")
    check_follows(statement("urgent", 2, supersedes=(urgent.id,)), urgent)
    check_follows(statement("withdrawn", 2, supersedes=(urgent.id,)), urgent)
    with pytest.raises(
        CannotFollowError,
        match=r": that is shown after its review, so only an urgent or a withdrawn one takes it back\.$",
    ):
        check_follows(statement(number=2, supersedes=(urgent.id,)), urgent)
