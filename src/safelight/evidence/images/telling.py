"""Numbers what is told of an image, counts it, and passes over what was told before a walker crashed."""

from collections.abc import Iterator
from dataclasses import dataclass

from safelight.evidence.archives.messages import End, Entry, Message


@dataclass
class Telling:
    """The next number of an entry; those below `skip` are counted and not told."""

    skip: int = 0
    number: int = 0

    def take(self) -> int | None:
        """The number of the next entry, None where it was told before."""
        number = self.number
        self.number += 1
        return number if number >= self.skip else None

    def note(self, name: bytes, reason: str) -> Iterator[Message]:
        """Tell of something that is no file and in order as it is."""
        yield from self._without_content(name, "note", reason)

    def unread(self, name: bytes, reason: str, size: int | None = None) -> Iterator[Message]:
        """Name what may hold something, and is not read."""
        yield from self._without_content(name, "unread", reason, size=size)

    def locked(self, name: bytes, reason: str, size: int | None = None) -> Iterator[Message]:
        """Name what a key would open."""
        yield from self._without_content(name, "volume", reason, size=size, locked=True)

    def special(self, name: bytes, what: str, reason: str, modified: int | None) -> Iterator[Message]:
        """Name a link, a device, a pipe or a socket."""
        yield from self._without_content(name, what, reason, modified=modified)

    def _without_content(
        self,
        name: bytes,
        what: str,
        reason: str,
        *,
        size: int | None = None,
        modified: int | None = None,
        locked: bool = False,
    ) -> Iterator[Message]:
        number = self.take()
        if number is not None:
            yield Entry(number, name, size, modified, what, locked=locked, reason=reason[:600])
            yield End()
