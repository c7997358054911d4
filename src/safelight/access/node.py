"""A node: one installation with its name and its keys, unlocked for as long as a command runs.

The file of node keys and the published log lie in the data folder; what unlocks the keys lies elsewhere.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from safelight.access.layout import VAULT_FOLDER, keys_path, log_store
from safelight.errors import UsageError
from safelight.log.notes import BadKeyError, Signer
from safelight.log.stores.folder import FolderTileStore
from safelight.platform.settings import Settings
from safelight.vault.content import Vault
from safelight.vault.keys import RootKey
from safelight.vault.nodekeys import NodeKeys, load_keys
from safelight.vault.protection import Secret
from safelight.vault.sealing import BlindIndex, ColumnSealer
from safelight.vault.stores.sealed_folder import SealedFolder


class LogSealer:
    """Seals the records of the log as values of their column; see `log.ports.Sealer`."""

    def __init__(self, root: RootKey) -> None:
        self._columns = ColumnSealer(root, "log_entry")
        self._digests = BlindIndex(root, "log_entry_digest")

    def seal(self, record: bytes, row: int) -> bytes:
        """The record, sealed for this row."""
        return self._columns.seal(record, "record", str(row))

    def open(self, sealed: bytes, row: int) -> bytes:
        """What was sealed.

        Raises:
            SealedValueError: it was altered, moved from another row, or sealed by another node.
        """
        return self._columns.open(sealed, "record", str(row))

    def index(self, digest: bytes) -> bytes:
        """16 bytes under which entries that name a SHA-256 are found."""
        return self._digests.of(digest)


@dataclass(frozen=True)
class Node:
    """An installation whose keys are at hand."""

    keys: NodeKeys
    data: Path

    @property
    def name(self) -> str:
        """Under which name it signs."""
        return self.keys.node

    @cached_property
    def signer(self) -> Signer:
        """Signs the log's checkpoints."""
        return Signer(self.keys.node, self.keys.root.signing_key())

    @cached_property
    def log_sealer(self) -> LogSealer:
        """Seals the records of the log."""
        return LogSealer(self.keys.root)

    @cached_property
    def vault(self) -> Vault:
        """Seals content, signatures, names and notes."""
        return Vault(self.keys, SealedFolder(self.data / VAULT_FOLDER), self.log_sealer)

    @property
    def log_store(self) -> FolderTileStore:
        """Where the log is published."""
        return log_store(self.data)


def open_node(settings: Settings, secret: Secret) -> Node:
    """The node of a data folder, unlocked.

    Raises:
        NoKeysError: none was made there.
        BadKeysFileError, WrongSecretError, UsageError: as `vault.nodekeys.load_keys`.
    """
    return Node(load_keys(keys_path(settings), secret), settings.data)


def checked_name(name: str) -> str:
    """A node's name, which stands in signed notes: an address such as `unit-alpha.example`, without spaces or plus.

    Raises:
        UsageError: it cannot be one.
    """
    try:
        Signer(name, bytes(32))
    except BadKeyError:
        raise UsageError(
            f"{name!r} cannot be a node's name: take one like unit-alpha.example, without spaces or plus signs"
        ) from None
    if not name.isprintable() or len(name) > 200:
        raise UsageError(f"{name[:200]!r} cannot be a node's name: it is printed on paper, in 200 characters at most")
    return name
