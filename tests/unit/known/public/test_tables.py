"""A file of digests is what was written, or it is named."""

import random

import numpy as np
import pytest

from safelight.known.public.kinds import KINDS
from safelight.known.public.lookup import FAN
from safelight.known.public.sorting import sorted_once
from safelight.known.public.tables import PROVED_ROWS, DamagedTableError, Table, write_table

KIND = KINDS["sha256"]


def some_rows(count, seed=1):
    return sorted_once(np.frombuffer(random.Random(seed).randbytes(count * 32), np.uint8).reshape(-1, 32))


@pytest.fixture
def written(tmp_path):
    rows = some_rows(3 * PROVED_ROWS + 5)
    path = tmp_path / "sets" / "one" / "sha256"
    path.parent.mkdir(parents=True)
    pieces = [rows[at : at + 700] for at in range(0, len(rows), 700)]
    return path, rows, write_table(path, KIND, pieces)


def test_every_row_is_found_where_it_stands_and_neighbours_before_or_behind(written):
    path, rows, seal = written
    table = Table.open(path, KIND, seal)
    assert seal.rows == seal.strongest == len(rows)
    assert (table.first_not_below(rows) == np.arange(len(rows))).all()
    strangers = some_rows(2000, seed=2)
    values = [row.tobytes() for row in rows]
    expected = [sum(value < key.tobytes() for value in values) for key in strangers[:50]]
    assert table.first_not_below(strangers[:50]).tolist() == expected
    ends = np.array([[0] * 32, [255] * 32], np.uint8)
    assert table.first_not_below(ends).tolist() == [0, len(rows)]
    assert np.concatenate(list(table.pieces())).tobytes() == rows.tobytes()
    table.check()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_file_without_rows(tmp_path, kind):
    seal = write_table(tmp_path / kind.name, kind, [])
    table = Table.open(tmp_path / kind.name, kind, seal)
    assert table.first_not_below(np.zeros((1, kind.width), np.uint8)).tolist() == [0]
    table.check()


def test_a_missing_file_is_named_with_what_to_do(written):
    path, _rows, seal = written
    path.unlink()
    with pytest.raises(DamagedTableError, match=f"{path} cannot be read .*import its list again"):
        Table.open(path, KIND, seal)


@pytest.mark.parametrize("change", [-1, 1])
def test_another_length_is_named(written, change):
    path, _rows, seal = written
    content = path.read_bytes()
    path.write_bytes(content[:change] if change < 0 else content + b"\0")
    with pytest.raises(DamagedTableError, match="another length"):
        Table.open(path, KIND, seal)


def altered(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_an_altered_index_does_not_open(written):
    path, rows, seal = written
    altered(path, rows.size + FAN)
    with pytest.raises(DamagedTableError, match="was altered"):
        Table.open(path, KIND, seal)


def test_an_altered_row_never_answers_and_a_check_names_it(written):
    path, rows, seal = written
    altered(path, (PROVED_ROWS + 3) * 32 + 31)
    table = Table.open(path, KIND, seal)
    assert table.proved(np.array([0, 2 * PROVED_ROWS])).tobytes() == rows[[0, 2 * PROVED_ROWS]].tobytes()
    for asked in (lambda: table.proved(np.array([PROVED_ROWS])), table.check, lambda: list(table.pieces())):
        with pytest.raises(DamagedTableError, match=f"was altered near row {PROVED_ROWS}:"):
            asked()


def test_a_file_is_never_written_over(written):
    path, rows, _seal = written
    with pytest.raises(FileExistsError):
        write_table(path, KIND, [rows])
