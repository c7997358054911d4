"""What says that a child may be at risk now, about the contents of a case: it is said before everything else.

Rules kept here:
- a content is urgent where a statement that the reader may see says so of it, of a stack that it is in, or of a series
  that somebody put it into; neither a do-not-act nor the end of a review hides that;
- where it lies is said by path, current places only; no content is opened for it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from safelight.access.node import Node
from safelight.assertions.fold import State, Thing, fold
from safelight.assertions.handling import Reader
from safelight.assertions.kinds import Target
from safelight.assertions.queries import any_statements, assertions_about
from safelight.assertions.record import Assertion
from safelight.casework.models import Case
from safelight.casework.queries import path_text
from safelight.casework.report.model import Report, Urgent
from safelight.evidence.models import Exhibit, ItemState, Sighting
from safelight.evidence.queries import Standing, Standings
from safelight.known.statements import by_subject

_AT_A_TIME = 1000


@dataclass(frozen=True)
class UrgentSighting:
    """Where a content lies about which something urgent is said, and what."""

    path: str
    said: tuple[Urgent, ...]


def urgent_about(digests: Iterable[bytes], reader: Reader, node: Node) -> dict[bytes, tuple[Urgent, ...]]:
    """What is urgent about contents by SHA-256, as far as the reader may see; others are absent.

    Raises:
        InputError: a stored statement was altered, or contradicts what is known of its kind by now.
    """
    found: dict[bytes, tuple[Urgent, ...]] = {}
    if any_statements():
        coming = iter(digests)
        while some := list(islice(coming, _AT_A_TIME)):
            found |= _urgent(some, reader, node)
    return found


def urgent_sightings(case: Case, exhibit_name: str, reader: Reader, node: Node) -> list[UrgentSighting]:
    """Every current place of an exhibit with a content about which something urgent is said, in order of recording.

    Raises:
        InputError: as `urgent_about`.
    """
    if not any_statements():
        return []
    exhibit = Exhibit.objects.get(case=case.name, name=exhibit_name)
    said = dict(_urgent_items(exhibit, reader, node))
    standings = Standings([exhibit.pk])
    rows = Sighting.objects.filter(exhibit=exhibit, item__in=said).select_related("source").order_by("id")
    return [
        UrgentSighting(path_text(row), said[row.item_id])
        for row in rows
        if row.item_id is not None and standings.of(row) is Standing.CURRENT
    ]


def said_first(report: Report, reader: Reader, node: Node) -> Report:
    """A report with what is urgent about its items: these items come first, and stacks that hold one.

    Raises:
        InputError: as `urgent_about`.
    """
    said = urgent_about((bytes.fromhex(item.sha256) for item in report.items if item.sha256), reader, node)
    named = {digest.hex() for digest in said}
    items = (replace(one, urgent=said.get(bytes.fromhex(one.sha256), ())) for one in report.items)
    return replace(
        report,
        items=tuple(sorted(items, key=lambda item: not item.urgent)),
        stacks=tuple(sorted(report.stacks, key=lambda one: named.isdisjoint(digest for digest, *_ in one.members))),
    )


def _urgent_items(exhibit: Exhibit, reader: Reader, node: Node) -> Iterator[tuple[int, tuple[Urgent, ...]]]:
    seen = Sighting.objects.filter(exhibit=exhibit, item__isnull=False).exclude(item__state=ItemState.ERASED)
    coming = seen.values_list("item_id", "item__signature").distinct().iterator(chunk_size=_AT_A_TIME)
    while some := list(islice(coming, _AT_A_TIME)):
        stored = node.vault.signatures.fetch([signature for _item, signature in some], frames=False)
        digests = {item: stored[signature].sha256 or b"" for item, signature in some}
        said = _urgent(digests.values(), reader, node)
        yield from ((item, said[digest]) for item, digest in digests.items() if digest in said)


def _urgent(digests: Collection[bytes], reader: Reader, node: Node) -> dict[bytes, tuple[Urgent, ...]]:
    states = _states(Target.ITEM, [digest.hex() for digest in digests], reader, node)
    series = {item: _series(state) for item, state in states.items()}
    of_series = _states(Target.SERIES, {one for some in series.values() for one in some}, reader, node)
    found = {}
    for item, state in states.items():
        said = [*state.urgent, *(one for name in series[item] if name in of_series for one in of_series[name].urgent)]
        if said:
            found[bytes.fromhex(item)] = tuple(_told(one) for one in said)
    return found


def _states(target: Target, ids: Collection[str], reader: Reader, node: Node) -> Mapping[str, State]:
    """The states of things by identifier; those of which nothing is said are absent."""
    things = {one: Thing(target, frozenset({one})) for one in ids}
    near = by_subject(assertions_about(things.values(), reader, node))
    return {one: fold(thing, near[one], reader) for one, thing in things.items() if one in near}


def _series(state: State) -> list[str]:
    """The series that somebody put it into, also where others disagree."""
    return sorted(
        {
            str(dict(question.asks)["series"])
            for question in state.questions
            for answer in question.answers
            if answer.kind == "in-series"
        }
    )


def _told(assertion: Assertion) -> Urgent:
    says = {name: str(assertion.says.get(name, "")) for name in ("why", "contact")}
    return Urgent(
        agency=assertion.agency, about=assertion.about.type, made=assertion.made, assertion=assertion.id, **says
    )
