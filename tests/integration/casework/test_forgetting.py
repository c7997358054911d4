"""After an erasure neither log nor requests say which content it was, and go on answering for all others."""

import hashlib
import json

import pytest
from django.db import transaction

from safelight.access import queries
from safelight.access.forgetting import do_forget_acts
from safelight.access.four_eyes import do_break_glass, do_review_break_glass
from safelight.access.models import BreakGlass, RequestDigest, RequestRow
from safelight.access.permissions import Permission
from safelight.access.queries import asked_request, asked_requests, destroyed_requests, opened_glass
from safelight.casework.access import Acting
from safelight.casework.actions import do_erase_item
from safelight.casework.check.options import Keep
from safelight.errors import UsageError
from safelight.log.actions import do_add_entry, do_publish_entries
from safelight.log.consultation import do_consult_items
from safelight.log.entries import Entry, Event, named_digests
from safelight.log.models import EntryDigest
from safelight.log.queries import misfits, recorded_entries
from safelight.log.verify import verify_log
from safelight.platform.walls import acting as behind_walls
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from safelight.vault.actions.erasing import ErasureOrder
from safelight.vault.actions.keeping import do_keep_contents
from tests.integration.access.example import LATER, ROOT, SECOND, approved, asked, enrolled, unheld
from tests.integration.access.example import NOW as NOW_THERE
from tests.integration.casework.conftest import NOW
from tests.integration.entrances import owner
from tests.nodes import acting_in, node_in

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = ErasureOrder("a made-up court said so", "made-up order 7")
ONE, OTHER = (FORMATS["png-rgb"].write(picture(13, number, (96, 64))) for number in (1, 2))
GONE, LEFT = (hashlib.sha256(content).digest() for content in (ONE, OTHER))


@pytest.fixture
def here(bench):
    """A node that was asked about two contents in every way, by two officers; and one of its officers."""
    bench.put("one.png", ONE)
    bench.put("other.png", OTHER)
    bench.check(keep=Keep.ALL)
    return node_in(bench.data)


def name_them(here):
    """The entries of a search, a consultation and a report that name one content, or both."""
    sealer = here.log_sealer
    about = {"asked": GONE.hex(), "ids": [GONE.hex()], "purposes": []}
    do_add_entry(Entry(Event.SEARCHED, "officer-1", NOW, "a made-up question", about), sealer)
    do_consult_items([GONE, LEFT], why=f"is it {GONE.hex().upper()}?", case="Case", acting_user="officer-2",
                     sealer=sealer, now=NOW)  # fmt: skip
    listed = {"case": "Case", "items": [GONE.hex()], "stage": "begun"}
    do_add_entry(Entry(Event.PICTURES_REPORTED, "officer-3", NOW, "a made-up trial", listed), sealer)


def records(here):
    return [one.record for one in recorded_entries(here.log_sealer) if one.record is not None]


def naming(here, digest):
    return [one for one in records(here) if digest.hex() in one.decode().lower()]


def redactions(here):
    told = [json.loads(one) for one in records(here)]
    return [one["about"] for one in told if one["event"] == Event.REDACTED]


def erase(bench, digest, acting=None, now=NOW):
    return do_erase_item(digest, ORDER, acting=acting or acting_in(bench.data), now=now)


def test_nothing_in_the_log_names_it_after_and_the_others_are_still_accounted_for(bench, here):
    name_them(here)
    assert len(naming(here, GONE)) == 3
    erase(bench, GONE)
    assert naming(here, GONE) == []
    [told] = redactions(here)
    assert told["digests"] == [LEFT.hex()]
    assert {name: told["of"][name] for name in ("event", "by", "at", "why")} == {
        "event": "vault:content:consulted", "by": "officer-2", "at": NOW.isoformat(), "why": "is it (erased)?",
    }  # fmt: skip
    assert not EntryDigest.objects.filter(digest_index=here.log_sealer.index(GONE)).exists()
    assert not EntryDigest.objects.filter(entry__record__isnull=True).exists()


def test_the_second_to_be_erased_goes_from_what_stands_for_the_first(bench, here):
    name_them(here)
    erase(bench, GONE)
    [first] = redactions(here)
    do_consult_items([LEFT, bytes(32)], why="a made-up look", case=None, acting_user="officer-2",
                     sealer=here.log_sealer, now=NOW)  # fmt: skip
    erase(bench, LEFT)
    assert (naming(here, GONE), naming(here, LEFT)) == ([], [])
    [told] = redactions(here)
    assert told["digests"] == [bytes(32).hex()]
    assert told["of"]["entry"] != first["of"]["entry"]


def test_the_log_verifies_after_and_its_leaves_are_as_they_were(bench, here):
    name_them(here)
    before = do_publish_entries(here.log_store, here.signer)
    leaves = [one.commitment for one in recorded_entries(here.log_sealer)]
    erase(bench, GONE)
    after = do_publish_entries(here.log_store, here.signer)
    assert after.size > before.size
    assert [one.commitment for one in recorded_entries(here.log_sealer)][: len(leaves)] == leaves
    assert list(misfits(here.log_sealer)) == []
    assert verify_log(here.log_store, here.signer.key, [before]).faults == ()


def test_what_another_owner_keeps_is_still_accounted_for(bench, here):
    name_them(here)
    do_keep_contents(here.vault, [ONE], "Agency Beta")
    erase(bench, GONE)
    assert len(naming(here, GONE)) == 3
    assert redactions(here) == []


def test_an_erasure_opens_no_request_but_those_about_it_and_those_that_no_index_tells_of(bench, here, monkeypatch):
    lead, _ = enrolled(here)
    wanted = {"owner": here.name, "sha256": LEFT.hex()}
    grant = {"officer": lead.pseudonym, "role": "auditor", "change": "grant"}
    other, of_none = (
        asked(here, Permission.CONTENT_ERASE, wanted, lead),
        asked(here, Permission.ROLE_CHANGE, grant, lead),
    )
    about = asked(here, Permission.CONTENT_ERASE, wanted | {"sha256": GONE.hex()}, lead)
    before = [asked(here, Permission.CONTENT_ERASE, wanted | {"sha256": one.hex()}, lead) for one in (GONE, LEFT)]
    with unheld(RequestRow):  # as an earlier release made them
        RequestDigest.objects.filter(request__in=before).delete()
        RequestRow.objects.filter(pk__in=before).update(indexed=False)
    opened = []
    as_it_is = queries.opened_request
    monkeypatch.setattr(queries, "opened_request", lambda row, node: opened.append(row.pk) or as_it_is(row, node))
    with transaction.atomic():
        do_forget_acts(GONE, here)
    assert opened == before
    left = {other, of_none, before[1]}
    assert set(RequestRow.objects.filter(record__isnull=False).values_list("pk", flat=True)) == left
    assert set(RequestDigest.objects.values_list("request", flat=True)) == {other}
    assert {one.row for one in destroyed_requests()} == {about, before[0]}


def test_requests_about_it_go_used_or_not_and_those_about_others_stay(bench, here):
    lead, second = enrolled(here)
    wanted = {"owner": here.name, "sha256": GONE.hex()}
    used = approved(here, Permission.CONTENT_ERASE, wanted, lead, second)
    waiting = asked(here, Permission.CONTENT_ERASE, wanted, lead)
    other = asked(here, Permission.CONTENT_ERASE, wanted | {"sha256": LEFT.hex()}, lead)
    with behind_walls(lead.pseudonym):
        erase(bench, GONE, Acting(here, lead, lead.pseudonym), now=LATER)
    with owner():
        assert naming(here, GONE) == []
        assert [one.row for one in asked_requests(here)] == [other]
        gone = destroyed_requests()
        assert [(one.row, one.officer, one.act) for one in gone] == [
            (number, lead.pseudonym, Permission.CONTENT_ERASE) for number in (used, waiting)
        ]
        with pytest.raises(UsageError, match=f"was destroyed with the content.*{gone[0].digest.hex()}"):
            asked_request(used, here)
        assert RequestRow.objects.get(pk=used).what is None
        assert RequestRow.objects.get(pk=used).approval.approver.pseudonym == SECOND.pseudonym


def test_what_the_kit_was_used_for_waits_for_its_review_and_goes_then(bench, here):
    lead, second = enrolled(here)
    wanted = {"owner": here.name, "sha256": GONE.hex()}
    number = do_break_glass(ROOT, Permission.CONTENT_ERASE, wanted, why="made-up haste", officer=lead, node=here,
                            now=LATER)  # fmt: skip
    with behind_walls(lead.pseudonym):
        erase(bench, GONE, Acting(here, lead, lead.pseudonym), now=LATER)
    with owner():
        assert GONE.hex().encode() in opened_glass(number, here)
        do_review_break_glass(number, remark="as it should be", officer=second, node=here, now=LATER)
        with pytest.raises(UsageError, match="was destroyed with the content"):
            opened_glass(number, here)
        assert BreakGlass.objects.get(pk=number).what is None


def test_a_glass_that_was_reviewed_unused_goes_with_its_content_and_not_before(bench, here):
    lead, second = enrolled(here)
    wanted = {"owner": here.name, "sha256": GONE.hex()}
    number = do_break_glass(ROOT, Permission.CONTENT_ERASE, wanted, why="made-up haste", officer=lead, node=here,
                            now=NOW_THERE)  # fmt: skip
    do_review_break_glass(number, remark="as it should be", officer=second, node=here, now=NOW_THERE)
    assert GONE.hex().encode() in opened_glass(number, here)
    approved(here, Permission.CONTENT_ERASE, wanted, lead, second)
    with behind_walls(lead.pseudonym):
        erase(bench, GONE, Acting(here, lead, lead.pseudonym), now=LATER)
    with owner():
        assert BreakGlass.objects.get(pk=number).record is None


def test_an_order_that_names_the_digest_is_refused(bench, here):
    order = ErasureOrder(f"it is {GONE.hex().upper()}", "made-up order 7")
    with pytest.raises(UsageError, match="say it without"):
        do_erase_item(GONE, order, acting=acting_in(bench.data), now=NOW)
    assert not any(GONE in named_digests(one) for one in records(here))
