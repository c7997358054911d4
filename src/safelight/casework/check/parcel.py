"""What travels from the reading threads to the recording one."""

import threading
from dataclasses import dataclass, field

from safelight.evidence.drafts import Draft
from safelight.sandbox import SealedContent


@dataclass
class Archive:
    """An archive being unpacked: complete once it is walked and every entry is recorded."""

    number: int
    place: bytes
    resumed: bool
    lock: threading.Lock = field(default_factory=threading.Lock)
    pending: int = 0
    walked: bool = False

    def expect(self) -> None:
        """One more entry is on its way to the recorder."""
        with self.lock:
            self.pending += 1

    def arrived(self, *, walked: bool = False) -> bool:
        """An entry was recorded (or the walk ended): whether the archive is complete now."""
        with self.lock:
            self.walked = self.walked or walked
            self.pending -= not walked
            return self.walked and not self.pending


@dataclass
class Parcel:
    """A draft with everything that goes with it: its bytes for keeping, its archive, its path for people."""

    draft: Draft
    path: str
    content: SealedContent | None = None
    held: int = 0
    within: Archive | None = None
    recorded: threading.Event | None = None
    existing: int | None = None
    """The sighting's number where it is recorded already (an archive that an earlier run did not finish)."""
