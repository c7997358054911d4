"""Kinds and vocabularies are as their files say, and a damaged file is refused."""

from itertools import pairwise

import pytest

from safelight.assertions.kinds import (
    Field,
    FieldType,
    KindError,
    Target,
    field_problem,
    is_known_choice,
    is_text,
    load_kinds,
    parse_kind,
    parse_time,
)
from safelight.assertions.vocabularies import VocabularyError, admits, load_terms, parse_terms

NAMED = [
    "grade",
    "distributed",
    "self-generated",
    "suspected",
    "baseline",
    "tag",
    "depicts-subject",
    "identified",
    "not-identified",
    "same-as",
    "not-same-as",
    "in-series",
    "not-in-series",
    "series-named",
    "link-confirmed",
    "link-rejected",
    "place",
    "date",
    "synthetic-origin",
    "harmful-not-criminal",
    "urgent",
    "contact-me",
    "do-not-act",
    "note",
    "outcome",
    "withdrawn",
]
HEAD = 'key = "mark"\ntitle = "Mark"\nmeans = "Made up."\nabout = ["item"]\ntopic = "mark"\n'
FIELD = '[[fields]]\nname = "value"\ntype = "name"\n'


def test_every_kind_that_was_asked_for_is_there_and_no_other():
    assert sorted(load_kinds()) == sorted(NAMED)


def test_only_urgent_orders_queues_only_do_not_act_expires_only_withdrawn_takes_back():
    kinds = load_kinds().values()
    assert [kind.key for kind in kinds if kind.urgent] == ["urgent"]
    assert [(kind.key, kind.expires_days) for kind in kinds if kind.expires_days] == [("do-not-act", 30)]
    assert [kind.key for kind in kinds if kind.takes_back] == ["withdrawn"]
    assert [kind.key for kind in kinds if kind.four_eyes] == ["baseline"]


def test_opposites_share_a_topic_and_what_they_ask():
    for one, other in (
        ("identified", "not-identified"),
        ("same-as", "not-same-as"),
        ("in-series", "not-in-series"),
        ("link-confirmed", "link-rejected"),
    ):
        kinds = load_kinds()
        assert (kinds[one].topic, kinds[one].asks) == (kinds[other].topic, kinds[other].asks)


def test_synthetic_origin_has_the_words_of_the_issue():
    (field,) = [field for field in load_kinds()["synthetic-origin"].fields if field.name == "origin"]
    assert field.choices == ("unknown", "suspected", "fully-generated", "edited-of-real", "real")


@pytest.mark.parametrize(
    ("kind", "required", "optional"),
    [
        ("grade", {"scheme", "value"}, set()),
        ("depicts-subject", {"subject", "role", "certainty"}, set()),
        ("identified", {"role", "by"}, {"when", "told"}),
        ("not-identified", {"role"}, {"why"}),
        ("same-as", {"other"}, {"why"}),
        ("not-same-as", {"other"}, {"why"}),
        ("in-series", {"series"}, {"why"}),
        ("not-in-series", {"series"}, {"why"}),
        ("series-named", {"name_space", "name"}, set()),
        ("link-confirmed", {"relation"}, {"why"}),
        ("link-rejected", {"relation"}, {"why"}),
        ("place", {"country", "certainty"}, {"place", "why"}),
        ("date", {"day", "certainty"}, {"why"}),
        ("synthetic-origin", {"origin", "who", "why"}, set()),
        ("harmful-not-criminal", {"why"}, set()),
        ("urgent", {"why", "contact"}, set()),
        ("contact-me", {"contact"}, {"why"}),
        ("do-not-act", {"why", "contact", "until"}, set()),
        ("outcome", {"what"}, {"when", "details"}),
        ("withdrawn", {"why"}, set()),
    ],
)
def test_a_kind_has_the_fields_that_were_asked_for(kind, required, optional):
    fields = load_kinds()[kind].fields
    assert {field.name for field in fields if field.required} == required
    assert {field.name for field in fields if not field.required} == optional


def test_outcomes_are_those_that_were_asked_for_among_others():
    (what,) = [field for field in load_kinds()["outcome"].fields if field.name == "what"]
    assert {"child-safeguarded", "suspect-charged", "content-removed"} <= set(what.choices)


def test_every_target_has_kinds_about_it():
    assert {target for kind in load_kinds().values() for target in kind.about} == set(Target)


def test_a_plain_kind_is_read():
    kind = parse_kind("mark", HEAD + 'asks = ["value"]\n' + FIELD)
    assert kind.asks == ("value",)
    assert kind.fields == (Field("value", FieldType.NAME),)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("key = ", "damaged"),
        (HEAD + "colour = 1\n", "unknown field"),
        (HEAD.replace("mark", "other"), "calls itself other"),
        (HEAD + FIELD + FIELD, "a field twice"),
        (HEAD + 'answers = ["size"]\n' + FIELD, "a field that there is not"),
        (HEAD + FIELD.replace('"name"\n', '"choice"\n'), "nothing to choose from"),
        (HEAD + FIELD + 'choices = ["one"]\n', "nothing to choose from"),
        (HEAD + "expires_days = 30\n" + FIELD, "does not say when"),
        (HEAD + 'expires_days = 30\n[[fields]]\nname = "until"\ntype = "time"\n', "does not say when"),
        (HEAD + "expires_days = 31\n", "<= 30"),
        (HEAD.replace('"item"', '"case"'), "Invalid enum value"),
    ],
)
def test_a_damaged_kind_is_refused(text, what):
    with pytest.raises(KindError, match=what):
        parse_kind("mark", text)


RIGHT = {
    FieldType.TEXT: ["a\nb", "x" * 4000],
    FieldType.NAME: ["Series Harbour", "x" * 200],
    FieldType.NAMES: [["Agency Alpha"], ["a"] * 100],
    FieldType.CHOICE: ["one", "known to newer nodes"],
    FieldType.FLAG: [True, False],
    FieldType.IDENTIFIER: ["0123456789abcdef" * 2],
    FieldType.THING: ["0" * 32, "f" * 64],
    FieldType.COUNTRY: ["NL"],
    FieldType.DAY: ["2030", "2030-12", "2030-01-31"],
    FieldType.TIME: ["2030-01-31T12:00:00Z"],
}
WRONG = {
    FieldType.TEXT: ["", "x" * 4001, "a\tb", "a\x1bb", "a\x85", 1, None],
    FieldType.NAME: ["", "x" * 201, "a\nb", "a\x00", ["a"]],
    FieldType.NAMES: ["a", [], ["a"] * 101, [""], [1]],
    FieldType.CHOICE: ["", 1],
    FieldType.FLAG: [0, 1, "true", None],
    FieldType.IDENTIFIER: ["0" * 31, "0" * 33, "g" * 32, "A" * 32, 0, "0" * 64],
    FieldType.THING: ["0" * 63, "0" * 48, None],
    FieldType.COUNTRY: ["nl", "NLD", "N", "N1", "ÄÄ", 1],
    FieldType.DAY: ["30", "2030-13", "2030-00", "2030-01-32", "2030-01-00", "2030-1-1", "2030-01-31T", "2030\n", 2030],
    FieldType.TIME: [
        "2030-01-31T12:00:00",
        "2030-13-31T12:00:00Z",
        "2030-01-31T12:00:00+00:00",
        "2030-01-31 12:00:00Z",
        "2030-01-31T12:00:00Z\n",
        1,
    ],
}


@pytest.mark.parametrize(("type_", "value"), [(type_, value) for type_, found in RIGHT.items() for value in found])
def test_a_right_value_of_each_type_is_taken(type_, value):
    assert field_problem(Field("some", type_, choices=("one",)), value) is None


@pytest.mark.parametrize(("type_", "value"), [(type_, value) for type_, found in WRONG.items() for value in found])
def test_a_wrong_value_of_each_type_is_named(type_, value):
    assert field_problem(Field("some", type_, choices=("one",)), value).startswith("is n")


def test_every_type_has_right_and_wrong_values_here():
    assert set(RIGHT) == set(WRONG) == set(FieldType)


def test_a_choice_that_is_not_listed_is_known_to_be_unknown():
    field = Field("some", FieldType.CHOICE, choices=("one",))
    assert is_known_choice(field, "one")
    assert not is_known_choice(field, "two")
    assert is_known_choice(Field("some", FieldType.NAME), "two")


def test_a_time_is_read_in_utc_and_text_may_have_lines():
    assert parse_time("2030-01-31T12:00:00Z").isoformat() == "2030-01-31T12:00:00+00:00"
    assert is_text("a\nb")


@pytest.mark.parametrize("name", ["purposes", "subjects", "tlp", "pap"])
def test_every_term_says_what_it_means_and_where_it_is_from(name):
    terms = load_terms(name)
    assert len(terms) >= 4
    assert all(term.means and term.source and term.key == key for key, term in terms.items())


def test_levels_admit_more_and_more_and_an_unknown_one_nobody():
    levels = [admits("tlp", key) for key in ("unheard-of", "red", "amber+strict", "amber", "green")]
    assert all(one < other for one, other in pairwise(levels))
    assert admits("tlp", "clear") == admits("tlp", "green")
    assert [admits("pap", key) for key in ("red", "amber", "unheard-of")] == [frozenset()] * 3
    assert admits("pap", "green") == admits("pap", "clear") == {"acting"}


TERM = '[[terms]]\nkey = "one"\nmeans = "One."\nsource = "Made up."\n'


@pytest.mark.parametrize(
    "text",
    [
        "about =",
        'about = "tlp"\n' + TERM + 'admits = ["all"]\n',
        'about = "pap"\n' + TERM,
        'about = "tlp"\n' + TERM + TERM,
        'about = "tlp"\n',
    ],
)
def test_a_damaged_vocabulary_is_refused(text):
    with pytest.raises(VocabularyError, match="install Safelight again"):
        parse_terms("tlp", text)


def test_a_plain_vocabulary_is_read():
    assert list(parse_terms("tlp", 'about = "tlp"\n' + TERM)) == ["one"]
