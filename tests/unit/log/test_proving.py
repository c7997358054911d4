"""A proof shows the entry that was logged and no other, to whoever trusts the log's key."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import InputError
from safelight.log.checkpoints import Checkpoint, sign_checkpoint
from safelight.log.entries import Entry, Event, commitment, new_salt
from safelight.log.growth import grow
from safelight.log.merkle import EMPTY_ROOT, BadProofError
from safelight.log.notes import Signer
from safelight.log.policy import Policy, PolicyNotMetError
from safelight.log.proving import UnpublishedError, open_proof, prove_entry
from safelight.log.stores.folder import FolderTileStore

SIGNER = Signer("alpha.example/log", bytes(range(32)))
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
TRUST = Policy.parse(f"log {SIGNER.key}\nquorum none\n".encode())


def publish(store, records):
    """A log of these records; the salt of each."""
    salts = [new_salt() for _ in records]
    leaves = [commitment(record, salt) for record, salt in zip(records, salts, strict=True)]
    size, root = grow(store, 0, EMPTY_ROOT, leaves)
    store.replace_checkpoint(sign_checkpoint(Checkpoint(SIGNER.key.name, size, root), SIGNER).encode())
    return salts


def record(number):
    return Entry(Event.CHECKED, "officer", NOW, about={"number": number}).encoded()


@pytest.fixture
def store(tmp_path):
    return FolderTileStore(tmp_path / "log")


@given(count=st.integers(1, 9), data=st.data())
@settings(max_examples=20, deadline=None)
def test_every_entry_can_be_shown(tmp_path_factory, count, data):
    store = FolderTileStore(tmp_path_factory.mktemp("log"))
    number = data.draw(st.integers(0, count - 1))
    records = [record(each) for each in range(count)]
    salt = publish(store, records)[number]
    shown = open_proof(prove_entry(store, SIGNER.key, number, records[number], salt).encode(), TRUST)
    assert (shown.number, shown.said["about"], shown.endorsed.checkpoint.size) == (number, {"number": number}, count)


def test_another_record_or_another_salt_is_not_what_was_logged(store):
    first, second = publish(store, [record(0), record(1)])
    for forged, salt in ((record(7), first), (record(1), first), (record(0), second)):
        with pytest.raises(BadProofError):
            open_proof(prove_entry(store, SIGNER.key, 0, forged, salt).encode(), TRUST)


def test_what_is_not_published_yet_cannot_be_proved(store):
    with pytest.raises(UnpublishedError):
        prove_entry(store, SIGNER.key, 0, record(0), new_salt())
    publish(store, [record(0)])
    with pytest.raises(UnpublishedError):
        prove_entry(store, SIGNER.key, 1, record(1), new_salt())


def test_a_proof_is_worth_nothing_under_another_key(store):
    [salt] = publish(store, [record(0)])
    proof = prove_entry(store, SIGNER.key, 0, record(0), salt).encode()
    other = Policy.parse(f"log {Signer('beta.example/log', bytes(32)).key}\nquorum none\n".encode())
    with pytest.raises(PolicyNotMetError):
        open_proof(proof, other)


def test_a_proof_without_its_entry_says_so(store):
    [salt] = publish(store, [record(0)])
    bundle = prove_entry(store, SIGNER.key, 0, record(0), salt)
    for extra in (b"", salt[:15]):
        with pytest.raises(InputError, match="without the entry"):
            open_proof(type(bundle)(bundle.index, bundle.hashes, bundle.checkpoint, extra).encode(), TRUST)


@pytest.mark.parametrize("strange", [b"", b"no JSON", b"\xff", b"[1]", b"[" * 100_000], ids=range(5))
def test_what_is_logged_and_is_no_entry_says_so(store, strange):
    [salt] = publish(store, [strange])
    proof = prove_entry(store, SIGNER.key, 0, strange, salt).encode()
    with pytest.raises(InputError, match="no entry that can be read"):
        open_proof(proof, TRUST)
