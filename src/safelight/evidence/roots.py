"""The files and folders that a check is given: which of them can be sources, and which are parts of others.

Rules kept here:
- a source is there when the check begins, under the name that was typed;
- a source and the data folder do not lie one inside the other: a source is never written to, and what Safelight keeps
  is not evidence;
- no file comes twice because a folder and something inside it were both named.
"""

import os
from collections.abc import Sequence

from safelight.errors import UsageError
from safelight.evidence.names import text_of


def refuse_unfit(paths: Sequence[bytes], data: bytes) -> None:
    """Refuse what cannot be a source, before anything is made for it.

    Raises:
        UsageError: nothing is there, a link leads nowhere, or it overlaps with the data folder.
    """
    own = os.path.realpath(data)
    for path in paths:
        shown = text_of(path)
        if not os.path.exists(path):
            what = "is a link that leads nowhere" if os.path.islink(path) else "is not there"
            raise UsageError(f"'{shown}' {what}: name a file or folder that exists")
        root = os.path.realpath(path)
        if _within(own, root):
            raise UsageError(f"the data folder {text_of(data)} lies inside '{shown}': name another with --data")
        if _within(root, own):
            raise UsageError(f"'{shown}' lies inside the data folder {text_of(data)}, which is no source: name another")


def outermost(paths: Sequence[bytes]) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    """Split paths into those to be walked, and those dropped, each with the path that it is a part of."""
    roots = {path: os.path.realpath(path) for path in paths}
    walked: list[bytes] = []
    dropped: list[tuple[bytes, bytes]] = []
    for path, root in roots.items():
        holder = next((other for other, wide in roots.items() if wide != root and _within(root, wide)), None)
        if holder is None:
            walked.append(path)
        else:
            dropped.append((path, holder))
    return walked, dropped


def _within(path: bytes, folder: bytes) -> bool:
    return os.path.commonpath([path, folder]) == folder
