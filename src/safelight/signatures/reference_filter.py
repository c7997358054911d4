"""PDQ's own blur, in its own order of float operations: slow, and needed for pictures whose bits hang on rounding.

In a mirror-symmetric picture, or one 16 pixels wide, many cosine coefficients are zero but for the rounding of the
reference's running sums, and each makes a bit of the published hash. Only the same sums give the same bits
(facebook/ThreatExchange `pdq/cpp/downscaling`, `box1DFloat`; luma in double precision as `pdqhash` computes it).
"""

import numpy as np
from numba import float32, int64, types, uint8
from numpy.typing import NDArray

from safelight.media.compiled import array, kernel, part
from safelight.media.types import Pixels
from safelight.signatures.downscale import Tile64, Tiles64

MOST_PIXELS = 16_000_000
"""Larger pictures are not done this way: it takes a second and two float copies at this size."""


@part
def _box(values: NDArray[np.float32], out: NDArray[np.float32], window: int) -> None:
    """One box filter along a line; the window grows at its start, shrinks at its end, and divides by what it holds."""
    length = len(values)
    half = (window + 2) // 2
    left, right, place = 0, 0, 0
    held = 0
    total = np.float32(0)
    for _ in range(half - 1):
        total += values[right]
        held += 1
        right += 1
    for _ in range(window - half + 1):
        total += values[right]
        held += 1
        out[place] = total / np.float32(held)
        right += 1
        place += 1
    for _ in range(length - window):
        total += values[right]
        total -= values[left]
        out[place] = total / np.float32(held)
        left += 1
        right += 1
        place += 1
    for _ in range(half - 1):
        total -= values[left]
        held -= 1
        out[place] = total / np.float32(held)
        left += 1
        place += 1


@kernel(types.void(array(uint8, 3), array(float32, 2, writable=True)))
def _luma(pixels: Pixels, out: NDArray[np.float32]) -> None:
    for y in range(pixels.shape[0]):
        for x in range(pixels.shape[1]):
            red, green, blue = pixels[y, x, 0] * 0.299, pixels[y, x, 1] * 0.587, pixels[y, x, 2] * 0.114
            out[y, x] = np.float32((red + green) + blue)


@kernel(types.void(array(float32, 2, writable=True), array(float32, 2, writable=True), int64))
def _blur_lines(values: NDArray[np.float32], out: NDArray[np.float32], window: int) -> None:
    for y in range(values.shape[0]):
        _box(values[y], out[y], window)


def downscale_as_reference(pixels: Pixels) -> Tiles64:
    """The 64 x 64 luma tiles of RGB or grey 8-bit pixels and their mirrors, equal to `pdqhash`'s to the last bit."""
    rows = (pixels, pixels[::-1])
    return np.array([[_tile(upright), _tile(upright[:, ::-1])] for upright in rows])


def _tile(pixels: Pixels) -> Tile64:
    height, width = pixels.shape[:2]
    luma = np.empty((height, width), np.float32)
    if pixels.ndim == 3:
        _luma(np.ascontiguousarray(pixels), luma)
    else:
        luma[:] = pixels
    if (height, width) != (64, 64):
        for _ in range(2):
            blurred = np.empty_like(luma)
            _blur_lines(luma, blurred, (width + 127) // 128)
            turned = np.ascontiguousarray(blurred.T)
            blurred = np.empty_like(turned)
            _blur_lines(turned, blurred, (height + 127) // 128)
            luma = np.ascontiguousarray(blurred.T)
    places = 2 * np.arange(64) + 1
    return luma[np.ix_(places * height // 128, places * width // 128)]
