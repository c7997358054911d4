"""A restored vault agrees with what was let go of, and with what was erased since the backup."""

import pytest

from safelight.vault.actions.erasing import ErasureOrder, do_erase_content
from safelight.vault.actions.keeping import do_keep_contents
from safelight.vault.actions.restoring import Buried, do_bury_again, do_drop_closed_blocks, do_forget_objects
from safelight.vault.fsck import check_vault
from safelight.vault.models import ObjectKey, Signature, SignatureBlock, SignatureKey, StoredObject
from safelight.vault.queries import has, stored_objects
from safelight.vault.signatures import NewSignature, Realm
from tests.integration.vault.example import ALPHA, BETA, NOW, sha256

pytestmark = pytest.mark.django_db(transaction=True)
ONE, TWO = b"a benign picture of a harbour", b"a benign picture of a room"


class Thumbnails:
    """Derived data that is kept elsewhere."""

    def __init__(self):
        self.asked = []

    def destroy(self, digest, owner):
        self.asked.append((digest, owner))
        return {}


def rows():
    return list(StoredObject.objects.values()), list(ObjectKey.objects.values())


def put_back(before):
    """The rows of a backup, whatever happened since."""
    for model, values in zip((StoredObject, ObjectKey), before, strict=True):
        model.objects.all().delete()
        model.objects.bulk_create(model(**one) for one in values)


def test_what_was_erased_after_the_backup_is_erased_again(vault):
    for owner in (ALPHA, BETA):
        do_keep_contents(vault, [ONE, TWO], owner)
    before = rows()
    lay = {vault.open_particulars(one.sealed, one.name).address for one in stored_objects()}
    do_erase_content(
        vault,
        sha256(ONE),
        ALPHA,
        ErasureOrder("a made-up court said so", "made-up order 7", ()),
        acting_user="officer-1",
        now=NOW,
        approve=lambda: "approval 3",
    )
    gone = lay - set(vault.blobs.addresses())
    put_back(before)
    thumbnails = Thumbnails()
    buried = do_bury_again(vault, derived=iter([thumbnails]))
    assert (buried.contents, buried.addresses) == (set(), gone), "the node is neither of these two"
    assert thumbnails.asked == [(sha256(ONE), ALPHA)]
    assert has(vault, [sha256(ONE), sha256(TWO)], ALPHA) == {sha256(TWO)}
    assert has(vault, [sha256(ONE), sha256(TWO)], BETA) == {sha256(ONE), sha256(TWO)}
    assert ObjectKey.objects.count() == 3
    assert list(check_vault(vault)) == []


def test_what_this_node_erased_is_told_by_its_digest_kept_or_only_named(vault):
    own = vault.keys.node
    do_keep_contents(vault, [ONE, TWO], own)
    before = rows()
    for content in (ONE, TWO):
        order = ErasureOrder("a made-up court said so", "made-up order 7", ())
        do_erase_content(vault, sha256(content), own, order, acting_user="officer-1", now=NOW, approve=lambda: "3")
    put_back(before)
    StoredObject.objects.filter(pk=before[0][1]["id"]).delete()
    thumbnails = Thumbnails()
    buried = do_bury_again(vault, [sha256(ONE), sha256(TWO), sha256(b"a stranger")], iter([thumbnails]))
    assert buried.contents == {sha256(ONE), sha256(TWO)}
    assert sorted(thumbnails.asked) == sorted([(sha256(ONE), own), (sha256(TWO), own)])
    assert StoredObject.objects.count() == 0


def test_what_nobody_buried_stays(vault):
    do_keep_contents(vault, [ONE], ALPHA)
    assert do_bury_again(vault, [sha256(ONE)]) == Buried(frozenset(), frozenset())
    assert has(vault, [sha256(ONE)], ALPHA) == {sha256(ONE)}


def test_objects_without_a_blob_are_forgotten_with_their_keys_and_those_that_are_gone_passed_over(vault):
    do_keep_contents(vault, [ONE, TWO], ALPHA)
    one, other = (stored.name.number for stored in stored_objects())
    do_forget_objects(vault, [one])
    do_forget_objects(vault, [one])
    assert [stored.name.number for stored in stored_objects()] == [other]
    assert list(ObjectKey.objects.values_list("stored_id", flat=True)) == [other]


def test_keys_that_open_nothing_go(vault):
    do_keep_contents(vault, [ONE], ALPHA)
    signature = NewSignature(bytes(16), None, None, None)
    kept = vault.signatures.store(Realm.KNOWN, [signature])
    lost = vault.signatures.store(Realm.KNOWN, [signature])
    SignatureBlock.objects.filter(pk=Signature.objects.get(pk=lost[0]).block).delete()
    before = ObjectKey.objects.values().get()
    StoredObject.objects.all().delete()
    ObjectKey.objects.get_or_create(defaults=before, stored_id=before["stored_id"])
    do_forget_objects(vault, [])
    assert ObjectKey.objects.count() == 0
    assert list(SignatureKey.objects.values_list("block", flat=True)) == [Signature.objects.get(pk=kept[0]).block]


@pytest.mark.parametrize("how", ["without a key", "with a damaged key"])
def test_blocks_that_no_key_opens_go_and_the_others_stay(vault, how):
    kept, shut = (
        vault.signatures.store(Realm.KNOWN, [NewSignature(bytes([number]) * 16, None, None, None)])[0]
        for number in range(2)
    )
    keys = SignatureKey.objects.filter(block=Signature.objects.get(pk=shut).block)
    if how == "without a key":
        keys.delete()
    else:
        keys.update(wrapped=bytes(65))
    assert do_drop_closed_blocks(vault) == 1
    assert list(vault.signatures.fetch([kept, shut])) == [kept]
    assert SignatureBlock.objects.count() == SignatureKey.objects.count() == 1
    assert do_drop_closed_blocks(vault) == 0


def test_what_was_only_seen_or_named_is_found_by_the_nodes_own_tombstones(vault):
    own = vault.keys.node
    [number] = vault.signatures.store(Realm.ITEM, [NewSignature(None, None, sha256(ONE), len(ONE))])
    thumbnails, order = Thumbnails(), ErasureOrder("a made-up court said so", "made-up order 7", ())
    for content in (ONE, TWO):
        do_keep_contents(vault, [content], own)
        do_erase_content(vault, sha256(content), own, order, acting_user="o", now=NOW, approve=lambda: "approval 3")
    assert do_bury_again(vault, [sha256(b"another")], [thumbnails]).contents == {sha256(ONE)}
    assert thumbnails.asked == [(sha256(ONE), own)]
    vault.signatures.remove([number])
    assert do_bury_again(vault, [sha256(TWO)]).contents == {sha256(TWO)}
