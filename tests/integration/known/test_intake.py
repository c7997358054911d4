"""Batches make no difference to what an import does, and what it asks of the tables stays one look-up a statement."""

import re

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.known import intake
from safelight.known.models import KnownEntry, KnownSource
from safelight.platform.copying import analyse
from tests.integration.entrances import owner
from tests.nodes import VAULT, words_of

pytestmark = pytest.mark.django_db

FILES = st.lists(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from("ab")), min_size=1, max_size=12), min_size=1, max_size=4
)


def model(files):
    """The statements that stand after files of (content, series) were imported one after another."""
    standing: set[tuple[int, str]] = set()
    counts = []
    for rows in files:
        new = set(rows) - standing
        gone = {(content, series) for content, series in standing - set(rows) if content in {c for c, _ in new}}
        standing = (standing - gone) | new
        counts.append((len(rows), len(new), len(rows) - len(new), len(gone)))
    return standing, counts


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES)
def test_imports_in_small_batches_equal_the_model(bring, monkeypatch, files):
    monkeypatch.setattr(intake, "BATCH_ROWS", 3)
    monkeypatch.setattr("safelight.known.formats.reader.BATCH_ROWS", 2)
    with owner():  # no worker empties the base
        VAULT.signatures.remove(KnownEntry.objects.values_list("signature", flat=True))
        KnownEntry.objects.all().delete()
    KnownSource.objects.all().update(removed_at="2026-01-01T00:00:00Z")
    standing, expected = model(files)
    counts = []
    for rows in files:
        text = "md5,series\n" + "".join(f"{content:032x},Series {series}\n" for content, series in rows)
        found = bring(text).counts
        counts.append((found.read, found.new, found.repeated, found.superseded))
    assert counts == expected
    current = KnownEntry.objects.filter(superseded_at__isnull=True)
    contents = {VAULT.index("known_entry content").of(b"m" + number.to_bytes(16, "big")): number for number in range(6)}
    said = zip(current, words_of(current), strict=True)
    assert {(contents[bytes(entry.content)], words.series[-1]) for entry, words in said} == standing
    assert current.count() == len(standing)


def plan_of_looking_up(source):
    asked = {"prints": bytes(16), "last": 4999, "source": source.pk, "edition": 0}
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS known_repeated")
        cursor.execute(intake._REPEATED)
        cursor.execute(intake._BY_INDEX)
        cursor.execute(f"EXPLAIN {intake._MADE_BEFORE}", asked)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute(intake._AS_USUAL)
    return plan


def assert_one_look_up_a_statement(plan):
    """Source and fingerprint both lead through the index; nothing is gone through and filtered."""
    assert "known_entry_statement" in plan
    assert re.search(r"Index Cond: \(\(source_id = \S+\) AND \(fingerprint = ", plan)
    assert not [
        name for name in ("Seq Scan on known_entry", "known_entry_content", "known_entry_signature") if name in plan
    ]


class KilledError(Exception):
    """Stands for the end of a process in the middle of its transaction."""


def test_statements_are_looked_up_by_their_own_index(bring, monkeypatch):
    """Rows that the open transaction has written are unknown to the planner: it must have no other way."""
    monkeypatch.setattr(intake, "_ANALYSE_FROM", 10**9)
    bring("md5\n" + "".join(f"{number:032x}\n" for number in range(1, 5500)))
    source = KnownSource.objects.get()
    for tables in ((), ("known_entry",)):
        analyse(*tables)
        assert_one_look_up_a_statement(plan_of_looking_up(source))


def test_they_are_also_after_an_import_that_was_killed(bring, monkeypatch):
    """Its rows are dead and fill the table: whoever counts finds thousands of pages and not one row on them."""

    def die(*_):
        raise KilledError

    listed = "md5\n" + "".join(f"{number:032x}\n" for number in range(1, 5500))
    with monkeypatch.context() as dying:
        dying.setattr(intake.Intake, "finish", die)
        with pytest.raises(KilledError):
            bring(listed)
    analyse("known_entry")
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples, relpages > 50 FROM pg_class WHERE relname = 'known_entry'")
        assert cursor.fetchall() == [(0, True)]
    with monkeypatch.context() as plain:
        plain.setattr(intake, "_ANALYSE_FROM", 10**9)
        assert bring(listed).counts.new == 5499
    assert_one_look_up_a_statement(plan_of_looking_up(KnownSource.objects.get()))
