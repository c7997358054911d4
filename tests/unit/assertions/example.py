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
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | lines | st.floats(-1e6, 1e6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(lines, inner, max_size=3),
    max_leaves=4,
)


def ascending(of, least=0, most=3):
    return st.lists(of, min_size=least, max_size=most, unique=True).map(lambda found: tuple(sorted(found)))


@st.composite
def values(draw, field, about):
    """A right value of a field."""
    of = {
        FieldType.TEXT: lines,
        FieldType.NAME: lines,
        FieldType.NAMES: st.lists(lines, min_size=1, max_size=3),
        FieldType.FLAG: st.booleans(),
        FieldType.IDENTIFIER: identifiers,
        FieldType.THING: digests if about in {Target.ITEM, Target.STACK} else identifiers,
        FieldType.COUNTRY: st.sampled_from(["NL", "ZZ"]),
        FieldType.DAY: st.sampled_from(["2029", "2029-05", "2029-05-31"]),
        FieldType.TIME: st.just("2030-03-20T12:00:00Z"),
    }
    return draw(st.sampled_from(field.choices) if field.type is FieldType.CHOICE else of[field.type])


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


@st.composite
def statements(draw, strange=True):
    """An assertion of any kind; with `strange`, some have what only a newer node knows."""
    kind = load_kinds()[draw(st.sampled_from(sorted(load_kinds())))]
    about = draw(st.sampled_from(sorted(kind.about)))
    ids = {"item": ascending(digests, 1, 1), "stack": ascending(digests, 1, 3), "link": ascending(digests, 2, 2)}
    says = {field.name: draw(values(field, about)) for field in kind.fields if field.required or draw(st.booleans())}
    made = NOW + timedelta(seconds=draw(_seconds)) if kind.expires_days is None else NOW + timedelta(days=20)
    number = draw(st.integers(1, 12))
    superseded = st.integers(1, 12).filter(lambda one: one != number).map(identifier)
    is_strange = strange and draw(st.integers(0, 4)) == 0
    return Assertion(
        id=identifier(number),
        agency=draw(st.sampled_from(AGENCIES)),
        officer=draw(lines),
        kind="foretold" if is_strange and draw(st.booleans()) else kind.key,
        about=About(type=about, ids=draw(ids.get(about, ascending(identifiers, 1, 1)))),
        says={**draw(st.dictionaries(st.just("x-later"), json)), **says} if is_strange else says,
        purpose=draw(st.sampled_from([PURPOSE, PURPOSE, "removal", "later-purpose"])),
        subject=draw(st.sampled_from(["victim", "unknown"])),
        handling=draw(handlings),
        basis="Invented Act 1",
        nature=draw(st.sampled_from(["fact", "assessment"])),
        made=made,
        review=made + timedelta(days=draw(st.sampled_from([1, 10, 365, 1825]))),
        supersedes=draw(ascending(superseded, 1 if kind.takes_back else 0, 2)),
        unknown=draw(st.dictionaries(st.just("x-member"), json, max_size=1)) if is_strange else {},
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


def statement_of(seed):
    """An assertion like those of `statements`, drawn by a seed: worlds are made of many, and these are made quickly."""
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
    is_strange = dice.random() < 0.15
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
