"""Who may do what: roles, need-to-know, and the first two."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.access.permissions import BY_CASE, CONTENT_OR_ANSWERS, FOUR_EYES, Permission
from safelight.access.roles import PERMISSIONS_OF, Role, allowed
from safelight.access.rules import FOUNDER, Officer, check_first_two, may
from safelight.errors import UsageError

roles = st.frozensets(st.sampled_from(Role))
permissions = st.sampled_from(Permission)
cases = st.none() | st.integers(0, 3)


@given(roles, permissions, cases, st.frozensets(st.sampled_from(["officer-1", "officer-2"])))
def test_only_a_role_allows_and_a_case_is_for_its_members(held, permission, case, members):
    expected = any(permission in PERMISSIONS_OF[role] for role in held) and (
        ("officer-1" in members) if case is not None else (permission not in BY_CASE)
    )
    assert may(Officer(1, "officer-1", held), permission, case=case, members=members) == expected


@given(permissions, cases)
def test_without_an_officer_the_founder_does_everything(permission, case):
    assert may(FOUNDER, permission, case=case)


@pytest.mark.parametrize(
    "role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.OUTSIDE_CONTROLLER, Role.OUTSIDE_SECOND], ids=str
)
def test_who_runs_or_checks_the_node_sees_no_content_and_gets_no_answers(role):
    assert allowed({role}) & CONTENT_OR_ANSWERS == set()


def test_a_controller_verifies_and_does_nothing_else():
    assert allowed({Role.OUTSIDE_CONTROLLER}) == {Permission.LOG_VERIFY}


def test_every_role_has_permissions_and_every_permission_a_role():
    assert set(PERMISSIONS_OF) == set(Role)
    assert allowed(Role) == set(Permission)


@pytest.mark.parametrize("permission", Permission)
def test_permissions_keep_their_grammar(permission):
    assert re.fullmatch(r"[a-z]+(:[a-z]+(-[a-z]+)*){2}", permission.value)


def test_what_needs_four_eyes_can_be_asked_for_and_approved_by_two_roles():
    for act in FOUR_EYES:
        assert any({act, Permission.ACT_REQUEST} <= allowed({role}) for role in Role), act


@pytest.mark.parametrize(
    ("one", "other", "good"),
    [
        (Role.NATIONAL_OFFICER, Role.SUPERVISOR, True),
        (Role.SUPERVISOR, Role.ADMINISTRATOR, True),
        (Role.NATIONAL_OFFICER, Role.OUTSIDE_SECOND, True),
        (Role.SUPERVISOR, Role.SUPERVISOR, False),
        (Role.ADMINISTRATOR, Role.ADMINISTRATOR, False),
        (Role.NATIONAL_OFFICER, Role.INVESTIGATOR, False),
    ],
)
def test_the_first_two_can_bring_in_a_third(one, other, good):
    if good:
        check_first_two([one], [other])
    else:
        with pytest.raises(UsageError, match="never grant a role"):
            check_first_two([one], [other])
