"""Verification: every change of a published log is found, and named for what it is; a sound log has no fault."""

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.log.checkpoints import Checkpoint
from safelight.log.growth import grow
from safelight.log.merkle import leaf_hash, root_of
from safelight.log.notes import BadKeyError, SignatureType, Signer, VerifierKey
from safelight.log.stores.folder import FolderTileStore
from safelight.log.tiles import Tile
from safelight.log.verify import FaultKind, Findings, verify_log
from tests.unit.log.examples import LOG, entries_to, files_of, make_log, publish

SIZES = (3, 5, 259, 260)
"""With partial tiles of earlier sizes, full tiles, and two levels."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "log"
    _, checkpoints = make_log(folder, *SIZES)
    return folder, checkpoints


def found(folder, older=()):
    return [(fault.kind, fault.sentence) for fault in verify_log(FolderTileStore(folder), LOG.key, older).faults]


def kinds(folder, older=()):
    return {kind for kind, _ in found(folder, older)}


@pytest.mark.parametrize("sizes", [(0,), (1,), (255,), (256,), (3, 257, 513), SIZES])
def test_a_sound_log_has_no_fault_against_any_checkpoint_of_it(tmp_path, sizes):
    store, checkpoints = make_log(tmp_path, *sizes)
    assert verify_log(store, LOG.key, checkpoints) == Findings(checkpoints[-1], ())


def test_every_bit_of_a_small_log_counts(tmp_path):
    make_log(tmp_path, 2, 3)
    for name, content in files_of(tmp_path).items():
        for at in range(len(content)):
            for bit in (1, 128):
                (tmp_path / name).write_bytes(content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :])
                assert kinds(tmp_path) == {FaultKind.EDIT}, (name, at)
        (tmp_path / name).write_bytes(content)
    assert found(tmp_path) == []


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_changed_byte_is_found(made, data):
    folder, _ = made
    files = files_of(folder)
    assert len(files) == 8
    name = data.draw(st.sampled_from(sorted(files)))
    content = files[name]
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != content[at]))
    try:
        (folder / name).write_bytes(content[:at] + bytes([byte]) + content[at + 1 :])
        assert kinds(folder) == {FaultKind.EDIT}
    finally:
        (folder / name).write_bytes(content)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_every_file_cut_short_or_drawn_out_is_found(made, data):
    folder, _ = made
    files = files_of(folder)
    name = data.draw(st.sampled_from(sorted(files)))
    content = files[name]
    changed = data.draw(st.integers(0, len(content) - 1).map(lambda end: content[:end]) | st.just(content + b"\0"))
    try:
        (folder / name).write_bytes(changed)
        assert kinds(folder) == {FaultKind.EDIT}
    finally:
        (folder / name).write_bytes(content)


def test_every_missing_file_that_the_checkpoint_covers_is_found(made, tmp_path):
    needed = [
        "tile/0/000",
        "tile/0/001.p/4",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/4",
    ]
    for number, name in enumerate(needed):
        folder = tmp_path / str(number)
        shutil.copytree(made[0], folder)
        (folder / name).unlink()
        assert set(found(folder)) == {
            (FaultKind.TRUNCATION, f"{name} of the log is missing: restore it from a copy."),
        }


def test_a_log_without_a_checkpoint_or_under_another_key_verifies_nothing(made, tmp_path):
    folder, _ = made
    stranger = Signer("agency-beta.example/log", bytes(32)).key
    findings = verify_log(FolderTileStore(folder), stranger)
    assert findings.checkpoint is None
    assert [fault.kind for fault in findings.faults] == [FaultKind.EDIT]
    assert "checkpoint cannot be trusted: No known key" in findings.faults[0].sentence
    assert verify_log(FolderTileStore(tmp_path), LOG.key).checkpoint is None
    assert kinds(tmp_path) == {FaultKind.TRUNCATION}


def test_an_edit_names_the_entry_or_the_tiles_that_do_not_agree(made, tmp_path):
    folder = tmp_path / "log"
    shutil.copytree(made[0], folder)
    name = folder / "tile/entries/000"
    name.write_bytes(name.read_bytes().replace(b"Harbour 17", b"Lantern 17", 1))
    assert found(folder) == [
        (FaultKind.EDIT, "Entry 17 of the log does not fit its hash in tile/0/000: one was changed."),
    ]
    name = folder / "tile/1/000.p/1"
    name.write_bytes(bytes(32))
    assert [sentence for _, sentence in found(folder)][1:] == [
        "tile/0/000 of the log does not fit its hash in tile/1/000.p/1: one was changed.",
        "The log's tiles do not lead to the root in its checkpoint: one was changed.",
    ]


def test_behind_entries_that_cannot_be_read_edits_are_found(tmp_path):
    folder = tmp_path / "log"
    make_log(folder, 300)
    (folder / "tile/entries/000").unlink()
    name = folder / "tile/entries/001.p/44"
    name.write_bytes(name.read_bytes().replace(b"Harbour 270", b"Lantern 270", 1))
    assert "Entry 270 of the log does not fit its hash in tile/0/001.p/44: one was changed." in {
        sentence for _, sentence in found(folder)
    }


def test_a_log_put_back_to_an_earlier_state_is_a_rollback(made, tmp_path):
    make_log(tmp_path, 3, 5)
    assert found(tmp_path, made[1][3:]) == [
        (FaultKind.ROLLBACK, "The log has 5 entries, and had 260 at an older checkpoint: it was rolled back."),
    ]


@pytest.mark.parametrize("size", [260, 300])
def test_a_log_whose_history_was_rewritten_and_signed_again_is_a_fork(made, tmp_path, size):
    make_log(tmp_path, size, entries=[b"rewritten", *entries_to(size)[1:]])
    assert found(tmp_path) == []
    assert {kind for kind, _ in found(tmp_path, made[1])} == {FaultKind.FORK}
    assert len(found(tmp_path, made[1])) == len(SIZES)
    assert "older checkpoint of 3 entries" in found(tmp_path, made[1][:1])[0][1]


def test_a_fork_after_an_older_checkpoint_is_none_against_it(made, tmp_path):
    make_log(tmp_path, 300, entries=[*entries_to(4), b"rewritten", *entries_to(300)[5:]])
    assert found(tmp_path, made[1][:1]) == []
    assert kinds(tmp_path, made[1][1:2]) == {FaultKind.FORK}


def test_a_damaged_log_is_compared_as_far_as_it_can_be(made, tmp_path):
    folder = tmp_path / "log"
    shutil.copytree(made[0], folder)
    (folder / "tile/0/000").unlink()
    assert kinds(folder, made[1]) == {FaultKind.TRUNCATION}


def test_an_older_checkpoint_of_another_log_is_wrong_use(made):
    with pytest.raises(ValueError, match="another log"):
        found(made[0], [Checkpoint("agency-beta.example/log", 3, bytes(32))])


def test_the_key_of_a_witness_verifies_no_log_and_is_no_fault_of_it(made):
    key = VerifierKey(LOG.key.name, SignatureType.ED25519_COSIGNATURE, LOG.key.public)
    with pytest.raises(BadKeyError):
        verify_log(FolderTileStore(made[0]), key)


def test_what_is_not_published_yet_is_no_part_of_the_log(tmp_path):
    store, [checkpoint] = make_log(tmp_path, 255)
    grow(store, 255, checkpoint.root, entries_to(600)[255:])
    assert not (tmp_path / "tile/0/000.p").exists()
    assert verify_log(store, LOG.key, [checkpoint]).faults == ()


def test_a_partial_tile_beside_the_full_one_is_checked_too(tmp_path):
    store, _ = make_log(tmp_path, 300)
    leaves = [leaf_hash(one) for one in entries_to(9)]
    store.write([(Tile(0, 0, 9), b"".join(leaves))])
    assert found(tmp_path) == []
    store.write([(Tile(0, 0, 8), b"".join(leaves[1:]))])
    assert found(tmp_path) == [
        (FaultKind.EDIT, "tile/0/000.p/8 of the log does not fit what it has grown to: one was changed."),
    ]


def test_tiles_that_agree_with_each_other_and_not_with_the_checkpoint_are_found(tmp_path):
    store, _ = make_log(tmp_path, 3)
    publish(store, 3, root_of([leaf_hash(b"other")] * 3))
    assert found(tmp_path) == [
        (FaultKind.EDIT, "The log's tiles do not lead to the root in its checkpoint: one was changed."),
    ]
