"""Proof bundles: strict text, and verified under the reader's policy and leaf only."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safelight.errors import InputError
from safelight.log.bundles import BadBundleError, Bundle
from safelight.log.checkpoints import Checkpoint, sign_checkpoint
from safelight.log.merkle import BadProofError, leaf_hash, prove_inclusion, root, root_of
from safelight.log.notes import BadNoteError, Note, Signer
from safelight.log.policy import Policy, PolicyNotMetError

LOG = Signer("agency-alpha.example/log", bytes(range(32)))
POLICY = Policy.parse(f"log {LOG.key}\nquorum none\n".encode())
LEAVES = [leaf_hash(bytes([number])) for number in range(7)]
HASH = "A" * 43 + "="


def subtree(level, number):
    return root_of(LEAVES[number << level : (number + 1) << level])


def bundle(index, extra=b""):
    note = sign_checkpoint(Checkpoint(LOG.key.name, 7, root(subtree, 7)), LOG)
    return Bundle(index, tuple(prove_inclusion(subtree, index, 7)), note, extra)


@given(st.integers(0, (1 << 64) - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=64), st.binary())
@example(0, [bytes(32)] * 64, b"")
def test_a_bundle_is_read_as_it_was_written(index, hashes, extra):
    made = Bundle(index, tuple(hashes), bundle(0).checkpoint, extra)
    assert Bundle.parse(made.encode()) == made


@given(st.data())
def test_no_byte_of_a_bundle_can_be_another_without_being_noticed(data):
    content = bundle(3).encode()
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != content[at]))
    changed = content[:at] + bytes([byte]) + content[at + 1 :]
    with pytest.raises(InputError):
        Bundle.parse(changed).verify(LEAVES[3], POLICY)


@pytest.mark.parametrize("index", range(7))
def test_every_leaf_is_proved_and_no_other(index):
    endorsed = bundle(index).verify(LEAVES[index], POLICY)
    assert endorsed.checkpoint.size == 7
    with pytest.raises(BadProofError):
        bundle(index).verify(leaf_hash(b"another"), POLICY)


def test_a_log_that_the_policy_does_not_know_proves_nothing():
    with pytest.raises(PolicyNotMetError):
        bundle(0).verify(LEAVES[0], Policy.parse(b"quorum none\n"))


NOTE = bundle(0).checkpoint.encode()


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"c2sp.org/tlog-proof@v1\n\n",
        b"c2sp.org/tlog-proof@v2\nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1 \nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1\r\nindex 0\n\n",
        b"\nc2sp.org/tlog-proof@v1\nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 00\n\n",
        b"c2sp.org/tlog-proof@v1\nindex -1\n\n",
        b"c2sp.org/tlog-proof@v1\nindex\n\n",
        b"c2sp.org/tlog-proof@v1\nindex  1\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n\n",
        b"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1\nextra AA\nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1\nextra AA==\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\nextra AA==\n\n",
        b"c2sp.org/tlog-proof@v1\nextra AA==\nextra AA==\nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\n\xff\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + f"{HASH}\n".encode() * 65 + b"\n",
    ],
)
def test_a_malformed_bundle_is_refused(head):
    with pytest.raises(BadBundleError):
        Bundle.parse(head + NOTE)


def test_a_bundle_without_a_checkpoint_is_refused():
    for rest in (b"", b"nonsense\n"):
        with pytest.raises(BadNoteError):
            Bundle.parse(b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + rest)
    with pytest.raises(BadBundleError):
        Bundle.parse(b"c2sp.org/tlog-proof@v1\nindex 0\n")


def test_a_leaf_alone_needs_no_hashes():
    note = sign_checkpoint(Checkpoint(LOG.key.name, 1, LEAVES[0]), LOG)
    read = Bundle.parse(b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + note.encode())
    assert read == Bundle(0, (), Note.parse(note.encode()))
    assert read.verify(LEAVES[0], POLICY).checkpoint.size == 1
