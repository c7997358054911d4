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

from safelight.media.types import Pixels
from safelight.signatures.compiled import array, kernel, several

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
def _columns(width: int, channels: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The operator of the columns for interleaved channels, with luma and the scale of both axes' weights folded in."""
    first, weights = _both_ways(width)
    luma = np.array(LUMA if channels == 3 else (1.0,))
    return first * channels, (weights[:, :, None] * luma).reshape(2 * SIDE, -1)


@kernel(
    array(float32, 2, writable=True)(
        array(uint8, 2), array(int64, 1), array(float32, 2), array(int64, 1), array(float64, 2), float64
    ),
    fastmath=True,
)
def _reduce(
    lines: NDArray[np.uint8],
    row_first: NDArray[np.int64],
    row_weights: NDArray[np.float32],
    column_first: NDArray[np.int64],
    column_weights: NDArray[np.float64],
    scale: float,
) -> NDArray[np.float32]:
    """Rows first, over whole lines of bytes whatever their channel (this is where all the time goes), then columns."""
    height, width = lines.shape
    tiles = np.empty((128, 128), np.float32)
    line = np.empty(width, np.float32)
    for turn in range(128):
        out = turn >> 1 if turn % 2 == 0 else 127 - (turn >> 1)  # both ways by turns, while the lines are in the cache
        count = min(row_weights.shape[1], height - row_first[out])
        line[:] = 0
        done = 0
        while done < count:  # four lines a turn: the sum is loaded and stored a quarter as often
            row = row_first[out] + done
            second, third, fourth = min(row + 1, height - 1), min(row + 2, height - 1), min(row + 3, height - 1)
            weight0 = row_weights[out, done]
            weight1 = row_weights[out, done + 1] if done + 1 < count else np.float32(0)
            weight2 = row_weights[out, done + 2] if done + 2 < count else np.float32(0)
            weight3 = row_weights[out, done + 3] if done + 3 < count else np.float32(0)
            line0, line1, line2, line3 = lines[row], lines[second], lines[third], lines[fourth]
            for x in range(width):
                line[x] += (
                    weight0 * np.float32(line0[x])
                    + weight1 * np.float32(line1[x])
                    + weight2 * np.float32(line2[x])
                    + weight3 * np.float32(line3[x])
                )
            done += 4
        for across in range(128):
            start = column_first[across]
            span = min(column_weights.shape[1], width - start)
            weights = column_weights[across, :span]
            pixels = line[start : start + span]
            total = 0.0
            for x in range(span):
                total += weights[x] * np.float64(pixels[x])
            tiles[out, across] = np.float32(total * scale)
    return tiles


def downscale(pixels: Pixels) -> Tiles64:
    """The 64 x 64 luma tiles (0 to 255) of RGB (height x width x 3) or grey (height x width) pixels and their mirrors.

    Any height and width from 1; pixels that are not C-contiguous are copied first.
    """
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    lines = np.ascontiguousarray(pixels).reshape(height, width * channels)
    row_first, row_weights = _rows(height)
    column_first, column_weights = _columns(width, channels)
    windows = ((height + 127) // 128) * ((width + 127) // 128)
    tiles = _reduce(lines, row_first, row_weights, column_first, column_weights, 1.0 / (windows * windows))
    return np.ascontiguousarray(tiles.reshape(2, SIDE, 2, SIDE).swapaxes(1, 2))
