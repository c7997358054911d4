"""Where published sets lie: a folder for each, in `public/` of the data folder.

Rules kept here:
- a set is written beside its place, synced, and renamed into it: what lies there under its name is whole;
- whatever is no set that the database counts on is what a kill, a failure or a newer set left, and is swept.
"""

import re
import secrets
import shutil
from collections.abc import Collection
from pathlib import Path

from safelight.platform.writing import sync_folder

FOLDER = "public"
_PARTIAL = ".partial-"
_NAME = re.compile(r"[0-9a-f]{32}\Z")


def set_folder(data: Path, name: str) -> Path:
    """Where the files of a set lie; its name is one that `new_set` drew."""
    if not _NAME.match(name):
        raise ValueError(f"{name[:60]!r} is no name of a set")
    return data / FOLDER / name


def new_set(data: Path) -> Path:
    """Make the folder in which a set is written, beside its place.

    Raises:
        OSError: the disk does not take it.
    """
    root = data / FOLDER
    root.mkdir(mode=0o700, exist_ok=True)
    partial = root / f"{_PARTIAL}{secrets.token_hex(16)}"
    partial.mkdir(mode=0o700)
    return partial


def settle(partial: Path) -> str:
    """Put a set into its place, on the disk for good; the name it has there.

    Raises:
        OSError: the disk does not take it.
    """
    name = partial.name.removeprefix(_PARTIAL)
    sync_folder(partial)
    partial.rename(partial.with_name(name))
    sync_folder(partial.parent)
    return name


def sweep(data: Path, keep: Collection[str]) -> int:
    """Remove every folder but those of these names; how many went. Only for who writes here alone."""
    root = data / FOLDER
    left = [one for one in root.iterdir() if one.name not in keep] if root.is_dir() else []
    for one in left:
        shutil.rmtree(one, ignore_errors=True)
    return len(left)
