"""Content on its way into the sandbox: memory that nobody can change any more, the worker included."""

import fcntl
import os
from collections.abc import Iterable
from types import TracebackType
from typing import Self

_ADD_SEALS = 1033
_SEAL_SEAL, _SEAL_SHRINK, _SEAL_GROW, _SEAL_WRITE = 1, 2, 4, 8


class SealedContent:
    """A sealed memory file. Filled once, then neither size nor bytes can change; closed by its owner."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("content", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self.size = 0

    @classmethod
    def of(cls, chunks: Iterable[bytes | memoryview]) -> Self:
        """Make a sealed content from chunks.

        Raises:
            OSError: there is no memory left.
        """
        content = cls()
        try:
            for chunk in chunks:
                content.write(chunk)
            return content.seal()
        except BaseException:
            content.close()
            raise

    def write(self, chunk: bytes | memoryview) -> None:
        """Append a chunk, before sealing."""
        view = memoryview(chunk)
        while view:
            written = os.write(self.fd, view)
            view = view[written:]
            self.size += written

    def seal(self) -> Self:
        """Forbid every further change, for every holder of the file."""
        fcntl.fcntl(self.fd, _ADD_SEALS, _SEAL_SHRINK | _SEAL_GROW | _SEAL_WRITE | _SEAL_SEAL)
        return self

    def duplicate(self) -> Self:
        """Return a second handle on the same memory, closed on its own."""
        twin = type(self).__new__(type(self))
        twin.fd, twin.size = os.dup(self.fd), self.size
        return twin

    def read(self, size: int, offset: int = 0) -> bytes:
        """Return up to `size` bytes from `offset`."""
        return os.pread(self.fd, size, offset)

    def close(self) -> None:
        """Let go of the memory; harmless when done twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
