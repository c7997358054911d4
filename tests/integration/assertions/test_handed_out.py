"""What goes along with content that is handed out: what is said of it, what that leans on, and nothing of others."""

import json

import pytest

from safelight.assertions.queries import approvers_of, handed_out
from safelight.assertions.record import About
from tests.integration.assertions.node import NODE, make, receive
from tests.unit.assertions.example import PURPOSE, digest, identifier, open_to_all, reader, statement

pytestmark = pytest.mark.django_db
ALPHA, BETA = reader("Agency Alpha"), reader("Agency Beta")
FIRST = bytes.fromhex(digest(1))


def given(*items, to=BETA):
    """The numbers of the statements that go with these contents."""
    return [int(json.loads(one.record)["id"], 16) for one in handed_out(items or [FIRST], ALPHA, to, NODE)]


def test_what_is_said_of_a_content_goes_with_it_and_what_takes_it_back():
    make(statement(number=1))
    make(statement("withdrawn", number=2, supersedes=(identifier(1),)))
    make(statement(number=3, about=About(type="item", ids=(digest(2),))))
    assert given() == [1, 2]
    assert given(bytes.fromhex(digest(2))) == [3]
    assert given(FIRST, bytes.fromhex(digest(2))) == [1, 2, 3]
    assert given(bytes.fromhex(digest(3))) == []


def test_what_names_another_content_stays():
    make(statement(number=1, about=About(type="stack", ids=(digest(1), digest(2)))))
    assert given() == []
    assert given(FIRST, bytes.fromhex(digest(2))) == [1]


def test_what_the_recipient_may_not_have_stays():
    make(statement(number=1, handling=open_to_all(all_units=False, agencies=("Agency Gamma",))))
    receive(statement(number=2, agency="Agency Gamma", handling=open_to_all(onward=False)))
    receive(statement(number=3, agency="Agency Gamma"))
    assert given() == [3]
    assert given(to=reader("Agency Gamma")) == [1, 3]


def test_purposes_that_one_of_the_two_has_not_keep_it_here():
    make(statement(number=1))
    assert given(to=reader("Agency Beta", purposes=())) == []
    assert given(to=reader("Agency Beta", purposes=(PURPOSE, "another"))) == [1]


def test_who_signed_besides_the_officer_who_speaks_is_nobody_where_only_the_node_signed():
    made = statement(number=1)
    make(made)
    assert approvers_of([made], NODE) == {}
