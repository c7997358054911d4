"""The second wall around the work on one case: a query without its case filter shows a member of two only the named one.

The first wall is gone round by putting such queries in the place of what the commands do.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safelight.casework.access import Acting
from safelight.casework.check import actions as checking
from safelight.casework.check.actions import Surroundings, do_check
from safelight.casework.check.options import CheckOptions
from safelight.casework.check.progress import Unwatched
from safelight.casework.models import Case
from safelight.casework.report import actions as reporting
from safelight.casework.report.actions import do_report_case
from safelight.evidence.models import Exhibit
from tests.integration.casework.conftest import NOW
from tests.nodes import acting_in

pytestmark = pytest.mark.django_db(transaction=True)


class Seen(Exception):  # noqa: N818 - no error
    """Ends a command with what it was shown of all cases and exhibits."""


def look(*_: Any, **__: Any) -> None:
    shown = Exhibit.objects.order_by("id").values_list("case", flat=True)
    raise Seen(sorted(Case.objects.values_list("name", flat=True)), list(shown))


@pytest.fixture
def founder(tmp_path: Path) -> Acting:
    """Who is a member of every case."""
    for name in ("Series Harbour", "Series Meadow"):
        Case.objects.create(name=name, opened=NOW)
        Exhibit.objects.create(case=name, name="exhibit 1", opened=NOW)
    return acting_in(tmp_path)


def shown_by(command: Callable[[], object]) -> tuple[Any, ...]:
    with pytest.raises(Seen) as seen:
        command()
    return seen.value.args


def test_outside_of_a_command_both_cases_are_shown(founder: Acting) -> None:
    assert shown_by(look) == (["Series Harbour", "Series Meadow"],) * 2


def test_a_check_is_shown_its_own_case_only(founder: Acting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checking, "_run", look)
    options = CheckOptions((os.fsencode(tmp_path),), "Series Harbour", "exhibit 1")
    around = Surroundings(founder, tmp_path, lambda: NOW, Unwatched())
    assert shown_by(lambda: do_check(options, around)) == (["Series Harbour"],) * 2


def test_a_report_is_shown_its_own_case_only(founder: Acting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reporting, "gather", look)
    out = tmp_path.with_name("reports")
    acted = lambda: do_report_case("Series Meadow", "json", out, acting=founder, now=NOW)  # noqa: E731
    assert shown_by(acted) == (["Series Meadow"],) * 2
