"""What a check tells whoever watches it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from safelight.casework.report.model import Failure


@dataclass
class Tally:
    """Counts of one run.

    `files` counts sightings recorded, `skipped` places that an earlier run answered. `met_again` counts places whose
    times or inode are others than they were, which were read again and hold what they held.
    """

    met: int = 0
    met_bytes: int = 0
    files: int = 0
    bytes: int = 0
    skipped: int = 0
    met_again: int = 0
    walked: bool = False
    verdicts: Counter[str] = field(default_factory=Counter)
    failures: int = 0


class Watcher(Protocol):
    """Shown what happens; called from the recording thread only."""

    def warn(self, text: str) -> None:
        """Something about this machine or this run that its reader should know, once."""

    def advance(self, tally: Tally) -> None:
        """Some sightings were recorded."""

    def fail(self, failure: Failure) -> None:
        """One input could not be read; it is named here and in the report."""

    def stage(self, text: str) -> None:
        """What is being done now."""


class Unwatched:
    """Nobody watches."""

    def warn(self, text: str) -> None:
        """Say nothing."""

    def advance(self, tally: Tally) -> None:
        """Say nothing."""

    def fail(self, failure: Failure) -> None:
        """Say nothing."""

    def stage(self, text: str) -> None:
        """Say nothing."""
