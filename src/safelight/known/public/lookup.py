"""The inner loops of asking: where a key stands, or would stand, among sorted rows; and which row of a digest answers.

Digests are as good as drawn by lot: where a key stands can be guessed from its bytes, a few rows from the truth.
Where a list is not of this kind the guess is bad, and steps that double find the place all the same.
"""

from typing import Any

import numpy as np
from numba import int64, uint8, uint64
from numpy.typing import NDArray

from safelight.known.public.kinds import NO_SIZE, TAIL_BYTES, Rows
from safelight.media.compiled import array, kernel, part

FAN = 1 << 16
"""Values of a row's first two bytes: the fan-out says where the rows of each begin."""
_GUESSED = 6
_FIRST_STEP = 4
_FLAGS_AT = 62


@part
def _below(rows: Any, row: Any, keys: Any, number: Any) -> Any:
    """Whether a row is below a key that has the same first two bytes."""
    width = rows.shape[1]
    at = 2
    while at < width and rows[row, at] == keys[number, at]:
        at += 1
    return at < width and rows[row, at] < keys[number, at]


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
    found = np.empty(len(keys), np.int64)
    for number in range(len(keys)):
        first = int64(keys[number, 0]) << 8 | int64(keys[number, 1])
        low, high = fan[first], fan[first + 1]
        if low < high:
            share = int64(0)
            for at in range(2, _GUESSED):
                share = share << 8 | int64(keys[number, at])
            guess, step = low + ((high - low) * share >> 32), int64(_FIRST_STEP)
            if _below(rows, guess, keys, number):
                low = guess + 1
                while low + step < high and _below(rows, low + step, keys, number):
                    low += step + 1
                    step *= 2
                high = min(high, low + step)
            else:
                high = guess
                while high - step > low and not _below(rows, high - step, keys, number):
                    high -= step
                    step *= 2
                low = max(low, high - step)
        while low < high:
            middle = (low + high) >> 1
            if _below(rows, middle, keys, number):
                low = middle + 1
            else:
                high = middle
        found[number] = low
    return found


@part
def _same(rows: Any, row: Any, digests: Any, number: Any) -> Any:
    """Whether a row holds a digest."""
    width, at = digests.shape[1], 0
    while at < width and rows[row, at] == digests[number, at]:
        at += 1
    return at == width


@part
def _agreement(rows: Any, row: Any, digest: Any, wanted: Any, stronger: Any) -> Any:
    """How a row of the digest agrees with a size: 2, 1, 0, or -1 where a stronger digest of both differs."""
    tail, none = uint64(0), uint64(NO_SIZE)
    for at in range(digest, digest + TAIL_BYTES):
        tail = tail << uint64(8) | uint64(rows[row, at])
    size = tail & none
    if (tail & stronger) >> uint64(_FLAGS_AT) != uint64(0):
        return -1
    if size == wanted:
        return 1 if size == none else 2
    return 0 if max(size, wanted) < none else 1


@kernel(
    array(int64, 2, writable=True)(
        array(uint8, 2), array(int64, 1), array(uint8, 2), array(uint64, 1), array(uint64, 1)
    )
)
def best_rows(
    rows: Rows, firsts: NDArray[np.int64], digests: Rows, sizes: NDArray[np.uint64], stronger: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Of each digest the row that answers best, and how: 2 the size agrees, 1 a side tells none, 0 it differs.

    Args:
        rows: n x width bytes, sorted; behind each digest what `kinds` puts there.
        firsts: m numbers: the first row that is not below each digest.
        digests: m x bytes of a digest.
        sizes: m sizes, `NO_SIZE` where there is none.
        stronger: m flags of the stronger digests that a content has: a row of a list that has one of them too is none.

    Returns:
        m x 2: the row and how it agrees; -1 where no row does.
    """
    found = np.full((len(firsts), 2), -1, np.int64)
    for number in range(len(firsts)):
        row = firsts[number]
        while row < len(rows) and found[number, 1] < 2 and _same(rows, row, digests, number):
            how = _agreement(rows, row, digests.shape[1], sizes[number], stronger[number])
            if how > found[number, 1]:
                found[number, 0], found[number, 1] = row, how
            row += 1
    return found
