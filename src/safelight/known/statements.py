"""What agencies have signed about an item, as matching speaks of it: the state that a reader may see, told as claims.

Rules kept here:
- the state is a fold (`assertions.fold`): what was withdrawn or superseded, or has ended, claims nothing;
- an agency claims once for each grade that it gives, with its flags beside; where it gives none, once with the flags;
- agencies that differ stand side by side, each with its own claim;
- a note or a tag is no claim that an item is known; nor is what only a newer node understands.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from safelight.access.node import Node
from safelight.assertions.fold import Question, State, Thing, fold
from safelight.assertions.handling import Reader
from safelight.assertions.kinds import Target
from safelight.assertions.queries import assertions_about
from safelight.assertions.record import Assertion

PURPOSES = frozenset({"identify-persons-and-objects"})
"""For what a check reads statements."""
_FLAGS = {
    "distributed": "distributed",
    "suspected": "suspected",
    "self-generated": "self_generated",
    "baseline": "baseline",
}
_ROLES = {"victim": "victim_identified", "offender": "offender_identified"}


@dataclass(frozen=True)
class SignedClaim:
    """What one agency says of an item: the latest of its statements that count, its grade if any, and its flags."""

    agency: str
    assertion: str
    made: datetime
    scheme: str | None
    grade: str | None
    series: str | None
    flags: Mapping[str, bool]


@dataclass
class _Gathered:
    """One agency's words, as they are found."""

    grades: dict[tuple[str, str], Assertion] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    series: str | None = None
    latest: Assertion | None = None


def reader_of(node: Node, now: datetime) -> Reader:
    """As whom a check of this node reads."""
    return Reader(node.name, PURPOSES, now)


def signed_claims(digests: Collection[bytes], reader: Reader, node: Node) -> dict[bytes, list[SignedClaim]]:
    """The claims about items by SHA-256; items of which nothing is claimed are absent.

    Raises:
        InputError: a stored statement was altered, or contradicts what is known of its kind by now.
    """
    things = {digest: Thing(Target.ITEM, frozenset({digest.hex()})) for digest in digests}
    concerning = by_subject(assertions_about(things.values(), reader, node))
    found = {}
    for digest, thing in things.items():
        if (near := concerning.get(digest.hex())) and (claims := claims_of(fold(thing, near, reader))):
            found[digest] = claims
    return found


def by_subject(assertions: Iterable[Assertion]) -> dict[str, list[Assertion]]:
    """By what they are about, as digest or identifier: the assertions about it, and those that take such a one back."""
    every = list(assertions)
    takers: dict[tuple[str, str], list[Assertion]] = defaultdict(list)
    for taker in every:
        for identifier in taker.supersedes:
            takers[taker.agency, identifier].append(taker)
    found: dict[str, list[Assertion]] = defaultdict(list)
    for assertion in every:
        for identifier in assertion.about.ids:
            found[identifier] += [assertion, *takers[assertion.agency, assertion.id]]
    return found


def claims_of(state: State) -> list[SignedClaim]:
    """The claims of a state, by agency, then scheme and grade."""
    by_agency: dict[str, _Gathered] = defaultdict(_Gathered)
    for question in state.questions:
        if not question.about:
            _gather(question, by_agency)
    return [claim for agency in sorted(by_agency) for claim in _claims(agency, by_agency[agency])]


def _gather(question: Question, by_agency: dict[str, _Gathered]) -> None:
    """Note what each agency answers to a question; of two answers by one agency the later one stands last."""
    answers = [(assertion, answer) for answer in question.answers for assertion in answer.by]
    for assertion, answer in sorted(answers, key=lambda pair: (pair[0].made, pair[0].id)):
        said, asked = dict(answer.says), dict(question.asks)
        gathered = by_agency[assertion.agency]
        if question.topic == "grade":
            gathered.grades[str(asked["scheme"]), str(said["value"])] = assertion
        elif question.topic in _FLAGS:
            gathered.flags[_FLAGS[question.topic]] = bool(said["value"])
        elif question.topic == "identity" and asked["role"] in _ROLES:
            gathered.flags[_ROLES[str(asked["role"])]] = answer.kind == "identified"
        elif question.topic == "membership" and answer.kind == "in-series":
            gathered.series = str(asked["series"])
        else:
            continue
        if gathered.latest is None or gathered.latest.made <= assertion.made:
            gathered.latest = assertion


def _claims(agency: str, gathered: _Gathered) -> Iterator[SignedClaim]:
    for (scheme, value), assertion in sorted(gathered.grades.items()):
        yield SignedClaim(agency, assertion.id, assertion.made, scheme, value, gathered.series, gathered.flags)
    if not gathered.grades and (latest := gathered.latest) is not None:
        yield SignedClaim(agency, latest.id, latest.made, None, None, gathered.series, gathered.flags)
