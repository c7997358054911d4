"""What a check is asked to do."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from safelight.casework.rules import Verdict
from safelight.evidence.archives.messages import ArchiveLimits
from safelight.evidence.images import order as images
from safelight.evidence.unpacking import WALKER
from safelight.sandbox import Layer, Limits
from safelight.signatures.film import FILM
from safelight.writing.batch import READER

EXAMINER = "safelight.signatures.family:examine_family"


class Keep(StrEnum):
    """Which content is kept in the data folder: representatives of new and copy stacks, nothing, or every picture."""

    NEW = "new"
    NONE = "none"
    ALL = "all"

    @property
    def verdicts(self) -> frozenset[Verdict]:
        """The verdicts of the items that it keeps."""
        return {Keep.NEW: frozenset({Verdict.NEW, Verdict.COPY}), Keep.NONE: frozenset(), Keep.ALL: frozenset(Verdict)}[
            self
        ]


def available_workers() -> int:
    """One worker more than this process may use processors: while one waits for its next file, another works."""
    return len(os.sched_getaffinity(0)) + 1


@dataclass(frozen=True)
class CheckOptions:
    """`radius` (bits) and `quality` (0 to 100) bound a perceptual match; without `demanded` layers nothing runs.

    `passwords` are tried on what is locked, also on what earlier runs found locked. They are recorded nowhere.
    """

    paths: Sequence[bytes]
    case: str
    exhibit: str
    keep: Keep = Keep.NEW
    radius: int = 31
    quality: int = 50
    scheme: str | None = None
    command: str = "check"
    workers: int = field(default_factory=available_workers)
    demanded: frozenset[Layer] = frozenset()
    limits: Limits = field(default_factory=Limits)
    archives: ArchiveLimits = field(default_factory=ArchiveLimits)
    passwords: tuple[bytes, ...] = field(default=(), repr=False)
    examiner: str = EXAMINER
    tasks: tuple[str, ...] = (WALKER, FILM, READER, images.WALKER, images.VERIFIER)
