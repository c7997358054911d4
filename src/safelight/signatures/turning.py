"""EXIF orientation applied at memory speed: a phone's picture held upright is stored lying, and there are millions."""

import numpy as np
from numba import boolean, uint8, void
from numpy.typing import NDArray

from safelight.media.compiled import array, kernel
from safelight.media.types import Pixels

_SIDE = 32  # pixels of a square that fits the cache in both orders


_HOW = {  # EXIF orientation: transposed, then rows reversed, columns reversed
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


@kernel(void(array(uint8, 3), boolean, boolean, array(uint8, 3, writable=True)))
def _mirror(rgb: Pixels, flip_rows: bool, flip_columns: bool, out: NDArray[np.uint8]) -> None:
    """Copy with the rows or columns in reverse."""
    height, width = rgb.shape[0], rgb.shape[1]
    for y in range(height):
        line = out[height - 1 - y if flip_rows else y]
        for x in range(width):
            column = width - 1 - x if flip_columns else x
            line[column, 0] = rgb[y, x, 0]
            line[column, 1] = rgb[y, x, 1]
            line[column, 2] = rgb[y, x, 2]


@kernel(void(array(uint8, 3), boolean, boolean, array(uint8, 3, writable=True)))
def _transpose(rgb: Pixels, flip_rows: bool, flip_columns: bool, out: NDArray[np.uint8]) -> None:
    """Copy with rows as columns, square by square, then with the rows or columns of the result in reverse."""
    height, width = rgb.shape[0], rgb.shape[1]
    for top in range(0, height, _SIDE):
        for left in range(0, width, _SIDE):
            for x in range(left, min(left + _SIDE, width)):
                row = width - 1 - x if flip_rows else x
                for y in range(top, min(top + _SIDE, height)):
                    column = height - 1 - y if flip_columns else y
                    out[row, column, 0] = rgb[y, x, 0]
                    out[row, column, 1] = rgb[y, x, 1]
                    out[row, column, 2] = rgb[y, x, 2]


def turn(rgb: Pixels, orientation: int) -> Pixels:
    """An RGB picture (C-contiguous) as its EXIF orientation says; the array itself where nothing is to be done."""
    if orientation not in _HOW:
        return rgb
    transposed, flip_rows, flip_columns = _HOW[orientation]
    height, width = rgb.shape[:2]
    out = np.empty((width, height, 3) if transposed else rgb.shape, np.uint8)
    (_transpose if transposed else _mirror)(rgb, flip_rows, flip_columns, out)
    return out
