"""Who may do what: the one decision that everything asks.

Rules kept here:
- a role allows, nothing else does; need-to-know is by case: where one is named, its members only, whatever their role;
- a permission that belongs to cases is refused where none is named;
- where nobody is enrolled yet, the node's founder acts as "unenrolled", and may do everything;
- the first two officers are such that one of them can change roles and the other approve it: else nobody ever could.
"""

from collections.abc import Collection
from dataclasses import dataclass

from safelight.access.permissions import BY_CASE, Permission
from safelight.access.roles import Role, allowed
from safelight.errors import UsageError

UNENROLLED = "unenrolled"


@dataclass(frozen=True)
class Officer:
    """Somebody who acts: the pseudonym under which the log knows him, and his roles at this moment.

    `row` is None for the founder of a node on which nobody is enrolled.
    """

    row: int | None
    pseudonym: str
    roles: frozenset[Role]


FOUNDER = Officer(None, UNENROLLED, frozenset())


def may(
    officer: Officer, permission: Permission, *, case: int | None = None, members: Collection[str] = frozenset()
) -> bool:
    """Whether an officer may, now; `members` are the pseudonyms of those who work on the case."""
    if officer.row is None:
        return True
    if permission not in allowed(officer.roles):
        return False
    return officer.pseudonym in members if case is not None else permission not in BY_CASE


def check_first_two(one: Collection[Role], other: Collection[Role]) -> None:
    """Refuse a first pair of officers that could never bring in a third.

    Raises:
        UsageError: neither may change roles while the other approves.
    """
    for asks, approves in ((one, other), (other, one)):
        if Permission.ROLE_CHANGE in allowed(asks) and Permission.ACT_APPROVE in allowed(approves):
            return
    raise UsageError(
        "These two could never grant a role together: make one national officer or administrator, and the other "
        "supervisor or national officer."
    )
