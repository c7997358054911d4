"""A made-up node for tests: its keys, its vault, and its files written into a data folder for commands as processes."""

import atexit
import base64
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from safelight.access.layout import KEYS_FILE
from safelight.access.node import Node
from safelight.access.rules import FOUNDER
from safelight.casework.access import Acting
from safelight.known.words import TABLE, Words, open_words
from safelight.vault.content import Vault
from safelight.vault.fsck import FaultKind, check_vault
from safelight.vault.keys import RootKey
from safelight.vault.nodekeys import make_keys, save_keys
from safelight.vault.protection import KeyFile
from safelight.vault.queries import stored_objects

_SECRET = bytes(range(32, 64))
KEYS = make_keys("unit-alpha.example", KeyFile(_SECRET), root=RootKey(bytes(range(32))))


def node_in(data: Path) -> Node:
    """The made-up node, whose files lie in a data folder."""
    return Node(KEYS, data)


def vault_in(data: Path) -> Vault:
    """Its vault."""
    return node_in(data).vault


def acting_in(data: Path) -> Acting:
    """Its founder, as whom everybody acts before officers are enrolled."""
    return Acting(node_in(data), FOUNDER, "officer")


NODE = node_in(Path("nowhere"))
"""The node where no content is kept."""
VAULT = NODE.vault


def write_node(data: Path) -> None:
    """Write its keys into a data folder; `UNLOCKED` are the settings that unlock them."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (data / KEYS_FILE).exists():
        save_keys(data / KEYS_FILE, KEYS, replacing=None)


def write_key(key: Path) -> dict[str, str]:
    """Write what unlocks its keys; the settings that name it come back."""
    key.touch(mode=0o600)
    key.write_text(base64.b64encode(_SECRET).decode() + "\n")
    return {"SAFELIGHT_KEY_FILE": str(key)}


def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="safelight-test-key-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


UNLOCKED = write_key(_folder() / "node.key")


def kept_in(vault: Vault) -> list[str]:
    """The SHA-256 of each content that is kept, sorted; all of it is whole, but for what a stopped run left behind."""
    assert {fault.kind for fault in check_vault(vault)} <= {FaultKind.ORPHAN}
    found = (vault.open_particulars(one.sealed, one.name).sha256.hex() for one in stored_objects())
    return sorted(found)


def words_of(entries: Iterable) -> list[Words]:
    """What entries of the known base say in words."""
    columns = VAULT.columns(TABLE)
    return [open_words(bytes(entry.words), entry.pk, columns) for entry in entries]
