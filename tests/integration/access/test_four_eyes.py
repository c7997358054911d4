"""What two persons have to want is not done by one, nor twice, nor otherwise; and a broken glass is seen."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction

from safelight.access.errors import NotApprovedError, RefusedError
from safelight.access.four_eyes import (
    RECOVERY,
    RESTORING,
    do_approve_act,
    do_break_glass,
    do_note_glass,
    do_request_act,
    do_review_break_glass,
    use_approval,
)
from safelight.access.models import Approval, BreakGlass, OfficerRow, RequestRow, RoleGrant
from safelight.access.officer_actions import do_revoke_officer
from safelight.access.officer_keys import BadOfficerSignatureError, SignedAs, sign
from safelight.access.permissions import Permission
from safelight.access.queries import asked_request, asked_requests, open_reviews, opened_glass
from safelight.access.roles import Role
from safelight.access.rules import FOUNDER, UNENROLLED
from safelight.errors import UsageError
from safelight.log.entries import Event
from safelight.vault.keys import RootKey
from tests.integration.access import example
from tests.integration.access.example import LATER, LEAD, NOW, ROOT, SECOND

pytestmark = pytest.mark.django_db(transaction=True)
ERASE = Permission.CONTENT_ERASE
WHAT = {"owner": "unit-alpha.example", "sha256": "ab" * 32}


@pytest.fixture
def node(tmp_path):
    return example.node(tmp_path)


@pytest.fixture
def two(node):
    return example.enrolled(node)


def use(node, officer, parameters=WHAT, *, act=ERASE, now=NOW):
    with transaction.atomic():
        return use_approval(act, parameters, officer=officer, node=node, now=now)


def test_an_approval_is_used_once(node, two):
    request = example.approved(node, ERASE, WHAT, *two)
    assert use(node, two[0]) == f"act-{request}"
    with pytest.raises(NotApprovedError):
        use(node, two[0])
    assert example.events()[2:] == [Event.REQUESTED, Event.APPROVED, Event.APPROVAL_USED, Event.REFUSED]
    [shown] = asked_requests(node)
    assert (shown.request.parameters, shown.approver, shown.used_at) == (WHAT, SECOND.pseudonym, NOW)


def test_an_approval_is_there_again_where_its_act_failed(node, two):
    request = example.approved(node, ERASE, WHAT, *two)
    with transaction.atomic():
        use_approval(ERASE, WHAT, officer=two[0], node=node, now=NOW)
        transaction.set_rollback(True)
    assert use(node, two[0]) == f"act-{request}"


def test_of_two_who_use_an_approval_at_once_one_does(node, two):
    request = example.approved(node, ERASE, WHAT, *two)
    together = Barrier(2)

    def try_it(officer):
        try:
            with transaction.atomic():
                together.wait(timeout=30)
                return use_approval(ERASE, WHAT, officer=officer, node=node, now=NOW)
        except NotApprovedError:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(try_it, two)) == {f"act-{request}", None}


@pytest.mark.parametrize(
    ("act", "parameters"),
    [
        (ERASE, WHAT | {"sha256": "ab" * 31 + "ac"}),
        (ERASE, WHAT | {"owner": "unit-beta.example"}),
        (Permission.KEY_ROTATE, {"generation": "2"}),
    ],
)
def test_an_approval_is_for_its_act_and_parameters_to_the_byte(node, two, act, parameters):
    example.approved(node, ERASE, WHAT, *two)
    with pytest.raises(NotApprovedError):
        use(node, two[0], parameters, act=act)


def test_a_request_alone_allows_nothing(node, two):
    example.asked(node, ERASE, WHAT, two[0])
    with pytest.raises(NotApprovedError):
        use(node, two[0])


def test_an_approval_ends(node, two):
    request = example.asked(node, ERASE, WHAT, two[0], hours=1)
    do_approve_act(request, example.approval_of(node, request), officer=two[1], node=node, now=NOW)
    with pytest.raises(NotApprovedError):
        use(node, two[0], now=NOW + timedelta(hours=1))
    with pytest.raises(UsageError, match="ended at"):
        do_approve_act(request, b"", officer=two[1], node=node, now=NOW + timedelta(hours=1))


@pytest.mark.parametrize("who", [LEAD, SECOND])
def test_a_revoked_key_allows_nothing_that_is_still_to_be_done(node, two, who):
    example.approved(node, ERASE, WHAT, *two)
    do_revoke_officer(who.pseudonym, why="the key was stolen", officer=two[0], node=node, now=LATER)
    with pytest.raises(NotApprovedError):
        use(node, two[1 if who is LEAD else 0], now=LATER + timedelta(seconds=1))


def test_nobody_approves_what_he_asked_for(node, two):
    request = example.asked(node, ERASE, WHAT, two[0])
    with pytest.raises(UsageError, match="your own"):
        do_approve_act(request, example.approval_of(node, request, 1), officer=two[0], node=node, now=NOW)
    assert example.events()[-1] == Event.REFUSED


def test_who_may_not_approve_is_refused(node, two):
    request = example.asked(node, ERASE, WHAT, two[0])
    with example.unheld(RoleGrant):
        OfficerRow.objects.get(pseudonym=SECOND.pseudonym).grants.update(role=Role.INVESTIGATOR.value)
    with pytest.raises(RefusedError):
        do_approve_act(request, example.approval_of(node, request), officer=two[1], node=node, now=NOW)


def test_a_request_is_approved_once_and_only_if_it_is_there(node, two):
    request = example.approved(node, ERASE, WHAT, *two)
    with pytest.raises(UsageError, match="approved already"):
        do_approve_act(request, example.approval_of(node, request), officer=two[1], node=node, now=NOW)
    with pytest.raises(UsageError, match="no request"):
        do_approve_act(request + 1, b"", officer=two[1], node=node, now=NOW)


@pytest.mark.parametrize(("number", "purpose"), [(1, SignedAs.APPROVAL), (2, SignedAs.REQUEST)])
def test_an_approval_is_by_the_approvers_key_and_made_as_one(node, two, number, purpose):
    request = example.asked(node, ERASE, WHAT, two[0])
    signature = sign(example.key(number), purpose, asked_request(request, node).record)
    with pytest.raises(BadOfficerSignatureError):
        do_approve_act(request, signature, officer=two[1], node=node, now=NOW)


@pytest.mark.parametrize("table", [Approval, RequestRow])
def test_a_signature_put_into_the_table_by_hand_allows_nothing(node, two, table):
    example.approved(node, ERASE, WHAT, *two)
    with example.unheld(table):
        table.objects.update(signature=bytes(64))
    with pytest.raises(NotApprovedError):
        use(node, two[0])


def test_a_request_whose_index_was_moved_to_another_act_allows_nothing(node, two):
    example.approved(node, ERASE, WHAT, *two)
    other = WHAT | {"sha256": "cd" * 32}
    moved = example.asked(node, ERASE, other, two[0])
    with example.unheld(RequestRow):
        RequestRow.objects.exclude(pk=moved).update(what=RequestRow.objects.get(pk=moved).what)
    with pytest.raises(NotApprovedError):
        use(node, two[0], other)


def test_the_database_itself_holds_two_persons_apart(node, two):
    request = example.asked(node, ERASE, WHAT, two[0])
    lead, second = (OfficerRow.objects.get(pseudonym=one.pseudonym) for one in (LEAD, SECOND))
    row = RequestRow.objects.get(pk=request)
    common = {"request": row, "signature": bytes(64), "at": NOW}
    for requester, approver, held_by in (
        (lead, lead, "access_approval_two_persons"),
        (second, lead, "access_approval_whose"),
    ):
        with pytest.raises(IntegrityError, match=held_by), transaction.atomic():
            Approval.objects.create(requester=requester, approver=approver, **common)
    Approval.objects.create(requester=lead, approver=second, **common)
    with pytest.raises(IntegrityError, match="request_id"), transaction.atomic():
        Approval.objects.create(requester=lead, approver=second, **common)


def test_requests_are_sealed(node, two):
    example.asked(node, ERASE, WHAT, two[0])
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT string_agg(r::text, '') FROM access_request r)")
        [dumped] = cursor.fetchone()
    for planted in ("ab" * 32, "a judge ordered it"):
        assert planted not in dumped
        assert planted.encode().hex() not in dumped


def test_a_request_is_by_who_may_with_the_own_key_and_for_a_time(node, two):
    for officer, key, hours, message in (
        (two[0], 2, 24, "sign with your own"),
        (FOUNDER, 1, 24, "not yours"),
        (two[0], 1, 0, "within 30 days"),
        (two[0], 1, 24 * 31, "within 30 days"),
    ):
        with pytest.raises(UsageError, match=message):
            example.asked(node, ERASE, WHAT, officer, key, hours=hours)
    for act, parameters in ((Permission.KEY_ROTATE, {"generation": "2"}), (ERASE, {})):
        with pytest.raises(UsageError):
            example.asked(node, act, parameters, two[1], 2)
    with pytest.raises(UsageError, match="without a reason"):
        do_request_act(
            ERASE, WHAT, why=" ", until=LATER, key=example.key(1), officer=two[0], node=node, now=NOW,
        )  # fmt: skip
    assert RequestRow.objects.count() == 0


def test_what_belongs_to_a_case_is_asked_for_by_its_members(node, two):
    pictures = Permission.CASE_REPORT_PICTURES
    wanted = {"case": "7", "pictures": "ab" * 32, "recipient": "Agency Beta"}
    with pytest.raises(UsageError, match="no case's number"):
        example.asked(node, pictures, wanted | {"case": "Series Harbour"}, two[0])
    with pytest.raises(RefusedError):
        example.asked(node, pictures, wanted, two[0])
    example.opened(node, 7, two[0])
    request = example.approved(node, pictures, wanted, *two)
    assert use(node, two[0], wanted, act=pictures) == f"act-{request}"


def test_an_approval_is_used_in_a_transaction(node, two):
    example.approved(node, ERASE, WHAT, *two)
    with pytest.raises(RuntimeError, match="transaction"):
        use_approval(ERASE, WHAT, officer=two[0], node=node, now=NOW)


def test_where_nobody_is_enrolled_there_is_nobody_to_ask(node):
    assert use(node, FOUNDER) == UNENROLLED
    with pytest.raises(UsageError, match="enrolled officers only"):
        example.asked(node, ERASE, WHAT, FOUNDER)


def broken(node, officer, *, root=ROOT, why="a child is at risk now", now=NOW):
    return do_break_glass(root, ERASE, WHAT, why=why, officer=officer, node=node, now=now)


def test_the_kit_stands_for_the_second_person_once_and_is_reviewed_by_another(node, two):
    number = broken(node, two[0])
    assert [(one.row, one.act, one.by) for one in open_reviews()] == [(number, ERASE.value, LEAD.pseudonym)]
    with pytest.raises(NotApprovedError):
        use(node, two[0], WHAT | {"owner": "unit-beta.example"})
    assert use(node, two[0]) == f"glass-{number}"
    with pytest.raises(NotApprovedError):
        use(node, two[0])
    with pytest.raises(UsageError, match="yourself"):
        do_review_break_glass(number, remark="all well", officer=two[0], node=node, now=LATER)
    with pytest.raises(UsageError, match="without a reason"):
        do_review_break_glass(number, remark="", officer=two[1], node=node, now=LATER)
    assert len(open_reviews()) == 1
    do_review_break_glass(number, remark="justified", officer=two[1], node=node, now=LATER)
    assert open_reviews() == []
    with pytest.raises(UsageError, match="no open review"):
        do_review_break_glass(number, remark="again", officer=two[1], node=node, now=LATER)
    assert Event.GLASS_BROKEN in example.events()
    assert example.events()[-1] == Event.GLASS_REVIEWED
    assert b"justified" not in bytes(BreakGlass.objects.get(pk=number).remark)


def test_who_reviews_a_broken_glass_reads_for_what_and_why(node, two):
    number = broken(node, two[0], why="nobody else could be reached")
    said = json.loads(opened_glass(number, node))
    assert said == {"act": ERASE.value, "parameters": WHAT, "why": "nobody else could be reached"}
    assert b"reached" not in bytes(BreakGlass.objects.get(pk=number).record)
    with pytest.raises(UsageError, match="no review"):
        opened_glass(number + 1, node)


def test_a_glass_is_broken_with_the_own_kit_a_reason_and_the_right_to_act(node, two):
    for kit, why, message in ((RootKey(bytes(32)), "why", "recovery kit"), (ROOT, " ", "without a reason")):
        with pytest.raises(UsageError, match=message):
            broken(node, two[0], root=kit, why=why)
    with example.unheld(RoleGrant):
        OfficerRow.objects.get(pseudonym=SECOND.pseudonym).grants.update(role=Role.INVESTIGATOR.value)
    with pytest.raises(RefusedError):
        broken(node, two[1])
    assert BreakGlass.objects.count() == 0


def test_a_broken_glass_does_not_stand_for_long(node, two):
    broken(node, two[0])
    with pytest.raises(NotApprovedError):
        use(node, two[0], now=NOW + timedelta(hours=1))


def test_a_broken_glass_that_was_moved_to_another_act_allows_nothing(node, two):
    broken(node, two[0])
    other = WHAT | {"owner": "unit-beta.example"}
    row = BreakGlass.objects.get()
    do_break_glass(ROOT, ERASE, other, why="why", officer=two[0], node=node, now=NOW)
    assert use(node, two[0], other).startswith("glass-")
    row.what = BreakGlass.objects.exclude(pk=row.pk).get().what
    with example.unheld(BreakGlass):
        row.save()
    with pytest.raises(NotApprovedError):
        use(node, two[0], other)


def test_a_recovered_node_is_up_for_review_by_another_than_who_recovered_it(node, two):
    for os_user, by in (("alex", LEAD.pseudonym), ("somebody", None)):
        with transaction.atomic():
            number = do_note_glass(
                RECOVERY, {"node": node.name}, why="a disk is lost", acting_user=os_user, node=node, now=NOW
            )
        assert [(one.act, one.by) for one in open_reviews()] == [(RECOVERY, by)]
        do_review_break_glass(number, remark="seen", officer=two[1], node=node, now=LATER)


def test_the_log_tells_what_the_kit_did_from_a_restore_that_is_up_for_review(node, two):
    for act, event in ((RECOVERY, Event.GLASS_BROKEN), (RESTORING, Event.RESTORE_PUT_UP)):
        with transaction.atomic():
            do_note_glass(act, {}, why="a disk is lost", acting_user="alex", node=node, now=NOW)
        assert example.events()[-1] == event
        with pytest.raises(UsageError, match="without a reason"), transaction.atomic():
            do_note_glass(act, {}, why=" ", acting_user="alex", node=node, now=NOW)


def test_the_founder_reviews_nothing(node):
    with pytest.raises(UsageError, match="first two"):
        do_review_break_glass(1, remark="fine", officer=FOUNDER, node=node, now=NOW)


def test_the_founder_approves_nothing_of_officers_who_are(node, two):
    request = example.asked(node, ERASE, WHAT, two[0])
    with pytest.raises(RefusedError):
        do_approve_act(request, b"", officer=FOUNDER, node=node, now=NOW)
