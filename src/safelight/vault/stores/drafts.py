"""Unfinished files of a store in a folder: each writer has a folder of its own for them, locked as long as it lives.

What a dead writer left is known by its lock being free, and the next writer removes it.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safelight.platform.writing import sync_folder
from safelight.vault.chunked import Block


@contextmanager
def draft_folder(incoming: Path) -> Iterator[Path]:
    """Make a folder for unfinished files inside `incoming`, locked while this process lives; clear dead writers' away.

    Raises:
        OSError: the disk did not take it.
    """
    if not incoming.exists():
        incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(incoming.parent)
        sync_folder(incoming.parent.parent)
    for left in abandoned(incoming):
        shutil.rmtree(left, ignore_errors=True)
    drafts, lock = _locked_folder(incoming)
    try:
        yield drafts
    finally:
        shutil.rmtree(drafts, ignore_errors=True)
        os.close(lock)


def abandoned(incoming: Path) -> Iterator[Path]:
    """Yield the folders of unfinished files that no living process has locked; what is no folder is passed over."""
    with suppress(FileNotFoundError):
        for folder in sorted(incoming.iterdir()):
            with suppress(FileNotFoundError, NotADirectoryError):  # cleared meanwhile, or no folder
                lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield folder
                except BlockingIOError:
                    continue
                finally:
                    os.close(lock)


def write_draft(path: Path, pieces: Iterable[Block]) -> None:
    """Write pieces into a new file; they are not on the disk yet when this returns.

    Raises:
        OSError: the disk did not take them.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        for piece in pieces:
            file.write(piece)


def sync_file(path: Path) -> None:
    """Bring what a file holds onto the disk.

    Raises:
        OSError: the disk did not take it.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _locked_folder(incoming: Path) -> tuple[Path, int]:
    while True:
        drafts = incoming / secrets.token_hex(8)
        drafts.mkdir(mode=0o700)
        # Between the two steps another writer may take the folder for abandoned: then it is gone, and we try again.
        with suppress(FileNotFoundError):
            lock = os.open(drafts, os.O_RDONLY | os.O_DIRECTORY)
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if drafts.exists():
                    return drafts, lock
            os.close(lock)
