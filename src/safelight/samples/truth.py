"""What a made-up seizure holds, and what the main job should say of it: kept outside the seizure, as JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path


class Verdict(StrEnum):
    """What Safelight should answer; the words are the glossary's."""

    KNOWN = "known"
    COPY = "copy of known"
    KNOWN_GOOD = "known good"
    NEW = "new"
    LOCKED = "locked"
    NOT_EXAMINED = "not examined"
    UNREADABLE = "unreadable"


class Part(StrEnum):
    """How a thing is found: a file, an entry of an archive, or a picture inside a picture's metadata."""

    FILE = "file"
    ENTRY = "entry"
    EMBEDDED = "embedded"


@dataclass(frozen=True)
class Expected:
    """One thing of a seizure and what is expected of it.

    `place` is the file's path below the seizure, then the names inside archives, each as exact bytes; an embedded
    picture has the place of the file that it is in. `promised` says whether the main job is held to this verdict; a
    hard transform is not promised, and may as well be answered *new*. `stack` is the same for things that must end in
    one stack, None where nothing is promised. `sha256` is hex; None for what an embedded picture or a link has not.
    """

    place: tuple[bytes, ...]
    verdict: Verdict
    part: Part = Part.FILE
    promised: bool = True
    original: int | None = None
    transform: str | None = None
    stack: str | None = None
    sha256: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Listed:
    """One picture as lists of the known base name it; digests are hex, `pdq` is of the pixels as stored."""

    original: int
    role: str
    md5: str
    sha1: str
    sha256: str
    size: int
    pdq: str
    quality: int


@dataclass
class GroundTruth:
    """All that is known of a made-up seizure.

    `links` are symbolic links that must not be followed; `forbidden` the SHA-256 of what lies behind them, outside.
    """

    seed: int
    originals: int
    expected: list[Expected] = field(default_factory=list)
    listed: list[Listed] = field(default_factory=list)
    links: list[bytes] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)

    def by_place(self) -> dict[tuple[bytes, ...], Expected]:
        """Return what is expected at each place, embedded pictures left out."""
        return {one.place: one for one in self.expected if one.part is not Part.EMBEDDED}

    def counts(self) -> dict[str, int]:
        """Return how many things are expected under each verdict, embedded pictures left out."""
        places = [one.verdict for one in self.expected if one.part is not Part.EMBEDDED]
        return {verdict.value: places.count(verdict) for verdict in Verdict if verdict in places}

    def save(self, path: Path) -> None:
        """Write it as JSON; bytes that are no UTF-8 stand as lone surrogates, as Python's `os.fsdecode` gives them."""
        record = {
            "seed": self.seed,
            "originals": self.originals,
            "links": [_text(link) for link in self.links],
            "forbidden": self.forbidden,
            "listed": [asdict(one) for one in self.listed],
            "expected": [{**asdict(one), "place": [_text(name) for name in one.place]} for one in self.expected],
        }
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="ascii")

    @classmethod
    def load(cls, path: Path) -> "GroundTruth":
        """Read what `save` wrote."""
        record = json.loads(path.read_text(encoding="ascii"))
        return cls(
            seed=record["seed"],
            originals=record["originals"],
            expected=list(_expected(record["expected"])),
            listed=[Listed(**one) for one in record["listed"]],
            links=[_bytes(link) for link in record["links"]],
            forbidden=record["forbidden"],
        )


def _expected(rows: list[dict[str, object]]) -> Iterator[Expected]:
    for row in rows:
        names = row.pop("place")
        assert isinstance(names, list)
        place = tuple(_bytes(name) for name in names)
        verdict, part = Verdict(str(row.pop("verdict"))), Part(str(row.pop("part")))
        yield Expected(place, verdict, part, **row)  # type: ignore[arg-type]  # what `asdict` wrote comes back


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
