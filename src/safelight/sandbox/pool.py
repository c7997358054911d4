"""Many workers at once: jobs in, outcomes out, one crash or time-out costs one file.

A worker that crashes may have been taken over some files earlier. So the last answers of each worker are held back
until it has served some more; when it crashes they are asked for again, from a fresh worker.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from safelight.sandbox.content import SealedContent
from safelight.sandbox.errors import SandboxError, WorkerCrashedError
from safelight.sandbox.handover import Handover
from safelight.sandbox.nursery import Nursery, Worker

HELD = 4
"""How many answers of one worker are held back."""
_IDLE_SECONDS = 0.05
_JOBS_WAITING = 8
"""For each worker, so that none is idle while whoever submits looks the other way for a moment."""


@dataclass(frozen=True)
class Job:
    """One content to be worked on; `tag` is the caller's and comes back untouched.

    `alone` is what takes too long for a worker that others wait for: it is called in the pool's turn, and starts a
    worker of its own. Such a job has no content.
    """

    content: SealedContent | None
    argument: bytes
    tag: Any
    alone: Callable[[], Any] | None = None

    def close(self) -> None:
        """Let go of the content, if there is one."""
        if self.content is not None:
            self.content.close()


@dataclass(frozen=True)
class Outcome:
    """What came of a job: the reply's unchecked bytes, what `alone` returned, or the error. The receiver closes it."""

    job: Job
    reply: bytes | None
    error: SandboxError | None
    result: Any = None


class Pool:
    """Workers of one task, each on a thread of the parent that only waits. `deliver` is called from those threads."""

    def __init__(
        self, nursery: Nursery, deliver: Callable[[Outcome], None], *, workers: int, task: str | None = None
    ) -> None:
        self._nursery = nursery
        self._deliver = deliver
        self._task = task
        self._jobs: Handover[Job | None] = Handover(_JOBS_WAITING * workers)
        self._threads = [threading.Thread(target=self._serve, name=f"sandbox-{n}", daemon=True) for n in range(workers)]
        self._failed: BaseException | None = None
        self.replaced = 0
        self.crashes = 0
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job; waits while every worker is busy.

        Raises:
            CannotRunError: a worker could not be set up any more.
        """
        self.check()
        self._jobs.put(job, self.check)

    def check(self) -> None:
        """Raise what ended the work, where something did.

        Raises:
            CannotRunError: a worker could not be set up any more.
        """
        if self._failed is not None:
            raise self._failed

    def close(self, *, drop: bool = False) -> None:
        """Finish every queued job (or drop those not begun), deliver every outcome, and end the workers."""
        while drop:
            try:
                job = self._jobs.take()
            except queue.Empty:
                break
            if job is not None:
                job.close()
        for _ in self._threads:
            self._jobs.put(None, self._ended)
        for thread in self._threads:
            thread.join()
        if self._failed is not None and not drop:
            raise self._failed

    def _ended(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _serve(self) -> None:
        try:
            _Shift(self).run()
        except BaseException as error:  # noqa: BLE001 - the border of the thread: the caller is told at its next submit
            self._failed = error

    def next_job(self) -> Job | None:
        """The next job, for a shift; raises queue.Empty after a moment without one."""
        return self._jobs.take(_IDLE_SECONDS)

    def fresh(self) -> Worker:
        """A new worker, for a shift."""
        self.replaced += 1
        return self._nursery.spawn(self._task)

    def deliver(self, outcome: Outcome) -> None:
        """Hand an outcome to the caller."""
        self._deliver(outcome)


class _Shift:
    """One thread's work: a worker, and its answers that are held back."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._worker = pool.fresh()
        self._held: deque[Outcome] = deque()

    def run(self) -> None:
        try:
            while True:
                try:
                    job = self._pool.next_job()
                except queue.Empty:
                    self._release(0)
                    continue
                if job is None:
                    self._release(0)
                    return
                self._take(job)
        finally:  # what is still held now comes from a worker that cannot be trusted: it is not delivered
            for outcome in self._held:
                outcome.job.close()
            self._worker.end()

    def _take(self, job: Job) -> None:
        if job.alone is not None:
            self._pool.deliver(_outcome_alone(job, job.alone))
            return
        outcome = self._ask(job)
        if isinstance(outcome.error, WorkerCrashedError):
            self._pool.crashes += 1
            self._redo()
            self._held.append(self._again(job))
        else:
            self._held.append(outcome)
        if not self._worker.alive or self._worker.spent:
            self._release(0)
            self._renew()
        else:
            self._release(HELD)

    def _ask(self, job: Job) -> Outcome:
        assert job.content is not None
        try:
            return Outcome(job, self._worker.call(job.content, job.argument), None)
        except SandboxError as error:
            return Outcome(job, None, error)

    def _again(self, job: Job) -> Outcome:
        """Ask a fresh worker for one file; a second failure is the file's own."""
        self._renew()
        return self._ask(job)

    def _redo(self) -> None:
        """Throw away what the crashed worker answered last, and ask again, each file in a worker of its own."""
        for index, outcome in enumerate(list(self._held)):
            self._held[index] = self._again(outcome.job)

    def _renew(self) -> None:
        self._worker.end()
        self._worker = self._pool.fresh()

    def _release(self, keep: int) -> None:
        while len(self._held) > keep:
            self._pool.deliver(self._held.popleft())


def _outcome_alone(job: Job, work: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(job, None, None, work())
    except SandboxError as error:
        return Outcome(job, None, error)
