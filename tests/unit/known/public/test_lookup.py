"""Where a key stands is found whatever the keys: drawn by lot, or piled up where no guess can know."""

import bisect

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.known.public.lookup import FAN, lower_bounds

WIDTH = 8
keys = st.lists(st.sampled_from([0, 1, 127, 128, 255]), min_size=WIDTH, max_size=WIDTH).map(bytes)
drawn = st.binary(min_size=WIDTH, max_size=WIDTH)


def as_array(values):
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, WIDTH)


def fan_of(rows):
    counts = np.bincount(rows[:, 0].astype(np.int64) << 8 | rows[:, 1], minlength=FAN)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


@settings(deadline=None, max_examples=200)
@given(
    st.sets(keys | drawn | drawn.map(lambda one: b"\0\0" + one[2:]), max_size=300), st.lists(keys | drawn, min_size=1)
)
def test_the_first_row_not_below_each_key(values, asked):
    ordered = sorted(values)
    rows = as_array(ordered)
    asked = [*asked, *ordered]
    found = lower_bounds(rows, fan_of(rows), as_array(asked))
    assert found.tolist() == [bisect.bisect_left(ordered, one) for one in asked]


def test_rows_piled_up_at_one_end_of_what_the_guess_spans():
    low = [b"\7\7\0\0\0\0" + number.to_bytes(2, "big") for number in range(5000)]
    high = [b"\7\7\xff\xff\xff\xff" + number.to_bytes(2, "big") for number in range(3)]
    ordered = low + high
    rows = as_array(ordered)
    asked = [*ordered, b"\7\7\x80\0\0\0\0\0", b"\7\7\xff\xff\xff\xff\xff\xff"]
    found = lower_bounds(rows, fan_of(rows), as_array(asked))
    assert found.tolist() == [bisect.bisect_left(ordered, one) for one in asked]
