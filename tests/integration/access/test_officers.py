"""Officers begin in pairs, come in by two signatures, and leave without taking what they signed with them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction

from safelight.access.authorising import acting_officer, require
from safelight.access.errors import NotApprovedError, RefusedError
from safelight.access.four_eyes import do_approve_act
from safelight.access.models import CaseMember, OfficerRow, RoleGrant
from safelight.access.officer_actions import (
    Interval,
    Kit,
    do_add_case_member,
    do_change_role,
    do_countersign_enrolment,
    do_enrol_first_two,
    do_enrol_officer,
    do_enrol_with_outside_second,
    do_open_membership,
    do_remove_case_member,
    do_revoke_officer,
    enrolment_parameters,
)
from safelight.access.officer_keys import BadOfficerSignatureError, SignedAs, check_signature, sign
from safelight.access.permissions import Permission
from safelight.access.queries import (
    case_members,
    count_officers,
    is_enrolled,
    listed_officers,
    officer_keys,
    open_reviews,
)
from safelight.access.roles import Role
from safelight.access.rules import FOUNDER, Officer
from safelight.errors import UsageError
from safelight.log.entries import Event
from safelight.vault.keys import RootKey
from tests.integration.access import example
from tests.integration.access.example import LATER, LEAD, NOW, ROOT, SECOND, YEARS

pytestmark = pytest.mark.django_db(transaction=True)
THIRD = example.person(3, Role.INVESTIGATOR, os_user="third")
OUTSIDE = example.person(9, Role.OUTSIDE_SECOND, name=None, agency="unit-beta.example")


@pytest.fixture
def node(tmp_path):
    return example.node(tmp_path)


@pytest.fixture
def two(node):
    return example.enrolled(node)


def enrol_third(node, two, one=THIRD):
    wanted = enrolment_parameters(one, YEARS)
    example.approved(node, Permission.OFFICER_ENROL, wanted, *two)
    do_enrol_officer(one, YEARS, officer=two[0], node=node, now=NOW)
    return example.found(one)


def test_the_first_two_sign_for_each_other(node, two):
    assert [officer.roles for officer in two] == [{Role.NATIONAL_OFFICER}, {Role.SUPERVISOR}]
    for one, other in ((LEAD, SECOND), (SECOND, LEAD)):
        row = OfficerRow.objects.get(pseudonym=one.pseudonym)
        assert bytes(row.second_key).hex() == other.public
        check_signature(bytes(row.second_key), SignedAs.ENROLMENT, bytes(row.enrolment), bytes(row.second_signature))
    assert example.events() == [Event.OFFICER_ENROLLED] * 2
    assert (count_officers(NOW), count_officers(YEARS.ends)) == (2, 0)


def test_a_first_pair_that_could_grant_nothing_is_refused(node):
    with pytest.raises(UsageError, match="never grant"):
        do_enrol_first_two((SECOND, THIRD), (example.key(2), example.key(3)), YEARS, node=node, now=NOW)
    assert not is_enrolled()


def test_one_person_is_not_two(node):
    twice = (LEAD, replace(LEAD, os_user=None, roles=SECOND.roles))
    with pytest.raises(UsageError, match="another's"):
        do_enrol_first_two(twice, (example.key(1), example.key(1)), YEARS, node=node, now=NOW)
    assert (is_enrolled(), OfficerRow.objects.count()) == (False, 0)


def test_there_is_no_second_first_pair(node, two):
    others = (example.person(5, Role.NATIONAL_OFFICER), example.person(6, Role.SUPERVISOR))
    with pytest.raises(UsageError, match="has officers"):
        do_enrol_first_two(others, (example.key(5), example.key(6)), YEARS, node=node, now=NOW)


def test_names_are_sealed_and_shown_to_who_holds_the_keys(node, two):
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_officer::text FROM access_officer")
        dumped = " ".join(row for (row,) in cursor.fetchall())
    assert [name for name in ("Alex", "Madeup", b"Madeup".hex(), "Kim") if name in dumped] == []
    assert [one.name for one in listed_officers(NOW, node)] == ["Alex Madeup", "Kim Fictitious"]
    assert [one.name for one in listed_officers(NOW)] == [None, None]
    assert "Madeup" not in repr(LEAD)


def test_a_unit_of_one_waits_for_another_units_officer(node):
    record = do_enrol_with_outside_second(LEAD, example.key(1), OUTSIDE, YEARS, node=node, now=NOW)
    assert (is_enrolled(), example.found(LEAD)) == (False, None)
    assert [one.waits for one in listed_officers(NOW)] == [True, False]
    forged = sign(example.key(2), SignedAs.ENROLMENT, record)
    with pytest.raises(BadOfficerSignatureError):
        do_countersign_enrolment(LEAD.pseudonym, forged, node=node, now=NOW)
    with pytest.raises(UsageError, match="waits for a signature"):
        do_countersign_enrolment(OUTSIDE.pseudonym, b"", node=node, now=NOW)
    good = sign(example.key(9), SignedAs.ENROLMENT, record)
    do_countersign_enrolment(LEAD.pseudonym, good, node=node, now=NOW)
    assert (is_enrolled(), example.found(LEAD).roles) == (True, {Role.NATIONAL_OFFICER})
    with pytest.raises(UsageError, match="has officers"):
        do_countersign_enrolment(LEAD.pseudonym, good, node=node, now=NOW)
    assert example.events() == [Event.OFFICER_ENROLLED] * 2
    parameters = enrolment_parameters(THIRD, YEARS)
    request = example.asked(node, Permission.OFFICER_ENROL, parameters, example.found(LEAD))
    away = example.found(OUTSIDE)
    do_approve_act(request, example.approval_of(node, request, 9), officer=away, node=node, now=NOW)
    do_enrol_officer(THIRD, YEARS, officer=example.found(LEAD), node=node, now=NOW)
    assert example.found(THIRD).roles == {Role.INVESTIGATOR}


@pytest.mark.parametrize(
    ("other", "interval"),
    [
        (replace(THIRD, os_user="alex-too"), YEARS),
        (replace(THIRD, roles=frozenset({Role.SUPERVISOR})), YEARS),
        (THIRD, replace(YEARS, ends=YEARS.ends + timedelta(days=1))),
    ],
)
def test_who_acts_for_a_new_officer_as_what_and_how_long_is_what_two_approved(node, two, other, interval):
    example.approved(node, Permission.OFFICER_ENROL, enrolment_parameters(THIRD, YEARS), *two)
    with pytest.raises(NotApprovedError):
        do_enrol_officer(other, interval, officer=two[0], node=node, now=NOW)
    do_enrol_officer(THIRD, YEARS, officer=two[0], node=node, now=NOW)


def test_an_enrolment_that_waited_too_long_is_no_way_in(node):
    record = do_enrol_with_outside_second(LEAD, example.key(1), OUTSIDE, YEARS, node=node, now=NOW)
    others = (example.person(5, Role.NATIONAL_OFFICER), example.person(6, Role.SUPERVISOR))
    do_enrol_first_two(others, (example.key(5), example.key(6)), YEARS, node=node, now=NOW)
    signature = sign(example.key(9), SignedAs.ENROLMENT, record)
    with pytest.raises(UsageError, match="has officers"):
        do_countersign_enrolment(LEAD.pseudonym, signature, node=node, now=NOW)
    assert example.found(LEAD) is None


def test_further_officers_come_by_an_approval_of_their_key_and_roles(node, two):
    with pytest.raises(NotApprovedError):
        do_enrol_officer(THIRD, YEARS, officer=two[0], node=node, now=NOW)
    assert enrol_third(node, two).roles == {Role.INVESTIGATOR}
    more = replace(THIRD, roles=frozenset({Role.SUPERVISOR}))
    with pytest.raises(NotApprovedError):
        do_enrol_officer(more, YEARS, officer=two[0], node=node, now=NOW)
    with pytest.raises(RefusedError):
        do_enrol_officer(THIRD, YEARS, officer=two[1], node=node, now=NOW)


def test_nobody_is_a_further_officer_where_there_is_none(node):
    with pytest.raises(UsageError, match="first two"):
        do_enrol_officer(THIRD, YEARS, officer=FOUNDER, node=node, now=NOW)


def test_an_os_user_is_bound_to_one_officer_until_the_key_ends(node, two):
    taken = replace(THIRD, os_user="alex")
    with pytest.raises(UsageError, match="another's"):
        enrol_third(node, two, taken)
    anew = (
        example.person(5, Role.NATIONAL_OFFICER, os_user="alex"),
        example.person(6, Role.SUPERVISOR),
    )
    later = Interval(YEARS.ends, YEARS.ends + timedelta(days=1))
    kit = Kit(ROOT, "both keys ended", "alex")
    do_enrol_first_two(anew, (example.key(5), example.key(6)), later, kit=kit, node=node, now=later.begins)
    acts = acting_officer("alex", None, sealer=node.log_sealer, now=later.begins)
    assert acts.pseudonym == anew[0].pseudonym
    [review] = open_reviews()
    assert (review.act, review.by) == ("access:officer:found", None)


def test_another_nodes_kit_founds_nothing(node, two):
    anew = (example.person(5, Role.NATIONAL_OFFICER), example.person(6, Role.SUPERVISOR))
    kit = Kit(RootKey(bytes(32)), "no right to it", "alex")
    with pytest.raises(UsageError, match="recovery kit"):
        do_enrol_first_two(anew, (example.key(5), example.key(6)), YEARS, kit=kit, node=node, now=NOW)
    assert (OfficerRow.objects.count(), example.events()[-1]) == (2, Event.REFUSED)


def test_who_is_revoked_acts_no_more_and_what_was_signed_stays(node, two):
    third = enrol_third(node, two)
    do_revoke_officer(THIRD.pseudonym, why="the key was stolen", officer=two[1], node=node, now=LATER)
    assert (example.found(THIRD, LATER), example.found(THIRD, NOW)) == (None, third)
    [stolen] = [one for one in officer_keys() if one.officer == THIRD.pseudonym]
    assert (stolen.begins, stolen.revoked, stolen.public.hex()) == (NOW, LATER, THIRD.public)
    with pytest.raises(RefusedError):
        require(third, Permission.CASE_OPEN, sealer=node.log_sealer, now=LATER)
    with pytest.raises(RefusedError):
        acting_officer("third", None, sealer=node.log_sealer, now=LATER)
    with pytest.raises(UsageError, match="still counts"):
        do_revoke_officer(THIRD.pseudonym, why="again", officer=two[1], node=node, now=LATER)


def test_everybody_revokes_his_own_key_and_only_some_another_ones(node, two):
    third = enrol_third(node, two)
    with pytest.raises(RefusedError):
        do_revoke_officer(LEAD.pseudonym, why="no reason", officer=third, node=node, now=LATER)
    with pytest.raises(UsageError, match="without a reason"):
        do_revoke_officer(THIRD.pseudonym, why=" ", officer=third, node=node, now=LATER)
    assert example.found(THIRD, LATER) is not None
    do_revoke_officer(THIRD.pseudonym, why="lost", officer=third, node=node, now=LATER)
    assert example.found(THIRD, LATER) is None


def change(node, two, role, how):
    wanted = {"officer": THIRD.pseudonym, "role": role.value, "change": how}
    example.approved(node, Permission.ROLE_CHANGE, wanted, *two)
    do_change_role(THIRD.pseudonym, role, how, officer=two[0], node=node, now=NOW)


def test_roles_are_granted_and_withdrawn_by_two(node, two):
    enrol_third(node, two)
    with pytest.raises(NotApprovedError):
        do_change_role(THIRD.pseudonym, Role.AUDITOR, "grant", officer=two[0], node=node, now=NOW)
    change(node, two, Role.AUDITOR, "grant")
    assert example.found(THIRD).roles == {Role.INVESTIGATOR, Role.AUDITOR}
    with pytest.raises(UsageError, match="has the role"):
        change(node, two, Role.AUDITOR, "grant")
    change(node, two, Role.INVESTIGATOR, "withdraw")
    assert example.found(THIRD).roles == {Role.AUDITOR}
    with pytest.raises(UsageError, match="does not have"):
        change(node, two, Role.INVESTIGATOR, "withdraw")
    assert RoleGrant.objects.filter(officer__pseudonym=THIRD.pseudonym).count() == 2
    assert [one.roles for one in listed_officers(NOW)][2] == (Role.AUDITOR,)


def test_a_role_of_nobody_is_not_changed(node, two):
    with pytest.raises(UsageError, match="no officer"):
        change(node, two, Role.AUDITOR, "grant")


def test_a_case_is_for_its_members(node, two):
    third = enrol_third(node, two)
    with pytest.raises(RefusedError):
        require(third, Permission.CASE_WORK, case=7, sealer=node.log_sealer, now=NOW)
    do_add_case_member(7, THIRD.pseudonym, officer=two[1], node=node, now=NOW)
    require(third, Permission.CASE_WORK, case=7, sealer=node.log_sealer, now=NOW)
    with pytest.raises(UsageError, match="already"):
        do_add_case_member(7, THIRD.pseudonym, officer=two[1], node=node, now=NOW)
    do_remove_case_member(7, THIRD.pseudonym, officer=two[1], node=node, now=LATER)
    assert (case_members(7, NOW), case_members(7, LATER)) == ({THIRD.pseudonym}, frozenset())
    with pytest.raises(UsageError, match="no member"):
        do_remove_case_member(7, THIRD.pseudonym, officer=two[1], node=node, now=LATER)
    with pytest.raises(RefusedError):
        do_add_case_member(7, THIRD.pseudonym, officer=third, node=node, now=NOW)


def test_who_opens_a_case_is_its_first_member_once(node, two):
    example.opened(node, 8, two[1])
    assert case_members(8, NOW) == {SECOND.pseudonym}
    with pytest.raises(UsageError, match="open already"):
        do_open_membership(8, officer=two[0], node=node, now=NOW)


def test_the_founder_opens_cases_without_members(node):
    do_open_membership(8, officer=FOUNDER, node=node, now=NOW)
    assert case_members(8, NOW) == frozenset()


def test_who_acts_is_the_one_named_or_bound_to_the_os_user(node):
    sealer = node.log_sealer
    assert acting_officer("anybody", None, sealer=sealer, now=NOW) == FOUNDER
    lead, second = example.enrolled(node)
    assert acting_officer("alex", None, sealer=sealer, now=NOW) == lead
    assert acting_officer("alex", LEAD.pseudonym, sealer=sealer, now=NOW) == lead
    assert acting_officer("anybody", SECOND.pseudonym, sealer=sealer, now=NOW) == second
    for os_user, named in (("anybody", None), ("anybody", LEAD.pseudonym), ("alex", "officer-none")):
        with pytest.raises(RefusedError):
            acting_officer(os_user, named, sealer=sealer, now=NOW)
    assert example.events()[2:] == [Event.REFUSED] * 3


def test_the_founder_is_nobody_once_officers_are_enrolled(node, two):
    with pytest.raises(RefusedError):
        require(FOUNDER, Permission.LOG_VERIFY, sealer=node.log_sealer, now=NOW)


def test_forbidden_and_absent_are_one_answer_and_leave_a_trace_in_a_transaction_that_fails(node, two):
    example.opened(node, 8, two[1])
    before = len(example.events())
    sentences = []
    for case in (8, 404, None):
        with pytest.raises(RefusedError) as refused, transaction.atomic():
            require(two[0], Permission.CONTENT_VIEW, case=case, sealer=node.log_sealer, now=NOW)
        sentences.append((refused.value.message, refused.value.exit_code))
    assert len(set(sentences)) == 1
    assert "8" not in sentences[0][0]
    assert example.events()[before:] == [Event.REFUSED] * 3
    assert b'"case":404,"permission":"vault:content:view"' in example.said(node)[-2]


def test_an_officer_who_never_was_is_refused(node, two):
    nobody = Officer(404, "officer-none", frozenset(Role))
    with pytest.raises(RefusedError):
        require(nobody, Permission.LOG_VERIFY, sealer=node.log_sealer, now=NOW)


def test_nobody_lets_himself_into_a_case_that_has_or_had_members(node, two):
    example.opened(node, 8, two[0])
    for _ in range(2):
        with pytest.raises(UsageError, match="nobody lets himself in"):
            do_add_case_member(8, SECOND.pseudonym, officer=two[1], node=node, now=NOW)
        assert example.events()[-1] == Event.REFUSED
        if case_members(8, NOW) == {LEAD.pseudonym}:
            do_remove_case_member(8, LEAD.pseudonym, officer=two[1], node=node, now=NOW)
    assert (case_members(8, NOW), open_reviews()) == (frozenset(), [])
    do_add_case_member(8, SECOND.pseudonym, officer=two[0], node=node, now=NOW)
    assert case_members(8, NOW) == {SECOND.pseudonym}


def test_nobody_lets_himself_into_a_case_that_nobody_opened(node, two):
    for case in (8, 2**40):
        with pytest.raises(UsageError, match="never opened: nobody lets himself in"):
            do_add_case_member(case, SECOND.pseudonym, officer=two[1], node=node, now=NOW)
        assert example.events()[-1] == Event.REFUSED
    assert (CaseMember.objects.count(), open_reviews()) == (0, [])


def test_who_lets_himself_into_a_case_that_never_had_a_member_is_up_for_review(node, two):
    example.memberless(8)
    do_add_case_member(8, SECOND.pseudonym, officer=two[1], node=node, now=NOW)
    assert case_members(8, NOW) == {SECOND.pseudonym}
    [review] = open_reviews()
    assert (review.act, review.by) == ("access:case-member:join-alone", SECOND.pseudonym)
    assert example.events()[-2:] == [Event.JOINING_PUT_UP, Event.CASE_MEMBER_CHANGED]


def test_a_first_enrolment_that_waits_is_replaced_by_the_next_with_any_of_its_keys(node):
    lead = replace(LEAD, os_user="alex")
    wrong = example.person(8, Role.OUTSIDE_SECOND, name=None, agency="unit-beta.example")
    old = do_enrol_with_outside_second(lead, example.key(1), wrong, YEARS, node=node, now=NOW)
    anew = Interval(LATER, YEARS.ends)
    record = do_enrol_with_outside_second(lead, example.key(1), OUTSIDE, anew, node=node, now=LATER)
    assert [one.waits for one in listed_officers(LATER)] == [True, False, False]
    assert (example.found(wrong, LATER), example.found(wrong)) == (None, None)
    late = sign(example.key(8), SignedAs.ENROLMENT, old)
    with pytest.raises(BadOfficerSignatureError):
        do_countersign_enrolment(lead.pseudonym, late, node=node, now=LATER)
    good = sign(example.key(9), SignedAs.ENROLMENT, record)
    do_countersign_enrolment(lead.pseudonym, good, node=node, now=LATER)
    assert (is_enrolled(), example.found(lead, LATER).roles) == (True, {Role.NATIONAL_OFFICER})
    assert example.found(OUTSIDE, LATER).roles == {Role.OUTSIDE_SECOND}
    assert example.events().count(Event.OFFICER_KEY_REVOKED) == 2


def test_an_outside_key_serves_the_next_enrolment_and_an_own_officer_never_takes_it(node):
    do_enrol_with_outside_second(LEAD, example.key(1), OUTSIDE, YEARS, node=node, now=NOW)
    turned = (example.person(9, Role.NATIONAL_OFFICER), SECOND)
    with pytest.raises(UsageError, match="another's"):
        do_enrol_first_two(turned, (example.key(9), example.key(2)), YEARS, node=node, now=NOW)
    anew = example.person(5, Role.NATIONAL_OFFICER, os_user="alex")
    record = do_enrol_with_outside_second(anew, example.key(5), OUTSIDE, YEARS, node=node, now=NOW)
    with pytest.raises(UsageError, match="waits for a signature"):
        do_countersign_enrolment(LEAD.pseudonym, b"", node=node, now=NOW)
    do_countersign_enrolment(anew.pseudonym, sign(example.key(9), SignedAs.ENROLMENT, record), node=node, now=NOW)
    assert (is_enrolled(), example.found(anew).roles) == (True, {Role.NATIONAL_OFFICER})


def test_the_role_of_another_units_second_is_given_by_an_enrolment_alone(node, two):
    with pytest.raises(UsageError, match="by an enrolment"):
        do_change_role(SECOND.pseudonym, Role.OUTSIDE_SECOND, "grant", officer=two[0], node=node, now=NOW)
