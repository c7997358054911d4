"""What the folder driver does on a disk: damage, leftovers, full and read-only disks."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.vault.objects import DamagedObjectError, Fault
from safelight.vault.stores.folder import FolderStore

KEY = hashlib.sha256(b"one").hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest.fixture
def path(store: FolderStore) -> Path:
    """One kept object on the disk."""
    store.put(b"one")
    return store.root / KEY[:2] / KEY[2:4] / KEY


def damage(path: Path, content: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(content)


def test_objects_are_private_and_read_only(store: FolderStore, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o400
    assert store.root.stat().st_mode & 0o777 == 0o700
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_damage_is_never_handed_out(store: FolderStore, path: Path) -> None:
    damage(path, b"two")
    with pytest.raises(DamagedObjectError, match=KEY):
        store.get(KEY)
    with pytest.raises(DamagedObjectError, match=KEY), store.open(KEY):
        pass
    assert list(store.verify()) == [Fault(KEY, "its bytes are not those that were kept")]


def test_an_object_cut_short_is_replaced_when_it_comes_again(store: FolderStore, path: Path) -> None:
    damage(path, b"")
    store.put(b"one")
    assert store.get(KEY) == b"one"


def test_strangers_are_named_and_are_no_objects(store: FolderStore, path: Path) -> None:
    path.with_name("notes.txt").write_text("?")
    path.rename(store.root / KEY)
    assert list(store.keys()) == []
    faults = {fault.where for fault in store.verify()}
    assert faults == {KEY, f"{KEY[:2]}/{KEY[2:4]}/notes.txt"}


def test_what_a_dead_writer_left_is_named_and_then_removed(store: FolderStore) -> None:
    left = store.root / "incoming" / "dead"
    left.mkdir(parents=True)
    (left / "0").write_bytes(b"half")
    assert [fault.where for fault in store.verify()] == ["incoming/dead"]
    store.put(b"one")
    assert list(store.verify()) == []
    assert list((store.root / "incoming").iterdir()) == []


def test_a_killed_writer_leaves_no_object_and_no_trace_for_long(store: FolderStore) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from safelight.vault.stores.folder import FolderStore\n"
        "class Content:\n"
        "    def read(self, size): os.kill(os.getpid(), signal.SIGKILL)\n"
        "FolderStore(Path(sys.argv[1])).put_many([b'first', Content()])"
    )
    subprocess.run([sys.executable, "-c", code, str(store.root)], check=False)
    assert list(store.keys()) == []
    assert len(list(store.verify())) == 1
    store.put(b"one")
    assert list(store.keys()) == [KEY]
    assert list(store.verify()) == []


@pytest.mark.parametrize(
    ("options", "reason"), [("size=1m", "the disk is full"), ("size=1m,ro", "the disk is read-only")]
)
def test_a_full_or_read_only_disk_says_so_with_nothing_half_done(tmp_path: Path, options: str, reason: str) -> None:
    code = (
        "import sys; from pathlib import Path; from safelight.vault.stores.folder import FolderStore\n"
        "from safelight.errors import CannotRunError\n"
        "store = FolderStore(Path(sys.argv[1]) / 'objects')\n"
        "try: store.put_many([b'small', bytes(2 << 20)])\n"
        "except CannotRunError as error: print(error.message)\n"
        "assert not list(store.keys()) and not list(store.verify())\n"
    )
    script = f'mount -t tmpfs -o {options} none "$1" && exec "$2" -c "$3" "$1"'
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    done = subprocess.run(
        [*own, "sh", "-c", script, "sh", str(tmp_path), sys.executable, code],
        check=True,
        capture_output=True,
        text=True,
    )
    assert reason in done.stdout
