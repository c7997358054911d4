"""The roles, as sets of permissions. `docs/access.md` has them as a table, which a test compares.

Rules kept here:
- who runs the machine sees no content and gets no search answers; nor does who checks, nor another unit's second;
- an outside controller verifies the log's tree and reads nothing in it;
- somebody with two roles may what either allows.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from safelight.access.permissions import Permission


class Role(StrEnum):
    """Who somebody is on this node; closed vocabulary."""

    INVESTIGATOR = "investigator"
    SUPERVISOR = "supervisor"
    NATIONAL_OFFICER = "national-officer"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    OUTSIDE_CONTROLLER = "outside-controller"
    OUTSIDE_SECOND = "outside-second"


_INVESTIGATOR = frozenset(
    {
        Permission.ACT_REQUEST,
        Permission.ASSERTION_MAKE,
        Permission.ASSERTION_MAKE_BY_TWO,
        Permission.BASE_SEARCH,
        Permission.CASE_OPEN,
        Permission.CASE_REPORT,
        Permission.CASE_WORK,
        Permission.CONTENT_KEEP,
        Permission.CONTENT_VIEW,
        Permission.HOLD_PLACE,
    }
)
_SUPERVISOR = _INVESTIGATOR | {
    Permission.ACT_APPROVE,
    Permission.BREAK_GLASS_REVIEW,
    Permission.CASE_MEMBER_CHANGE,
    Permission.CASE_REPORT_PICTURES,
    Permission.CONTENT_ERASE,
    Permission.CONTENT_EXPORT,
    Permission.CONTENT_READMIT,
    Permission.HANDLING_WIDEN,
    Permission.HOLD_LIFT,
    Permission.LIST_IMPORT,
    Permission.LIST_REMOVE,
    Permission.LOG_VERIFY,
    Permission.OFFICER_READ,
    Permission.OFFICER_REVOKE,
}
_STAFF = frozenset(
    {
        Permission.BACKUP_TAKE,
        Permission.OFFICER_ENROL,
        Permission.OFFICER_READ,
        Permission.OFFICER_REVOKE,
        Permission.ROLE_CHANGE,
        Permission.KEY_ROTATE,
        Permission.KIT_MAKE,
        Permission.LOG_VERIFY,
    }
)

PERMISSIONS_OF: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.INVESTIGATOR: _INVESTIGATOR,
        Role.SUPERVISOR: _SUPERVISOR,
        Role.NATIONAL_OFFICER: _SUPERVISOR | _STAFF,
        Role.ADMINISTRATOR: _STAFF | {Permission.ACT_REQUEST},
        Role.AUDITOR: frozenset(
            {Permission.BREAK_GLASS_REVIEW, Permission.LOG_READ, Permission.LOG_VERIFY, Permission.OFFICER_READ}
        ),
        Role.OUTSIDE_CONTROLLER: frozenset({Permission.LOG_VERIFY}),
        Role.OUTSIDE_SECOND: frozenset({Permission.ACT_APPROVE, Permission.BREAK_GLASS_REVIEW}),
    }
)


def allowed(roles: Collection[Role]) -> frozenset[Permission]:
    """All that somebody with these roles may."""
    return frozenset(permission for role in roles for permission in PERMISSIONS_OF[role])
