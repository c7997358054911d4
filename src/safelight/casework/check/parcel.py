"""What travels from the reading threads to the recording one."""

import threading
from dataclasses import dataclass, field

from safelight.evidence.drafts import Draft
from safelight.sandbox import SealedContent


@dataclass
class Archive:
    """An archive being unpacked: complete once it is walked and every entry is recorded, of archives inside it, too."""

    number: int
    place: bytes
    version: int
    resumed: bool
    outer: "Archive | None" = None
    missing: bool = False
    """A part of it is not there: it is never complete, so that the next run looks again."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    pending: int = 1
    """What has not arrived at the recorder yet; the archive's own last word is the one expected from the beginning."""

    def expect(self) -> None:
        """One more thing is on its way to the recorder."""
        with self.lock:
            self.pending += 1

    def arrived(self) -> list[int]:
        """Something expected is being recorded: the archives that are complete with it, from the inside out."""
        with self.lock:
            self.pending -= 1
            if self.pending or self.missing:
                return []
        return [self.number, *(self.outer.arrived() if self.outer else ())]


@dataclass
class Parcel:
    """A draft with everything that goes with it: its bytes for keeping, its archive, its path for people.

    `opened` is a video, open for its reader.
    """

    draft: Draft
    path: str
    content: SealedContent | None = None
    opened: int | None = None
    held: int | None = None
    within: Archive | None = None
    recorded: threading.Event | None = None
    existing: int | None = None
    """The sighting's number where it is recorded already, by an earlier run."""
    met_again: bool = False
    """It was read again and is what stands recorded: `existing` was met by the draft's times."""
