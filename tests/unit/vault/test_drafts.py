"""Folders of unfinished files: each writer has its own, and dead writers' are cleared away."""

import fcntl

import pytest

from safelight.vault.stores import drafts
from safelight.vault.stores.drafts import abandoned, draft_folder, write_draft


@pytest.fixture
def incoming(tmp_path):
    return tmp_path / "store" / "incoming"


def test_a_writers_folder_is_its_own_while_it_writes_and_gone_afterwards(incoming):
    with draft_folder(incoming) as first, draft_folder(incoming) as second:
        write_draft(first / "one", [b"unfinished"])
        assert first != second
        assert list(abandoned(incoming)) == []
    assert list(incoming.iterdir()) == []


def test_what_a_dead_writer_left_is_cleared_by_the_next(incoming):
    (incoming / "left").mkdir(parents=True)
    (incoming / "left" / "one").write_bytes(b"unfinished")
    (incoming / "a file").write_bytes(b"not ours")
    assert list(abandoned(incoming)) == [incoming / "left"]
    with draft_folder(incoming):
        assert not (incoming / "left").exists()
    assert (incoming / "a file").exists()


def test_nothing_is_abandoned_where_nothing_is(incoming):
    assert list(abandoned(incoming)) == []


@pytest.mark.parametrize("moment", ["before it is opened", "before it is locked", "while another looks at it"])
def test_a_folder_that_another_writer_takes_for_abandoned_is_made_again(incoming, monkeypatch, moment):
    incoming.mkdir(parents=True)
    true_open, true_lock, taken = drafts.os.open, fcntl.flock, []

    def opened(path, *flags, **folder):
        if moment == "before it is opened" and not taken:
            taken.append(path)
            path.rmdir()
        return true_open(path, *flags, **folder)

    def locked(handle, how):
        if not taken:
            [path] = incoming.iterdir()
            taken.append(path)
            if moment == "while another looks at it":
                raise BlockingIOError
            path.rmdir()
        true_lock(handle, how)

    monkeypatch.setattr(drafts.os, "open", opened)
    monkeypatch.setattr(drafts.fcntl, "flock", locked)
    with draft_folder(incoming) as folder:
        assert folder.is_dir()
        assert folder not in taken
    assert len(taken) == 1
