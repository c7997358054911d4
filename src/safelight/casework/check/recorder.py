"""Records parcels in batches: sightings, items, verdicts and kept content are there together, or not at all."""

import queue
import time
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from safelight.casework.check.line import Line
from safelight.casework.check.options import Keep
from safelight.casework.check.parcel import Parcel
from safelight.casework.check.progress import Tally, Watcher
from safelight.casework.judging import judge_items
from safelight.casework.kept_reviews.queries import kept_for
from safelight.casework.models import Case, Kept
from safelight.casework.report.model import Failure
from safelight.casework.rules import Verdict
from safelight.casework.stacking import lock_kept
from safelight.evidence.actions import do_complete_containers, do_meet_again, hold_run
from safelight.evidence.drafts import Draft
from safelight.evidence.models import Run, SightingState
from safelight.evidence.recording import SeenItem, record
from safelight.known.matching import KnownBase
from safelight.sandbox import SealedContent
from safelight.vault.actions.keeping import do_keep_contents
from safelight.vault.content import Vault

BATCH = 400
BATCH_SECONDS = 2.0
MOMENT = 0.02
BATCH_BYTES = 96 << 20
_WITHOUT_ITEM = {
    SightingState.LOCKED: Verdict.LOCKED,
    SightingState.UNREADABLE: Verdict.UNREADABLE,
    SightingState.NOT_EXAMINED: Verdict.NOT_EXAMINED,
    SightingState.EXAMINED: Verdict.NOT_EXAMINED,
}


class Recorder:
    """Works in the thread that owns the run; everything it has flushed is acknowledged."""

    def __init__(
        self,
        case: Case,
        run: Run,
        base: KnownBase,
        vault: Vault,
        keep: Keep,
        watcher: Watcher,
        clock: Callable[[], datetime],
    ) -> None:
        self._case, self._run, self._base, self._vault = case, run, base, vault
        self._keep = keep.verdicts
        self._watcher = watcher
        self._clock = clock
        self.tally = Tally()
        self._batch: list[Parcel] = []
        self._bytes = 0
        self._flushed = time.monotonic()

    def work(self, line: Line, finished: Callable[[], bool]) -> None:
        """Record what comes until `finished` says that nothing more will."""
        while True:
            try:
                parcel = line.parcels.take()
            except queue.Empty:
                over = finished() and line.parcels.empty()
                if over or self._due():
                    self.flush(line)
                if over:
                    return
                line.urgent.wait(MOMENT)  # not woken for each parcel: they are taken many at a time
                line.urgent.clear()
                continue
            self._take(line, parcel)
            if self._due() or parcel.recorded is not None:
                self.flush(line)

    def flush(self, line: Line) -> None:
        """Record the batch as one transaction, then let go of its content."""
        self._flushed = time.monotonic()
        if not self._batch:
            return
        batch, self._batch, self._bytes = self._batch, [], 0
        complete = [number for parcel in batch if parcel.within for number in parcel.within.arrived()]
        with transaction.atomic():
            hold_run(self._run)
            new = record(self._run, [parcel.draft for parcel in batch if parcel.existing is None], self._vault)
            do_complete_containers(complete)
            do_meet_again([(one.existing, one.draft.times) for one in batch if one.met_again])
            items = [draft.item for parcel in batch for draft in _family(parcel.draft) if draft.item is not None]
            verdicts = judge_items(self._case, self._run, items, self._base, self._vault, now=self._clock(), new=new)
            self._keep_content(batch, verdicts)
        for parcel in batch:
            self._acknowledge(line, parcel, verdicts)
        self._watcher.advance(self.tally)

    def _take(self, line: Line, parcel: Parcel) -> None:
        if not self._keep:
            line.let_go(parcel)
        self._batch.append(parcel)
        self._bytes += parcel.content.size if parcel.content else 0

    def _due(self) -> bool:
        waited = time.monotonic() - self._flushed
        return len(self._batch) >= BATCH or self._bytes >= BATCH_BYTES or waited >= BATCH_SECONDS

    def _keep_content(self, batch: list[Parcel], verdicts: dict[int, Verdict]) -> None:
        wanted: dict[int, SealedContent] = {}
        for parcel in batch:
            item = parcel.draft.item
            if item is not None and parcel.content is not None and verdicts[item] in self._keep:
                wanted[item] = parcel.content
        for item in Kept.objects.filter(case=self._case, item__in=wanted).values_list("item_id", flat=True):
            del wanted[item]
        if wanted:
            lock_kept(shared=True)
            contents = (content.read(content.size) for content in wanted.values())
            do_keep_contents(self._vault, contents, self._vault.keys.node)
            Kept.objects.bulk_create(kept_for(self._case, wanted, self._clock()), ignore_conflicts=True)

    def _acknowledge(self, line: Line, parcel: Parcel, verdicts: dict[int, Verdict]) -> None:
        draft = parcel.draft
        line.let_go(parcel)
        if draft.content is not None and draft.item is not None:
            line.recorded(draft.content.digests.sha256, SeenItem(draft.item, draft.content.state, draft.content.reason))
        if parcel.met_again:
            self.tally.met_again += 1
            self.tally.bytes += draft.times.size or 0
        elif parcel.existing is None:
            self._count(parcel, verdicts)
        if parcel.recorded is not None:
            parcel.recorded.set()

    def _count(self, parcel: Parcel, verdicts: dict[int, Verdict]) -> None:
        for number, draft in enumerate(_family(parcel.draft)):
            verdict = verdicts[draft.item] if draft.item is not None else _WITHOUT_ITEM[draft.state]
            self.tally.files += 1
            self.tally.bytes += (draft.times.size or 0) if number == 0 else 0
            self.tally.verdicts[verdict.value] += 1
            if draft.named is not None:
                self.tally.failures += 1
                where = parcel.path if number == 0 else f"{parcel.path} [{draft.detail}]"
                self._watcher.fail(Failure(where, draft.named, draft.said or ""))


def _family(draft: Draft) -> list[Draft]:
    return [draft, *(inner for child in draft.children for inner in _family(child))]
