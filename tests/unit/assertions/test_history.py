"""A history is one line for each statement that the reader may see, and says what became of it."""

from datetime import timedelta

from hypothesis import given

from safelight.assertions.fold import Thing, concerns, in_order
from safelight.assertions.history import history
from safelight.assertions.kinds import Target
from safelight.assertions.record import About
from tests.unit.assertions.example import NOW, digest, identifier, open_to_all, reader, readers, statement, worlds
from tests.unit.assertions.model import allowed_to_see

ITEM = Thing(Target.ITEM, frozenset({digest(1)}))


@given(worlds, worlds, readers)
def test_it_has_one_line_for_each_statement_seen_and_knows_of_no_other(world, hidden, who):
    unseen = [one for one in hidden if not allowed_to_see(one, who)]
    lines = history(ITEM, [*world, *unseen], who)
    assert lines == history(ITEM, world[::-1], who)
    about_it = in_order(one for one in world if allowed_to_see(one, who) and concerns(one, ITEM))
    told = [line for line in lines if not line.startswith("disputed: ")]
    assert [line[-33:-1] for line in told] == [one.id for one in about_it]
    assert all(line.isprintable() for line in lines)


def test_a_line_says_when_who_what_and_what_became_of_it():
    (line,) = history(ITEM, [statement()], reader())
    assert line == (
        f"2030-01-31 12:00:00 UTC, Agency Alpha (officer-7): Grade about item {digest(1)} "
        f"(scheme DEMO, value 1); assessment; stands [{identifier(1)}]"
    )


def test_what_was_taken_back_says_by_what_and_when():
    first = statement()
    second = statement(number=2, supersedes=(identifier(1),), made=NOW + timedelta(hours=1))
    third = statement("withdrawn", 3, supersedes=(identifier(2),), made=NOW + timedelta(hours=2))
    lines = history(ITEM, [third, first, second], reader())
    assert f"superseded on 2030-01-31 13:00:00 UTC by {identifier(2)}" in lines[0]
    assert f"withdrawn on 2030-01-31 14:00:00 UTC by {identifier(3)}" in lines[1]
    assert "; stands [" in lines[2]


def test_a_newer_kind_may_take_its_own_back():
    lines = history(ITEM, [statement(), statement("foretold", 2, supersedes=(identifier(1),))], reader())
    assert "superseded on" in lines[0]
    assert ": foretold about" in lines[1]
    assert "not understood here: kind foretold; stands, not to be acted on as it is" in lines[1]


def test_what_has_ended_and_what_must_be_asked_about_say_so():
    stop = statement("do-not-act", handling=open_to_all(ask_first=True))
    (now,) = history(ITEM, [stop], reader())
    (later,) = history(ITEM, [stop], reader(at=NOW + timedelta(days=10)))
    assert "stands, not to be acted on as it is" in now
    assert "; ended [" in later


def test_values_of_every_form_stand_on_one_line():
    note = statement("note", says={"text": "two\nlines"})
    found = statement(
        "identified", 2, says={"role": "victim", "by": "Agency Beta", "told": ["Agency Gamma", "Agency Delta"]}
    )
    flags = [statement("suspected", 3, says={"value": True}), statement("suspected", 4, says={"value": False})]
    lines = history(ITEM, [note, found, *flags], reader())
    assert "(text two lines)" in lines[0]
    assert "told Agency Gamma + Agency Delta" in lines[1]
    assert "(value yes)" in lines[2]
    assert "(value no)" in lines[3]
    assert lines[4] == "disputed: suspected: 2 answers by Agency Alpha"


def test_a_stack_is_named_by_its_first_item_and_their_number():
    stack = statement(about=About(type="stack", ids=(digest(1), digest(2), digest(3))))
    assert f"about stack {digest(1)} and 2 more (" in history(ITEM, [stack], reader())[0]


def test_a_dispute_names_the_question_and_what_else_it_is_about():
    series = Thing(Target.SERIES, frozenset({identifier(7)}))
    says = {"series": identifier(7)}
    world = [statement("in-series", says=says), statement("not-in-series", 2, agency="Agency Beta", says=says)]
    assert history(series, world, reader())[-1] == (
        f"disputed: membership (series {identifier(7)}, about {digest(1)}): 2 answers by Agency Alpha, Agency Beta"
    )


def test_who_else_signed_it_stands_in_its_line():
    (line,) = history(ITEM, [statement()], reader(), {("Agency Alpha", identifier(1)): ("officer-8", "key 0123abcd")})
    assert "; assessment; approved by officer-8, key 0123abcd; stands [" in line
