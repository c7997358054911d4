"""The main job: put in a seizure, learn what is known."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from safelight.casework.access import Acting, open_case
from safelight.casework.check.intake import Intake
from safelight.casework.check.keeping import Shelf, do_keep_missing
from safelight.casework.check.line import Line
from safelight.casework.check.options import CheckOptions, Keep
from safelight.casework.check.progress import Tally, Watcher
from safelight.casework.check.queries import Unkept
from safelight.casework.check.readers import Reader
from safelight.casework.check.recorder import Recorder
from safelight.casework.check.versions import versions
from safelight.casework.judging import answered_otherwise, judge_items
from safelight.casework.models import Case
from safelight.casework.stacking import do_let_go, do_settle_kept, do_stack_case
from safelight.errors import UsageError
from safelight.evidence.actions import RunRecord, do_add_source, do_begin_run, do_end_run, do_open_exhibit
from safelight.evidence.models import Exhibit, Item, Run, RunState, Sighting
from safelight.evidence.queries import latest_run
from safelight.known.matching import KnownBase
from safelight.known.rules import DEMO_SCHEME
from safelight.known.schemes import require_scheme
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.copying import analyse
from safelight.platform.database import BusyError, advisory_lock
from safelight.platform.settings import is_demo
from safelight.platform.walls import for_case
from safelight.sandbox import LayerMissingError, Nursery
from safelight.sandbox.layers import WHAT_FOLLOWS, missing
from safelight.vault.actions.sweeping import UnsureOrphansError, do_sweep
from safelight.vault.content import Vault

_MANY = 10_000
"""Files recorded by a run from which the database looks at its tables anew before they are queried as a whole."""
_VALUES_PER_COLLECTION = 500_000


@dataclass(frozen=True)
class Surroundings:
    """What a check stands on: who acts on which node, its data folder, the clock, who watches."""

    acting: Acting
    data: Path
    clock: Callable[[], datetime]
    watcher: Watcher

    @property
    def vault(self) -> Vault:
        """The node's vault."""
        return self.acting.node.vault


@dataclass(frozen=True)
class CheckResult:
    """How a run ended; `unkept` counts contents that were to be kept and could not be read again."""

    case: Case
    run: int
    stopped: bool
    tally: Tally
    unkept: int = 0


def do_check(options: CheckOptions, around: Surroundings) -> CheckResult:
    """Check paths into an exhibit: a new run that continues where earlier ones stopped.

    Raises:
        BusyError: the exhibit is being checked by another process.
        UsageError: there is no such scheme, or the case has another.
        CannotRunError: the data folder, database or sandbox fails; what was acknowledged stays.
    """
    if options.scheme is not None:
        require_scheme(options.scheme, around.data)
        if options.scheme == DEMO_SCHEME and not is_demo(around.data):
            raise UsageError(f"scheme {DEMO_SCHEME} is for demonstrations: name another, or use a demo data folder")
    case = _open_case(options, around, around.clock())
    try:
        with for_case(case.pk):
            exhibit = do_open_exhibit(options.case, options.exhibit, now=around.clock())
            with advisory_lock(f"check: exhibit {exhibit.pk}"), _collecting_seldom():
                return _run(case, exhibit, options, around)
    except BusyError as error:
        raise BusyError(
            f"exhibit {options.exhibit!r} of case {options.case!r} is being checked by another process: wait for it"
        ) from error


def _open_case(options: CheckOptions, around: Surroundings, now: datetime) -> Case:
    case = open_case(options.case, options.scheme, around.acting, now=now)
    if options.scheme is not None and case.scheme is None:
        Case.objects.filter(pk=case.pk, scheme=None).update(scheme=options.scheme)
        case.refresh_from_db()
    if options.scheme is not None and case.scheme != options.scheme:
        raise UsageError(
            f"case {case.name!r} grades by the scheme {case.scheme}: a case keeps its scheme, open another case"
        )
    return case


def _run(case: Case, exhibit: Exhibit, options: CheckOptions, around: Surroundings) -> CheckResult:
    base = KnownBase.open(around.acting.node, options.radius, options.quality, now=around.clock(), data=around.data)
    for sentence in base.silent:
        around.watcher.warn(sentence)
    with Nursery(options.examiner, *options.tasks, limits=options.limits) as nursery:
        _look_at_layers(nursery, options, around.watcher)
        sources = list(dict.fromkeys(do_add_source(exhibit, path) for path in options.paths))
        earlier = latest_run(exhibit)
        run = _begin(exhibit, options, base, around)
        if earlier is not None and earlier.state == RunState.RUNNING:
            _sweep(around)
        resumed = Sighting.objects.filter(exhibit=exhibit).exists()
        recorder = Recorder(case, run, base, around.vault, options.keep, around.watcher, around.clock)
        line = Line(nursery, around.vault, workers=options.workers, ask_database=Item.objects.exists())
        spool = around.data / "tmp"
        spool.mkdir(mode=0o700, exist_ok=True)
        reader = Reader(exhibit, nursery, line, options.archives, spool, options.passwords)
        intake = Intake(exhibit, sources, reader, line, recorder.tally, resumed=resumed)
        if _work(run, recorder, line, intake, around):
            return CheckResult(case, run.number, stopped=True, tally=recorder.tally)
        if recorder.tally.files >= _MANY:
            analyse("evidence_sighting", "evidence_item", "casework_answer")
        try:
            _finish(case, exhibit, run, base, options, around)
            unkept = _keep_missing(
                Unkept(case, exhibit, options.keep, sources, around.vault), case, nursery, options, around
            )
        except KeyboardInterrupt:
            _end(run, RunState.STOPPED, around)
            return CheckResult(case, run.number, stopped=True, tally=recorder.tally)
    _end(run, RunState.DONE, around)
    return CheckResult(case, run.number, stopped=False, tally=recorder.tally, unkept=unkept)


def _begin(exhibit: Exhibit, options: CheckOptions, base: KnownBase, around: Surroundings) -> Run:
    """Begin a run, and say so in the log."""
    now = around.clock()
    with transaction.atomic():
        run = do_begin_run(exhibit, _record(options, base), now=now, acting_user=around.acting.by)
        _log(run, "begun", {"case": options.case, "exhibit": options.exhibit, "base": base.lists}, around, now)
    return run


def _sweep(around: Surroundings) -> None:
    """Remove blobs that a run put into the vault before it was killed, and did not come to record."""
    around.watcher.stage("removing what a killed run left")
    try:
        do_sweep(around.vault)
    except UnsureOrphansError as error:
        around.watcher.warn(error.message)


def _end(run: Run, state: RunState, around: Surroundings) -> None:
    """End a run, and say so in the log."""
    now = around.clock()
    with transaction.atomic():
        do_end_run(run, state, now=now)
        _log(run, state.value, {}, around, now)


def _log(run: Run, stage: str, about: dict[str, str], around: Surroundings, now: datetime) -> None:
    told = {"run": run.pk, "number": run.number, "stage": stage, **about}
    do_add_entry(Entry(Event.CHECKED, around.acting.by, now, about=told), around.vault.log_sealer)


def _work(run: Run, recorder: Recorder, line: Line, intake: Intake, around: Surroundings) -> bool:
    """Record until everything is recorded, or until a person stops it; tells whether it was stopped."""
    around.watcher.stage("checking")
    intake.start()
    drained = _Drain(line, intake)
    try:
        recorder.work(line, drained)
    except KeyboardInterrupt:
        around.watcher.stage("stopping: what is done is recorded")
        _abandon(line, intake)
        recorder.flush(line)
        _end(run, RunState.STOPPED, around)
        return True
    except BaseException:
        _abandon(line, intake)
        raise
    if intake.failed is not None:
        _abandon(line, intake)
        raise intake.failed
    return False


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Look for garbage in cycles seldom: a check makes millions of small values and hardly one in a cycle.

    Most live as long as their batch: looked at before, they are looked at in vain.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_VALUES_PER_COLLECTION, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _Drain:
    """Says when nothing more will come: the intake is through, and then the pool is."""

    def __init__(self, line: Line, intake: Intake) -> None:
        self._line, self._intake = line, intake
        self._closed = False

    def __call__(self) -> bool:
        self._line.check()
        if not self._intake.finished():
            return False
        if not self._closed:
            self._line.begin_close()
            self._closed = True
        return self._line.closed()


def _abandon(line: Line, intake: Intake) -> None:
    line.stop.set()
    intake.join()
    line.abandon()


def _finish(
    case: Case, exhibit: Exhibit, run: Run, base: KnownBase, options: CheckOptions, around: Surroundings
) -> None:
    """Answer again what was answered from another state of the base, then stack, then settle what is kept."""
    around.watcher.stage("answering from the known base")
    for chunk in answered_otherwise(case, exhibit, base):
        judge_items(case, run, chunk, base, around.vault, now=around.clock())
    around.watcher.stage("stacking copies")
    do_stack_case(case, around.vault)
    if options.keep is Keep.NEW:
        do_settle_kept(case, around.vault)
    else:
        do_let_go(case, around.vault)


def _keep_missing(unkept: Unkept, case: Case, nursery: Nursery, options: CheckOptions, around: Surroundings) -> int:
    if options.keep is Keep.NONE:
        return 0
    spool = around.data / "tmp"
    shelf = Shelf(
        case, around.vault, nursery, options.limits, options.archives, spool, around.watcher, around.clock,
        options.passwords,
    )  # fmt: skip
    return do_keep_missing(unkept, shelf)


def _record(options: CheckOptions, base: KnownBase) -> RunRecord:
    settings = {
        "radius": options.radius,
        "quality": options.quality,
        "keep": options.keep.value,
        "base": base.lists,
        "workers": options.workers,
    }
    return RunRecord(options.command, versions(), {name: str(value) for name, value in settings.items()})


def _look_at_layers(nursery: Nursery, options: CheckOptions, watcher: Watcher) -> None:
    worker = nursery.spawn()
    worker.end()
    absent = missing(worker.layers)
    refused = sorted(layer.value for layer in options.demanded if layer in absent)
    if refused:
        raise LayerMissingError(
            f"the sandbox lacks {', '.join(refused)}, which the policy demands: `safelight doctor` says what to do"
        )
    for layer in absent:
        watcher.warn(f"sandbox without {layer.value}: {WHAT_FOLLOWS[layer]}")
