"""Batches make no difference to what an import does, and what it asks of the tables stays one look-up a statement."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.known import intake
from safelight.known.models import KnownEntry, KnownSource
from safelight.vault import signatures as vault
from safelight.vault.signatures import Realm

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
    KnownEntry.objects.all().delete()
    KnownSource.objects.all().update(removed_at="2026-01-01T00:00:00Z")
    vault.remove([code.signature for code in vault.codes(Realm.KNOWN)])
    standing, expected = model(files)
    counts = []
    for rows in files:
        text = "md5,series\n" + "".join(f"{content:032x},Series {series}\n" for content, series in rows)
        found = bring(text).counts
        counts.append((found.read, found.new, found.repeated, found.superseded))
    assert counts == expected
    current = KnownEntry.objects.filter(superseded_at__isnull=True)
    assert {(entry.content[-1], entry.series[-1]) for entry in current} == standing
    assert current.count() == len(standing)


def test_statements_are_looked_up_by_their_own_index(bring, monkeypatch):
    """Rows that the open transaction has written are unknown to the planner: it must have no other way."""
    monkeypatch.setattr(intake, "_ANALYSE_FROM", 10**9)
    bring("md5\n" + "".join(f"{number:032x}\n" for number in range(1, 5500)))
    source = KnownSource.objects.get()
    asked = {"prints": bytes(16 * 5000), "last": 4999, "source": source.pk, "edition": 0}
    for figures in ("SELECT", "ANALYZE known_entry"):
        with connection.cursor() as cursor:
            cursor.execute(figures)
            cursor.execute("DROP TABLE IF EXISTS known_repeated")
            cursor.execute(intake._REPEATED)
            cursor.execute(intake._BY_INDEX)
            cursor.execute(f"EXPLAIN {intake._MADE_BEFORE}", asked)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            cursor.execute(intake._AS_USUAL)
        assert "known_entry_statement" in plan
        assert not [
            name for name in ("Seq Scan on known_entry", "known_entry_content", "known_entry_signature") if name in plan
        ]
