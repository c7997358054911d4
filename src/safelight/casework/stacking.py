"""Builds the stacks of a case anew from its items, and settles which content stays kept."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from django.db import connection, transaction
from django.db.models import F, Q

from safelight.casework.models import Answer, Case, Kept, StackMember
from safelight.casework.rules import Verdict
from safelight.evidence.models import Item, ItemState
from safelight.evidence.sealed import TABLE, open_seen
from safelight.linking.types import FilmFrames, Stack, StackFilm
from safelight.platform.copying import copy_rows
from safelight.platform.reading import binary_rows
from safelight.platform.walls import across_cases
from safelight.vault.actions.keeping import do_release_contents
from safelight.vault.content import Vault
from safelight.vault.sealing import ColumnSealer
from safelight.vault.signatures import KeptBlocks, NewSignature, Which

_CHUNK = 2000
_BLOCKS_OF_FILMS = 8
_TILE_BYTES = 4096
_MEMBER_COLUMNS = ("case_id", "representative_id", "item_id", "how", "distance", "difference", "near")
_STACKS_LOCK = 0x5AFE_0002
_KEPT_LOCK = 0x5AFE_0004
STACK_QUALITY = 50
_KEPT = (Verdict.NEW, Verdict.COPY)


def do_stack_case(case: Case, vault: Vault) -> bool:
    """Build the stacks of a case where its media changed since; one process at a time. Tells whether it did."""
    from safelight.linking.film_stacks import build_film_stacks  # noqa: PLC0415 - brings numba, and only a check stacks
    from safelight.linking.stacks import build_stacks  # noqa: PLC0415 - the same

    with transaction.atomic():
        lock_stacks(case)
        state = _state(case)
        if Case.objects.get(pk=case.pk).stacked == state:
            return False
        columns = vault.columns(TABLE)
        stacks = build_stacks(_pictures(case, vault), lambda items: _tiles(items, columns))
        films = _Films(case, vault)
        stacks += build_film_stacks(films, films.frames)
        StackMember.objects.filter(case=case).delete()
        copy_rows(StackMember, _MEMBER_COLUMNS, _members(case, stacks))
        Case.objects.filter(pk=case.pk).update(stacked=state)
    return True


def do_settle_kept(case: Case, vault: Vault) -> None:
    """Let go of kept content that represents no new or copied stack of this case (the policy `new`)."""
    answered = Answer.objects.filter(case=case, current=True, verdict__in=[one.value for one in _KEPT]).values("item")
    stacked = StackMember.objects.filter(case=case, near=False)
    copies = stacked.exclude(item=F("representative")).values("item")
    with transaction.atomic():
        lock_kept()
        surplus = Q(item__in=copies) | ~Q(item__in=answered)
        Kept.objects.filter(surplus, case=case, leaving=False).update(leaving=True)
    do_let_go(case, vault)


def do_let_go(case: Case, vault: Vault) -> None:
    """Remove what is leaving, also what a run that was killed had marked: nothing counts as kept that is not there."""
    leaving = Kept.objects.filter(case=case, leaving=True)
    if not leaving.exists():
        return
    with transaction.atomic():
        lock_kept()
        items = list(leaving.values_list("item_id", flat=True))
        with across_cases():
            still = set(Kept.objects.filter(item__in=items).exclude(case=case).values_list("item_id", flat=True))
        signatures = Item.objects.filter(pk__in=set(items) - still).values_list("signature", flat=True)
        stored = vault.signatures.fetch(signatures, frames=False).values()
        do_release_contents(vault, (one.sha256 for one in stored if one.sha256), vault.keys.node)
        Kept.objects.filter(case=case, item__in=items).delete()


def lock_stacks(case: Case) -> None:
    """Until the transaction ends: nobody else builds the stacks of this case."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_STACKS_LOCK, case.pk])


def lock_kept(*, shared: bool = False) -> None:
    """Until the transaction ends: nobody lets go of content that is being kept. Those who keep may share the lock."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_KEPT_LOCK])


def _state(case: Case) -> str:
    """What the stacks follow from: the pictures and videos answered in this case."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(max(i.id), 0) FROM casework_answer a JOIN evidence_item i ON i.id = a.item_id"
            " WHERE a.case_id = %s AND a.current AND i.state IN ('picture', 'video', 'damaged')",
            [case.pk],
        )
        count, last = cursor.fetchone()
    return hashlib.sha256(f"{count} {last}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Picture:
    """An item as stacking sees it."""

    key: int
    digest: bytes
    pixels: bytes
    pdq: bytes | None
    shown_size: tuple[int, int]
    byte_size: int


def _pictures(case: Case, vault: Vault) -> Iterator[_Picture]:
    answered = Answer.objects.filter(case=case, current=True).values("item")
    pictures = (
        Item.objects.filter(pk__in=answered, state__in=[ItemState.PICTURE, ItemState.DAMAGED])
        .order_by("id")
        .values_list("id", "signature", "shown_width", "shown_height", "size")
    )
    coming = pictures.iterator(chunk_size=_CHUNK)
    while chunk := list(islice(coming, _CHUNK)):
        stored = vault.signatures.fetch([signature for _, signature, *_ in chunk])
        for number, key, width, height, size in chunk:
            signature = stored[key]
            yield _Picture(
                key=number,
                digest=signature.sha256 or b"",
                pixels=signature.pixels or b"",
                pdq=_shown_hash(signature),
                shown_size=(width or 0, height or 0),
                byte_size=size,
            )


class _Films:
    """The videos of a case as stacking sees them."""

    def __init__(self, case: Case, vault: Vault) -> None:
        answered = Answer.objects.filter(case=case, current=True).values("item")
        self._videos = Item.objects.filter(pk__in=answered, state=ItemState.VIDEO).order_by("id")
        self._signatures = vault.signatures
        self._signature_of: dict[int, int] = {}
        self._kept = KeptBlocks(_BLOCKS_OF_FILMS)

    def __iter__(self) -> Iterator[StackFilm]:
        rows = self._videos.values_list("id", "signature", "width", "height", "size").iterator(chunk_size=_CHUNK)
        while chunk := list(islice(rows, _CHUNK)):
            stored = self._signatures.fetch([key for _, key, *_ in chunk], frames=False)
            for item, key, width, height, size in chunk:
                self._signature_of[item] = key
                one = stored[key]
                yield StackFilm(item, one.sha256 or b"", one.pixels, (width or 0) * (height or 0), size)

    def frames(self, item: int) -> FilmFrames:
        """The hashes of one of them."""
        key = self._signature_of[item]
        return _frames(self._signatures.fetch([key], self._kept)[key])


def _frames(signature: NewSignature) -> FilmFrames:
    hashes = [one for one in signature.pdqs if one.which.of_film]
    return FilmFrames(
        times=np.array([one.frame for one in hashes], np.int64) * 1000,
        codes=np.frombuffer(b"".join(one.bits for one in hashes), np.uint8).reshape(-1, 32),
        telling=np.array([(one.quality or 0) >= STACK_QUALITY for one in hashes], np.bool_),
    )


def _tiles(items: Sequence[int], columns: ColumnSealer) -> list[bytes]:
    """The tiles of items, in their order."""
    sealed: dict[int, bytes] = dict(
        binary_rows("SELECT id, sealed FROM evidence_item WHERE id = ANY(%s::int8[])", [list(items)])
    )
    return [(open_seen(sealed[item], item, columns).tile or b"").ljust(_TILE_BYTES, b"\0") for item in items]


def _shown_hash(signature: NewSignature) -> bytes | None:
    """The hash of the picture as shown: its own where it differs from the listed one, of the first frame."""
    first = {pdq.which: pdq for pdq in signature.pdqs if pdq.frame == 0}
    pdq = first.get(Which.SHOWN) or first.get(Which.LISTED)
    return pdq.bits if pdq is not None and (pdq.quality or 0) >= STACK_QUALITY else None


def _members(case: Case, stacks: list[Stack]) -> Iterator[tuple[object, ...]]:
    for stack in stacks:
        representative = stack.members[0].key
        for near, members in ((False, stack.members), (True, stack.near)):
            for one in members:
                yield case.pk, representative, one.key, one.how, one.distance, one.difference, near
