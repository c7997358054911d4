"""Builds the stacks of a case anew from its items, and settles which content stays kept."""

import hashlib
from collections.abc import Iterator

from django.db import connection, transaction
from django.db.models import F, Q

from safelight.casework.models import Answer, Case, Kept, StackMember
from safelight.casework.rules import Verdict
from safelight.evidence.models import Item, ItemState
from safelight.linking.stacks import build_stacks
from safelight.linking.types import Stack, StackItem
from safelight.vault.objects import ObjectStore
from safelight.vault.signatures import NewSignature, Which, fetch

_CHUNK = 2000
_STACKS_LOCK = 0x5AFE_0002
_KEPT_LOCK = 0x5AFE_0004
STACK_QUALITY = 50
_KEPT = (Verdict.NEW, Verdict.COPY)


def do_stack_case(case: Case) -> bool:
    """Build the stacks of a case where its pictures changed since; one process at a time. Tells whether it did."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_STACKS_LOCK, case.pk])
        state = _state(case)
        if Case.objects.get(pk=case.pk).stacked == state:
            return False
        stacks = build_stacks(list(_items(case)))
        StackMember.objects.filter(case=case).delete()
        StackMember.objects.bulk_create(_members(case, stacks), batch_size=2000)
        Case.objects.filter(pk=case.pk).update(stacked=state)
    return True


def do_settle_kept(case: Case, store: ObjectStore) -> None:
    """Let go of kept content that represents no new or copied stack of this case (the policy `new`)."""
    answered = Answer.objects.filter(case=case, current=True, verdict__in=[one.value for one in _KEPT]).values("item")
    stacked = StackMember.objects.filter(case=case, near=False)
    copies = stacked.exclude(item=F("representative")).values("item")
    kept = Kept.objects.filter(case=case)
    with transaction.atomic():
        lock_kept()
        items = list(kept.filter(Q(item__in=copies) | ~Q(item__in=answered)).values_list("item_id", flat=True))
        still = set(Kept.objects.filter(item__in=items).exclude(case=case).values_list("item_id", flat=True))
        signatures = Item.objects.filter(pk__in=set(items) - still).values_list("signature", flat=True)
        # The content goes before its row: after a crash in between, the next run does the same again.
        for stored in fetch(list(signatures)).values():
            if stored.sha256:
                store.remove(stored.sha256.hex())
        kept.filter(item__in=items).delete()


def lock_kept(*, shared: bool = False) -> None:
    """Until the transaction ends: nobody lets go of content that is being kept. Those who keep may share the lock."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_KEPT_LOCK])


def _state(case: Case) -> str:
    """What the stacks follow from: the pictures answered in this case."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(max(i.id), 0) FROM casework_answer a JOIN evidence_item i ON i.id = a.item_id"
            " WHERE a.case_id = %s AND a.current AND i.state IN ('picture', 'damaged')",
            [case.pk],
        )
        count, last = cursor.fetchone()
    return hashlib.sha256(f"{count} {last}".encode()).hexdigest()[:16]


def _items(case: Case) -> Iterator[StackItem]:
    answered = Answer.objects.filter(case=case, current=True).values("item")
    pictures = (
        Item.objects.filter(pk__in=answered, state__in=[ItemState.PICTURE, ItemState.DAMAGED])
        .only("signature", "pixels", "tile", "shown_width", "shown_height", "size")  # metadata may be large
        .order_by("id")
    )
    chunk: list[Item] = []
    for item in pictures.iterator(chunk_size=_CHUNK):
        chunk.append(item)
        if len(chunk) == _CHUNK:
            yield from _stack_items(chunk)
            chunk = []
    yield from _stack_items(chunk)


def _stack_items(items: list[Item]) -> Iterator[StackItem]:
    stored = fetch([item.signature for item in items])
    for item in items:
        signature = stored[item.signature]
        yield StackItem(
            key=item.pk,
            digest=signature.sha256 or b"",
            pixels=bytes(item.pixels or b""),
            pdq=_shown_hash(signature),
            tile=bytes(item.tile or b""),
            shown_size=(item.shown_width or 0, item.shown_height or 0),
            byte_size=item.size,
        )


def _shown_hash(signature: NewSignature) -> bytes | None:
    """The hash of the picture as shown: its own where it differs from the listed one, of the first frame."""
    first = {pdq.which: pdq for pdq in signature.pdqs if pdq.frame == 0}
    pdq = first.get(Which.SHOWN) or first.get(Which.LISTED)
    return pdq.bits if pdq is not None and (pdq.quality or 0) >= STACK_QUALITY else None


def _members(case: Case, stacks: list[Stack]) -> Iterator[StackMember]:
    for stack in stacks:
        representative = stack.members[0].key
        for near, members in ((False, stack.members), (True, stack.near)):
            for member in members:
                yield StackMember(
                    case=case,
                    representative_id=representative,
                    item_id=member.key,
                    how=member.how,
                    distance=member.distance,
                    difference=member.difference,
                    near=near,
                )
