"""The one table of digests and perceptual hashes, and the only module that touches it (a later issue seals it).

Both the known base and the items of cases keep their digests and PDQ hashes here, told apart by `Realm`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum


class Realm(IntEnum):
    """Whose signatures: those of the known base, or those of items seen in cases."""

    KNOWN = 1
    ITEM = 2


class Which(IntEnum):
    """Which hash of a content: as listed and exchanged, or as shown to a person."""

    LISTED = 0
    SHOWN = 1


@dataclass(frozen=True)
class NewPdq:
    """One PDQ hash to be stored: 32 bytes, quality 0 to 100 (None: the source did not say), frame from 0.

    `turned` holds its seven turned versions (7 * 32 bytes, `signatures.types.TRANSFORMS[1:]`) where they are known: they
    are questions, kept so that an item can be asked about again without being decoded; the known base has none.
    """

    which: Which
    frame: int
    bits: bytes
    quality: int | None
    turned: bytes | None = None


@dataclass(frozen=True)
class NewSignature:
    """The digests (raw bytes, None where unknown), size and hashes of one content. At least one must be given."""

    md5: bytes | None
    sha1: bytes | None
    sha256: bytes | None
    size: int | None
    pdqs: tuple[NewPdq, ...] = ()


@dataclass(frozen=True)
class DigestHit:
    """`query` is the row of the question; `how` "sha256", "sha1" or "md5", the strongest that agrees; `size_agrees` None where either side has no size."""

    query: int
    signature: int
    how: str
    size_agrees: bool | None


@dataclass(frozen=True)
class Code:
    """One stored hash: its signature's id, which, frame, bits, quality."""

    signature: int
    which: Which
    frame: int
    bits: bytes
    quality: int | None


def store(realm: Realm, rows: Sequence[NewSignature]) -> list[int]:
    """Store rows by COPY inside the caller's transaction; the ids come back in the order of the rows."""


def find(realm: Realm, questions: Sequence[NewSignature]) -> list[DigestHit]:
    """Every stored signature that shares a digest with a question and contradicts it in no stronger digest both have."""


def fetch(signatures: Iterable[int]) -> dict[int, NewSignature]:
    """The stored rows by id; unknown ids are absent."""


def codes(realm: Realm, *, after: int = 0) -> Iterator[Code]:
    """Every stored PDQ of a realm with a signature id above `after`, in order of id, streamed."""


def remove(signatures: Sequence[int]) -> None:
    """Remove rows and their hashes inside the caller's transaction."""
