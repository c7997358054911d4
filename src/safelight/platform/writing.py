"""New files that nobody but their owner reads, on the disk when the writing returns; and where they may not lie."""

import os
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600, on the disk with its name when this returns; never over one that is there.

    Raises:
        OSError: it is there already, or the disk did not take it.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Bring the names in a folder onto the disk.

    Raises:
        OSError: the disk did not take them.
    """
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def lies_in(place: Path, folder: Path) -> bool:
    """Whether a place is in a folder, by its name or by where links lead."""
    within = folder.resolve()
    return any(one.is_relative_to(within) for one in (place.absolute(), place.resolve()))
