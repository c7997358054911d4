"""Rows out of the database as arrays, however they are cut into pieces on the way."""

import numpy as np
import pytest

from safelight.platform import copying
from safelight.platform.copying import as_numbers, copy_out

pytestmark = pytest.mark.django_db

ROWS = "SELECT i::bigint, substring(sha256(i::text::bytea) FOR 5) FROM generate_series(-2, %s) AS i ORDER BY i"


@pytest.mark.parametrize(("last", "piece"), [(-3, 1), (-2, 1), (500, 1), (500, 1000), (20_000, 4 << 20)])
def test_columns_come_out_whole_and_in_order(monkeypatch, last, piece):
    monkeypatch.setattr(copying, "_OUT_BYTES", piece)
    numbers = [np.empty(0, np.int64)]
    contents = [np.empty((0, 5), np.uint8)]
    for number, content in copy_out(ROWS, [last], [8, 5]):
        numbers.append(as_numbers(number))
        contents.append(content)
    assert np.concatenate(numbers).tolist() == list(range(-2, last + 1))
    assert np.concatenate(contents).shape == (last + 3, 5)


@pytest.mark.parametrize("second", ["NULL::bytea", "'\\x0102'::bytea"])
def test_what_is_not_as_long_as_was_said_is_refused(second):
    with pytest.raises(ValueError, match="another length"):
        list(copy_out(f"SELECT 1::bigint, {second}, 'abcdefgh'::bytea", [], [8, 5, 5]))
