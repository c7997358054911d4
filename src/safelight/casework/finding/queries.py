"""The texts of a case's items, unsealed for who searches them."""

from collections.abc import Collection, Iterator
from itertools import islice

from django.db.models import Min

from safelight.access.node import Node
from safelight.assertions.fold import State, Thing, fold
from safelight.assertions.handling import Reader
from safelight.assertions.kinds import Target
from safelight.assertions.queries import assertions_about
from safelight.casework import proof
from safelight.casework.finding.words import Only, TextOf
from safelight.casework.models import Answer, Case
from safelight.evidence import sealed
from safelight.evidence.models import ItemState, Sighting
from safelight.evidence.names import text_of
from safelight.vault.sealing import ColumnSealer
from safelight.writing.types import Naming, Written

_CHUNK = 1000
_CLAIMED = ("series", "external_id", "label")
_ONLY = {Naming.URL: Only.URL, Naming.MAIL: Only.ACCOUNT, Naming.ACCOUNT: Only.ACCOUNT, Naming.PHONE: Only.ACCOUNT}


def texts_of_case(case: Case, node: Node, reader: Reader, digests: dict[int, bytes]) -> Iterator[TextOf]:
    """Every text of the items of a case: what stands of statements as far as the reader may see them.

    On the way `digests` is filled with each item's SHA-256 by its number.

    Raises:
        InputError: something sealed was altered.
    """
    vault = node.vault
    seen, answers = vault.columns(sealed.TABLE), vault.columns(proof.TABLE)
    current = Answer.objects.filter(case=case, current=True).exclude(item__state=ItemState.ERASED)
    rows = current.select_related("item").order_by("item_id").iterator(chunk_size=_CHUNK)
    while some := list(islice(rows, _CHUNK)):
        stored = vault.signatures.fetch([answer.item.signature for answer in some], frames=False)
        here = {answer.item_id: stored[answer.item.signature].sha256 or b"" for answer in some}
        digests.update(here)
        for answer in some:
            yield from _said_by_file(answer.item_id, sealed.open_seen(answer.item.sealed, answer.item_id, seen))
            for evidence in proof.open_evidence(bytes(answer.evidence), answer.pk, answers):
                for word in _CLAIMED:
                    if text := getattr(evidence.claim, word):
                        yield TextOf(answer.item_id, f"{word.replace('_', ' ')} by {evidence.claim.source}", text)
        yield from _stated(here, node, reader)
        yield from _places(case, list(here), vault.columns(sealed.SIGHTINGS))


def as_recorded(case: Case, items: Collection[int]) -> list[int]:
    """Items of a case in the order in which it met them. Their numbers would tell what other cases had met before."""
    met = Sighting.objects.filter(exhibit__case=case.name, item__in=items).values("item")
    ordered = met.annotate(first=Min("id")).order_by("first").values_list("item", flat=True)
    return [item for item in ordered if item is not None]


def _said_by_file(item: int, seen: sealed.Seen) -> Iterator[TextOf]:
    for block, texts in (seen.texts or {}).items():
        for name, text in texts.items():
            yield TextOf(item, f"{block}: {name}", text)
    if seen.written is not None:
        yield from _written(item, "text", seen.written)


def _written(item: int, where: str, written: Written, sighting: int | None = None) -> Iterator[TextOf]:
    yield TextOf(item, where, written.text, Only.TEXT, sighting)
    for one in written.named:
        yield TextOf(item, one.what.value, one.value, _ONLY[one.what], sighting)


def _stated(items: dict[int, bytes], node: Node, reader: Reader) -> Iterator[TextOf]:
    """What stands of statements about these items."""
    things = {item: Thing(Target.ITEM, frozenset({digest.hex()})) for item, digest in items.items()}
    found = assertions_about(things.values(), reader, node)
    spoken_of = {one for assertion in found for one in assertion.about.ids}
    for item, thing in things.items():
        if not thing.ids.isdisjoint(spoken_of):
            yield from _told(item, fold(thing, found, reader))


def _told(item: int, state: State) -> Iterator[TextOf]:
    for question in state.questions:
        for answer in question.answers:
            agencies = ", ".join(sorted({assertion.agency for assertion in answer.by}))
            for name, value in (*question.asks, *answer.says):
                if isinstance(value, str):
                    yield TextOf(item, f"{answer.kind} {name} by {agencies}", value)


def _places(case: Case, items: list[int], columns: ColumnSealer) -> Iterator[TextOf]:
    rows = Sighting.objects.filter(exhibit__case=case.name, item__in=items).order_by("id")
    for sighting in rows.iterator(chunk_size=_CHUNK):
        if sighting.item_id is not None:
            yield TextOf(sighting.item_id, "path", text_of(bytes(sighting.name)))
            if sighting.sealed is not None:
                letter = sealed.open_letter(sighting.sealed, sighting.pk, columns)
                yield from _written(sighting.item_id, "mail", letter, sighting.pk)
