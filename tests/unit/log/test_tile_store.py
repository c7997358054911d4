"""The contract of tile stores, held by the folder."""

import errno
import os
import threading

import pytest

from safelight.errors import CannotRunError
from safelight.log.stores.folder import FolderTileStore
from safelight.log.tile_store import NoSuchTileError
from safelight.log.tiles import DamagedLogError, Tile

TILE = Tile(0, 0)
PARTIAL = Tile(0, 0, 7)


@pytest.fixture
def store(tmp_path):
    return FolderTileStore(tmp_path / "log")


def test_tiles_are_read_as_they_were_written(store):
    store.write([(TILE, b"full"), (PARTIAL, b"part"), (Tile(None, 1_234_067), b"bundle")])
    assert [store.read(tile) for tile in (TILE, PARTIAL, Tile(None, 1_234_067))] == [b"full", b"part", b"bundle"]
    assert set(store.tiles()) == {TILE, PARTIAL, Tile(None, 1_234_067)}


def test_the_same_bytes_again_change_nothing_and_others_are_refused(store):
    store.write([(TILE, b"full")])
    store.write([(TILE, b"full")])
    with pytest.raises(DamagedLogError, match="tile/0/000 of the log is there with other bytes"):
        store.write([(TILE, b"other")])
    assert store.read(TILE) == b"full"


def test_what_is_not_there_is_said_to_be_missing(store):
    for _ in range(2):
        with pytest.raises(NoSuchTileError, match="tile/0/000 of the log is missing"):
            store.read(TILE)
        assert list(store.tiles()) == []
        assert store.checkpoint() is None
        store.write([])


def test_a_folder_or_pipe_in_a_tiles_place_is_no_tile(store):
    (store.root / TILE.path).mkdir(parents=True)
    os.mkfifo(store.root / "checkpoint")
    with pytest.raises(NoSuchTileError):
        store.read(TILE)
    assert store.checkpoint() is None
    assert list(store.tiles()) == []


def test_a_file_in_a_folders_place_is_no_tile(store):
    (store.root / "tile").mkdir(parents=True)
    (store.root / "tile/0").write_bytes(b"")
    with pytest.raises(NoSuchTileError):
        store.read(TILE)


def test_not_much_more_is_read_than_a_tile_can_have(store):
    (store.root / TILE.path).parent.mkdir(parents=True)
    (store.root / TILE.path).write_bytes(bytes(10_000))
    assert len(store.read(TILE)) == 256 * 32 + 1


def test_what_is_no_tile_is_passed_over(store):
    store.write([(TILE, b"full")])
    (store.root / "tile/0/README").write_bytes(b"")
    store.replace_checkpoint(b"checkpoint")
    assert list(store.tiles()) == [TILE]


def test_partial_tiles_go_when_the_full_one_is_there_and_only_then(store):
    store.write([(PARTIAL, b"part"), (Tile(0, 0, 9), b"parts"), (Tile(0, 1, 7), b"next")])
    store.drop_partials(TILE)
    assert store.read(PARTIAL) == b"part"
    store.write([(TILE, b"full")])
    store.drop_partials(TILE)
    store.drop_partials(TILE)
    assert set(store.tiles()) == {TILE, Tile(0, 1, 7)}
    assert not (store.root / "tile/0/000.p").exists()


def test_one_checkpoint_takes_the_place_of_the_other(store):
    store.replace_checkpoint(b"one")
    store.replace_checkpoint(b"two")
    assert store.checkpoint() == b"two"


def test_what_a_dead_writer_left_is_removed_and_never_seen(store):
    store.write([(TILE, b"full")])
    (store.root / ".incoming/tile").write_bytes(b"torn")
    (store.root / ".incoming/checkpoint").write_bytes(b"torn")
    store.write([(PARTIAL, b"part")])
    assert list((store.root / ".incoming").iterdir()) == []
    assert set(store.tiles()) == {TILE, PARTIAL}


def test_writers_wait_for_each_other(store):
    store.write([])
    seen = []

    def slow():
        seen.append("first begins")
        threading.Thread(target=second).start()
        yield TILE, b"full"
        seen.append("first ends")

    def second():
        store.replace_checkpoint(b"checkpoint")
        seen.append("second ends")
        done.set()

    done = threading.Event()
    store.write(slow())
    assert done.wait(10)
    assert seen == ["first begins", "first ends", "second ends"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES])
def test_a_disk_that_cannot_be_written_is_said_to_be_so_and_nothing_changes(store, monkeypatch, number):
    store.write([(TILE, b"full")])

    def fail(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CannotRunError, match=os.strerror(number)):
        store.write([(PARTIAL, b"part")])
    with pytest.raises(CannotRunError):
        store.replace_checkpoint(b"checkpoint")
    monkeypatch.undo()
    assert set(store.tiles()) == {TILE}
    assert store.checkpoint() is None


def test_a_failing_disk_is_not_taken_for_a_full_one(store, monkeypatch):
    store.write([])

    def fail(handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CannotRunError, match=r"Input/output error.*its disk fails"):
        store.replace_checkpoint(b"checkpoint")


def test_an_error_that_is_not_of_the_disk_is_not_put_into_words(store, monkeypatch):
    store.write([])

    def fail(handle):
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Bad file descriptor"):
        store.replace_checkpoint(b"checkpoint")


def test_every_file_and_every_folder_above_it_is_synced_before_it_counts(store, monkeypatch):
    store.write([])
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (synced.append(os.readlink(f"/proc/self/fd/{handle}")), fsync(handle))
    )
    store.write([(PARTIAL, b"part")])
    root = str(store.root)
    assert synced == [
        f"{root}/.incoming/tile",
        f"{root}/tile/0/000.p",
        f"{root}/tile/0",
        f"{root}/tile",
        root,
    ]
    synced.clear()
    # It may be there from a writer that was killed before it came to syncing the folders.
    store.write([(PARTIAL, b"part")])
    assert synced == [f"{root}/tile/0/000.p", f"{root}/tile/0", f"{root}/tile", root]
