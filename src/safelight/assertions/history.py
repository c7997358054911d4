"""How a state came about, as lines for people: each assertion that the reader may see, and what became of it.

Rules kept here:
- a line says when, who, which kind about what, its words, whether fact or assessment, who else signed it, and whether
  it still stands;
- nothing is left out that the fold knows, and nothing is in it that the reader may not see;
- what is not understood says so, in the node's own words for it.
"""

from collections.abc import Iterable, Iterator, Mapping

from safelight.assertions.fold import Thing, concerns, fold, in_order
from safelight.assertions.handling import Reader, has_ended, may_act, may_see
from safelight.assertions.kinds import load_kinds
from safelight.assertions.record import Assertion, Json, not_understood

_NOBODY: Mapping[tuple[str, str], tuple[str, ...]] = {}


def history(
    thing: Thing,
    assertions: Iterable[Assertion],
    reader: Reader,
    approvers: Mapping[tuple[str, str], tuple[str, ...]] = _NOBODY,
) -> list[str]:
    """One line for each assertion about the thing, the earliest first, then one for each question in dispute.

    `approvers` says who signed besides the officer who speaks, by agency and identifier (`queries.approvers_of`).
    """
    seen = in_order(assertion for assertion in assertions if may_see(assertion, reader))
    state = fold(thing, seen, reader)
    takers = {(gone.assertion.agency, gone.assertion.id): gone.by for gone in state.taken_back}
    lines = [
        _line(
            assertion,
            takers.get((assertion.agency, assertion.id)),
            approvers.get((assertion.agency, assertion.id), ()),
            reader,
        )
        for assertion in seen
        if concerns(assertion, thing)
    ]
    for question in state.questions:
        if question.is_disputed:
            asked = _words([*question.asks, *(("about", one) for one in question.about)])
            agencies = sorted({assertion.agency for answer in question.answers for assertion in answer.by})
            lines.append(f"disputed: {question.topic}{asked}: {len(question.answers)} answers by {', '.join(agencies)}")
    return lines


def _line(assertion: Assertion, taker: Assertion | None, approvers: tuple[str, ...], reader: Reader) -> str:
    kind = load_kinds().get(assertion.kind)
    title = assertion.kind if kind is None else kind.title
    about = assertion.about
    what = about.ids[0] if len(about.ids) == 1 else f"{about.ids[0]} and {len(about.ids) - 1} more"
    states = "; ".join(_states(assertion, taker, reader))
    approved = f"; approved by {', '.join(approvers)}" if approvers else ""
    return (
        f"{assertion.made:%Y-%m-%d %H:%M:%S} UTC, {assertion.agency} ({assertion.officer}): {title} "
        f"about {about.type} {what}{_words(assertion.says.items())}; {assertion.nature}{approved}; {states} "
        f"[{assertion.id}]"
    )


def _states(assertion: Assertion, taker: Assertion | None, reader: Reader) -> Iterator[str]:
    """What became of an assertion, the gravest first."""
    strange = not_understood(assertion)
    if strange:
        yield f"not understood here: {', '.join(strange)}"
    if taker is not None:
        kind = load_kinds().get(taker.kind)
        how = "withdrawn" if kind is not None and kind.takes_back else "superseded"
        yield f"{how} on {taker.made:%Y-%m-%d %H:%M:%S} UTC by {taker.id}"
    elif has_ended(assertion, reader.at):
        yield "ended"
    else:
        yield "stands" if may_act(assertion, reader) else "stands, not to be acted on as it is"


def _words(says: Iterable[tuple[str, Json]]) -> str:
    """Fields and their values on one line."""
    words = ", ".join(f"{name} {_word(value)}" for name, value in says)
    return f" ({words})" if words else ""


def _word(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " + ".join(_word(one) for one in value)
    return " ".join(str(value).split())
