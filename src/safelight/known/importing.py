"""What is said of a list when it is imported or removed, and what became of it then."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from safelight.known.intake import Counts
from safelight.known.rules import Role, Trust


@dataclass(frozen=True)
class ImportOptions:
    """What the person who imports says of a list.

    `name` defaults to the file's name without its ending; `trust`, `list_date` and `scheme` to what the source had
    before (a new source is unverified). `mapping` leads from column name or number to field.
    """

    name: str | None = None
    trust: Trust | None = None
    list_date: date | None = None
    scheme: str | None = None
    role: Role = Role.KNOWN
    mapping: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False


@dataclass(frozen=True)
class ImportResult:
    """What an import did: the source as it is now, the file as it was found, and what became of its rows."""

    source: str
    role: str
    trust: str
    scheme: str | None
    file: str
    format: str
    version: str | None
    counts: Counts
    complete: bool
    problem: str | None
    quarantine: Path | None
    notes: tuple[str, ...]
    dry_run: bool

    @property
    def clean(self) -> bool:
        """Whether every row was taken and the file read to its end."""
        return self.complete and not self.counts.refused


@dataclass(frozen=True)
class RemovalResult:
    """What a removal did."""

    source: str
    entries: int
