"""What is kept for a case and has no object is named, also to who looks after the vault and works on no case."""

import pytest

from safelight.casework import queries
from safelight.casework.check.options import Keep
from safelight.casework.models import Kept
from safelight.casework.queries import check_kept
from safelight.evidence.models import Item
from safelight.platform.walls import acting
from safelight.vault.models import ObjectKey, Signature, SignatureBlock, StoredObject
from tests.integration.casework.test_keeping import SKETCH, png

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def filled(bench):
    """Three pictures, all kept."""
    for number in range(3):
        bench.put(f"{number}.png", png(number))
    bench.check(examiner=SKETCH, keep=Keep.ALL)
    assert found(bench) == []
    return bench


def found(bench):
    with acting("officer-outside"):
        return [(fault.kind.value, fault.where) for fault in check_kept(bench.vault)]


def test_kept_content_whose_object_is_lost_is_named(filled, monkeypatch):
    monkeypatch.setattr(queries, "_ITEMS", 2)
    StoredObject.objects.all().delete()
    ObjectKey.objects.all().delete()
    items = Item.objects.order_by("id").values_list("id", flat=True)
    assert found(filled) == [("objectless", f"item {item}") for item in items]
    Kept.objects.filter(item=items[0]).update(leaving=True)
    assert found(filled) == [("objectless", f"item {item}") for item in items[1:]]


def test_what_is_let_go_of_between_the_two_questions_is_no_fault(filled, monkeypatch):
    StoredObject.objects.all().delete()
    lock_kept = queries.lock_kept

    def late():
        Kept.objects.all().delete()
        lock_kept()

    monkeypatch.setattr(queries, "lock_kept", late)
    with acting("unenrolled"):
        assert list(check_kept(filled.vault)) == []


def test_digests_that_do_not_open_hide_no_other_item(filled):
    first, *others = Item.objects.order_by("id")
    [other] = filled.vault.signatures.fetch([others[0].signature]).values()
    row = Signature.objects.get(pk=first.signature)
    mine = SignatureBlock.objects.create(realm=row.realm, sealed=bytes(80))
    Signature.objects.filter(pk=row.pk).update(block=mine.pk)
    StoredObject.objects.all().delete()
    assert other.sha256
    assert found(filled) == [("objectless", f"item {item.pk}") for item in others]
