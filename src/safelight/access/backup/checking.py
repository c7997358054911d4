"""Checks the backups in a folder: every bundle, every part, every blob, against the signed manifests.

Rules kept here:
- what is wrong is named, and the search goes on: one damaged part does not hide another;
- nothing is changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from safelight.access.backup.actions import read_contents
from safelight.access.backup.contents import check_contents
from safelight.access.backup.folder import BackupFolder, open_bundle
from safelight.access.backup.manifest import Kind, is_expired, made_at
from safelight.access.node import Node
from safelight.errors import CannotRunError, InputError


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: in which bundle, and a sentence about it."""

    bundle: str
    sentence: str


def check_backups(folder: BackupFolder, node: Node, *, now: datetime) -> Iterator[Fault]:
    """Check every bundle in a folder; an empty stream where all of it is whole.

    Raises:
        CannotRunError: the folder cannot be read.
    """
    names = [name for kind in Kind for name in folder.bundles(kind)]
    if not any(name.startswith(Kind.BACKUP.value) for name in names):
        yield Fault("", f"There is no backup in {folder.root}.")
    for name in names:
        yield from check_bundle(folder, name, node)
    for name in folder.bundles(Kind.KEYS):
        if is_expired(made_at(name), now):
            yield Fault(name, f"{name} is older than it may be kept: `safelight backup prune` removes it.")


def check_bundle(folder: BackupFolder, name: str, node: Node) -> Iterator[Fault]:
    """Check one bundle with all that belongs to it."""
    try:
        bundle = open_bundle(folder, name, node)
        faults = list(bundle.faults())
        yield from (Fault(name, sentence) for sentence in faults)
        if bundle.manifest.kind is Kind.BACKUP and not faults:
            for sentence in check_contents(folder.contents, read_contents(bundle)):
                yield Fault(name, sentence)
    except (InputError, CannotRunError) as error:
        yield Fault(name, f"{name}: {error.message}")


def counted(folder: BackupFolder) -> Mapping[Kind, int]:
    """How many bundles of each kind a folder holds.

    Raises:
        CannotRunError: the folder cannot be read.
    """
    return {kind: len(folder.bundles(kind)) for kind in Kind}
