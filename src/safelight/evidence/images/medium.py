"""The medium that an image holds, as bytes by position: raw parts one behind the other, or what libewf unpacks."""

import bisect
import ctypes
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, BinaryIO, Protocol

from safelight.errors import InputError

try:
    import pyewf
except ImportError:  # `doctor` says so, and each image says it, too
    pyewf = None

EWF = "ewf"
_SHORT = 120
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES, _LARGE_BYTES = 64 << 20, 32 << 20
_libc = ctypes.CDLL(None)


class NoMediumError(InputError):
    """The image cannot be opened."""


class Medium(Protocol):
    """The bytes of a disk; `size` is how many there are."""

    size: int

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer only at the end.

        Raises:
            OSError: they cannot be read.
        """


class Parts:
    """A raw image in one file or more."""

    def __init__(self, parts: Sequence[BinaryIO]) -> None:
        self._parts = parts
        sizes = [part.seek(0, 2) for part in parts]
        self._ends = list(accumulate(sizes))
        self._starts = [end - size for end, size in zip(self._ends, sizes, strict=True)]
        self.size = self._ends[-1]

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`, from as many parts as they lie in."""
        found: list[bytes] = []
        at = bisect.bisect_right(self._ends, offset)
        while size > 0 and at < len(self._parts):
            self._parts[at].seek(offset - self._starts[at])
            data = self._parts[at].read(min(size, self._ends[at] - offset))
            if not data:
                break
            found.append(data)
            offset, size = offset + len(data), size - len(data)
            at += offset >= self._ends[at]
        return found[0] if len(found) == 1 else b"".join(found)


class Ewf:
    """An EnCase image (E01), whole or in segments."""

    def __init__(self, parts: Sequence[BinaryIO]) -> None:
        if pyewf is None:
            raise NoMediumError("no EnCase image can be read here: libewf is missing, `safelight doctor` says more")
        self._handle: Any = pyewf.handle()
        try:
            self._handle.open_file_objects(list(parts))
            self.size = int(self._handle.get_media_size())
        except (OSError, RuntimeError, ValueError, MemoryError) as error:
            raise NoMediumError(f"broken EnCase image: {_first(error)}") from error

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`, unpacked."""
        found: list[bytes] = []
        size = min(size, self.size - offset)
        while size > 0:
            data = bytes(self._handle.read_buffer_at_offset(size, offset))
            if not data:
                break
            found.append(data)
            offset, size = offset + len(data), size - len(data)
        return found[0] if len(found) == 1 else b"".join(found)

    def stored(self) -> dict[str, str]:
        """The digests of the medium that the image has stored: "md5" and "sha1", as far as there are any."""
        claimed = self._told("get_hash_values")
        return {name.lower(): text.lower() for name, text in claimed.items() if name.lower() in ("md5", "sha1")}

    def header(self) -> str:
        """What its maker wrote into it, on one line, bounded."""
        told = self._told("get_header_values")
        words = (f"{name.replace('_', ' ')} {' '.join(text.split())[:_SHORT]}" for name, text in told.items() if text)
        return "; ".join(words)

    def _told(self, question: str) -> Mapping[str, str]:
        try:
            return dict(getattr(self._handle, question)() or {})
        except (OSError, RuntimeError, ValueError, MemoryError):
            return {}


def open_medium(parts: Sequence[BinaryIO], kind: str) -> Medium:
    """Open an image of a kind.

    From here on this process keeps freed memory: to ask the kernel for each MiB anew takes longer than to read it.

    Raises:
        NoMediumError: it is broken from the beginning.
    """
    _libc.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
    _libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
    return Ewf(parts) if kind == EWF else Parts(parts)


def _first(error: Exception) -> str:
    """The innermost of the libraries' nested sentences, which says what is wrong."""
    sentences = [one.strip() for one in str(error).replace("\n", " ").split(". ") if one.strip()]
    return sentences[-1][:200].rstrip(".") if sentences else type(error).__name__
