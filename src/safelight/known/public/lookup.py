"""The inner loop of asking: where a key stands, or would stand, among sorted rows."""

import numpy as np
from numba import int64, uint8
from numpy.typing import NDArray

from safelight.known.public.kinds import Rows
from safelight.media.compiled import array, kernel

FAN = 1 << 16
"""Values of a row's first two bytes: the fan-out says where the rows of each begin."""


@kernel(array(int64, 1, writable=True)(array(uint8, 2), array(int64, 1), array(uint8, 2)))
def lower_bounds(rows: Rows, fan: NDArray[np.int64], keys: Rows) -> NDArray[np.int64]:
    """Of each key the first row that is not below it.

    Args:
        rows: n x width bytes, sorted.
        fan: 65,537 numbers of rows: where the rows begin whose first two bytes are this value; ends with n.
        keys: m x width bytes.

    Returns:
        m numbers of rows, 0 to n.
    """
    width = rows.shape[1]
    found = np.empty(len(keys), np.int64)
    for number in range(len(keys)):
        first = int64(keys[number, 0]) << 8 | int64(keys[number, 1])
        low, high = fan[first], fan[first + 1]
        while low < high:
            middle = (low + high) >> 1
            at = 2
            while at < width and rows[middle, at] == keys[number, at]:
                at += 1
            if at < width and rows[middle, at] < keys[number, at]:
                low = middle + 1
            else:
                high = middle
        found[number] = low
    return found
