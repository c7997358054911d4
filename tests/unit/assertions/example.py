"""Plainly invented statements, and strategies that draw them."""

import random
import string
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import strategies as st

from safelight.assertions.handling import Reader
from safelight.assertions.kinds import FieldType, Target, load_kinds
from safelight.assertions.record import About, Assertion, Handling

NOW = datetime(2030, 1, 31, 12, 0, 0, tzinfo=UTC)
AGENCIES = ("Agency Alpha", "Agency Beta", "Agency Gamma")
PURPOSE = "investigations"


def digest(number):
    return f"{number:064x}"


def identifier(number):
    return f"{number:032x}"


def open_to_all(**more):
    said = {"all_units": True, "providers": True, "onward": True, "ask_first": False, "tlp": "clear", "pap": "clear"}
    return Handling(**{**said, **more})


def statement(kind="grade", number=1, **more):
    """A statement of Agency Alpha about one item, which everybody may see."""
    usual = {
        "grade": {"scheme": "DEMO", "value": "1"},
        "withdrawn": {"why": "a mistake"},
        "urgent": {"why": "a new picture", "contact": "desk of Agency Alpha"},
        "do-not-act": {"why": "operation", "contact": "desk", "until": "2030-02-10T12:00:00Z"},
    }
    values = {
        "id": identifier(number),
        "agency": "Agency Alpha",
        "officer": "officer-7",
        "kind": kind,
        "about": About(type="item", ids=(digest(1),)),
        "says": usual.get(kind, {}),
        "purpose": PURPOSE,
        "subject": "unknown",
        "handling": open_to_all(),
        "basis": "Invented Act 1",
        "nature": "assessment",
        "made": NOW,
        "review": NOW + timedelta(days=365),
    }
    return Assertion(**{**values, **more})


def change(assertion, **more):
    return msgspec.structs.replace(assertion, **more)


def reader(agency="Agency Beta", at=NOW, purposes=(PURPOSE,), groups=(), is_provider=False):
    return Reader(agency, frozenset(purposes), at, frozenset(groups), is_provider)


lines = st.text(string.ascii_letters + "äЖ中 😀-", min_size=1, max_size=12)
identifiers = st.integers(1, 12).map(identifier)
digests = st.integers(1, 6).map(digest)
_seconds = st.integers(0, 40 * 86400)
json = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        2**53 - 1,
        1.5,
        1e-7,
        1e21,
        'Ж\u2028"',
        [],
        {},
        [1, [None, {"b": 1, "a": []}]],
        {"é": "", "\r": {"1": 0}},
    ]
)


def ascending(of, least=0, most=3):
    return st.lists(of, min_size=least, max_size=most, unique=True).map(lambda found: tuple(sorted(found)))


handlings = st.builds(
    Handling,
    agencies=ascending(st.sampled_from(AGENCIES)),
    groups=ascending(st.sampled_from(["Group Harbour", "Group Meadow"])),
    all_units=st.booleans(),
    providers=st.booleans(),
    onward=st.booleans(),
    ask_first=st.booleans(),
    tlp=st.sampled_from(["red", "amber+strict", "amber", "green", "clear", "clear", "violet"]),
    pap=st.sampled_from(["red", "amber", "green", "clear", "violet"]),
    unknown=st.sampled_from([{}, {}, {}, {}, {"embargo": True}]),
)


readers = st.builds(
    Reader,
    agency=st.sampled_from([*AGENCIES, "Agency Delta"]),
    purposes=st.frozensets(st.sampled_from([PURPOSE, "removal", "later-purpose"]), max_size=3)
    | st.just(frozenset({PURPOSE})),
    at=_seconds.map(lambda some: NOW + timedelta(seconds=2 * some)),
    groups=st.frozensets(st.sampled_from(["Group Harbour", "Group Meadow"]), max_size=2),
    is_provider=st.booleans(),
)


def statement_of(seed, strange=True):
    """An assertion of any kind; with `strange`, some have what only a newer node knows. A seed draws it, which is quick."""
    dice = random.Random(seed)
    few = lambda of, least, most: tuple(sorted(dice.sample(of, dice.randint(least, min(most, len(of))))))  # noqa: E731
    kind = load_kinds()[dice.choice(sorted(load_kinds()))]
    about = dice.choice(sorted(kind.about))
    contents, names = [digest(one) for one in range(1, 5)], [identifier(one) for one in range(1, 9)]
    own, *others = dice.sample(names, len(names))
    ids = {"item": (contents, 1, 1), "stack": (contents, 1, 3), "link": (contents[:3], 2, 2)}.get(
        about, (names[:3], 1, 1)
    )
    of = {
        FieldType.FLAG: [True, False],
        FieldType.IDENTIFIER: names[:3],
        FieldType.THING: contents if about in {Target.ITEM, Target.STACK} else names[:3],
        FieldType.NAMES: [["Agency Delta"]],
        FieldType.COUNTRY: ["NL", "ZZ"],
        FieldType.DAY: ["2029", "2029-05"],
        FieldType.TIME: ["2030-03-01T12:00:00Z"],
    }
    is_strange = strange and dice.random() < 0.15
    return Assertion(
        id=own,
        agency=dice.choice(AGENCIES),
        officer="officer-7",
        kind="foretold" if is_strange and dice.random() < 0.5 else kind.key,
        about=About(type=about, ids=few(*ids)),
        says={
            **({"x-later": [1]} if is_strange else {}),
            **{
                field.name: dice.choice(field.choices or of.get(field.type, ["word", "other"]))
                for field in kind.fields
                if field.required or dice.random() < 0.5
            },
        },
        purpose=dice.choice([PURPOSE, PURPOSE, PURPOSE, "removal", "later-purpose"]),
        subject="unknown",
        handling=Handling(
            agencies=few(AGENCIES, 0, 3),
            groups=few(["Group Harbour", "Group Meadow"], 0, 2),
            all_units=dice.random() < 0.7,
            providers=dice.random() < 0.5,
            onward=dice.random() < 0.5,
            ask_first=dice.random() < 0.5,
            tlp=dice.choice(["red", "amber+strict", "amber", "green", "clear", "clear", "violet"]),
            pap=dice.choice(["red", "green", "clear", "violet"]),
            unknown=dice.choice([{}] * 9 + [{"embargo": True}]),
        ),
        basis="Invented Act 1",
        nature=dice.choice(["fact", "assessment"]),
        made=NOW + timedelta(days=dice.randint(0, 20)),
        review=NOW + timedelta(days=dice.choice([21, 40, 365, 1825])),
        supersedes=few(others, 1, 2) if kind.takes_back or dice.random() < 0.2 else (),
    )


drawn = st.integers(0, 2**32).map(statement_of)
worlds = st.lists(drawn, max_size=25)


def statements(strange=True):
    """Assertions of any kind with any text in them."""

    def said(seed, officer, basis, more):
        assertion = statement_of(seed, strange)
        return change(assertion, officer=officer, basis=basis, unknown=more if strange else {})

    return st.builds(said, st.integers(0, 2**32), lines, lines, st.dictionaries(st.just("x-member"), json, max_size=1))
