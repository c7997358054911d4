"""Rotates the keys that wrap the keys of objects and of blocks of signatures; what they seal is not touched.

Rules kept here:
- a rotation that was killed is gone on with: while keys can be wrapped anew, no further generation is begun;
- keys are wrapped anew in batches, each a transaction of its own; the log says when a rotation began and when it ended;
- a key that does not open stops no other: it is named, and stays as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from safelight.errors import InputError
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.vault.actions.turns import wait_for_keepers
from safelight.vault.content import ObjectName, Vault
from safelight.vault.models import ObjectKey, SignatureBlock, SignatureKey
from safelight.vault.nodekeys import save_keys
from safelight.vault.queries import generations_in_use
from safelight.vault.signatures import block_key_name

BATCH = 1000


@dataclass(frozen=True)
class Rotation:
    """What a rotation did: the vault with the keys as they are now, how many it wrapped anew, which it could not.

    `unused` are the retired generations under which nothing here is wrapped any more; `went_on` where it ended a
    rotation that had been killed, and began none.
    """

    vault: Vault
    rewrapped: int
    failed: tuple[str, ...]
    unused: tuple[int, ...]
    went_on: bool

    @property
    def generation(self) -> int:
        """The generation that wraps now."""
        return self.vault.keys.generations.current


def do_rotate_keys(
    vault: Vault, path: Path, *, approve: Callable[[int], str], acting_user: str, now: datetime
) -> Rotation:
    """Begin a generation of keys in the file at `path`, and wrap all keys anew; or end a killed rotation.

    `approve` uses up what allows a generation of this number to begin, inside the transaction, and names it
    (`access.four_eyes.use_approval`); one that goes on has been allowed. Whoever has the vault open with the keys of
    before opens nothing that was wrapped anew: end it first.

    Raises:
        UsageError: the file holds other keys than these: somebody else changed them; nothing was changed.
        CannotRunError: the file could not be written; nothing was changed.
    """
    count, failed = _rewrap_all(vault)
    went_on = count > 0
    if not went_on:
        vault = _begin(vault, path, approve, acting_user, now)
        wait_for_keepers()
        count, failed = _rewrap_all(vault)
    generations, used = vault.keys.generations, generations_in_use()
    unused = tuple(number for number in generations.retired if number not in used)
    about = {"generation": generations.current, "stage": "ended", "rewrapped": count, "failed": len(failed)}
    do_add_entry(Entry(Event.KEY_ROTATED, acting_user, now, about=about), vault.log_sealer)
    return Rotation(vault, count, tuple(failed), unused, went_on)


def _begin(vault: Vault, path: Path, approve: Callable[[int], str], acting_user: str, now: datetime) -> Vault:
    rotated = replace(vault, keys=vault.keys.rotated())
    generation = rotated.keys.generations.current
    with transaction.atomic():
        about = {"generation": generation, "stage": "begun", "approval": approve(generation)}
        do_add_entry(Entry(Event.KEY_ROTATED, acting_user, now, about=about), vault.log_sealer)
        save_keys(path, rotated.keys, replacing=vault.keys)
    return rotated


@dataclass(frozen=True)
class _Table:
    """A table of wrapped keys: the rows of which what they open is there, and the name to which each key is bound."""

    rows: Callable[[], QuerySet[Any]]
    name: Callable[[Any], str]


_TABLES = (
    _Table(
        lambda: ObjectKey.objects.filter(stored__isnull=False).select_related("stored"),
        lambda row: str(ObjectName(row.stored_id, row.stored.owner)),
    ),
    _Table(
        lambda: SignatureKey.objects.filter(block__in=SignatureBlock.objects.values("id")),
        lambda row: block_key_name(row.block),
    ),
)


def _rewrap_all(vault: Vault) -> tuple[int, list[str]]:
    """Wrap every key of an older generation anew; how many, and which could not be."""
    done, failed = 0, []
    for table in _TABLES:
        last = None
        while batch := _rewrap_batch(vault, table, last):
            last, count, named = batch
            done += count
            failed += named
    return done, failed


def _rewrap_batch(vault: Vault, table: _Table, last: object) -> tuple[object, int, list[str]] | None:
    """Wrap up to `BATCH` keys of a table anew, above the row `last`: the last row, how many, which could not be."""
    with transaction.atomic():
        old = table.rows().exclude(generation=vault.keys.generations.current).order_by("pk")
        if last is not None:
            old = old.filter(pk__gt=last)
        rows = list(old.select_for_update(of=("self",))[:BATCH])
        if not rows:
            return None
        good, failed = [], []
        for row in rows:
            try:
                row.wrapped = vault.keyring.rewrap(bytes(row.wrapped), table.name(row))
            except InputError as error:
                failed.append(error.message)
                continue
            row.generation = vault.keys.generations.current
            good.append(row)
        table.rows().bulk_update(good, ["wrapped", "generation"])
        return rows[-1].pk, len(good), failed
