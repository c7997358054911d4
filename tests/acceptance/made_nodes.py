"""Nodes for tests that are of something else than how a node is made: typed once, and copied.

What a test changes it changes in its copy. Copies of one node have the same keys.
"""

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests.acceptance.commands import prepare, put_database, wait_until_stopped

KEY_FILE, KIT = "key", "kit"


def settings_in(folder: Path) -> dict[str, str]:
    """How a command reaches the node of a folder."""
    return {"SAFELIGHT_DATA": str(folder / "data"), "SAFELIGHT_KEY_FILE": str(folder / KEY_FILE)}


def make_node(folder: Path, name: str) -> str:
    """Type `safelight node create` on an empty database: the data folder, its key file and kit; its public key."""
    put_database(folder / "data")
    made = prepare("node", "create", name, "--kit", folder / KIT, settings=settings_in(folder))
    assert made.status == 0, made
    return str(made.events("node")[0]["key"])


def put_node(folder: Path, name: str) -> str:
    """Put a copy of the node of this name into an empty folder; its public key."""
    made, key = _made(name)
    put(made, folder)
    return key


def key_of(name: str) -> str:
    """The public key of the node of this name."""
    return _made(name)[1]


def put(made: Path, folder: Path) -> None:
    """Copy what lies in a folder, where no command is at work, into another one."""
    subprocess.run(["cp", "-a", f"{made}/.", folder], check=True)


def new_folder() -> Path:
    """A folder that is there until the tests end."""
    folder = Path(tempfile.mkdtemp(prefix="safelight-test-node-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _made(name: str) -> tuple[Path, str]:
    folder = new_folder()
    key = make_node(folder, name)
    wait_until_stopped(folder / "data")
    return folder, key
