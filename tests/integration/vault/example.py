"""A vault of a made-up node in a folder, and who keeps what in it."""

import hashlib
from datetime import UTC, datetime

from safelight.vault.content import Vault
from safelight.vault.keyring import Generations
from safelight.vault.keys import RootKey
from safelight.vault.nodekeys import make_keys, save_keys
from safelight.vault.protection import KeyFile
from safelight.vault.stores.sealed_folder import SealedFolder

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ALPHA, BETA = "Agency Alpha", "Agency Beta"
SECRET = KeyFile(bytes(32))


class Plain:
    """Seals the log's records by nothing but their row, so that tests can read them."""

    def seal(self, record, row):
        return row.to_bytes(8, "big") + record

    def open(self, sealed, row):
        assert sealed[:8] == row.to_bytes(8, "big")
        return sealed[8:]

    def index(self, digest):
        return hashlib.blake2b(digest, digest_size=16).digest()


def make_vault(folder, root=bytes(range(32))):
    keys = make_keys("unit-alpha.example", SECRET, root=RootKey(root), generations=Generations())
    return Vault(keys, SealedFolder(folder / "vault"), Plain())


def saved(vault, folder):
    """The keys of a vault written into a file, and its path."""
    save_keys(folder / "node-keys.json", vault.keys, replacing=None)
    return folder / "node-keys.json"


def sha256(content):
    return hashlib.sha256(content).digest()
