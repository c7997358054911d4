"""The ways to write custody records outside the stream of sightings: exhibits, runs, sources, what became complete."""

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max, Q

from safelight.evidence.drafts import Times
from safelight.evidence.models import Exhibit, Item, ItemState, Run, RunState, Sighting, Source
from safelight.evidence.queries import items_of
from safelight.evidence.recording import ERASED
from safelight.vault.content import Vault

_RUNS_LOCK = 0x5AFE_0005
_MADE_OF_CONTENT = (
    *("reason", "width", "height", "shown_width", "shown_height", "orientation", "frames", "mode"),
    *("metadata", "sealed"),
)
_MEET_AGAIN = """
UPDATE evidence_sighting s
   SET met_modified = m.modified, met_changed = m.changed, met_inode = m.inode
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS m (id, modified, changed, inode)
 WHERE s.id = m.id
"""


@dataclass(frozen=True)
class RunRecord:
    """What is kept of a run's beginning."""

    command: str
    versions: dict[str, str]
    settings: dict[str, str]


@dataclass(frozen=True)
class RecordedOfItems:
    """What is recorded of a content itself: see `vault.actions.erasing.Derived`. Its sightings stay, as places."""

    vault: Vault

    def destroy(self, sha256: bytes, owner: str) -> Mapping[str, int]:
        """Destroy signatures, small pictures, metadata and texts of the item; items are the node's own."""
        if owner != self.vault.keys.node:
            return {}
        return do_forget_items(items_of(sha256, self.vault), self.vault)


def do_forget_items(items: Iterable[int], vault: Vault) -> Mapping[str, int]:
    """Destroy what is recorded of these items, in the caller's transaction; return how many of what there were."""
    rows = Item.objects.filter(pk__in=items)
    signatures = list(rows.values_list("signature", flat=True))
    sealed = rows.filter(sealed__isnull=False)
    texts = sealed.filter(state=ItemState.NO_MEDIA).count()
    pictures = sealed.count() - texts
    numbers = list(rows.values_list("id", flat=True))
    nothing: dict[str, None] = dict.fromkeys(_MADE_OF_CONTENT)
    Item.objects.filter(pk__in=numbers).update(state=ItemState.ERASED, **nothing)
    letters = Sighting.objects.filter(item__in=numbers, sealed__isnull=False).update(sealed=None)
    vault.signatures.remove(signatures)
    said = {"texts": texts, "fields of mails": letters}
    return {"signatures": len(signatures), "small pictures": pictures} | {what: n for what, n in said.items() if n}


def do_read_again(items: Iterable[int] | None = None) -> None:
    """Let the next check that meets what was erased read it again, though it is as it was; None: all that ever was."""
    gone = Q(item__state=ItemState.ERASED) | Q(failure=ERASED) if items is None else Q(item__in=list(items))
    Sighting.objects.filter(gone).update(complete=False)


def do_open_exhibit(case: str, name: str, *, now: datetime) -> Exhibit:
    """Find the exhibit of a case by name, or open it."""
    return Exhibit.objects.get_or_create(case=case, name=name, defaults={"opened": now})[0]


def do_begin_run(exhibit: Exhibit, record: RunRecord, *, now: datetime, acting_user: str) -> Run:
    """Begin a run; earlier ones that never ended (the machine or the process died) are marked as broken off."""
    with transaction.atomic():
        _lock(exhibit.pk, "pg_advisory_xact_lock")
        Run.objects.filter(exhibit=exhibit, state=RunState.RUNNING).update(state=RunState.BROKEN)
        last = Run.objects.filter(exhibit=exhibit).aggregate(last=Max("number"))["last"] or 0
        return Run.objects.create(
            exhibit=exhibit,
            number=last + 1,
            by=acting_user,
            host=socket.gethostname(),
            command=record.command,
            started=now,
            state=RunState.RUNNING,
            versions=record.versions,
            settings=record.settings,
        )


def hold_run(run: Run) -> None:
    """Until the transaction ends, no other run of the exhibit begins.

    So what a run that was killed had just handed to the database is there, or is not, before the next one looks.
    """
    _lock(run.exhibit_id, "pg_advisory_xact_lock_shared")


def _lock(exhibit: int, function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [_RUNS_LOCK, exhibit])


def do_end_run(run: Run, state: RunState, *, now: datetime) -> None:
    """Record how a run ended."""
    Run.objects.filter(pk=run.pk).update(state=state, ended=now)


def do_add_source(exhibit: Exhibit, path: bytes) -> Source:
    """Record a path that is read for an exhibit, made absolute, links in it resolved."""
    return Source.objects.get_or_create(exhibit=exhibit, root=os.path.realpath(path))[0]


def do_complete_containers(sightings: Sequence[int]) -> None:
    """Mark archives whose every entry is recorded."""
    Sighting.objects.filter(pk__in=sightings).update(complete=True)


def do_meet_again(met: Sequence[tuple[int | None, Times]]) -> None:
    """Record by which times and inode sightings were met now; what they were recorded with first stays beside it.

    The caller holds the transaction.
    """
    if not met:
        return
    columns = [(number, times.modified, times.changed, times.inode) for number, times in met]
    with connection.cursor() as cursor:
        cursor.execute(_MEET_AGAIN, [list(column) for column in zip(*columns, strict=True)])
