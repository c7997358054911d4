"""Where a node's own things lie in its data folder."""

from pathlib import Path

from safelight.log.stores.folder import FolderTileStore
from safelight.platform.settings import Settings

KEYS_FILE = "node-keys.json"
VAULT_FOLDER = "vault"
LOG_FOLDER = "log"


def keys_path(settings: Settings) -> Path:
    """Where the file of node keys lies."""
    return settings.data / KEYS_FILE


def log_store(data: Path) -> FolderTileStore:
    """Where the log of a data folder is published."""
    return FolderTileStore(data / LOG_FOLDER)
