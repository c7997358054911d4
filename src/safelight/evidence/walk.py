"""Walks a folder without following links and without writing to it; everything met is yielded, nothing passed over."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Met(StrEnum):
    """What stands at a path."""

    FILE = "file"
    LINK = "link"
    SPECIAL = "special"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Found:
    """One thing met: `path` opens it, `name` is its path below the source's root (b"" for the root itself)."""

    path: bytes
    name: bytes
    met: Met
    status: os.stat_result | None
    reason: str | None = None


def walk(root: bytes) -> Iterator[Found]:
    """Yield everything below `root` in order of name bytes, depth first; `root` itself where it is a file."""
    try:
        status = os.stat(root)
    except OSError as error:
        yield Found(root, b"", Met.UNREADABLE, None, reason_of(error))
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _folder(root, b"")
    else:
        yield _thing(root, b"", status)


def _folder(path: bytes, name: bytes) -> Iterator[Found]:
    pending = [(path, name)]
    while pending:
        folder, prefix = pending.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Found(folder, prefix, Met.UNREADABLE, None, f"folder: {reason_of(error)}")
            continue
        below = []
        for entry in entries:
            inner = os.path.join(prefix, entry.name)
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                yield Found(entry.path, inner, Met.UNREADABLE, None, reason_of(error))
                continue
            if stat.S_ISDIR(status.st_mode):
                below.append((entry.path, inner))
            else:
                yield _thing(entry.path, inner, status)
        pending.extend(reversed(below))


def _thing(path: bytes, name: bytes, status: os.stat_result) -> Found:
    if stat.S_ISREG(status.st_mode):
        return Found(path, name, Met.FILE, status)
    if stat.S_ISLNK(status.st_mode):
        try:
            target = os.readlink(path).decode("utf-8", "backslashreplace")
        except OSError as error:
            target = reason_of(error)
        return Found(path, name, Met.LINK, status, f"a link to {target!r}, not followed")
    return Found(path, name, Met.SPECIAL, status, "a device, pipe or socket, not opened")


def reason_of(error: OSError) -> str:
    """An operating system's refusal in its own words, without the path."""
    return error.strerror.lower() if error.strerror else type(error).__name__
