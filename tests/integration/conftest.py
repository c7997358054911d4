"""Integration tests import models at the top of their modules: Django is set up before they are collected.

They work behind the second wall, as a command does: as the role of workers, whom the founder acts as. A test that needs
the owner of the database says so by the mark `as_owner`, and why.
"""

from collections.abc import Iterator

import pytest

from safelight.platform.database import set_up_django
from safelight.platform.walls import NOBODY_ENROLLED, acting

set_up_django()


@pytest.fixture(autouse=True)
def behind_the_walls(request: pytest.FixtureRequest) -> Iterator[None]:
    """Work as a worker, as whom the founder acts, until pytest-django puts the tables back as they were."""
    from tests.integration.entrances import working  # noqa: PLC0415 - it needs Django set up

    if not request.node.get_closest_marker("django_db") or request.node.get_closest_marker("as_owner"):
        yield
        return
    request.getfixturevalue("db")  # pytest-django's own comes first, and goes last
    with working(), acting(NOBODY_ENROLLED):
        yield
