"""The state of an item, stack, link, series or subject: what the assertions about it say that the reader may see.

Rules kept here:
- what the reader may not see is put aside first and changes nothing after that;
- order and repetition of the assertions change nothing;
- different answers to one question stand side by side, each with the agencies that give it: nobody wins;
- an agency takes back its own statements only; what was taken back stays away, also where the taking back is itself
  taken back: whoever means it still says it anew;
- urgent stands apart, and neither a do-not-act nor the end of a review hides it; what has ended says so;
- what is not understood is shown, and answers no question. Taking back, urgent and do-not-act count all the same: they
  are the safe side.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from safelight.assertions.handling import Reader, has_ended, may_see
from safelight.assertions.kinds import FieldType, Kind, Target, load_kinds
from safelight.assertions.record import Assertion, Json, not_understood

Said = tuple[tuple[str, Json], ...]
"""Fields and what they say, in the order of their kind."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_REFERRING = frozenset({FieldType.IDENTIFIER, FieldType.THING})


@dataclass(frozen=True)
class Thing:
    """What the state is asked of: an item's SHA-256, those of a stack's items, a link's two, or one identifier."""

    type: Target
    ids: frozenset[str]


@dataclass(frozen=True)
class Answer:
    """One answer to a question, and the assertions that give it."""

    kind: str
    says: Said
    by: tuple[Assertion, ...]


@dataclass(frozen=True)
class Question:
    """A topic, the fields it is asked about, and the other things that it is about where the thing is only named."""

    topic: str
    asks: Said
    about: tuple[str, ...]
    answers: tuple[Answer, ...]

    @property
    def is_disputed(self) -> bool:
        """Whether there is more than one answer."""
        return len(self.answers) > 1


@dataclass(frozen=True)
class TakenBack:
    """An assertion that no longer stands, and the one by the same agency that took it back."""

    assertion: Assertion
    by: Assertion


@dataclass(frozen=True)
class State:
    """What is known of a thing. Each assertion about it stands in one of the five places below.

    `urgent` goes first; `do_not_act` holds those in force; `ended` what ended by itself; `unknown` what only a newer
    node understands; `taken_back` what was superseded or withdrawn; `questions` all else, and what those of
    `urgent` and `do_not_act` say that are understood.
    """

    thing: Thing
    questions: tuple[Question, ...]
    urgent: tuple[Assertion, ...]
    do_not_act: tuple[Assertion, ...]
    ended: tuple[Assertion, ...]
    unknown: tuple[Assertion, ...]
    taken_back: tuple[TakenBack, ...]


def fold(thing: Thing, assertions: Iterable[Assertion], reader: Reader) -> State:
    """The state of a thing for a reader, from every assertion that may concern it or take such a one back."""
    seen = in_order(assertion for assertion in assertions if may_see(assertion, reader))
    takers = _takers(seen)
    concerned = [assertion for assertion in seen if concerns(assertion, thing)]
    standing = [assertion for assertion in concerned if _key(assertion) not in takers]
    current = [assertion for assertion in standing if is_urgent(assertion) or not has_ended(assertion, reader.at)]
    unknown = tuple(assertion for assertion in current if not_understood(assertion))
    strange = {id(assertion) for assertion in unknown}
    understood = [assertion for assertion in current if id(assertion) not in strange]
    return State(
        thing=thing,
        questions=_questions(thing, understood),
        urgent=tuple(assertion for assertion in current if is_urgent(assertion)),
        do_not_act=tuple(assertion for assertion in current if _expires(load_kinds().get(assertion.kind))),
        ended=tuple(a for a in standing if has_ended(a, reader.at) and not is_urgent(a)),
        unknown=unknown,
        taken_back=tuple(TakenBack(a, takers[_key(a)]) for a in concerned if _key(a) in takers),
    )


def in_order(assertions: Iterable[Assertion]) -> list[Assertion]:
    """Each assertion once, the earliest first; the same list whatever order they came in."""
    distinct = {_encode(assertion): assertion for assertion in assertions}
    found = sorted(distinct.items(), key=lambda pair: _place(pair[1], pair[0]))
    return [assertion for _bytes, assertion in found]


def concerns(assertion: Assertion, thing: Thing) -> bool:
    """Whether an assertion speaks of a thing: is about it, about a stack or link with it, or names it in a field."""
    if thing.type is Target.LINK:
        return assertion.about.type == thing.type and thing.ids == set(assertion.about.ids)
    return not thing.ids.isdisjoint(assertion.about.ids) or any(
        isinstance(value, str) and value in thing.ids for value in _referred(assertion)
    )


def says_again(later: Assertion, earlier: Assertion) -> bool:
    """Whether an agency says the same of the same: question and answer, whatever the words beside them.

    Of a kind that is a question of its own, as a do-not-act, the words are what is said.
    """
    kind = load_kinds().get(later.kind)
    if kind is None or kind.takes_back or (later.agency, later.kind) != (earlier.agency, earlier.kind):
        return False
    same_about = later.about.type == earlier.about.type and set(later.about.ids) == set(earlier.about.ids)
    names = (*kind.asks, *kind.answers) or tuple(one.name for one in kind.fields)
    return same_about and _encode(_said(later, names)) == _encode(_said(earlier, names))


def is_urgent(assertion: Assertion) -> bool:
    """Whether it says that a child may be at risk now."""
    kind = load_kinds().get(assertion.kind)
    return kind is not None and kind.urgent


def _place(assertion: Assertion, encoded: bytes) -> tuple[datetime, str, str, bytes]:
    return assertion.made, assertion.agency, assertion.id, encoded


def _key(assertion: Assertion) -> tuple[str, str]:
    """Identifiers are an agency's own: another's statement of the same identifier is another statement."""
    return assertion.agency, assertion.id


def _takers(seen: list[Assertion]) -> Mapping[tuple[str, str], Assertion]:
    """The first assertion that takes each one back."""
    takers: dict[tuple[str, str], Assertion] = {}
    for taker in seen:
        for superseded in taker.supersedes:
            takers.setdefault((taker.agency, superseded), taker)
    return takers


def _referred(assertion: Assertion) -> list[Json]:
    """What the fields of a known kind name by identifier or digest."""
    kind = load_kinds().get(assertion.kind)
    if kind is None:
        return []
    return [assertion.says.get(field.name) for field in kind.fields if field.type in _REFERRING]


def _expires(kind: Kind | None) -> bool:
    return kind is not None and kind.expires_days is not None


def _questions(thing: Thing, understood: list[Assertion]) -> tuple[Question, ...]:
    """The questions that assertions of known kinds answer, by topic; withdrawals answer none."""
    asked: dict[tuple[str, bytes], dict[tuple[str, bytes], list[Assertion]]] = {}
    for assertion in understood:
        kind = load_kinds()[assertion.kind]
        if not kind.takes_back:
            question = (kind.topic, _encode((_said(assertion, kind.asks), _elsewhere(assertion, thing))))
            answer = (kind.key, _encode(_said(assertion, kind.answers)))
            asked.setdefault(question, {}).setdefault(answer, []).append(assertion)
    return tuple(_question(thing, topic, answers) for (topic, _), answers in sorted(asked.items()))


def _question(thing: Thing, topic: str, answers: Mapping[tuple[str, bytes], list[Assertion]]) -> Question:
    some = next(iter(answers.values()))[0]
    return Question(
        topic=topic,
        asks=_said(some, load_kinds()[some.kind].asks),
        about=_elsewhere(some, thing),
        answers=tuple(
            Answer(kind, _said(by[0], load_kinds()[kind].answers), tuple(by))
            for (kind, _), by in sorted(answers.items())
        ),
    )


def _elsewhere(assertion: Assertion, thing: Thing) -> tuple[str, ...]:
    """What an assertion is about where that is not the thing itself: two items of one series answer two questions."""
    about = assertion.about
    is_direct = about.type != Target.LINK and not thing.ids.isdisjoint(about.ids)
    return () if is_direct or thing.type is Target.LINK else about.ids


def _said(assertion: Assertion, names: tuple[str, ...]) -> Said:
    return tuple((name, assertion.says[name]) for name in names if name in assertion.says)
