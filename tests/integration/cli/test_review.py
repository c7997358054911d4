"""`safelight review` is a queue: what says that a child may be at risk now goes before everything else."""

import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta

import pytest

from safelight.assertions.actions import do_make_as_node
from safelight.cli import safelight_commands
from safelight.platform.clock import now
from safelight.platform.settings import read_settings
from safelight.vault.models import Hold
from tests.nodes import NODE, UNLOCKED, write_node
from tests.unit.assertions.example import statement

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def test_urgent_goes_before_all_that_is_due_earlier(embedded_database):
    data, today = embedded_database.data, now()
    write_node(data)
    shutil.rmtree(data / "log", ignore_errors=True)  # an earlier test's, whose entries are gone
    made = today.replace(microsecond=0) - DAY
    said = {"agency": NODE.name, "made": made}
    for one in (
        statement("note", 1, says={"text": "made up"}, review=made + 5 * DAY, **said),
        statement("urgent", 2, says={"why": "a new picture", "contact": "desk"}, review=made + 20 * DAY, **said),
    ):
        do_make_as_node(one, NODE, acting_user="officer-7", now=today)
    number = "00000000-0000-0000-0000-000000000001"
    Hold.objects.create(id=number, content_index=bytes(16), owner=NODE.name, since=made - 363 * DAY, reason=b"")
    url = embedded_database.database_url
    settings = read_settings(data=data, key_file=UNLOCKED["SAFELIGHT_KEY_FILE"], database_url=url)
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
        safelight_commands.main(["review"], standalone_mode=False, obj=settings)
    *due, _ = map(json.loads, out.getvalue().splitlines())
    assert [(one["kind"], one["about"]) for one in due] == [
        ("statement", "urgent"),
        ("hold", f"legal hold of {NODE.name}, since {made - 363 * DAY:%Y-%m-%d}"),
        ("statement", "note"),
    ]
