"""Everything a report says, as plain values; the three formats are written from this and nothing else.

Text may hold any character (paths of seized files do): writers escape it. Verdict words are those of the glossary.
"""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Claim:
    """What one source says: its name, trust, date; the grade as *it* said it (scheme, value, label), and its flags."""

    source: str
    trust: str
    source_date: str | None
    known_good: bool
    scheme: str | None
    grade: str | None
    label: str | None
    series: str | None
    victim_identified: bool | None
    offender_identified: bool | None
    distributed: bool | None
    external_id: str | None
    removed: bool = False
    """The source was removed after this answer was given; the answer keeps its evidence."""


@dataclass(frozen=True)
class Evidence:
    """Why a verdict: how ("sha256", "sha1", "md5", "pdq"), value matched, distance, transform, frame, and the claim."""

    how: str
    value: str
    claim: Claim
    distance: int | None = None
    quality: int | None = None
    transform: str | None = None
    which: str | None = None
    """"list", "shown" or "film" hash of the file at hand, with the frame number behind it where it is an animation."""
    radius: int | None = None
    at: float | None = None
    """Where the nearest frame stands in the file at hand, seconds, where that is a video; `known_at` in a known one."""
    known_at: float | None = None
    passages: tuple[tuple[float, float, float, float], ...] = ()
    """What two videos share, seconds: from and to in the file at hand, from and to in the known one."""


@dataclass(frozen=True)
class Sighting:
    r"""An item seen at a place. `path` is text with invalid bytes shown as \xNN, the archives it lies in included."""

    path: str
    size: int | None
    modified: datetime | None
    source: str
    how: str = "file"
    """"file", "entry" (of an archive or image), "deleted" (a file of an image), "thumbnail" or another one embedded."""
    exhibit: str = ""
    standing: str = "current"
    """"current"; or history that counts nowhere: "replaced" by a newer version, "vanished" where the file is gone."""


@dataclass(frozen=True)
class Urgent:
    """One statement that a child may be at risk now: whose, about what, why, whom to call; when it was made, its name.

    `about` is what it speaks of: the item, a stack with it, a link of it, or a series that it is in.
    """

    agency: str
    about: str
    why: str
    contact: str
    made: datetime
    assertion: str


@dataclass(frozen=True)
class ReportItem:
    """One distinct content with its verdict, evidence, sightings and what the file says about itself.

    What yielded no content (locked, not opened, could not be read) stands as an item of its own, without digests.
    """

    sha256: str
    sha1: str
    md5: str
    size: int
    verdict: str
    reason: str | None
    format: str | None
    width: int | None
    height: int | None
    frames: int | None
    pdq: str | None
    quality: int | None
    evidence: tuple[Evidence, ...]
    sightings: tuple[Sighting, ...]
    metadata: dict[str, str] = field(default_factory=dict)
    """Make, model, serials, taken, gps, software ... parsed, for people."""
    damaged: str | None = None
    tile: bytes | None = None
    """64 x 64 grey bytes; shown only when pictures were asked for, and masked."""
    graded: bool = False
    """A cryptographic match with a trusted source set the grade; perceptual matches and MD5 alone never do."""
    urgent: tuple[Urgent, ...] = ()
    """What says that a child may be at risk now; such items come first."""

    @property
    def current(self) -> tuple[Sighting, ...]:
        """Where it is now; nowhere, if it is history."""
        return tuple(sighting for sighting in self.sightings if sighting.standing == "current")


@dataclass(frozen=True)
class ReportStack:
    """Copies of one picture, at least one of them current: representative first; `near` stands beside, not inside."""

    verdict: str
    members: tuple[tuple[str, str, int | None], ...]
    """(sha256, how, distance) of each member."""
    near: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class Failure:
    """One thing that could not be done: where, what kind ("unreadable", "changed", "vanished" ...), and the reason."""

    path: str
    kind: str
    reason: str
    stands: bool = True
    """Not where it is history: a newer version replaced it, or it only tells that a file changed or vanished."""


@dataclass(frozen=True)
class Run:
    """One run of a check: who, when, with which versions and settings, how it ended, and how long it took."""

    number: int
    by: str
    started: datetime
    ended: datetime | None
    state: str
    command: str
    sources: tuple[str, ...]
    versions: dict[str, str]
    settings: dict[str, str]


@dataclass(frozen=True)
class Exhibit:
    """One exhibit of the case with its custody record (runs) and its counts by verdict (of sightings and of items)."""

    name: str
    runs: tuple[Run, ...]
    sightings: int
    by_verdict: dict[str, int]


@dataclass(frozen=True)
class SourceUse:
    """One source of the known base and what it answered in this case."""

    name: str
    trust: str
    date: str | None
    scheme: str | None
    entries: int
    known: int
    copies: int
    known_good: int
    removed: bool


@dataclass(frozen=True)
class Report:
    """A case as reported at one moment."""

    case: str
    scheme: str
    made: datetime
    version: str
    node: str
    demo: bool
    exhibits: tuple[Exhibit, ...]
    items: tuple[ReportItem, ...]
    stacks: tuple[ReportStack, ...]
    sources: tuple[SourceUse, ...]
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...] = ()
