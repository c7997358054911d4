"""What stands in a made-up seizure before it is written: things with what is expected of them, and packs of things."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from safelight.samples.archives import ZipEntry, write_tar, write_zip
from safelight.samples.truth import Expected, Part, Verdict


@dataclass(frozen=True)
class Thing:
    """A file or an entry. `embedded` is the verdict on a thumbnail inside it, where there is one."""

    name: bytes
    content: bytes
    verdict: Verdict
    promised: bool = True
    original: int | None = None
    transform: str | None = None
    stack: str | None = None
    note: str | None = None
    embedded: Verdict | None = None
    password: bytes | None = None

    def expected(self, above: tuple[bytes, ...] = ()) -> Iterator[Expected]:
        """Yield what is expected of it in a place below `above`, and of what is embedded in it."""
        place = (*above, self.name)
        part = Part.ENTRY if above else Part.FILE
        locked = self.password is not None
        yield Expected(
            place=place,
            verdict=Verdict.LOCKED if locked else self.verdict,
            part=part,
            promised=self.promised,
            original=self.original,
            transform=self.transform,
            stack=None if locked else self.stack,
            sha256=None if locked else hashlib.sha256(self.content).hexdigest(),
            note=self.note,
        )
        if self.embedded is not None and not locked:
            yield Expected(place, self.embedded, Part.EMBEDDED, promised=False, original=self.original)


@dataclass(frozen=True)
class Pack:
    """An archive of things and packs; `kind` is "zip", "tar" or "tar.gz", "tar.xz", "tar.bz2"."""

    name: bytes
    things: "tuple[Thing | Pack, ...]"
    kind: str = "zip"

    @property
    def content(self) -> bytes:
        """The archive's bytes."""
        if self.kind == "zip":
            return write_zip(
                ZipEntry(thing.name, thing.content, thing.password if isinstance(thing, Thing) else None)
                for thing in self.things
            )
        entries = ((thing.name, thing.content) for thing in self.things)
        return write_tar(entries, compression=self.kind.removeprefix("tar").removeprefix("."))

    def expected(self, above: tuple[bytes, ...] = ()) -> Iterator[Expected]:
        """Yield what is expected of the archive itself (a container, no media) and of all in it."""
        place = (*above, self.name)
        part = Part.ENTRY if above else Part.FILE
        yield Expected(place, Verdict.NOT_EXAMINED, part, promised=False, note=f"a {self.kind} archive")
        for thing in self.things:
            yield from thing.expected(place)
