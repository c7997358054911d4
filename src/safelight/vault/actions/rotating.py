"""Rotates the keys that wrap the keys of objects; content is not touched.

Rules kept here:
- a rotation that was killed is gone on with: while keys can be wrapped anew, no further generation is begun;
- keys are wrapped anew in batches, each a transaction of its own; the log says when a rotation began and when it ended;
- a key that does not open stops no other: it is named, and stays as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from safelight.errors import InputError
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.vault.actions.turns import wait_for_keepers
from safelight.vault.content import ObjectName, Vault
from safelight.vault.models import ObjectKey
from safelight.vault.nodekeys import save_keys

BATCH = 1000


@dataclass(frozen=True)
class Rotation:
    """What a rotation did: the vault with the keys as they are now, how many it wrapped anew, which it could not.

    `went_on` where it ended a rotation that had been killed, and began none.
    """

    vault: Vault
    rewrapped: int
    failed: tuple[str, ...]
    went_on: bool

    @property
    def generation(self) -> int:
        """The generation that wraps now."""
        return self.vault.keys.generations.current


def do_rotate_keys(
    vault: Vault, path: Path, *, approve: Callable[[int], str], acting_user: str, now: datetime
) -> Rotation:
    """Begin a generation of keys in the file at `path`, and wrap all keys of objects anew; or end a killed rotation.

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
    about = {"generation": vault.keys.generations.current, "stage": "ended", "rewrapped": count, "failed": len(failed)}
    do_add_entry(Entry(Event.KEY_ROTATED, acting_user, now, about=about), vault.log_sealer)
    return Rotation(vault, count, tuple(failed), went_on)


def _begin(vault: Vault, path: Path, approve: Callable[[int], str], acting_user: str, now: datetime) -> Vault:
    rotated = replace(vault, keys=vault.keys.rotated())
    generation = rotated.keys.generations.current
    with transaction.atomic():
        about = {"generation": generation, "stage": "begun", "approval": approve(generation)}
        do_add_entry(Entry(Event.KEY_ROTATED, acting_user, now, about=about), vault.log_sealer)
        save_keys(path, rotated.keys, replacing=vault.keys)
    return rotated


def _rewrap_all(vault: Vault) -> tuple[int, list[str]]:
    """Wrap every key of an older generation anew; how many, and which could not be."""
    done, failed, last = 0, [], None
    while batch := _rewrap_batch(vault, last):
        last, count, named = batch
        done += count
        failed += named
    return done, failed


def _rewrap_batch(vault: Vault, last: UUID | None) -> tuple[UUID, int, list[str]] | None:
    """Wrap up to `BATCH` keys anew, of objects numbered above `last`: the last number, how many, which could not be."""
    with transaction.atomic():
        old = ObjectKey.objects.exclude(generation=vault.keys.generations.current).order_by("stored_id")
        if last is not None:
            old = old.filter(stored_id__gt=last)
        rows = list(old.filter(stored__isnull=False).select_related("stored").select_for_update(of=("self",))[:BATCH])
        if not rows:
            return None
        good, failed = [], []
        for row in rows:
            name = ObjectName(row.stored_id, row.stored.owner)
            try:
                row.wrapped = vault.keyring.rewrap(bytes(row.wrapped), str(name))
            except InputError as error:
                failed.append(error.message)
                continue
            row.generation = vault.keys.generations.current
            good.append(row)
        ObjectKey.objects.bulk_update(good, ["wrapped", "generation"])
        return rows[-1].stored_id, len(good), failed
