"""Builds the stacks of a case anew from its items, and settles which content stays kept."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile

from django.db import connection, transaction
from django.db.models import F, Q

from safelight.casework.models import Answer, Case, Kept, StackMember
from safelight.casework.rules import Verdict
from safelight.evidence.models import Item, ItemState
from safelight.evidence.sealed import TABLE, open_seen
from safelight.linking.stacks import build_stacks
from safelight.linking.types import Stack
from safelight.platform.copying import copy_rows
from safelight.platform.walls import across_cases
from safelight.vault.actions.keeping import do_release_contents
from safelight.vault.content import Vault
from safelight.vault.keys import KEY_BYTES, RootKey
from safelight.vault.sealing import OVERHEAD_BYTES, ColumnSealer
from safelight.vault.signatures import NewSignature, Which

_CHUNK = 2000
_TILE_BYTES = 4096
_MEMBER_COLUMNS = ("case_id", "representative_id", "item_id", "how", "distance", "difference", "near")
_STACKS_LOCK = 0x5AFE_0002
_KEPT_LOCK = 0x5AFE_0004
STACK_QUALITY = 50
_KEPT = (Verdict.NEW, Verdict.COPY)


def do_stack_case(case: Case, vault: Vault, *, spool: Path) -> bool:
    """Build the stacks of a case where its pictures changed since; one process at a time. Tells whether it did.

    `spool` is a folder for the tiles meanwhile, sealed: of a million pictures they would not fit into memory.
    """
    with transaction.atomic():
        lock_stacks(case)
        state = _state(case)
        if Case.objects.get(pk=case.pk).stacked == state:
            return False
        with TemporaryFile(dir=spool) as tiles:
            stacks = build_stacks(list(_items(case, _Spool(tiles.fileno()), vault)))
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
        stored = vault.signatures.fetch(signatures).values()
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
    """What the stacks follow from: the pictures answered in this case."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(max(i.id), 0) FROM casework_answer a JOIN evidence_item i ON i.id = a.item_id"
            " WHERE a.case_id = %s AND a.current AND i.state IN ('picture', 'damaged')",
            [case.pk],
        )
        count, last = cursor.fetchone()
    return hashlib.sha256(f"{count} {last}".encode()).hexdigest()[:16]


class _Spool:
    """Tiles in a file, each in its row, sealed by a key that only this process has and that ends with it."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._sealer = ColumnSealer(RootKey(secrets.token_bytes(KEY_BYTES)), "spool")
        self._rows = 0

    def add(self, tile: bytes) -> int:
        """Append a tile; its row."""
        row = self._rows
        sealed = memoryview(self._sealer.seal(tile.ljust(_TILE_BYTES, b"\0"), "tile", str(row)))
        while sealed:
            sealed = sealed[os.write(self._file, sealed) :]
        self._rows += 1
        return row

    def tile(self, row: int) -> bytes:
        """The tile of a row."""
        length = _TILE_BYTES + OVERHEAD_BYTES
        return self._sealer.open(os.pread(self._file, length, row * length), "tile", str(row))


@dataclass(frozen=True, slots=True)
class _Spooled:
    """An item whose tile lies in the spool, in row `row`."""

    key: int
    digest: bytes
    pixels: bytes
    pdq: bytes | None
    shown_size: tuple[int, int]
    byte_size: int
    spool: _Spool
    row: int

    @property
    def tile(self) -> bytes:
        return self.spool.tile(self.row)


def _items(case: Case, spool: _Spool, vault: Vault) -> Iterator[_Spooled]:
    answered = Answer.objects.filter(case=case, current=True).values("item")
    pictures = (
        Item.objects.filter(pk__in=answered, state__in=[ItemState.PICTURE, ItemState.DAMAGED])
        .order_by("id")
        .values_list("id", "signature", "sealed", "shown_width", "shown_height", "size")
    )
    columns = vault.columns(TABLE)
    coming = pictures.iterator(chunk_size=_CHUNK)
    while chunk := list(islice(coming, _CHUNK)):
        stored = vault.signatures.fetch([signature for _, signature, *_ in chunk])
        for number, key, sealed, width, height, size in chunk:
            seen, signature = open_seen(sealed, number, columns), stored[key]
            yield _Spooled(
                key=number,
                digest=signature.sha256 or b"",
                pixels=seen.pixels or b"",
                pdq=_shown_hash(signature),
                shown_size=(width or 0, height or 0),
                byte_size=size,
                spool=spool,
                row=spool.add(seen.tile or b""),
            )


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
