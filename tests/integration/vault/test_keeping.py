"""What is kept is there, sealed, once for each owner; what is let go is gone."""

import io
import threading

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.errors import CannotRunError
from safelight.log.consultation import NotConsultedError, do_consult_items
from safelight.vault.actions import keeping
from safelight.vault.actions.holding import do_hold_content
from safelight.vault.actions.keeping import Kept, do_keep_contents, do_release_contents
from safelight.vault.chunked import CHUNK_BYTES, WrongKeyError
from safelight.vault.content import NotKeptError
from safelight.vault.fsck import check_vault
from safelight.vault.keyring import WrappedKeyError
from safelight.vault.models import ObjectKey, StoredObject
from safelight.vault.queries import has, open_content, shown_content, stored_objects
from safelight.vault.sealing import SealedValueError
from tests.integration.vault.example import ALPHA, BETA, NOW, make_vault, sha256

pytestmark = pytest.mark.django_db(transaction=True)
ONE, TWO = b"a benign picture of a harbour", b"a benign picture of a room"


def content(vault, digest, owner=ALPHA):
    return open_content(vault, digest, owner).readall()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([ALPHA, BETA]), st.binary(max_size=6) | st.just(bytes(3 * CHUNK_BYTES)), st.booleans()), max_size=8))  # fmt: skip
def test_it_is_a_map_from_owner_and_digest_to_content(vault, steps):
    for owner in (ALPHA, BETA):
        do_release_contents(vault, {sha256(one) for _, one, _ in steps}, owner)
    model = {}
    for owner, one, is_kept in steps:
        if is_kept:
            [kept] = do_keep_contents(vault, [one], owner)
            assert kept == Kept(sha256(one), len(one), (owner, sha256(one)) not in model)
            model[owner, sha256(one)] = one
        else:
            assert do_release_contents(vault, [sha256(one)], owner) == set()
            model.pop((owner, sha256(one)), None)
    for owner in (ALPHA, BETA):
        digests = {sha256(one) for _, one, _ in steps}
        assert has(vault, digests, owner) == {digest for whose, digest in model if whose == owner}
    assert {key: content(vault, key[1], key[0]) for key in model} == model
    assert list(check_vault(vault)) == []


def test_content_comes_as_bytes_or_as_a_file_from_where_it_stands(vault):
    file = io.BytesIO(b"skipped, " + ONE)
    file.seek(9)
    large = bytes(range(256)) * 4096
    kept = do_keep_contents(vault, iter([file, large, b""]), ALPHA)
    assert kept == [Kept(sha256(one), len(one), is_new=True) for one in (ONE, large, b"")]
    assert [content(vault, one.sha256) for one in kept] == [ONE, large, b""]
    reader = open_content(vault, sha256(large), ALPHA)
    assert reader.pread(500_000, 300) == large[500_000:500_300]


def test_the_same_content_twice_in_one_call_is_kept_once(vault):
    assert [one.is_new for one in do_keep_contents(vault, [ONE, TWO, ONE], ALPHA)] == [True, True, False]
    assert StoredObject.objects.count() == 2
    assert list(check_vault(vault)) == []


def test_two_owners_keep_two_objects_that_nobody_can_tell_to_be_the_same(vault):
    for owner in (ALPHA, BETA):
        do_keep_contents(vault, [ONE], owner)
    first, second = stored_objects()
    assert first.digest_index != second.digest_index
    blobs = [vault.blobs.read_at(one, 0, 1000) for one in vault.blobs.addresses()]
    assert len(set(blobs)) == 2
    assert all(ONE not in blob for blob in blobs)
    do_release_contents(vault, [sha256(ONE)], ALPHA)
    assert content(vault, sha256(ONE), BETA) == ONE
    with pytest.raises(NotKeptError, match=ALPHA):
        content(vault, sha256(ONE), ALPHA)


def test_nothing_stands_in_clear(vault, tmp_path):
    do_keep_contents(vault, [ONE], ALPHA)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(o::text, '') FROM vault_object o")
        [rows] = cursor.fetchone()
        cursor.execute("SELECT string_agg(k::text, '') FROM vault_object_key k")
        [keys] = cursor.fetchone()
    [address] = vault.blobs.addresses()
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for planted in (sha256(ONE).hex(), ONE.hex(), address):
        assert planted not in rows + keys
    assert ONE not in files
    assert sha256(ONE) not in files


def test_rows_keys_and_blobs_in_anothers_place_do_not_open(vault):
    do_keep_contents(vault, [ONE, TWO], ALPHA)
    first, second = stored_objects()
    with pytest.raises(SealedValueError):
        vault.open_particulars(first.sealed, second.name)
    particulars = vault.open_particulars(first.sealed, first.name)
    with pytest.raises(WrappedKeyError):
        vault.reader(particulars, second.wrapped, first.name)
    with pytest.raises(WrongKeyError):
        vault.reader(vault.open_particulars(second.sealed, second.name), first.wrapped, first.name)
    with pytest.raises(NotKeptError):
        open_content(make_vault(vault.blobs.root.parent, root=bytes(32)), sha256(ONE), ALPHA)


def test_nobody_is_shown_what_he_did_not_consult(vault):
    do_keep_contents(vault, [ONE, TWO], ALPHA)
    who = {"acting_user": "officer-1", "now": NOW}
    look = do_consult_items([sha256(ONE)], why="a made-up case", case=None, sealer=vault.log_sealer, **who)
    assert shown_content(vault, sha256(ONE), ALPHA, look, **who).readall() == ONE
    with pytest.raises(NotConsultedError):
        shown_content(vault, sha256(TWO), ALPHA, look, **who)
    with pytest.raises(NotKeptError):
        shown_content(vault, sha256(ONE), BETA, look, **who)


def test_what_is_undone_leaves_a_blob_that_is_named_and_no_row(vault):
    with transaction.atomic():
        do_keep_contents(vault, [ONE], ALPHA)
        transaction.set_rollback(True)
    assert StoredObject.objects.count() == ObjectKey.objects.count() == 0
    assert [fault.kind for fault in check_vault(vault)] == ["orphan"]


def test_a_failure_amid_keeping_leaves_nothing(vault, monkeypatch):
    monkeypatch.setattr(keeping, "_record", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        do_keep_contents(vault, [ONE], ALPHA)
    assert list(vault.blobs.addresses()) == []


def test_blobs_are_on_the_disk_before_their_rows(vault, monkeypatch):
    lying = []
    true_record = keeping._record
    monkeypatch.setattr(keeping, "_record", lambda *all_: lying.extend(vault.blobs.addresses()) or true_record(*all_))
    do_keep_contents(vault, [ONE, TWO], ALPHA)
    assert len(lying) == 2


def test_a_disk_that_fails_keeps_nothing(vault):
    class Full(io.BytesIO):
        def read(self, _size=-1):
            raise OSError(28, "No space left on device")

    with pytest.raises(CannotRunError, match="make room"):
        do_keep_contents(vault, [ONE, Full()], ALPHA)
    assert (list(vault.blobs.addresses()), StoredObject.objects.count()) == ([], 0)


@pytest.mark.parametrize("harm", ["blob", "cut", "key", "bad key", "row"])
def test_what_is_damaged_is_kept_anew_when_it_comes_again(vault, harm):
    do_keep_contents(vault, [ONE], ALPHA)
    [address] = vault.blobs.addresses()
    if harm in ("blob", "cut"):
        whole = vault.blobs.read_at(address, 0, 1000)
        vault.blobs.remove_many([address])
        if harm == "cut":
            vault.blobs.put_many([(address, [whole[:-1]])])
    elif harm == "key":
        ObjectKey.objects.all().delete()
        assert has(vault, [sha256(ONE)], ALPHA) == set()
        with pytest.raises(NotKeptError):
            open_content(vault, sha256(ONE), ALPHA)
    elif harm == "bad key":
        ObjectKey.objects.update(wrapped=bytes(65))
    else:
        StoredObject.objects.update(particulars=bytes(85))
    assert [one.is_new for one in do_keep_contents(vault, [ONE], ALPHA)] == [True]
    assert content(vault, sha256(ONE)) == ONE
    assert [fault.kind for fault in check_vault(vault)] == (["orphan"] if harm == "row" else [])


def test_what_is_held_is_not_let_go(vault):
    do_keep_contents(vault, [ONE, TWO], ALPHA)
    do_hold_content(vault, sha256(ONE), BETA, why="a made-up trial", acting_user="officer", now=NOW)
    assert do_release_contents(vault, [sha256(ONE), sha256(TWO)], ALPHA) == {sha256(ONE)}
    assert has(vault, [sha256(ONE), sha256(TWO)], ALPHA) == {sha256(ONE)}
    assert list(check_vault(vault)) == []


def test_blobs_go_after_the_transaction_and_stay_where_it_is_undone(vault):
    do_keep_contents(vault, [ONE], ALPHA)
    with transaction.atomic():
        do_release_contents(vault, [sha256(ONE)], ALPHA)
        assert len(list(vault.blobs.addresses())) == 1
        transaction.set_rollback(True)
    assert content(vault, sha256(ONE)) == ONE
    do_release_contents(vault, [sha256(ONE)], ALPHA)
    assert list(vault.blobs.addresses()) == []


def test_many_who_keep_the_same_at_once_keep_it_once(vault):
    contents = [bytes([number]) * 50 for number in range(10)]
    kept = []

    def work():
        try:
            kept.extend(do_keep_contents(vault, contents, ALPHA))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(kept), sum(one.is_new for one in kept)) == (30, 10)
    assert StoredObject.objects.count() == len(list(vault.blobs.addresses())) == 10
    assert list(check_vault(vault)) == []
