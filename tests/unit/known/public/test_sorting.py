"""Sorting on the disk gives what Python's set and sort give, whatever the rows and however few fit into memory."""

import itertools
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.known.public.sorting import Sorter, sorted_once

WIDTH = 4
rows = st.lists(st.lists(st.sampled_from([0, 1, 2, 254, 255]), min_size=WIDTH, max_size=WIDTH).map(bytes), max_size=60)


def as_array(values: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, WIDTH)


def as_values(pieces) -> list[bytes]:
    return [row.tobytes() for piece in pieces for row in piece]


@given(rows)
def test_sorted_once(values):
    assert as_values([sorted_once(as_array(values))]) == sorted(set(values))


@settings(deadline=None, max_examples=60)
@given(st.lists(rows, max_size=6), rows, st.integers(1, 30), st.integers(1, 30))
def test_runs_are_merged_with_what_was_sorted_before(batches, before, run_rows, merge_rows):
    with tempfile.TemporaryDirectory() as folder:
        sorter = Sorter(Path(folder), "sha1", WIDTH, run_rows=run_rows, merge_rows=merge_rows)
        for batch in batches:
            sorter.add(as_array(batch))
        pieces = list(sorter.merged([as_array(sorted(set(before)))]))
    assert as_values(pieces) == sorted({*before, *itertools.chain(*batches)})


def test_no_piece_is_larger_than_was_asked_for_whatever_the_keys(tmp_path):
    source = np.random.default_rng(3)
    values = np.zeros((5000, 8), np.uint8)
    values[:, 5:] = source.integers(0, 256, (5000, 3))  # all alike in their first bytes
    sorter = Sorter(tmp_path, "md5", 8, run_rows=700, merge_rows=300)
    for at in range(0, 5000, 500):
        sorter.add(values[at : at + 500])
    sizes = [len(piece) for piece in sorter.merged()]
    assert max(sizes) <= 300
    assert sum(sizes) == len(np.unique(values, axis=0))
