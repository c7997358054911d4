"""What the policy of a run wants kept and is not, and where in the exhibit it was seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import connection

from safelight.casework.check.options import Keep
from safelight.casework.models import Case
from safelight.casework.queries import path_text
from safelight.evidence.models import Exhibit, Item, ItemState, Sighting, Source
from safelight.evidence.queries import NO_DIGEST
from safelight.media.types import CONTAINERS
from safelight.vault.content import Vault

_ROWS = 500
_KEPT_STATES = (ItemState.PICTURE, ItemState.VIDEO, ItemState.DAMAGED, ItemState.UNREADABLE, ItemState.LOCKED)

# As `do_settle_kept` lets go: a copy in a stack is stood for by its representative.
# The "+ 0" keep a planner without statistics, as after a first run, from reading a whole exhibit for each item.
_MISSING = """
SELECT a.item_id
  FROM casework_answer a JOIN evidence_item i ON i.id = a.item_id
 WHERE a.case_id = %(case)s AND a.current AND a.verdict = ANY(%(verdicts)s) AND i.state = ANY(%(states)s)
   AND NOT EXISTS (SELECT 1 FROM casework_kept k WHERE k.case_id = a.case_id AND k.item_id = a.item_id)
   AND NOT EXISTS (
        SELECT 1 FROM casework_stackmember m
         WHERE NOT %(copies)s
           AND m.case_id + 0 = a.case_id AND m.item_id = a.item_id AND NOT m.near AND m.representative_id <> m.item_id)
   AND EXISTS (SELECT 1 FROM evidence_sighting s WHERE s.item_id = a.item_id AND s.exhibit_id + 0 = %(exhibit)s)
"""
# From each sighting up to the file that holds it; archives last, for walking one costs more than reading a file.
_PLACES = """
WITH RECURSIVE up AS (
    SELECT s.id AS outermost, ARRAY[s.item_id] AS chain, s.parent_id AS parent
      FROM evidence_sighting s
     WHERE s.item_id = ANY(%(items)s) AND s.exhibit_id + 0 = %(exhibit)s AND s.source_id = ANY(%(sources)s)
    UNION ALL
    SELECT p.id, p.item_id || up.chain, p.parent_id
      FROM up JOIN evidence_sighting p ON p.id = up.parent
)
SELECT up.outermost, r.root, f.name, f.size, up.chain
  FROM up
  JOIN evidence_sighting f ON f.id = up.outermost
  JOIN evidence_source r ON r.id = f.source_id
  JOIN evidence_item i ON i.id = f.item_id
 WHERE up.parent IS NULL
 ORDER BY i.kind = ANY(%(archives)s), up.outermost
"""
_LEFT = """
SELECT DISTINCT ON (s.item_id) s.item_id, s.id, s.source_id = ANY(%(sources)s)
  FROM evidence_sighting s
 WHERE s.item_id = ANY(%(items)s) AND s.exhibit_id + 0 = %(exhibit)s
   AND NOT EXISTS (SELECT 1 FROM casework_kept k WHERE k.case_id = %(case)s AND k.item_id = s.item_id)
 ORDER BY s.item_id, s.source_id = ANY(%(sources)s) DESC, s.id
"""


@dataclass(frozen=True)
class Place:
    """Where an item was seen: `chain` is the SHA-256 of the outermost file, of what it holds on the way, and its.

    `NO_DIGEST` stands in it for what was erased.
    """

    outermost: int
    root: bytes
    name: bytes
    size: int | None
    item: int
    chain: tuple[bytes, ...]


class Unkept:
    """The items of an exhibit whose content a policy wants kept and which are not, and where `sources` have them."""

    def __init__(self, case: Case, exhibit: Exhibit, keep: Keep, sources: Sequence[Source], vault: Vault) -> None:
        self._vault = vault
        self._values: dict[str, Any] = {
            "case": case.pk,
            "exhibit": exhibit.pk,
            "verdicts": [one.value for one in keep.verdicts],
            "states": [one.value for one in _KEPT_STATES],
            "copies": keep is Keep.ALL,
            "sources": [source.pk for source in sources],
            "archives": [kind.value for kind in CONTAINERS],
        }

    def items(self) -> Iterator[int]:
        """Their numbers, streamed."""
        return (item for (item,) in self._rows(_MISSING))

    def places(self, items: list[int]) -> Iterator[Place]:
        """Every place in the sources where one of these was seen, by outermost file, archives last; streamed."""
        rows = self._rows(_PLACES, items=items)
        while some := list(islice(rows, _ROWS)):
            digests = _digests({number for row in some for number in row[4]}, self._vault)
            for outermost, root, name, size, chain in some:
                held = tuple(digests.get(number, NO_DIGEST) for number in chain)
                yield Place(outermost, bytes(root), bytes(name), size, chain[-1], held)

    def left(self, items: list[int]) -> Iterator[tuple[int, str | None]]:
        """Those of the items that are not kept now, each with a path for people where the sources have it; streamed."""
        for item, sighting, at_hand in self._rows(_LEFT, items=items):
            yield item, path_text(Sighting.objects.get(pk=sighting)) if at_hand else None

    def _rows(self, query: str, **values: object) -> Iterator[tuple[Any, ...]]:
        with connection.chunked_cursor() as cursor:
            cursor.execute(query, self._values | values)
            while rows := cursor.fetchmany(_ROWS):
                yield from rows


def _digests(items: set[int], vault: Vault) -> dict[int, bytes]:
    numbers = dict(Item.objects.filter(pk__in=items).values_list("signature", "id"))
    return {numbers[key]: stored.sha256 or b"" for key, stored in vault.signatures.fetch(numbers, frames=False).items()}
