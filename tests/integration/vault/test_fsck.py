"""Whatever is damaged, wherever, is found and named; and nothing else is."""

import random
import threading
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.vault import fsck, rowless
from safelight.vault.actions.erasing import ErasureOrder, do_erase_content
from safelight.vault.actions.holding import do_hold_content
from safelight.vault.actions.keeping import do_keep_contents, do_release_contents
from safelight.vault.actions.rotating import do_rotate_keys
from safelight.vault.actions.sweeping import Swept, UnsureOrphansError, do_sweep
from safelight.vault.blobs import UnreadableBlobError, new_address
from safelight.vault.chunked import CHUNK_BYTES
from safelight.vault.content import ObjectName, Particulars
from safelight.vault.fsck import FaultKind, check_vault
from safelight.vault.models import ObjectKey, Signature, SignatureBlock, SignatureKey, StoredObject
from safelight.vault.queries import keys_of_nothing, stored_objects
from safelight.vault.records import HEADER
from safelight.vault.rowless import find_rowless
from safelight.vault.signatures import NewSignature, Realm
from tests.integration.vault.example import ALPHA, BETA, NOW, make_vault, saved, sha256

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_postgresql]
SIZES = (0, 1, 500, CHUNK_BYTES - 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 7)


class Damaged:
    """A vault with a few objects, and ways to harm one of them, each with the fault that it has to be named by."""

    def __init__(self, vault, seed):
        self.vault, self.random = vault, random.Random(seed)
        for owner in (ALPHA, BETA):
            do_release_contents(vault, [sha256(one) for one in self.contents()], owner)
            do_keep_contents(vault, self.contents(), owner)
        self.stored = list(stored_objects())
        self.random.shuffle(self.stored)

    def contents(self):
        return [bytes([number]) * size for number, size in enumerate(SIZES)]

    def address(self, one):
        return self.vault.open_particulars(one.sealed, one.name).address

    def rewrite(self, one, change):
        place = self.vault.blobs._path(self.address(one))
        place.chmod(0o600)
        place.write_bytes(change(place.read_bytes()))

    def harm(self, how):
        one = self.stored.pop()
        return getattr(self, how)(one), str(one.name.number)

    def lost(self, one):
        self.vault.blobs.remove_many([self.address(one)])
        return "missing"

    def cut(self, one):
        self.rewrite(one, lambda raw: raw[: self.random.randrange(len(raw))])
        return "truncated"

    def lengthened(self, one):
        self.rewrite(one, lambda raw: raw + bytes([self.random.randrange(256)]))
        return "altered"

    def flipped(self, one):
        where = 0

        def flip(raw):
            nonlocal where
            where = self.random.randrange(len(raw))
            return raw[:where] + bytes([raw[where] ^ 1 << self.random.randrange(8)]) + raw[where + 1 :]

        self.rewrite(one, flip)
        return "swapped" if len(HEADER) <= where < len(HEADER) + 56 else "altered"

    def of_another(self, one):
        other = self.random.choice(self.stored)
        raw = self.vault.blobs._path(self.address(other)).read_bytes()
        self.rewrite(one, lambda _: raw)
        return "swapped"

    def without_key(self, one):
        ObjectKey.objects.filter(pk=one.name.number).delete()
        return "keyless"

    def with_bad_key(self, one):
        at = self.random.randrange(5, 65)  # before that it names another version or generation
        wrapped = bytearray(one.wrapped)
        wrapped[at] ^= 1
        ObjectKey.objects.filter(pk=one.name.number).update(wrapped=bytes(wrapped))
        return "bad-key"

    def with_bad_row(self, one):
        at = self.random.randrange(len(one.sealed))
        sealed = bytearray(one.sealed)
        sealed[at] ^= 1
        StoredObject.objects.filter(pk=one.name.number).update(particulars=bytes(sealed))
        return "bad-row"

    def without_row(self, one):
        StoredObject.objects.filter(pk=one.name.number).delete()
        return "rowless"

    def with_bad_index(self, one):
        StoredObject.objects.filter(pk=one.name.number).update(digest_index=self.random.randbytes(16))
        return "bad-row"


HARMS = ["lost", "cut", "lengthened", "flipped", "of_another", "without_key", "with_bad_key", "with_bad_row", "with_bad_index", "without_row"]  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(HARMS), max_size=5), st.integers(0, 2**32))
def test_each_damage_is_found_where_it_is_and_nothing_else(tmp_path_factory, harms, seed):
    StoredObject.objects.all().delete()
    ObjectKey.objects.all().delete()
    damaged = Damaged(make_vault(tmp_path_factory.mktemp("node")), seed)
    planted = {(kind, number) for kind, number in map(damaged.harm, harms)}
    faults = list(check_vault(damaged.vault))
    # The blob of a row that does not open is nobody's, as far as can be told.
    assert {(fault.kind.value, fault.where) for fault in faults if fault.kind is not FaultKind.ORPHAN} == planted
    assert sum(fault.kind is FaultKind.ORPHAN for fault in faults) == harms.count("with_bad_row")
    assert all("\n" not in fault.sentence for fault in faults)


def test_a_blob_of_no_object_and_what_is_no_blob_are_named_and_only_the_first_is_swept(vault):
    do_keep_contents(vault, [b"kept"], ALPHA)
    orphan = new_address()
    vault.blobs.put_many([(orphan, [b"nobody's"])])
    stray = vault.blobs.root / "notes.txt"
    stray.write_text("what is this")
    (vault.blobs.root / orphan[:2] / "link").symlink_to("/")
    (vault.blobs.root / "incoming" / "0123").mkdir()
    assert {(fault.kind.value, fault.where) for fault in check_vault(vault)} == {
        ("orphan", orphan),
        ("stray", "notes.txt"),
        ("stray", f"{orphan[:2]}/link"),
        ("stray", "incoming/0123"),
    }
    assert do_sweep(vault).blobs == 1
    assert [fault.where for fault in check_vault(vault) if fault.kind is FaultKind.ORPHAN] == []
    assert stray.exists()
    do_keep_contents(vault, [b"another"], ALPHA)
    assert not (vault.blobs.root / "incoming" / "0123").exists()


@pytest.mark.parametrize("owner", [ALPHA, "unit-alpha.example"])
def test_content_whose_row_is_lost_is_named_and_never_swept(vault, owner):
    """The owner is one that another row names, or the node itself, of which no row is left."""
    [lost] = _kept(vault, owner, b"lost")
    do_keep_contents(vault, [b"still there"], ALPHA)
    StoredObject.objects.filter(pk=lost.pk).delete()
    orphan = new_address()
    vault.blobs.put_many([(orphan, [b"nobody's"])])
    ObjectKey.objects.bulk_create([key_of_nothing := _key(vault, owner)])
    faults = {fault.kind.value: fault for fault in check_vault(vault)}
    assert {kind: fault.where for kind, fault in faults.items()} == {
        "rowless": str(lost.pk),
        "orphan": orphan,
        "key-of-nothing": str(key_of_nothing.pk),
    }
    assert "restore the database from a backup" in faults["rowless"].sentence
    swept = do_sweep(vault)
    assert (swept.blobs, swept.keys) == (1, 1)
    assert [fault.kind.value for fault in check_vault(vault)] == ["rowless"]
    [address] = set(vault.blobs.addresses()) - {_address(vault, one) for one in stored_objects()}
    vault.blobs.put_many([(copy := new_address(), [vault.blobs.read_at(address, 0, 1 << 20)])])
    assert (do_sweep(vault), copy in set(vault.blobs.addresses())) == (Swept(0, 0), True)
    vault.blobs.remove_many([copy])
    lost.save(force_insert=True)  # as a backup has it
    assert list(check_vault(vault)) == []


@pytest.mark.parametrize("cut", [False, True])
def test_what_was_erased_is_not_lost_though_its_key_came_back(vault, monkeypatch, cut):
    """A kill left the blob, and an older table of keys was put back; where the blob is damaged, nobody can tell."""
    [row] = _kept(vault, ALPHA, bytes(3 * CHUNK_BYTES))
    key = ObjectKey.objects.get()
    with monkeypatch.context() as context:
        context.setattr(vault.blobs, "remove_many", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            do_erase_content(
                vault, sha256(bytes(3 * CHUNK_BYTES)), ALPHA, ErasureOrder("made up", "order 7"),
                approve=lambda: "act-1", acting_user="officer-1", now=NOW,
            )  # fmt: skip
    ObjectKey.objects.bulk_create([key])
    if cut:
        [address] = vault.blobs.addresses()
        place = vault.blobs._path(address)
        place.chmod(0o600)
        place.write_bytes(place.read_bytes()[:-1])
        assert [(fault.kind.value, fault.where) for fault in check_vault(vault)] == [("rowless", str(row.pk))]
        return
    assert {fault.kind.value for fault in check_vault(vault)} == {"orphan", "key-of-nothing"}
    swept = do_sweep(vault)
    assert (swept.blobs, swept.keys) == (1, 1)
    assert list(check_vault(vault)) == []


@pytest.mark.parametrize(("harm", "says"), [("many", "too many"), ("key", "opens for no owner"), ("blob", "read")])
def test_where_it_cannot_be_told_what_lost_its_row_nothing_is_swept(vault, monkeypatch, harm, says):
    do_keep_contents(vault, [b"one", b"two"], ALPHA)
    do_hold_content(vault, sha256(b"three"), ALPHA, why="made up", acting_user="officer-1", now=NOW)  # whose name stays
    StoredObject.objects.all().delete()
    if harm == "many":
        monkeypatch.setattr(rowless, "MOST_TRIALS", 3)
    elif harm == "key":
        _update(ObjectKey.objects.first(), "wrapped", _damaged)
    else:
        monkeypatch.setattr(vault.blobs, "read_at", _unreadable)
    faults = list(check_vault(vault))
    assert [(fault.kind.value, fault.where) for fault in faults] == [("rowless", "vault_object")]
    assert says in faults[0].sentence
    before = (len(list(vault.blobs.addresses())), ObjectKey.objects.count())
    with pytest.raises(UnsureOrphansError, match=says):
        do_sweep(vault)
    assert (len(list(vault.blobs.addresses())), ObjectKey.objects.count()) == before


def test_a_blob_that_is_let_go_of_meanwhile_is_not_tried(vault):
    [row] = _kept(vault, vault.keys.node, b"one")
    row.delete()
    assert find_rowless(vault, [new_address()], list(keys_of_nothing())) == []
    assert len(find_rowless(vault, list(vault.blobs.addresses()), list(keys_of_nothing()))) == 1


def _address(vault, one):
    return vault.open_particulars(one.sealed, one.name).address


def _kept(vault, owner, content):
    do_keep_contents(vault, [content], owner)
    return StoredObject.objects.filter(digest_index=vault.owner_index(owner).of(sha256(content)))


def _key(vault, owner):
    name = ObjectName(uuid4(), owner)
    return ObjectKey(stored_id=name.number, generation=1, wrapped=vault.keyring.wrap(bytes(32), str(name)))


def _unreadable(*_):
    raise UnreadableBlobError


def test_a_blob_that_the_disk_does_not_give_back_is_named(vault):
    do_keep_contents(vault, [b"kept"], ALPHA)
    [address] = vault.blobs.addresses()
    place = vault.blobs._path(address)
    place.unlink()
    place.symlink_to("/etc/hostname")
    assert [fault.kind.value for fault in check_vault(vault)] == ["unreadable", "stray"]
    place.unlink()
    place.mkdir()
    assert [fault.kind.value for fault in check_vault(vault)] == ["missing"]


def test_a_content_under_a_row_of_another_digest_is_altered(vault):
    """As a program of ours with a mistake would write it: everything opens, and is not what the row says."""
    do_keep_contents(vault, [b"kept"], ALPHA)
    [one] = stored_objects()
    address = vault.open_particulars(one.sealed, one.name).address
    for digest, size in ((sha256(b"kept"), 3), (sha256(b"other"), 4)):
        sealed = vault.seal_particulars(Particulars(address, digest, size), one.name)
        StoredObject.objects.update(particulars=sealed, digest_index=vault.owner_index(ALPHA).of(digest))
        assert [fault.kind.value for fault in check_vault(vault)] == ["altered"]
    sealed = vault._rows.seal(b"too short", "particulars", str(one.name))
    StoredObject.objects.update(particulars=sealed)
    assert [fault.kind.value for fault in check_vault(vault)] == ["bad-row", "orphan"]


def test_a_row_that_is_given_to_another_owner_does_not_open(vault):
    do_keep_contents(vault, [b"kept"], ALPHA)
    StoredObject.objects.update(owner=BETA)
    assert [fault.kind.value for fault in check_vault(vault)] == ["bad-row", "orphan"]


def test_nothing_is_swept_where_a_row_does_not_say_where_its_blob_lies(vault):
    do_keep_contents(vault, [b"one", b"two"], ALPHA)
    StoredObject.objects.filter(pk=next(iter(stored_objects())).name.number).update(particulars=bytes(85))
    with pytest.raises(UnsureOrphansError):
        do_sweep(vault)
    assert len(list(vault.blobs.addresses())) == 2


@pytest.mark.parametrize("check", [lambda vault: list(check_vault(vault)), do_sweep])
def test_what_is_being_kept_meanwhile_is_waited_for(vault, check):
    blobs_there, may_commit, answers = threading.Event(), threading.Event(), []

    def keep():
        try:
            with transaction.atomic():
                do_keep_contents(vault, [b"on its way"], ALPHA)
                blobs_there.set()
                assert may_commit.wait(20)
        finally:
            connection.close()

    def look():
        try:
            answers.append(check(vault))
        finally:
            connection.close()

    threads = [threading.Thread(target=keep), threading.Thread(target=look)]
    threads[0].start()
    assert blobs_there.wait(20)
    threads[1].start()
    threads[1].join(0.3)
    assert threads[1].is_alive()
    may_commit.set()
    for thread in threads:
        thread.join()
    assert len(answers) == 1
    assert list(check_vault(vault)) == []
    assert len(list(vault.blobs.addresses())) == 1


def test_what_is_let_go_or_wrapped_anew_meanwhile_is_no_fault(vault, monkeypatch):
    do_keep_contents(vault, [b"one", b"two"], ALPHA)

    def as_they_were():
        first, second = stored_objects()
        yield replace(first, wrapped=None)
        do_release_contents(vault, [vault.open_particulars(second.sealed, second.name).sha256], ALPHA)
        yield second

    monkeypatch.setattr(fsck, "stored_objects", as_they_were)
    assert list(check_vault(vault)) == []
    assert StoredObject.objects.count() == 1


def test_what_is_damaged_while_it_is_checked_is_named_as_it_is_now(vault, monkeypatch):
    do_keep_contents(vault, [b"one"], ALPHA)
    [one] = stored_objects()
    ObjectKey.objects.all().delete()
    monkeypatch.setattr(fsck, "stored_objects", lambda: [replace(one, wrapped=bytes(65))])
    assert [fault.kind.value for fault in check_vault(vault)] == ["keyless"]


def test_a_vault_that_was_rotated_is_whole(vault, tmp_path):
    do_keep_contents(vault, [b"one"], ALPHA)
    done = do_rotate_keys(vault, saved(vault, tmp_path), approve=str, acting_user="officer-1", now=NOW)
    assert list(check_vault(done.vault)) == []


DIGESTS = NewSignature(bytes(16), bytes(20), bytes(32), 7)


@pytest.fixture
def blocks(vault):
    """Three blocks of signatures, two of items and one of the known base; all whole."""
    for realm in (Realm.ITEM, Realm.ITEM, Realm.KNOWN):
        vault.signatures.store(realm, [DIGESTS])
    assert list(check_vault(vault)) == []
    return list(SignatureBlock.objects.order_by("id").values_list("id", flat=True))


def _damaged(raw):
    return bytes(raw)[:-1] + bytes([bytes(raw)[-1] ^ 1])


SIGNATURE_HARMS = {
    "keyless": lambda one, _: SignatureKey.objects.filter(block=one).delete(),
    "bad-key": lambda one, _: _update(SignatureKey.objects.get(block=one), "wrapped", _damaged),
    "altered": lambda one, _: _update(SignatureBlock.objects.get(pk=one), "sealed", _damaged),
    "swapped": lambda one, other: _update(
        SignatureBlock.objects.get(pk=one), "sealed", lambda _: SignatureBlock.objects.get(pk=other).sealed
    ),
}


def _update(row, name, change):
    setattr(row, name, change(getattr(row, name)))
    row.save()


@pytest.mark.parametrize("kind", SIGNATURE_HARMS)
def test_a_block_of_signatures_that_does_not_open_is_named(vault, blocks, kind):
    SIGNATURE_HARMS[kind](blocks[1], blocks[0])
    [fault] = check_vault(vault)
    assert (fault.kind.value, fault.where) == (kind, f"signatures {blocks[1]}")


@pytest.mark.parametrize("harm", ["sha256", "realm", "size", "lost", "moved"])
def test_rows_that_do_not_agree_with_their_block_are_named(vault, blocks, harm):
    row = Signature.objects.get(block=blocks[1])
    if harm == "lost":
        row.delete()
    elif harm == "moved":
        Signature.objects.filter(pk=row.pk).update(block=blocks[0])
    else:
        Signature.objects.filter(pk=row.pk).update(**{harm: {"sha256": bytes(16), "realm": 1, "size": 8}[harm]})
    faults = list(check_vault(vault))
    assert {fault.kind.value for fault in faults} == {"bad-row"}
    assert f"signatures {blocks[1]}" in {fault.where for fault in faults}


def test_signatures_and_keys_of_no_block_are_named_and_only_the_keys_swept(vault, blocks):
    row = Signature.objects.get(block=blocks[1])
    SignatureBlock.objects.filter(pk=blocks[1]).delete()
    assert [(fault.kind.value, fault.where) for fault in check_vault(vault)] == [
        ("missing", f"signature {row.pk}"),
        ("key-of-nothing", f"signatures {blocks[1]}"),
    ]
    assert do_sweep(vault).keys == 1
    assert [fault.kind.value for fault in check_vault(vault)] == ["missing"]


def test_blocks_that_change_while_they_are_read_are_no_fault(vault, blocks, monkeypatch):
    gone, torn, _ = fsck.stored_blocks()
    Signature.objects.filter(block=blocks[0]).delete()
    SignatureBlock.objects.filter(pk=blocks[0]).delete()
    SignatureKey.objects.filter(block=blocks[0]).delete()
    monkeypatch.setattr(fsck, "stored_blocks", lambda: [replace(gone, rows={}), replace(torn, rows={})])
    assert list(check_vault(vault)) == []
