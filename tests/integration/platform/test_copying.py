"""Rows that go into tables by the column come out as they went in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.platform.copying import write_columns
from safelight.platform.reading import binary_rows

_WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int2": st.integers(-(2**15), 2**15 - 1),
    "int4": st.integers(-(2**31), 2**31 - 1),
    "int8": st.integers(-(2**63), 2**63 - 1),
    "float8": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "bytea": st.binary(max_size=40),
    "text": _WORDS,
    "varchar": _WORDS,
    "timestamptz": st.integers(0, 2**52).map(
        lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    ),
}


def _through(types: list[str], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    columns = [f"c{number}" for number in range(len(types))]
    with transaction.atomic():
        with connection.cursor() as cursor:
            said = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types, strict=True))
            cursor.execute(f"CREATE TEMPORARY TABLE copied ({said}) ON COMMIT DROP")
        write_columns("copied", columns, types, [list(column) for column in zip(*rows, strict=True)])
        return binary_rows("SELECT * FROM copied")


@pytest.mark.django_db(transaction=True)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_values_of_every_type_come_back_as_they_were_written(data: st.DataObject) -> None:
    types = data.draw(st.lists(st.sampled_from(sorted(_VALUES)), min_size=1, max_size=5))
    row = st.tuples(*(st.none() | _VALUES[kind] for kind in types))
    rows = data.draw(st.lists(row, min_size=1, max_size=6) | st.just([(None,) * len(types)]))
    assert _through(types, rows) == rows


@pytest.mark.django_db(transaction=True)
def test_columns_without_values_write_nothing() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE empty_copied (a bytea, b text) ON COMMIT DROP")
        write_columns("empty_copied", ["a", "b"], ["bytea", "text"], [[], []])
        assert binary_rows("SELECT * FROM empty_copied") == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [1, 3])
def test_columns_that_say_the_same_in_every_row_come_back_in_every_row(count: int) -> None:
    row = (1, 2, None, "word", b"\0bytes", True, 0.5, datetime(2026, 3, 14, tzinfo=UTC), {"said": [1]})
    types = ["int8", "int2", "text", "text", "bytea", "bool", "float8", "timestamptz", "jsonb"]
    written = (*row[:-1], '{"said": [1]}')
    columns = [f"c{number}" for number in range(len(types))]
    with transaction.atomic():
        with connection.cursor() as cursor:
            said = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types, strict=True))
            cursor.execute(f"CREATE TEMPORARY TABLE alike ({said}) ON COMMIT DROP")
        write_columns("alike", columns, types, [[value] * count for value in written])
        assert binary_rows("SELECT * FROM alike") == [row] * count
