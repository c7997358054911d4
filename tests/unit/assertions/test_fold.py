"""The state is the same in every order, shows every voice, and knows nothing that its reader may not see."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.assertions.fold import TakenBack, Thing, concerns, fold, in_order, is_urgent, says_again
from safelight.assertions.handling import has_ended
from safelight.assertions.kinds import Target, load_kinds
from safelight.assertions.record import About, not_understood
from tests.unit.assertions.example import (
    NOW,
    change,
    digest,
    identifier,
    open_to_all,
    reader,
    readers,
    statement,
    worlds,
)
from tests.unit.assertions.model import allowed_to_see, named_by, standing

ITEM = Thing(Target.ITEM, frozenset({digest(1)}))
things = st.one_of(
    st.builds(Thing, st.just(Target.ITEM), st.integers(1, 6).map(lambda one: frozenset({digest(one)}))),
    st.builds(Thing, st.just(Target.STACK), st.frozensets(st.integers(1, 6).map(digest), min_size=1, max_size=4)),
    st.builds(Thing, st.just(Target.LINK), st.frozensets(st.integers(1, 3).map(digest), min_size=2, max_size=2)),
    st.builds(Thing, st.just(Target.SERIES), st.integers(1, 12).map(lambda one: frozenset({identifier(one)}))),
    st.builds(Thing, st.just(Target.SUBJECT), st.integers(1, 12).map(lambda one: frozenset({identifier(one)}))),
)


def about(*numbers, kind="item"):
    return About(type=kind, ids=tuple(digest(number) for number in numbers))


def answers(state, topic):
    (question,) = [question for question in state.questions if question.topic == topic]
    return [(answer.kind, dict(answer.says), [one.agency for one in answer.by]) for answer in question.answers]


def everywhere(state):
    """Every assertion that a state shows."""
    answered = [one for question in state.questions for answer in question.answers for one in answer.by]
    back = [one for gone in state.taken_back for one in (gone.assertion, gone.by)]
    return [*answered, *state.urgent, *state.do_not_act, *state.ended, *state.unknown, *back]


@given(things, worlds, readers, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(thing, world, who, random):
    shuffled = [*world, *random.choices(world, k=5)] if world else []
    random.shuffle(shuffled)
    assert fold(thing, shuffled, who) == fold(thing, world, who)


@given(things, worlds, worlds, readers)
def test_nothing_that_the_reader_may_not_see_changes_the_state(thing, world, hidden, who):
    seen = [one for one in world if allowed_to_see(one, who)]
    unseen = [one for one in hidden if not allowed_to_see(one, who)]
    state = fold(thing, seen, who)
    assert fold(thing, [*unseen, *world], who) == state
    assert all(allowed_to_see(one, who) for one in everywhere(state))


@given(things, worlds, readers)
def test_the_state_holds_what_the_model_holds(thing, world, who):
    def speaks_of(one):
        if thing.type is Target.LINK:
            return one.about.type == "link" and set(one.about.ids) == thing.ids
        return bool(named_by(one) & thing.ids)

    state = fold(thing, world, who)
    assert state.thing == thing
    stands = in_order(one for one in standing(world, who) if speaks_of(one))
    urgent = [one for one in stands if one.kind == "urgent"]
    ended = [one for one in stands if one.kind != "urgent" and has_ended(one, who.at)]
    unknown = [one for one in stands if one not in ended and not_understood(one)]
    said = [one for one in stands if one not in ended and one not in unknown]
    assert list(state.urgent) == urgent
    assert list(state.ended) == ended
    assert list(state.unknown) == unknown
    assert list(state.do_not_act) == [one for one in stands if one not in ended and one.kind == "do-not-act"]
    answered = [one for question in state.questions for answer in question.answers for one in answer.by]
    assert in_order(answered) == [one for one in said if one.kind != "withdrawn"]
    assert len(answered) == len(in_order(answered))
    gone = [one for one in world if allowed_to_see(one, who) and speaks_of(one) and one not in standing(world, who)]
    assert [one.assertion for one in state.taken_back] == in_order(gone)


@given(things, worlds, readers)
def test_one_question_has_each_answer_once_and_each_answer_says_one_thing(thing, world, who):
    state = fold(thing, world, who)
    asked = [(question.topic, str(question.asks), question.about) for question in state.questions]
    assert len(asked) == len(set(asked))
    for question in state.questions:
        found = [(answer.kind, str(answer.says)) for answer in question.answers]
        assert len(found) == len(set(found)) > 0
        assert question.is_disputed == (len(found) > 1)
        for answer in question.answers:
            kind = load_kinds()[answer.kind]
            assert kind.topic == question.topic
            assert all(one.kind == answer.kind for one in answer.by)
            for one in answer.by:
                assert all(one.says[name] == value for name, value in (*question.asks, *answer.says))


def test_agencies_that_disagree_stand_side_by_side():
    one = statement()
    same = statement(number=2, agency="Agency Gamma")
    other = statement(number=3, agency="Agency Beta", says={"scheme": "DEMO", "value": "2"})
    foreign = statement(number=4, agency="Agency Beta", says={"scheme": "VIC-US", "value": "2"})
    state = fold(ITEM, [one, same, other, foreign], reader())
    demo, vics = state.questions
    assert demo.is_disputed
    assert not vics.is_disputed
    assert [(dict(answer.says), [by.agency for by in answer.by]) for answer in demo.answers] == [
        ({"value": "1"}, ["Agency Alpha", "Agency Gamma"]),
        ({"value": "2"}, ["Agency Beta"]),
    ]


def test_opposite_kinds_answer_one_question():
    series = {"series": identifier(7)}
    world = [statement("in-series", says=series), statement("not-in-series", 2, agency="Agency Beta", says=series)]
    assert answers(fold(ITEM, world, reader()), "membership") == [
        ("in-series", {}, ["Agency Alpha"]),
        ("not-in-series", {}, ["Agency Beta"]),
    ]


def test_two_items_of_a_series_are_two_questions_to_the_series_and_one_to_their_stack():
    series = {"series": identifier(7)}
    world = [statement("in-series", says=series), statement("not-in-series", 2, about=about(2), says=series)]
    state = fold(Thing(Target.SERIES, frozenset({identifier(7)})), world, reader())
    assert [question.about for question in state.questions] == [(digest(1),), (digest(2),)]
    stack = fold(Thing(Target.STACK, frozenset({digest(1), digest(2)})), world, reader())
    assert [question.is_disputed for question in stack.questions] == [True]


def test_links_of_an_item_are_questions_of_their_own():
    says = {"relation": "same-place"}
    world = [
        statement("link-confirmed", about=about(1, 2, kind="link"), says=says),
        statement("link-rejected", 2, about=about(1, 3, kind="link"), says=says),
    ]
    assert [question.is_disputed for question in fold(ITEM, world, reader()).questions] == [False, False]
    link = Thing(Target.LINK, frozenset({digest(1), digest(2)}))
    assert answers(fold(link, world, reader()), "link") == [("link-confirmed", {}, ["Agency Alpha"])]
    assert fold(link, [statement()], reader()).questions == ()


def test_what_is_said_of_a_stack_holds_for_each_item_that_was_in_it():
    world = [statement(about=about(1, 2, kind="stack"))]
    assert fold(ITEM, world, reader()).questions
    assert not fold(Thing(Target.ITEM, frozenset({digest(3)})), world, reader()).questions


def test_what_is_taken_back_leaves_and_says_by_what():
    graded = statement()
    corrected = statement(number=2, says={"scheme": "DEMO", "value": "2"}, supersedes=(graded.id,))
    withdrawn = statement("withdrawn", 3, supersedes=(corrected.id,))
    state = fold(ITEM, [graded, corrected, withdrawn], reader())
    assert state.questions == ()
    assert state.taken_back == (TakenBack(graded, corrected), TakenBack(corrected, withdrawn))


def test_nobody_takes_back_what_another_agency_said():
    graded = statement()
    foreign = statement("withdrawn", 2, agency="Agency Beta", supersedes=(graded.id,))
    assert answers(fold(ITEM, [graded, foreign], reader()), "grade") == [("grade", {"value": "1"}, ["Agency Alpha"])]


def test_a_correction_that_names_another_item_takes_the_wrong_one_away():
    moved = statement(number=2, about=about(2), supersedes=(identifier(1),))
    state = fold(ITEM, [statement(), moved], reader())
    assert state.questions == ()
    assert state.taken_back == (TakenBack(statement(), moved),)


def test_urgent_is_not_hidden_by_do_not_act_or_the_end_of_its_review_or_a_newer_field():
    urgent = statement("urgent", says={"why": "a new picture", "contact": "desk", "z": 1})
    stop = statement("do-not-act", 2, agency="Agency Beta")
    later = reader("Agency Alpha", at=NOW + timedelta(days=5 * 365))
    assert fold(ITEM, [urgent, stop], reader()).urgent == (urgent,)
    assert fold(ITEM, [urgent, stop], reader()).unknown == (urgent,)
    assert fold(ITEM, [urgent], later).urgent == (urgent,)
    assert is_urgent(urgent)
    assert not is_urgent(statement("foretold"))


def test_a_do_not_act_stands_until_its_end_and_then_says_so():
    stop = statement("do-not-act")
    assert fold(ITEM, [stop], reader()).do_not_act == (stop,)
    ended = fold(ITEM, [stop], reader(at=NOW + timedelta(days=10)))
    assert (ended.do_not_act, ended.ended, ended.questions) == ((), (stop,), ())


def test_what_is_not_understood_is_shown_and_answers_nothing():
    strange = statement("foretold", says={"any": ["thing"]})
    assert fold(ITEM, [strange], reader()).unknown == (strange,)
    assert fold(ITEM, [strange], reader()).questions == ()
    assert concerns(strange, ITEM)
    assert not concerns(statement("foretold", says={"other": digest(2)}), Thing(Target.ITEM, frozenset({digest(2)})))


def test_two_statements_under_one_identifier_are_both_shown():
    world = [statement(), statement(says={"scheme": "DEMO", "value": "2"})]
    assert fold(ITEM, world, reader()) == fold(ITEM, world[::-1], reader())
    assert in_order(world) == in_order(world[::-1])
    assert len(answers(fold(ITEM, world, reader()), "grade")) == 2


def test_what_comes_first_is_decided_by_time_then_agency_then_identifier():
    early = statement(number=9, made=NOW - timedelta(days=1))
    world = [statement(number=2, agency="Agency Beta"), statement(number=3), statement(number=2), early]
    assert in_order(world) == [early, world[2], world[1], world[0]]


def test_what_only_its_own_unit_may_see_does_not_exist_for_others():
    secret = statement("urgent", handling=open_to_all(all_units=False))
    assert fold(ITEM, [secret], reader()) == fold(ITEM, [], reader())
    assert fold(ITEM, [secret], reader("Agency Alpha")).urgent == (secret,)


def test_what_is_urgent_stays_visible_to_others_after_its_review_and_so_does_its_withdrawal():
    urgent, grade = statement("urgent"), statement(number=2)
    late = reader(at=urgent.review + timedelta(days=1))
    assert fold(ITEM, [urgent, grade], late).urgent == (urgent,)
    back = statement("withdrawn", 3, supersedes=(urgent.id,))
    state = fold(ITEM, [urgent, back], late)
    assert (state.urgent, state.taken_back) == ((), (TakenBack(urgent, back),))


def test_a_do_not_act_with_a_field_of_a_newer_node_counts():
    usual = statement("do-not-act")
    strange = statement("do-not-act", says={**usual.says, "z": 1})
    state = fold(ITEM, [strange], reader())
    assert (state.do_not_act, state.unknown, state.questions) == ((strange,), (strange,), ())


IDENTIFIED = statement("identified", says={"role": "victim", "by": "Agency Beta", "when": "2029"})
STACK = statement("grade", about=About(type="stack", ids=(digest(1), digest(2))))


@pytest.mark.parametrize(
    ("earlier", "more"),
    [
        (statement(), {"handling": open_to_all(onward=False), "officer": "officer-9", "id": identifier(2)}),
        (IDENTIFIED, {"says": {"role": "victim", "by": "Agency Gamma"}}),
        (STACK, {"about": About(type="stack", ids=(digest(2), digest(1)))}),
        (statement("urgent"), {"purpose": "removal"}),
        (statement("distributed", says={"value": True}), {"nature": "fact"}),
    ],
)
def test_the_same_answer_to_the_same_question_says_it_again(earlier, more):
    assert says_again(change(earlier, **more), earlier)


@pytest.mark.parametrize(
    ("earlier", "more"),
    [
        (statement(), {"says": {"scheme": "DEMO", "value": "2"}}),
        (statement(), {"says": {"scheme": "OTHER", "value": "1"}}),
        (statement(), {"about": About(type="item", ids=(digest(2),))}),
        (statement(), {"about": About(type="stack", ids=(digest(1),))}),
        (statement(), {"agency": "Agency Beta"}),
        (statement(), {"kind": "foretold"}),
        (IDENTIFIED, {"says": {"role": "offender", "by": "Agency Beta", "when": "2029"}}),
        (IDENTIFIED, {"kind": "not-identified"}),
        (STACK, {"about": About(type="stack", ids=(digest(1),))}),
        (statement("urgent"), {"says": {"why": "another picture", "contact": "desk of Agency Alpha"}}),
        (statement("distributed", says={"value": True}), {"says": {"value": False}}),
        (statement("withdrawn"), {"handling": open_to_all(onward=False)}),
        (change(statement(), kind="foretold"), {"kind": "foretold"}),
    ],
)
def test_another_answer_question_thing_kind_or_agency_does_not(earlier, more):
    assert not says_again(change(earlier, **more), earlier)
