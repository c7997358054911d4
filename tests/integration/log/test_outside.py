"""A checkpoint that leaves the machine is noted, and one that witnesses saw is held against the log."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from safelight.errors import UsageError
from safelight.log.actions import (
    ForkedError,
    do_add_entry,
    do_hand_out_checkpoint,
    do_note_cosigned,
    do_publish_entries,
)
from safelight.log.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from safelight.log.cosignatures import Cosigner, cosign
from safelight.log.entries import Entry, Event
from safelight.log.models import OutsideCheckpoint
from safelight.log.notes import Note, Signer
from safelight.log.outside import HandedOut
from safelight.log.policy import Policy, PolicyNotMetError
from safelight.log.queries import last_handed_out
from safelight.log.stores.folder import FolderTileStore
from tests.integration.log.plain import PLAIN

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
SIGNER = Signer("agency-alpha.example/log", bytes(range(32)))
OTHER = Signer("agency-beta.example/log", bytes(range(1, 33)))
WITNESSES = [
    Cosigner(f"w{number}.example", Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)) for number in (1, 2)
]
POLICY = Policy.parse(
    "".join(
        [
            f"log {SIGNER.key}\nlog {OTHER.key}\n",
            *(f"witness W{number} {witness.key}\n" for number, witness in enumerate(WITNESSES)),
            "group both all W0 W1\nquorum both\n",
        ]
    ).encode()
)


@pytest.fixture
def store(tmp_path):
    return FolderTileStore(tmp_path / "log")


def add(count):
    for _ in range(count):
        do_add_entry(Entry(Event.CHECKED, "officer", NOW), PLAIN)


def cosigned(note, witnesses=WITNESSES):
    read = Note.parse(note)
    for witness in witnesses:
        read = cosign(read, witness, 100)
    return read.encode()


def signed(checkpoint, signer=SIGNER):
    return cosigned(sign_checkpoint(checkpoint, signer).encode())


def test_a_checkpoint_that_is_handed_out_covers_what_waited_and_is_noted(store):
    assert last_handed_out() is None
    add(3)
    note = do_hand_out_checkpoint(store, SIGNER, now=NOW)
    assert note == store.checkpoint()
    assert open_checkpoint(note, SIGNER.key).size == 3
    assert last_handed_out() == HandedOut(3, NOW, 0)
    add(2)
    do_hand_out_checkpoint(store, SIGNER, now=LATER)
    assert last_handed_out() == HandedOut(5, LATER, 0)
    assert OutsideCheckpoint.objects.count() == 2


def test_an_empty_log_has_nothing_to_hand_out(store):
    with pytest.raises(UsageError, match="no entry yet"):
        do_hand_out_checkpoint(store, SIGNER, now=NOW)
    assert last_handed_out() is None


def test_a_checkpoint_that_witnesses_saw_is_noted_with_their_number_also_after_the_log_has_grown(store):
    add(3)
    note = do_hand_out_checkpoint(store, SIGNER, now=NOW)
    add(300)
    do_publish_entries(store, SIGNER)
    endorsed = do_note_cosigned(store, SIGNER.key, cosigned(note), POLICY, now=LATER)
    assert set(endorsed.witnesses) == {b"W0", b"W1"}
    assert last_handed_out() == HandedOut(3, LATER, 2)


def test_what_too_few_witnesses_saw_is_not_noted(store):
    add(3)
    note = do_hand_out_checkpoint(store, SIGNER, now=NOW)
    with pytest.raises(PolicyNotMetError):
        do_note_cosigned(store, SIGNER.key, cosigned(note, WITNESSES[:1]), POLICY, now=LATER)
    assert last_handed_out() == HandedOut(3, NOW, 0)


@pytest.mark.parametrize(("size", "root"), [(0, bytes(32)), (3, bytes(32)), (4, bytes(32))])
def test_a_history_that_the_log_does_not_go_on_from_is_named(store, size, root):
    add(3)
    do_publish_entries(store, SIGNER)
    with pytest.raises(ForkedError, match=f"over {size} entries that witnesses saw"):
        do_note_cosigned(store, SIGNER.key, signed(Checkpoint(SIGNER.key.name, size, root)), POLICY, now=NOW)
    assert last_handed_out() is None


def test_the_checkpoint_of_another_log_is_refused(store):
    add(3)
    do_publish_entries(store, SIGNER)
    with pytest.raises(UsageError, match="not of this log"):
        do_note_cosigned(store, SIGNER.key, signed(Checkpoint(OTHER.key.name, 3, bytes(32)), OTHER), POLICY, now=NOW)
