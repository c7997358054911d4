"""An erasure destroys what one owner has, for good; it is refused under a legal hold, and says what is still pending."""

import json
from datetime import timedelta

import pytest
from django.db import transaction

from safelight.errors import UsageError
from safelight.log.queries import recorded_entries
from safelight.vault.actions.erasing import ErasureOrder, do_erase_content, do_note_receipt
from safelight.vault.actions.holding import do_hold_content, do_release_hold
from safelight.vault.actions.keeping import do_keep_contents
from safelight.vault.actions.sweeping import do_sweep
from safelight.vault.content import ErasedContentError, HeldContentError, NotKeptError
from safelight.vault.fsck import check_vault
from safelight.vault.models import Hold, ObjectKey, Receipt, StoredObject, Tombstone
from safelight.vault.queries import NotErasedError, certificate, erased, has, held, open_content
from tests.integration.vault.example import ALPHA, BETA, NOW, sha256

pytestmark = pytest.mark.django_db(transaction=True)
ONE, TWO = b"a benign picture of a harbour", b"a benign picture of a room"
ORDER = ErasureOrder("a made-up court said so", "made-up order 7", ("Agency Gamma", "Agency Beta"))
ACT = {"acting_user": "officer-1", "now": NOW}
ERASE = {**ACT, "approve": lambda: "approval 3"}


class Thumbnails:
    """Derived data that is kept elsewhere."""

    def __init__(self):
        self.asked = []

    def destroy(self, digest, owner):
        assert transaction.get_connection().in_atomic_block
        self.asked.append((digest, owner))
        return {"thumbnails": 2}


def said(vault):
    return [json.loads(one.record) for one in recorded_entries(vault.log_sealer)]


def test_key_row_and_blob_are_destroyed_and_what_others_keep_stays(vault):
    for owner in (ALPHA, BETA):
        do_keep_contents(vault, [ONE, TWO], owner)
    thumbnails = Thumbnails()
    shown = do_erase_content(vault, sha256(ONE), ALPHA, ORDER, derived=[thumbnails], **ERASE)
    assert dict(shown.act.destroyed) == {"keys": 1, "rows": 1, "blobs": 1, "thumbnails": 2}
    assert thumbnails.asked == [(sha256(ONE), ALPHA)]
    assert (StoredObject.objects.count(), ObjectKey.objects.count(), len(list(vault.blobs.addresses()))) == (3, 3, 3)
    with pytest.raises(NotKeptError):
        open_content(vault, sha256(ONE), ALPHA)
    assert open_content(vault, sha256(ONE), BETA).readall() == ONE
    assert open_content(vault, sha256(TWO), ALPHA).readall() == TWO
    assert list(check_vault(vault)) == []


def test_it_does_not_come_back_by_itself_and_others_may_keep_it(vault):
    do_keep_contents(vault, [ONE], ALPHA)
    do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
    assert erased(vault, [sha256(ONE), sha256(TWO)], ALPHA) == {sha256(ONE)}
    with pytest.raises(ErasedContentError, match=sha256(ONE).hex()):
        do_keep_contents(vault, [TWO, ONE], ALPHA)
    assert (has(vault, [ONE, TWO], ALPHA), list(vault.blobs.addresses())) == (set(), [])
    do_keep_contents(vault, [ONE], BETA)
    assert erased(vault, [sha256(ONE)], BETA) == set()


@pytest.mark.parametrize(
    "order",
    [
        ErasureOrder(f"erase {sha256(ONE).hex().upper()}", ORDER.legal_basis, ()),
        ErasureOrder(ORDER.why, f"order on {sha256(ONE).hex()}", ()),
        ErasureOrder(ORDER.why, ORDER.legal_basis, ("Agency Gamma", f"who holds {sha256(ONE).hex()}")),
    ],
    ids=["why", "legal basis", "recipient"],
)
def test_an_order_that_would_outlast_the_content_by_naming_it_is_refused(vault, order):
    do_keep_contents(vault, [ONE], ALPHA)
    with pytest.raises(UsageError, match="names the SHA-256"):
        do_erase_content(vault, sha256(ONE), ALPHA, order, **ERASE)
    assert has(vault, [sha256(ONE)], ALPHA) == {sha256(ONE)}


def test_the_log_says_why_and_never_the_digest(vault):
    do_keep_contents(vault, [ONE], ALPHA)
    do_hold_content(vault, sha256(ONE), ALPHA, why="a trial", **ACT)
    do_release_hold(vault, sha256(ONE), ALPHA, why="it ended", **ACT)
    do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
    do_note_receipt(vault, sha256(ONE), ALPHA, "Agency Beta", **ACT)
    entries = said(vault)
    assert [(one["event"], one.get("why")) for one in entries] == [
        ("vault:content:held", "a trial"),
        ("vault:hold:released", "it ended"),
        ("vault:content:erased", ORDER.why),
        ("vault:receipt:noted", None),
    ]
    stone = Tombstone.objects.get()
    assert entries[2]["about"] == {
        "tombstone": str(stone.pk),
        "owner": ALPHA,
        "legal basis": "made-up order 7",
        "approval": "approval 3",
        "destroyed": {"keys": 1, "rows": 1, "blobs": 1},
        "receipts awaited": 2,
    }
    assert entries[0]["about"]["hold"] == entries[1]["about"]["hold"]
    assert sha256(ONE).hex() not in json.dumps(entries)


def test_what_is_erased_is_named_in_no_table(vault):
    do_keep_contents(vault, [ONE], ALPHA)
    do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
    stored = [*Tombstone.objects.values_list(), *Receipt.objects.values_list()]
    bytes_ = b"".join(bytes(value) for row in stored for value in row if isinstance(value, bytes | memoryview))
    for planted in (sha256(ONE), b"Agency Gamma", b"made-up order", b"officer-1"):
        assert planted not in bytes_


def test_a_certificate_is_pending_until_backups_of_keys_are_gone(vault):
    do_keep_contents(vault, [ONE], ALPHA)
    shown = do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
    assert certificate(vault, sha256(ONE), ALPHA) == shown
    assert [one.recipient for one in shown.receipts] == ["Agency Beta", "Agency Gamma"]
    assert shown.state(shown.complete_at) == "pending"
    for recipient in ("Agency Beta", "Agency Gamma"):
        shown = do_note_receipt(vault, sha256(ONE), ALPHA, recipient, **ACT)
    assert shown.complete_at == NOW + timedelta(days=30)
    for moment, state in (
        (NOW, "pending"),
        (shown.complete_at - timedelta(seconds=1), "pending"),
        (shown.complete_at, "complete"),
    ):
        assert (shown.state(moment), shown.as_json(moment)["state"]) == (state, state)


def test_receipts_are_awaited_and_noted_once(vault):
    do_keep_contents(vault, [ONE], ALPHA)
    do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
    later = NOW + timedelta(days=2)
    shown = do_note_receipt(vault, sha256(ONE), ALPHA, "Agency Gamma", acting_user="officer-1", now=later)
    assert [(one.recipient, one.received_at) for one in shown.receipts] == [
        ("Agency Beta", None),
        ("Agency Gamma", later),
    ]
    for recipient in ("Agency Gamma", "Agency Delta"):
        with pytest.raises(UsageError, match="awaited"):
            do_note_receipt(vault, sha256(ONE), ALPHA, recipient, **ACT)
    with pytest.raises(NotErasedError):
        do_note_receipt(vault, sha256(TWO), ALPHA, "Agency Beta", **ACT)


def test_a_hold_of_anybody_stops_it_until_each_is_released(vault):
    do_keep_contents(vault, [ONE], ALPHA)
    for owner in (ALPHA, BETA):
        do_hold_content(vault, sha256(ONE), owner, why="a trial", **ACT)
    for owner in (BETA, ALPHA):
        assert held(vault, [sha256(ONE), sha256(TWO)]) == {sha256(ONE)}
        with pytest.raises(HeldContentError):
            do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
        do_release_hold(vault, sha256(ONE), owner, why="it ended", **ACT)
    assert open_content(vault, sha256(ONE), ALPHA).readall() == ONE
    do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
    assert Hold.objects.count() == 0


def test_a_hold_is_put_once_by_who_says_why_and_released_by_nobody_else(vault):
    with pytest.raises(UsageError, match="say why"):
        do_hold_content(vault, sha256(ONE), ALPHA, why=" ", **ACT)
    do_hold_content(vault, sha256(ONE), ALPHA, why="a trial", **ACT)
    with pytest.raises(UsageError, match="already"):
        do_hold_content(vault, sha256(ONE), ALPHA, why="another trial", **ACT)
    with pytest.raises(UsageError, match="say why"):
        do_release_hold(vault, sha256(ONE), ALPHA, why="", **ACT)
    with pytest.raises(UsageError, match="holds no content"):
        do_release_hold(vault, sha256(ONE), BETA, why="ours now", **ACT)
    assert Hold.objects.count() == 1
    assert b"a trial" not in bytes(Hold.objects.get().reason)


def test_nothing_is_erased_without_reason_or_that_is_not_there(vault):
    for why, basis in ((" ", "order 7"), ("because", "")):
        with pytest.raises(UsageError, match="legal basis"):
            ErasureOrder(why, basis)
    with pytest.raises(NotKeptError):
        do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
    do_keep_contents(vault, [ONE], ALPHA)
    do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
    with pytest.raises(ErasedContentError, match="before"):
        do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
    with pytest.raises(NotErasedError):
        certificate(vault, sha256(ONE), BETA)


def test_derived_data_that_cannot_be_destroyed_leaves_everything_as_it_was(vault):
    class Failing:
        def destroy(self, *_):
            raise ConnectionError

    do_keep_contents(vault, [ONE], ALPHA)
    with pytest.raises(ConnectionError):
        do_erase_content(vault, sha256(ONE), ALPHA, ORDER, derived=[Failing()], **ERASE)
    assert open_content(vault, sha256(ONE), ALPHA).readall() == ONE
    assert (Tombstone.objects.count(), said(vault)) == (0, [])


def test_killed_before_the_blob_went_the_key_is_gone_and_the_rest_is_swept(vault, monkeypatch):
    do_keep_contents(vault, [ONE, TWO], ALPHA)
    with monkeypatch.context() as context:
        context.setattr(vault.blobs, "remove_many", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
    assert [fault.kind for fault in check_vault(vault)] == ["orphan"]
    assert certificate(vault, sha256(ONE), ALPHA).act.destroyed["keys"] == 1
    assert do_sweep(vault).blobs == 1
    assert list(check_vault(vault)) == []


def test_an_older_table_of_keys_does_not_bring_it_back(vault):
    do_keep_contents(vault, [ONE], ALPHA)
    older = ObjectKey.objects.get()
    do_erase_content(vault, sha256(ONE), ALPHA, ORDER, **ERASE)
    ObjectKey.objects.bulk_create([older])
    assert [fault.kind for fault in check_vault(vault)] == ["key-of-nothing"]
    with pytest.raises(NotKeptError):
        open_content(vault, sha256(ONE), ALPHA)
    swept = do_sweep(vault)
    assert (swept.blobs, swept.keys) == (0, 1)
    assert ObjectKey.objects.count() == 0
