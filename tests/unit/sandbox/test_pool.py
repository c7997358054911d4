"""The pool: every job has one outcome, whatever the workers do; what a crashed worker answered last is asked again."""

import sys
from pathlib import Path

import pytest

from safelight.sandbox import Job, Limits, Nursery, Pool, SealedContent, WorkerCrashedError, WorkerTimedOutError

sys.path.insert(0, str(Path(__file__).parent))


def run(jobs, *, workers=2, limits=None):
    outcomes = []
    with Nursery("hooks:tell_pid", limits=limits or Limits(wall_seconds=10, memory_bytes=1 << 30)) as nursery:
        pool = Pool(nursery, outcomes.append, workers=workers)
        for number, what in enumerate(jobs):
            pool.submit(Job(SealedContent.of([what]), b"", number))
        pool.close()
    for outcome in outcomes:
        outcome.job.content.close()
    return outcomes, pool


def test_every_job_has_exactly_one_outcome():
    outcomes, _pool = run([b"fine"] * 300)
    assert sorted(outcome.job.tag for outcome in outcomes) == list(range(300))
    assert all(outcome.error is None for outcome in outcomes)


def test_a_worker_is_replaced_after_its_number_of_files():
    outcomes, _pool = run([b"fine"] * 50, workers=1, limits=Limits(files=10, memory_bytes=1 << 30))
    by_worker = {}
    for outcome in outcomes:
        by_worker.setdefault(outcome.reply, []).append(outcome.job.tag)
    assert len(by_worker) == 5
    assert {len(tags) for tags in by_worker.values()} == {10}


@pytest.mark.parametrize("workers", [1, 2])
def test_one_crash_costs_one_file(workers):
    outcomes, _pool = run([b"crash" if n in {7, 30} else b"fine" for n in range(40)], workers=workers)
    failed = {outcome.job.tag: outcome.error for outcome in outcomes if outcome.error}
    assert set(failed) == {7, 30}
    assert all(isinstance(error, WorkerCrashedError) for error in failed.values())
    assert len(outcomes) == 40


def test_what_a_crashed_worker_answered_last_comes_from_fresh_ones():
    outcomes, _pool = run([b"fine"] * 6 + [b"crash"] + [b"fine"] * 3, workers=1)
    by_tag = {outcome.job.tag: outcome.reply for outcome in sorted(outcomes, key=lambda outcome: outcome.job.tag)}
    assert by_tag[0] == by_tag[1]
    redone = [by_tag[n] for n in (2, 3, 4, 5)]
    assert by_tag[0] not in redone
    assert len(set(redone)) == 4
    assert by_tag[6] is None


def test_a_hang_costs_one_file_and_its_time():
    outcomes, _pool = run(
        [b"hang" if n == 3 else b"fine" for n in range(10)], limits=Limits(wall_seconds=1, memory_bytes=1 << 30)
    )
    assert {outcome.job.tag: type(outcome.error) for outcome in outcomes if outcome.error} == {3: WorkerTimedOutError}
    assert len(outcomes) == 10


def test_filled_memory_costs_one_file():
    outcomes, _pool = run([b"memory" if n == 3 else b"fine" for n in range(10)])
    assert [outcome.job.tag for outcome in outcomes if outcome.error] == [3]
