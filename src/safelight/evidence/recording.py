"""Writes sightings and items in batches, each in the caller's transaction: there as a whole, or not at all."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from django.db import connection

from safelight.evidence.drafts import Content, Draft, Times
from safelight.evidence.models import Item, ItemState, Run, Sighting, SightingHow, SightingState
from safelight.evidence.names import child_place
from safelight.evidence.sealed import SIGHTINGS, TABLE, Seen, seal_letter, seal_seen
from safelight.platform.copying import copy_rows, reserve_ids
from safelight.platform.walls import across_cases
from safelight.signatures.types import Digests, Examination
from safelight.vault.content import Vault
from safelight.vault.film_hashes import asking_hashes
from safelight.vault.queries import erased
from safelight.vault.sealing import ColumnSealer
from safelight.vault.signatures import NewSignature, Realm

_ITEMS_LOCK = 0x5AFE_0001
"""Two runs that meet the same new content at once make one item of it."""
ERASED, ERASED_BEFORE = "erased", "its content was erased from this node before, so it is not kept again"
"""The failure by which such a content is named where it is met again, and what it says."""
_ITEM_COLUMNS = [
    "id",
    "signature",
    "size",
    "kind",
    "state",
    "reason",
    "width",
    "height",
    "shown_width",
    "shown_height",
    "orientation",
    "frames",
    "mode",
    "metadata",
    "sealed",
    "examined_by_id",
]
_SIGHTING_COLUMNS = [
    "id",
    "exhibit_id",
    "source_id",
    "run_id",
    "parent_id",
    "place",
    "version",
    "how",
    "detail",
    "name",
    "size",
    "modified",
    "changed",
    "accessed",
    "inode",
    "device",
    "item_id",
    "state",
    "failure",
    "reason",
    "news",
    "complete",
    "sealed",
]
_SEALED_TEXTS = ("xmp", "iptc", "text")
"""Parts of parsed metadata that are sealed."""


@dataclass(frozen=True)
class RecordedItem:
    """An item with what can be asked of it: its digests and hashes, and whether it could be read."""

    number: int
    state: ItemState
    reason: str | None
    signature: NewSignature


def record(run: Run, drafts: Sequence[Draft], vault: Vault) -> dict[int, RecordedItem]:
    """Record drafts and their children, and fill in their `number` and `item`; the items that are new come back.

    Of a content that was erased the place is recorded, and nothing else. The caller holds the transaction.
    """
    _leave_erased(drafts, vault)
    without = [draft for draft in _family(drafts) if draft.content is not None and draft.item is None]
    new = _record_items(run, without, vault)
    _adopt_children(drafts, new)
    flat = list(_family(drafts))
    for draft, number in zip(flat, reserve_ids(Sighting, len(flat)), strict=True):
        draft.number = number
    for draft in flat:
        for child in draft.children:
            child.parent = draft.number
    columns = vault.columns(SIGHTINGS)
    copy_rows(Sighting, _SIGHTING_COLUMNS, (_sighting_row(run, draft, columns) for draft in flat))
    return new


def recorded_items(numbers: Collection[int], vault: Vault) -> list[RecordedItem]:
    """Items by number, in ascending order, with their digests and hashes; those that were erased are left out."""
    rows = Item.objects.filter(pk__in=numbers).exclude(state=ItemState.ERASED).order_by("id")
    found = list(rows.values_list("id", "state", "reason", "signature"))
    stored = vault.signatures.fetch([signature for *_, signature in found])
    return [RecordedItem(number, ItemState(state), reason, stored[key]) for number, state, reason, key in found]


@dataclass(frozen=True, slots=True)
class SeenItem:
    """An item that is recorded already, and what became of it then."""

    number: int
    state: ItemState
    reason: str | None


def find_items(digests: Sequence[Digests], vault: Vault) -> list[SeenItem | None]:
    """The item of each content, None where it was never seen. Without a lock: a run may add it a moment later."""
    questions = [NewSignature(None, None, one.sha256, one.size) for one in digests]
    hits = vault.signatures.find(Realm.ITEM, questions)
    signatures = {hit.query: hit.signature for hit in hits if hit.how == "sha256"}
    rows = Item.objects.filter(signature__in=signatures.values()).values_list("signature", "id", "state", "reason")
    items = {signature: SeenItem(number, ItemState(state), reason) for signature, number, state, reason in rows}
    return [items.get(signatures.get(row, 0)) for row in range(len(digests))]


def lock_items() -> None:
    """Until the transaction ends: nobody else adds items, or erases them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ITEMS_LOCK])


def _leave_erased(drafts: Sequence[Draft], vault: Vault) -> None:
    """Name what was erased here, and let go of what was read of it: neither item nor signature comes back by itself."""
    fresh = [draft for draft in _family(drafts) if draft.content is not None and draft.item is None]
    if not fresh:
        return
    lock_items()
    gone = erased(vault, {draft.content.digests.sha256 for draft in fresh if draft.content}, vault.keys.node)
    for draft in fresh:
        if draft.content is not None and draft.content.digests.sha256 in gone:
            draft.state, draft.failure, draft.reason = SightingState.NOT_EXAMINED, ERASED, ERASED_BEFORE
            draft.content, draft.children, draft.letter = None, [], None


def _adopt_children(drafts: Sequence[Draft], new: Collection[int]) -> None:
    """Give each further sighting of a content the embedded pictures that were found when it was examined."""
    children = {draft.item: draft.children for draft in drafts if draft.children}
    without = [draft for draft in drafts if draft.item is not None and not draft.children]
    older = {draft.item for draft in without if draft.item is not None and draft.item not in new} - children.keys()
    if older:
        children.update(_recorded_children(older))
    for draft in without:
        for number, child in enumerate(children.get(draft.item, ())):
            place = child_place(draft.place, child.name, number)
            draft.children.append(replace(child, source=draft.source, place=place, version=draft.version, children=[]))


def _recorded_children(items: Collection[int]) -> dict[int | None, list[Draft]]:
    embedded = Sighting.objects.filter(parent__item__in=items, how=SightingHow.EMBEDDED)
    first = embedded.order_by("parent__item", "parent").distinct("parent__item")
    with across_cases():  # a content holds the same pictures inside, in whichever case it was examined
        owners = dict(first.values_list("parent", "parent__item"))
        rows = list(embedded.filter(parent__in=owners).order_by("id"))
    found: dict[int | None, list[Draft]] = {}
    for row in rows:
        owner = owners[row.parent_id]
        child = Draft(
            source=row.source_id,
            parent=None,
            place=b"",
            how=SightingHow.EMBEDDED,
            name=bytes(row.name),
            state=SightingState(row.state),
            times=Times(size=row.size),
            detail=row.detail,
            reason=row.reason,
            item=row.item_id,
        )
        found.setdefault(owner, []).append(child)
    return found


def _family(drafts: Iterable[Draft]) -> Iterator[Draft]:
    for draft in drafts:
        yield draft
        yield from _family(draft.children)


def _record_items(run: Run, drafts: Sequence[Draft], vault: Vault) -> dict[int, RecordedItem]:
    if not drafts:
        return {}
    contents = {draft.content.digests.sha256: draft.content for draft in drafts if draft.content}
    found = find_items([content.digests for content in contents.values()], vault)
    items: dict[bytes, int] = {}
    new: list[Content] = []
    for (sha256, content), item in zip(contents.items(), found, strict=True):
        if item is None:
            new.append(content)
        else:
            items[sha256] = item.number
    stored = [_signature(content) for content in new]
    signatures = vault.signatures.store(Realm.ITEM, stored)
    ids = reserve_ids(Item, len(new))
    columns = vault.columns(TABLE)
    rows = (_item_row(run, columns, *row) for row in zip(ids, signatures, new, strict=True))
    copy_rows(Item, _ITEM_COLUMNS, rows)
    items.update((content.digests.sha256, number) for content, number in zip(new, ids, strict=True))
    for draft in drafts:
        if draft.content:
            draft.item = items[draft.content.digests.sha256]
    fresh = zip(ids, new, stored, strict=True)
    return {number: RecordedItem(number, one.state, one.reason, signature) for number, one, signature in fresh}


def _signature(content: Content) -> NewSignature:
    if content.film is not None:
        digests = content.digests
        frames = tuple(asking_hashes(content.film))
        return NewSignature(digests.md5, digests.sha1, digests.sha256, digests.size, frames, content.film.stream)
    return NewSignature.of(content.digests, content.examination.stills if content.examination else ())


def _item_row(run: Run, columns: ColumnSealer, number: int, signature: int, content: Content) -> tuple[Any, ...]:
    seen = content.examination
    head = (number, signature, content.digests.size, content.kind, content.state.value, content.reason)
    if seen is None:
        said = seal_seen(Seen(written=content.written), number, columns) if content.written is not None else None
        return (*head, *([None] * 8), said, run.pk)
    first = seen.stills[0]
    shape = (*seen.size, *first.shown_size, seen.orientation, seen.frames, seen.mode)
    metadata = seen.metadata
    texts = {name: said for name in _SEALED_TEXTS if (said := getattr(metadata, name))}
    sealed = seal_seen(Seen(first.tile, metadata.raw or None, texts or None), number, columns)
    return (*head, *shape, _metadata(seen), sealed, run.pk)


def _metadata(seen: Examination) -> str:
    """Parsed metadata that is working data, as JSON text."""
    parsed = msgspec.structs.replace(seen.metadata, raw={}, **{name: {} for name in _SEALED_TEXTS})
    return msgspec.json.encode(parsed).decode().replace("\\u0000", "\\ufffd")


def _sighting_row(run: Run, draft: Draft, columns: ColumnSealer) -> tuple[Any, ...]:
    times = draft.times
    letter = seal_letter(draft.letter, draft.number, columns) if draft.letter is not None else None
    return (
        draft.number, run.exhibit_id, draft.source, run.pk, draft.parent, draft.place, draft.version, draft.how.value,
        draft.detail, draft.name, times.size, times.modified, times.changed, times.accessed, times.inode, times.device,
        draft.item, draft.state.value, draft.named, draft.said, draft.news, draft.complete, letter,
    )  # fmt: skip
