"""Where everything that parses foreign bytes runs: worker processes without network, files or rights.

In come a task's name and sealed content; out come bounded replies, or the one error that says what the worker did.
Layers: no-new-privileges, seccomp, Landlock, own user, limits on CPU, memory, files and time (see `layers`).
It must never hand the parent an object it would have to trust: replies are bytes, checked against a type by the caller.
"""

from safelight.sandbox.content import SealedContent
from safelight.sandbox.errors import (
    BadReplyError,
    LayerMissingError,
    ReplyTooLargeError,
    SandboxError,
    SandboxUnavailableError,
    TaskFailedError,
    WorkerCrashedError,
    WorkerTimedOutError,
)
from safelight.sandbox.handover import Handover
from safelight.sandbox.layers import Layer
from safelight.sandbox.limits import Limits
from safelight.sandbox.nursery import Nursery, Worker
from safelight.sandbox.pool import Job, Outcome, Pool
from safelight.sandbox.replies import reply_decoder

__all__ = [
    "BadReplyError",
    "Handover",
    "Job",
    "Layer",
    "LayerMissingError",
    "Limits",
    "Nursery",
    "Outcome",
    "Pool",
    "ReplyTooLargeError",
    "SandboxError",
    "SandboxUnavailableError",
    "SealedContent",
    "TaskFailedError",
    "Worker",
    "WorkerCrashedError",
    "WorkerTimedOutError",
    "reply_decoder",
]
