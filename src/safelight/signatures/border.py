"""Plain borders around a picture: letterbox bars, frames, padding. PDQ does not survive them, so they are trimmed.

Rules kept here:
- A line of pixels is plain when 99 % of it lies within 10 levels, in each channel, of the outermost line's median
  colour: JPEG's noise is allowed for, a drawing is not.
- A border ends in a step. Where a plain area fades into the picture (a sky, a dark room) nothing is trimmed: the place
  of such an edge would move with brightness or compression, and the hash with it.
- A side that is plain for more than 45 % of the picture, or for all but its last 32 lines, is a background and stays.
- Bars within bars (a letterboxed film on a white page) come off in turn.
A picture without a border costs four lines.
"""

from typing import NamedTuple

import numpy as np
from numba import int64, uint8
from numpy.typing import NDArray

from safelight.media.compiled import array, kernel, part
from safelight.media.types import Pixels

TOLERANCE = 10
MOST_OTHER = 0.01  # of a line's pixels
MOST_TRIMMED = 0.45  # of a side's length, from one end
LEAST_LEFT = 32  # pixels
STEP_LINES = 10  # a JPEG block and the blur of a resize: within these lines after the border its end must show
STEP_TOLERANCE = 20
STEP_SHARE = 0.05  # of a line's pixels
ROUNDS = 3


class Box(NamedTuple):
    """What is left of a picture: rows `top` to `bottom`, columns `left` to `right`, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int


@part
def _middle(counts: NDArray[np.int64], total: int) -> int:
    """The median of a histogram."""
    seen = 0
    for level in range(256):
        seen += counts[level]
        if 2 * seen >= total:
            return level
    return 255


@part
def _median_colour(line: NDArray[np.uint8], colour: NDArray[np.int64]) -> None:
    counts = np.zeros(256, np.int64)
    for channel in range(line.shape[1]):
        counts[:] = 0
        for i in range(line.shape[0]):
            counts[line[i, channel]] += 1
        colour[channel] = _middle(counts, line.shape[0])


@part
def _others(line: NDArray[np.uint8], colour: NDArray[np.int64], tolerance: int) -> int:
    """How many pixels of a line are not of the colour."""
    others = 0
    for i in range(line.shape[0]):
        apart = 0
        for channel in range(line.shape[1]):
            apart = max(apart, abs(int(line[i, channel]) - colour[channel]))
        others += apart > tolerance
    return others


@part
def _depth(lines: NDArray[np.uint8], spent: int, length: int) -> int:
    """How many lines from the first on are a border that ends in a step; 0 for none.

    `lines` is the picture turned so that the side in question comes first; `spent` lines of the original `length` were
    trimmed from this side before.
    """
    across = lines.shape[1]
    most_others = MOST_OTHER * across
    colour = np.empty(lines.shape[2], np.int64)
    _median_colour(lines[0], colour)
    most = min(int(MOST_TRIMMED * length) - spent, lines.shape[0] - LEAST_LEFT)
    depth = 0
    while depth <= most and _others(lines[depth], colour, TOLERANCE) <= most_others:
        depth += 1
    if depth == 0 or depth > most:
        return 0
    for line in range(depth, min(depth + STEP_LINES, lines.shape[0])):
        if _others(lines[line], colour, STEP_TOLERANCE) >= STEP_SHARE * across:
            return depth
    return 0


@kernel(array(int64, 1, writable=True)(array(uint8, 3)))
def _find(rgb: Pixels) -> NDArray[np.int64]:
    height, width = rgb.shape[0], rgb.shape[1]
    top, bottom, left, right = 0, height, 0, width
    for _ in range(ROUNDS):
        before = bottom - top + right - left
        if bottom - top > LEAST_LEFT:
            top += _depth(rgb[top:bottom, left:right], top, height)
            bottom -= _depth(rgb[top:bottom, left:right][::-1], height - bottom, height)
        if right - left > LEAST_LEFT:
            left += _depth(rgb[top:bottom, left:right].transpose(1, 0, 2), left, width)
            right -= _depth(rgb[top:bottom, left:right].transpose(1, 0, 2)[::-1], width - right, width)
        if bottom - top + right - left == before:
            break
    return np.array([top, bottom, left, right])


def find_box(rgb: Pixels) -> Box:
    """What is left of a picture (height x width x channels, C-contiguous) without its plain borders."""
    if min(rgb.shape[:2]) <= LEAST_LEFT:
        return Box(0, rgb.shape[0], 0, rgb.shape[1])
    return Box(*(int(edge) for edge in _find(rgb)))
