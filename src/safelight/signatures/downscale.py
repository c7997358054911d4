"""Any picture to the 64 x 64 grey tile that PDQ is made of.

PDQ (facebook/ThreatExchange `pdq/cpp/downscaling`) blurs twice with a box filter per axis, then takes every n-th pixel.
Both are linear and separable, so the tile is `Sr @ luma @ Sc.T` with one sparse 64 x n operator per axis: about two
multiply-adds a pixel, where the reference writes the whole picture four times. The operators hold the reference's exact
edge behaviour (its window shrinks at the borders).
Weights are kept times window squared: away from the far border they are whole numbers, so sums are exact in floats and
flat areas come out flat. The quality figure truncates differences and would show the noise otherwise.

The pixel that PDQ takes lies a little off the centre of its area, so the tile of a mirrored picture is not the mirrored
tile: their hashes differ by up to 32 bits (measured at 1024 x 768), more than copies may. The mirrored tiles are
therefore computed from the pixels as well, with the operators in reverse.
"""

from functools import lru_cache

import numpy as np
from numba import float32, float64, int64, uint8
from numpy.typing import NDArray

from safelight.media.compiled import array, kernel, part, several
from safelight.media.types import Pixels

SIDE = 64
LUMA = (0.299, 0.587, 0.114)

Tile64 = NDArray[np.float32]
Tiles64 = NDArray[np.float32]
"""2 x 2 x 64 x 64: the tiles of a picture whose rows (first axis) or columns (second) run as they are or in reverse."""


@kernel(several(array(int64, 1, writable=True), array(float64, 2, writable=True))(int64))
def _axis_operator(length: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Two box passes and the decimation along one axis: per output pixel the first input pixel, and its weights."""
    window = (length + 2 * 64 - 1) // (2 * 64)
    after = (window + 2) // 2 - 1  # how many inputs right of its centre a box takes
    before = window - after - 1
    first = np.empty(64, np.int64)
    weights = np.zeros((64, 2 * window - 1), np.float64)
    for out in range(64):
        centre = ((2 * out + 1) * length) // 128
        low, high = max(0, centre - before), min(length - 1, centre + after)
        first[out] = max(0, low - before)
        for middle in range(low, high + 1):
            left, right = max(0, middle - before), min(length - 1, middle + after)
            share = window * window / ((high - low + 1) * (right - left + 1))
            for k in range(left, right + 1):
                weights[out, k - first[out]] += share
    return first, weights


def _both_ways(length: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """128 output pixels of an axis: the 64 of the picture as it is, then those of its mirror image."""
    first, weights = _axis_operator(length)
    span = weights.shape[1]
    # Weights that run out of the axis are zeros at the end; mirrored, they would stand at the front.
    used = np.minimum(span, length - first)
    mirrored = np.zeros_like(weights)
    for out in range(SIDE):
        mirrored[out, : used[out]] = weights[out, : used[out]][::-1]
    return np.concatenate([first, length - first - used]), np.concatenate([weights, mirrored])


@lru_cache(maxsize=512)
def _rows(height: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    first, weights = _both_ways(height)
    return first, weights.astype(np.float32)


@lru_cache(maxsize=512)
def _columns(width: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    return _both_ways(width)


@part
def _shares(
    out: int, height: int, first: NDArray[np.int64], weights: NDArray[np.float32], shares: NDArray[np.float32]
) -> tuple[int, int]:
    """Fill in what each line gives to output `out` and to its mirror image, 2 x lines; the first line and the end.

    The two take nearly the same lines, so that each line is read and converted once for both.
    """
    both = out, 127 - out
    top = min(first[out], first[127 - out])
    bottom = top
    shares[:] = 0
    for way in range(2):
        count = min(weights.shape[1], height - first[both[way]])
        bottom = max(bottom, first[both[way]] + count)
        for k in range(count):
            shares[way, first[both[way]] - top + k] = weights[both[way], k]
    return top, bottom


@part
def _to_luma(line: NDArray[np.float32], luma: NDArray[np.float64]) -> None:
    """Interleaved RGB, or grey as it is."""
    if len(line) == len(luma):
        luma[:] = line
        return
    for x in range(len(luma)):
        red, green, blue = np.float64(line[3 * x]), np.float64(line[3 * x + 1]), np.float64(line[3 * x + 2])
        luma[x] = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


@kernel(
    array(float32, 2, writable=True)(
        array(uint8, 2), int64, array(int64, 1), array(float32, 2), array(int64, 1), array(float64, 2)
    ),
    fastmath=True,
)
def _reduce(
    lines: NDArray[np.uint8],
    width: int,
    row_first: NDArray[np.int64],
    row_weights: NDArray[np.float32],
    column_first: NDArray[np.int64],
    column_weights: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Rows first, over whole lines of bytes whatever their channel (this is where all the time goes), then columns."""
    height = lines.shape[0]
    tiles = np.empty((128, 128), np.float32)
    here, there = np.empty(lines.shape[1], np.float32), np.empty(lines.shape[1], np.float32)
    luma = np.empty(width, np.float64)
    shares = np.empty((2, row_weights.shape[1] + 8), np.float32)
    windows = float(((height + 127) // 128) * ((width + 127) // 128))
    for out in range(64):
        top, bottom = _shares(out, height, row_first, row_weights, shares)
        here[:] = 0
        there[:] = 0
        for row in range(top, bottom, 4):  # four lines a turn: the sums are loaded and stored a quarter as often
            line0, line1 = lines[row], lines[min(row + 1, height - 1)]
            line2, line3 = lines[min(row + 2, height - 1)], lines[min(row + 3, height - 1)]
            a0, a1, a2, a3 = shares[0, row - top : row - top + 4]
            b0, b1, b2, b3 = shares[1, row - top : row - top + 4]
            for x in range(len(here)):
                byte0, byte1 = np.float32(line0[x]), np.float32(line1[x])
                byte2, byte3 = np.float32(line2[x]), np.float32(line3[x])
                here[x] += a0 * byte0 + a1 * byte1 + a2 * byte2 + a3 * byte3
                there[x] += b0 * byte0 + b1 * byte1 + b2 * byte2 + b3 * byte3
        for row, line in ((out, here), (127 - out, there)):
            _to_luma(line, luma)
            for across in range(128):
                start = column_first[across]
                span = min(column_weights.shape[1], width - start)
                weights, pixels = column_weights[across, :span], luma[start : start + span]
                total = 0.0
                for x in range(span):
                    total += weights[x] * pixels[x]
                tiles[row, across] = np.float32(total / (windows * windows))
    return tiles


def downscale(pixels: Pixels) -> Tiles64:
    """The 64 x 64 luma tiles (0 to 255) of RGB (height x width x 3) or grey (height x width) pixels and their mirrors.

    Any height and width from 1; pixels that are not C-contiguous are copied first.
    """
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    lines = np.ascontiguousarray(pixels).reshape(height, width * channels)
    row_first, row_weights = _rows(height)
    column_first, column_weights = _columns(width)
    tiles = _reduce(lines, width, row_first, row_weights, column_first, column_weights)
    return np.ascontiguousarray(tiles.reshape(2, SIDE, 2, SIDE).swapaxes(1, 2))
