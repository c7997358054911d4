"""Sightings on their way to being recorded: values only."""

from dataclasses import dataclass, field
from typing import Any

from safelight.evidence.models import ItemState, SightingHow, SightingState
from safelight.signatures.film_reading import Film
from safelight.signatures.types import Digests, Examination
from safelight.writing.types import Written

CHANGED = "changed"


@dataclass(frozen=True)
class Content:
    """A content that was read: its digests, what it is, what examining it yielded (None: no picture or no pixels).

    Of a video `film` holds its frames, and `examination` what stands for it as for a picture. `written` is of a text.
    """

    digests: Digests
    kind: str
    state: ItemState
    reason: str | None = None
    examination: Examination | None = None
    film: Film | None = None
    written: Written | None = None


@dataclass(frozen=True)
class Times:
    """Size, times (nanoseconds since 1970) and identity of a file, as far as its place knows them."""

    size: int | None = None
    modified: int | None = None
    changed: int | None = None
    accessed: int | None = None
    inode: int | None = None
    device: int | None = None


@dataclass
class Draft:
    """One sighting to be recorded; `children` are recorded in the same transaction, below it.

    `letter` is what the mail says in its fields that begins with this part.

    `altered` says in which way a place holds other content than an earlier run recorded there. `tag` is the caller's
    own. `number` is the sighting's id once it is recorded, `item` that of its item.
    """

    source: int
    parent: int | None
    place: bytes
    how: SightingHow
    name: bytes
    state: SightingState
    times: Times = field(default_factory=Times)
    detail: str | None = None
    content: Content | None = None
    failure: str | None = None
    reason: str | None = None
    altered: str | None = None
    complete: bool = True
    version: int = 1
    children: list["Draft"] = field(default_factory=list)
    tag: Any = None
    letter: Written | None = None
    number: int = 0
    item: int | None = None

    @property
    def named(self) -> str | None:
        """The failure by which it is named; that a place changed comes first."""
        return CHANGED if self.altered else self.failure

    @property
    def said(self) -> str | None:
        """Why, with everything that is to be said."""
        return "; ".join(filter(None, (self.altered, self.reason))) or None

    @property
    def news(self) -> bool:
        """Whether all that is to be named is that the place changed."""
        return self.altered is not None and self.failure is None
