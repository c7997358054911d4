"""Who was given what is recorded before anybody is, sealed; and an erasure awaits the answer of each of them."""

import pytest
from django.db import transaction

from safelight.vault.actions.erasing import ErasureOrder, do_erase_content, do_note_receipt
from safelight.vault.actions.handing import do_begin_handout, do_end_handout
from safelight.vault.actions.keeping import do_keep_contents
from safelight.vault.models import Handout
from safelight.vault.queries import Sent, handout_state, handouts, recipients_of
from tests.integration.vault.example import ALPHA, BETA, NOW, sha256

pytestmark = pytest.mark.django_db(transaction=True)
ONE, TWO = b"a benign picture of a meadow", b"a benign picture of a shed"
FIRST, SECOND = bytes(32), bytes([1]) * 32


def hand(vault, manifest, contents, recipient, owner=ALPHA):
    with transaction.atomic():
        do_begin_handout(vault, manifest, [sha256(one) for one in contents], owner, recipient, now=NOW)


def test_what_is_begun_is_noted_once_and_ends(vault):
    do_keep_contents(vault, [ONE, TWO], ALPHA)
    assert handout_state(vault, FIRST) is Sent.NOT_BEGUN
    for _ in range(2):
        hand(vault, FIRST, [ONE, TWO], "Agency Gamma")
    assert (handout_state(vault, FIRST), Handout.objects.count()) == (Sent.NOT_WRITTEN, 2)
    do_end_handout(vault, FIRST, now=NOW)
    assert (handout_state(vault, FIRST), handout_state(vault, SECOND)) == (Sent.WRITTEN, Sent.NOT_BEGUN)
    assert {(one.recipient, one.sent, one.sha256) for one in handouts(vault, ALPHA)} == {
        ("Agency Gamma", Sent.WRITTEN, sha256(ONE)),
        ("Agency Gamma", Sent.WRITTEN, sha256(TWO)),
    }
    assert handouts(vault, BETA) == []


def test_an_erasure_awaits_everybody_who_was_given_it(vault):
    do_keep_contents(vault, [ONE, TWO], ALPHA)
    hand(vault, FIRST, [ONE, TWO], "Agency Gamma")
    hand(vault, SECOND, [ONE], "Agency Delta")
    assert set(recipients_of(vault, sha256(ONE), ALPHA)) == {"Agency Delta", "Agency Gamma"}
    assert recipients_of(vault, sha256(ONE), BETA) == []
    order = ErasureOrder("a made-up court said so", "made-up order 7", ("Agency Gamma", "Agency Beta"))
    shown = do_erase_content(
        vault, sha256(ONE), ALPHA, order, approve=lambda: "approval 3", acting_user="officer-1", now=NOW
    )
    assert [one.recipient for one in shown.receipts] == ["Agency Beta", "Agency Delta", "Agency Gamma"]
    assert shown.state(shown.complete_at) == "pending"
    awaited = {(one.recipient, one.sha256) for one in handouts(vault, ALPHA) if one.awaited}
    assert awaited == {("Agency Gamma", None), ("Agency Delta", None)}
    for recipient in ("Agency Beta", "Agency Delta", "Agency Gamma"):
        shown = do_note_receipt(vault, sha256(ONE), ALPHA, recipient, acting_user="officer-1", now=NOW)
    assert shown.state(shown.complete_at) == "complete"
    assert [one for one in handouts(vault, ALPHA) if one.awaited] == []


def test_nothing_of_it_stands_in_clear(vault):
    hand(vault, FIRST, [ONE], "Agency Gamma")
    [row] = Handout.objects.values_list("content_index", "bundle", "recipient")
    stored = b"".join(bytes(one) for one in row)
    assert not any(word in stored for word in (b"Gamma", sha256(ONE), sha256(ONE)[:8], FIRST[:8]))
