"""Growth: any way of appending leads to the same log, and a killed one is resumed; reading gives it all back."""

import os
import shutil
from functools import cache
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.log.growth import grow
from safelight.log.merkle import (
    EMPTY_ROOT,
    check_consistency,
    check_inclusion,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
)
from safelight.log.reading import entries, subtree_reader
from safelight.log.stores.folder import FolderTileStore
from safelight.log.tile_store import NoSuchTileError
from safelight.log.tiles import DamagedLogError, Tile
from safelight.log.verify import verify_log
from tests.unit.log.examples import LOG, entries_to, entry, files_of, make_log, publish

SPLITS = st.lists(st.integers(1, 600), min_size=1, max_size=6, unique=True).map(sorted)


@pytest.fixture(scope="module", autouse=True)
def _no_waiting_for_the_disk():
    """Let fsync return at once: a process that goes on sees no difference. That each file is synced before it counts
    is tried in test_tile_store.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _handle: None)
        yield


@cache
def root_at(size):
    return root_of(leaf_hash(one) for one in entries_to(size))


@settings(max_examples=15, deadline=None)
@given(SPLITS)
def test_a_log_is_the_same_however_it_was_appended_to(tmp_path_factory, sizes):
    folder = tmp_path_factory.mktemp("log")
    _, checkpoints = make_log(folder / "split", *sizes)
    make_log(folder / "whole", sizes[-1])
    assert [one.root for one in checkpoints] == [root_at(size) for size in sizes]
    split, whole = files_of(folder / "split"), files_of(folder / "whole")
    assert {path: split[path] for path in whole} == whole
    # What is there besides are partial tiles of earlier sizes, never of a tile that is full.
    for path in split.keys() - whole.keys():
        tile = Tile.parse(path)
        assert not tile.is_full
        assert tile.full.path not in split


def test_a_large_log_has_its_third_level(tmp_path):
    size = 256 * 256 + 1
    store, [_, checkpoint] = make_log(tmp_path, size - 300, size, entries=[b""] * size)
    upper = {path for path in files_of(tmp_path) if path.startswith(("tile/1/", "tile/2/"))}
    assert upper == {"tile/1/000", "tile/2/000.p/1"}
    whole = leaf_hash(b"")
    for _ in range(16):
        whole = node_hash(whole, whole)
    assert store.read(Tile(2, 0, 1)) == whole
    assert checkpoint.root == node_hash(whole, leaf_hash(b""))
    assert verify_log(store, LOG.key).faults == ()


@settings(max_examples=15, deadline=None)
@given(SPLITS, st.data())
def test_what_was_appended_is_read_back_and_proved(tmp_path_factory, sizes, data):
    store, checkpoints = make_log(tmp_path_factory.mktemp("log"), *sizes)
    size = data.draw(st.sampled_from(sizes))
    begin = data.draw(st.integers(0, size))
    end = data.draw(st.integers(begin, size))
    assert list(entries(store, size, begin, end)) == entries_to(size)[begin:end]
    subtree = subtree_reader(store, size)
    index = data.draw(st.integers(0, size - 1))
    check_inclusion(leaf_hash(entry(index)), index, size, prove_inclusion(subtree, index, size), root_at(size))
    for old, new in pairwise(checkpoints):
        proof = prove_consistency(subtree_reader(store, new.size), old.size, new.size)
        check_consistency(old.size, new.size, old.root, new.root, proof)


class KilledError(BaseException):
    """The process is gone."""


@pytest.fixture
def kill_after(monkeypatch):
    """Arms a kill before the n-th call that could change the disk; the count can be taken away again."""

    def arm(steps):
        left = iter(range(steps))

        def killing(real):
            def call(*args, **kwargs):
                if next(left, None) is None:
                    raise KilledError
                return real(*args, **kwargs)

            return call

        for name in ("mkdir", "open", "fsync", "rename", "unlink", "rmdir"):
            monkeypatch.setattr(os, name, killing(getattr(os, name)))
        return monkeypatch

    return arm


def left_in(folder):
    """Everything that a killed one left: each file with its bytes, also the unfinished, and each folder."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize(("old", "new"), [(0, 3), (255, 256), (250, 520)])
def test_a_growth_killed_at_any_step_is_resumed(tmp_path, kill_after, old, new):
    make_log(tmp_path / "old", old)
    tried = []
    for steps in count():
        folder = tmp_path / "new"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tmp_path / "old", folder)
        store = FolderTileStore(folder)
        armed = kill_after(steps)
        try:
            publish(store, *grow(store, old, root_at(old), entries_to(new)[old:]))
        except KilledError:
            was_killed = True
        else:
            was_killed = False
        armed.undo()
        # Between two steps that only read or sync, the folder is the same, and what follows was tried.
        left = left_in(folder)
        if was_killed and left in tried[-1:]:
            continue
        tried.append(left)
        # What was published is whole whatever the killed one left, and a longer growth takes up where it stopped.
        findings = verify_log(store, LOG.key)
        assert findings.faults == ()
        size = findings.checkpoint.size
        assert size in {old, new} if was_killed else size == new
        if not was_killed:
            break
        grown = grow(store, size, root_at(size), entries_to(new + 1)[size:])
        assert grown == (new + 1, root_at(new + 1))
        publish(store, *grown)
        assert verify_log(store, LOG.key).faults == ()
    assert steps > 20
    assert len(tried) > 10


def test_appending_nothing_changes_nothing(tmp_path):
    store, [checkpoint] = make_log(tmp_path, 300)
    before = files_of(tmp_path)
    assert grow(store, 300, checkpoint.root, []) == (300, checkpoint.root)
    assert files_of(tmp_path) == before
    assert grow(FolderTileStore(tmp_path / "empty"), 0, EMPTY_ROOT, []) == (0, EMPTY_ROOT)


def test_nothing_is_built_on_a_log_that_is_not_the_signed_one(tmp_path):
    store, [checkpoint] = make_log(tmp_path, 3)
    with pytest.raises(DamagedLogError, match="signed at 3 entries"):
        grow(store, 3, EMPTY_ROOT, [b"more"])
    (tmp_path / "tile/entries/000.p/3").write_bytes((tmp_path / "tile/entries/000.p/3").read_bytes()[:-1] + b"9")
    with pytest.raises(DamagedLogError, match=r"not those of tile/0/000\.p/3"):
        grow(store, 3, checkpoint.root, [b"more"])


def test_other_entries_than_those_of_a_killed_growth_are_refused(tmp_path):
    store, [checkpoint] = make_log(tmp_path, 3)
    grow(store, 3, checkpoint.root, [b"first", b"second"])
    with pytest.raises(DamagedLogError, match=r"tile/entries/000\.p/5 of the log is there with other bytes"):
        grow(store, 3, checkpoint.root, [b"second", b"first"])


def test_an_entry_that_is_too_long_is_refused_and_nothing_is_lost(tmp_path):
    store, [checkpoint] = make_log(tmp_path, 3)
    with pytest.raises(ValueError, match="65536 bytes"):
        grow(store, 3, checkpoint.root, [bytes(65_536)])
    assert verify_log(store, LOG.key).faults == ()


def test_what_is_beyond_the_log_is_not_read(tmp_path):
    store, _ = make_log(tmp_path, 3)
    for begin, end in ((0, 4), (2, 1), (-1, 2)):
        with pytest.raises(ValueError, match="there are no entries"):
            list(entries(store, 3, begin, end))
    subtree = subtree_reader(store, 3)
    for level, number in ((0, 3), (1, 1), (0, -1), (8, 0)):
        with pytest.raises(ValueError, match="not within 3 leaves"):
            subtree(level, number)


def test_a_missing_tile_is_named_as_it_was_asked_for(tmp_path):
    store, _ = make_log(tmp_path, 256)
    (tmp_path / "tile/1/000.p/1").unlink()
    (tmp_path / "tile/0/000").unlink()
    with pytest.raises(NoSuchTileError, match=r"tile/1/000\.p/1 of"):
        subtree_reader(store, 256)(8, 0)
    with pytest.raises(NoSuchTileError, match="tile/0/000 of"):
        subtree_reader(store, 256)(7, 0)
