"""What was erased comes back only where two persons say so: the tombstone is lifted openly, and stays."""

import json

import pytest
from django.db import IntegrityError, transaction

from safelight.errors import UsageError
from safelight.log.queries import recorded_entries
from safelight.vault.actions.erasing import ErasureOrder, do_erase_content
from safelight.vault.actions.keeping import do_keep_contents
from safelight.vault.actions.readmitting import ReadmissionOrder, do_readmit_content
from safelight.vault.actions.restoring import do_bury_again
from safelight.vault.content import ErasedContentError
from safelight.vault.models import Tombstone
from safelight.vault.queries import NotErasedError, certificate, erased, has
from tests.integration.vault.example import ALPHA, BETA, NOW, sha256

pytestmark = pytest.mark.django_db(transaction=True)
ONE = b"a benign picture of a harbour"
ORDER = ErasureOrder("a made-up court said so", "made-up order 7")
AGAIN = ReadmissionOrder("the made-up court changed its mind", "made-up order 8")
ACT = {"acting_user": "officer-1", "now": NOW}


@pytest.fixture
def gone(vault):
    do_keep_contents(vault, [ONE], ALPHA)
    do_erase_content(vault, sha256(ONE), ALPHA, ORDER, approve=lambda: "act-3", **ACT)
    return vault


def readmit(vault, order=AGAIN, owner=ALPHA, approve=lambda _: "act-4"):
    return do_readmit_content(vault, sha256(ONE), owner, order, approve=approve, **ACT)


def test_it_may_be_kept_again_and_erased_again(gone):
    asked = []
    shown = readmit(gone, approve=lambda number: asked.append(number) or "act-4")
    assert asked == [str(shown.number)]
    assert (shown.lifting.approval, shown.lifting.why, shown.lifting.by) == ("act-4", AGAIN.why, "officer-1")
    assert (erased(gone, [sha256(ONE)], ALPHA), has(gone, [sha256(ONE)], ALPHA)) == (set(), set())
    do_keep_contents(gone, [ONE], ALPHA)
    assert do_bury_again(gone).contents == set()
    again = do_erase_content(gone, sha256(ONE), ALPHA, ORDER, approve=lambda: "act-5", acting_user="o", now=NOW.replace(year=NOW.year + 1))  # fmt: skip
    assert (again.lifting, again.number != shown.number, Tombstone.objects.count()) == (None, True, 2)
    with pytest.raises(ErasedContentError):
        do_keep_contents(gone, [ONE], ALPHA)


def test_log_and_table_say_why_and_never_the_digest(gone):
    readmit(gone)
    said = [json.loads(one.record) for one in recorded_entries(gone.log_sealer)][-1]
    stone = Tombstone.objects.get()
    assert (said["event"], said["why"]) == ("vault:content:readmitted", AGAIN.why)
    assert said["about"] == {
        "tombstone": str(stone.pk), "owner": ALPHA, "legal basis": "made-up order 8", "approval": "act-4",
    }  # fmt: skip
    assert sha256(ONE).hex() not in json.dumps(said)
    assert b"changed its mind" not in bytes(stone.lifting)


def test_what_was_never_erased_or_is_lifted_already_is_refused(gone):
    with pytest.raises(NotErasedError):
        readmit(gone, owner=BETA)
    readmit(gone)
    with pytest.raises(UsageError, match="already"):
        readmit(gone)


def test_without_approval_nothing_changes(gone):
    def refuse(_):
        raise UsageError

    with pytest.raises(UsageError):
        readmit(gone, approve=refuse)
    assert certificate(gone, sha256(ONE), ALPHA).lifting is None
    with pytest.raises(ErasedContentError):
        do_keep_contents(gone, [ONE], ALPHA)


def test_a_tombstone_is_lifted_whole_or_not_at_all(gone):
    with pytest.raises(IntegrityError), transaction.atomic():
        Tombstone.objects.update(lifted_at=NOW)


@pytest.mark.parametrize(("why", "basis"), [("", "made-up order 8"), ("a reason", " ")])
def test_an_order_says_why_and_on_which_basis(why, basis):
    with pytest.raises(UsageError, match="legal basis"):
        ReadmissionOrder(why, basis)


def test_an_order_does_not_name_the_digest(gone):
    with pytest.raises(UsageError, match="SHA-256"):
        readmit(gone, ReadmissionOrder(f"for {sha256(ONE).hex().upper()}", "made-up order 8"))
