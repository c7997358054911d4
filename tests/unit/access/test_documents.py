"""docs/access.md says what the code allows."""

import re
from itertools import dropwhile, takewhile
from pathlib import Path

from safelight.access.permissions import BY_CASE, FOUR_EYES, Permission
from safelight.access.roles import PERMISSIONS_OF, Role

TEXT = (Path(__file__).parents[3] / "docs" / "access.md").read_text(encoding="utf-8")


def rows(heading):
    """The rows of the first table under a heading, as cells."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    after = dropwhile(lambda line: not line.startswith("|"), section.splitlines())
    lines = list(takewhile(lambda line: line.startswith("|"), after))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_of_roles_is_the_code():
    head, _, *body = rows("Roles")
    assert head[1:] == [role.value for role in Role]
    said = {cells[0]: {role for role, cell in zip(Role, cells[1:], strict=True) if cell == "yes"} for cells in body}
    marks = {one: (" ¹" if one in BY_CASE else "") + (" ²" if one in FOUR_EYES else "") for one in Permission}
    assert said == {
        f"`{one.value}`{marks[one]}": {role for role in Role if one in PERMISSIONS_OF[role]} for one in Permission
    }


def test_the_table_of_acts_is_the_code():
    _, _, *body = rows("Four eyes")
    said = {re.findall("`(.*?)`", cells[0])[0]: set(re.findall("`(.*?)`", cells[1])) for cells in body}
    assert said == {act.value: set(names) for act, names in FOUR_EYES.items()}
