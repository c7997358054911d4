"""What a match is: what a source says of a content, and in which way the content is the one it speaks of."""

from dataclasses import dataclass

from safelight.known.models import KnownSource
from safelight.linking.alignment import Passage
from safelight.signatures.types import Transform
from safelight.vault.signatures import Which


@dataclass(frozen=True)
class Statement:
    """What a source says of a matched content; the fields of a report's claim, as plain values."""

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
    agency: str | None = None
    baseline: bool | None = None
    suspected: bool | None = None
    self_generated: bool | None = None
    sets_grade: bool = False
    """The source's trust is one whose cryptographic matches may set a grade."""


@dataclass(frozen=True)
class Nearness:
    """A perceptual match: distance in bits, the known hash and its quality, and the version that was near it.

    `frame` counts in the file at hand, or is milliseconds where it is a video; `known_at` is milliseconds in a known
    video, None where that is a picture. `passages` are what two videos share.
    """

    distance: int
    bits: bytes
    quality: int | None
    which: Which
    frame: int
    transform: Transform
    known_at: int | None = None
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Match:
    """One entry of the known base, what an agency signed, or a published set, that a content matches.

    `entry` is 0 for all but the first.

    `how` is the strongest way ("sha256", "sha1", "md5" or "pdq"), `value` the matched value in hex; `size_agrees` is
    None where a side has no size. `near` tells the perceptual match as well, where there is one.
    """

    entry: int
    statement: Statement
    how: str
    value: str
    size_agrees: bool | None = None
    near: Nearness | None = None


def harmless(source: KnownSource) -> Statement:
    """What a published list of known good says of each content in it."""
    return Statement(
        source=source.name,
        trust=source.trust,
        source_date=source.list_date.isoformat() if source.list_date else None,
        known_good=True,
        scheme=None,
        grade=None,
        label=None,
        series=None,
        victim_identified=None,
        offender_identified=None,
        distributed=None,
        external_id=None,
    )
