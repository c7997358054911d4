"""Kept content comes up for review in the queue of who works on its case, and is kept on for a reason."""

import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from safelight.access.errors import RefusedError
from safelight.access.roles import Role
from safelight.access.rules import Officer
from safelight.casework.access import Acting
from safelight.casework.kept_reviews.actions import do_keep_on
from safelight.casework.kept_reviews.queries import kept_due
from safelight.casework.models import Kept
from safelight.cli import safelight_commands
from safelight.errors import UsageError
from safelight.log.queries import recorded_entries
from safelight.platform.clock import now
from safelight.platform.settings import read_settings
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from tests.integration.casework.conftest import NOW
from tests.integration.entrances import owner
from tests.nodes import UNLOCKED, acting_in, node_in, write_node

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = FORMATS["png-rgb"].write(picture(13, 1, (96, 64)))
DAY = timedelta(days=1)
OTHER = Officer(7, "officer-other", frozenset({Role.SUPERVISOR}))


def test_what_is_kept_comes_up_after_five_years_and_is_kept_on_or_refused(bench):
    bench.put("a.png", CONTENT)
    bench.check()
    acting = acting_in(bench.data)
    kept = Kept.objects.get()
    assert 5 * 365 * DAY <= kept.review - Kept.objects.get().case.opened <= 5 * 366 * DAY
    assert kept_due(kept.review, acting, now=NOW) == []
    [due] = kept_due(kept.review + DAY, acting, now=NOW)
    assert (due.number, due.at, due.case, due.sha256) == (kept.pk, kept.review, "Case", sha256(CONTENT).digest())
    other = Acting(node_in(bench.data), OTHER, OTHER.pseudonym)
    assert kept_due(kept.review + DAY, other, now=NOW) == []
    for number in (kept.pk, kept.pk + 1):
        with pytest.raises(RefusedError):
            do_keep_on(number, until=None, why="curious", acting=other, now=kept.review)
    do = acting, kept.review
    for number, until, why, said in (
        (kept.pk + 1, None, "a trial", "no kept content"),
        (kept.pk, kept.review, "a trial", "kept on until some time before"),
        (kept.pk, kept.review + 6 * 365 * DAY, "a trial", "kept on until some time before"),
        (kept.pk, None, " ", "without a reason"),
    ):
        with pytest.raises(UsageError, match=said):
            do_keep_on(number, until=until, why=why, acting=do[0], now=do[1])
    assert Kept.objects.get().review == kept.review
    do_keep_on(kept.pk, until=kept.review + DAY, why="the trial is still to come", acting=acting, now=kept.review)
    assert Kept.objects.get().review == kept.review + DAY
    assert do_keep_on(kept.pk, until=None, why="again", acting=acting, now=kept.review) > kept.review + 1000 * DAY
    said = [one for one in recorded_entries(acting.node.log_sealer) if one.event == "casework:content:kept-on"]
    assert [b"the trial is still to come" in one.record for one in said] == [True, False]


def test_it_is_typed(bench, embedded_database):
    bench.put("a.png", CONTENT)
    bench.check()
    data = embedded_database.data
    write_node(data)
    shutil.rmtree(data / "log", ignore_errors=True)  # an earlier test's, whose entries are gone
    Kept.objects.update(review=now() + DAY)
    number, url = str(Kept.objects.get().pk), embedded_database.database_url
    settings = read_settings(data=data, key_file=UNLOCKED["SAFELIGHT_KEY_FILE"], database_url=url)

    def run(*words):
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
            safelight_commands.main(list(words), standalone_mode=False, obj=settings)
        return [json.loads(line) for line in out.getvalue().splitlines()]

    due, _ = run("review")
    assert (due["kind"], due["name"]) == ("content", number)
    assert due["about"] == f"content kept for Case, SHA-256 {sha256(CONTENT).hexdigest()}"
    until = f"{now() + 90 * DAY:%Y-%m-%d}"
    [kept] = run("review", "keep", number, "--until", until, "--why", "the trial is still to come")
    assert kept == {"event": "kept", "number": int(number), "until": f"{until}T00:00:00+00:00"}
    assert [one["event"] for one in run("review")] == ["reviews"]


def test_what_was_kept_by_an_earlier_release_has_a_review_too(bench):
    bench.put("a.png", CONTENT)
    bench.check()
    with owner():
        for name in ("0004_less_to_look_up", "0005_kept_review"):
            MigrationExecutor(connection).migrate([("casework", name)])
    kept = Kept.objects.select_related("case").get()
    assert kept.review == kept.case.opened.replace(year=kept.case.opened.year + 5)
