"""Seeded noise: the grain of which hills, clouds, walls and stones are made.

Value noise: random grids of doubling fineness, each enlarged smoothly and added with falling weight. The draws taken
from the generator never depend on the size asked for, so that one seed gives one picture at any size.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]
"""height x width, mostly 0 to 1."""
Size = tuple[int, int]
"""Width and height, in pixels."""


def fractal(rng: np.random.Generator, size: Size, *, cells: int = 4, octaves: int = 5, stretch: float = 1.0) -> Field:
    """Return fractal noise, 0 to 1, `cells` blobs across; `stretch` above 1 draws the blobs out sideways."""
    width, height = size
    total = np.zeros((1, 1), np.float32)
    for octave in range(octaves):
        columns = max(2, round(cells * 2**octave / stretch))
        rows = max(2, round(cells * 2**octave * 0.75))
        grid = rng.random((rows, columns), dtype=np.float32)
        # Coarse octaves are added up small, so that each costs little; four points a cell keep them smooth.
        stage = (min(width, max(total.shape[1], columns * 4)), min(height, max(total.shape[0], rows * 4)))
        total = enlarge(total, stage) + enlarge(grid, stage) * np.float32(0.55**octave)
    total = enlarge(total, size)
    low, high = float(total.min()), float(total.max())
    return (total - low) / np.float32(max(high - low, 1e-6))


def enlarge(field: Field, size: Size) -> Field:
    """Return the field smoothly brought to another size."""
    if (field.shape[1], field.shape[0]) == size:
        return field
    return np.asarray(Image.fromarray(field).resize(size, Image.Resampling.BICUBIC), np.float32)


def outline(rng: np.random.Generator, width: int, *, cells: int = 3, octaves: int = 6) -> NDArray[np.float32]:
    """Return a ragged line of `width` heights, 0 to 1, as a range of hills has."""
    total = np.zeros(width, np.float32)
    for octave in range(octaves):
        knots = cells * 2**octave + 2
        grid = rng.random((1, knots), dtype=np.float32)
        layer = Image.fromarray(grid).resize((width, 1), Image.Resampling.BICUBIC)
        total += np.asarray(layer)[0] * np.float32(0.5**octave)
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


def stones(rng: np.random.Generator, size: Size, count: int) -> tuple[Field, NDArray[np.intp]]:
    """Return Worley noise of `count` points: the gap between the nearest two (0 at a joint), and the nearest."""
    width, height = size
    side = max(2, round(count**0.5))
    cell_y, cell_x = np.mgrid[0:side, 0:side].astype(np.float32)
    jitter = rng.random((2, side, side), dtype=np.float32)
    points_x, points_y = (cell_x + jitter[0]) / side, (cell_y + jitter[1]) / side
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (x + 0.5) / width, (y + 0.5) / height
    home_x, home_y = (x * side).astype(np.intp), (y * side).astype(np.intp)
    first = np.full((height, width), 9, np.float32)
    second = first.copy()
    nearest = np.zeros((height, width), np.intp)
    for row_step in (-1, 0, 1):
        for column_step in (-1, 0, 1):
            row = np.clip(home_y + row_step, 0, side - 1)
            column = np.clip(home_x + column_step, 0, side - 1)
            which = row * side + column
            distance = np.hypot(points_x.ravel()[which] - x, points_y.ravel()[which] - y)
            # At the rim clipping meets the same point twice: it must not count as its own neighbour.
            fresh = which != nearest
            closer = (distance < first) & (fresh | (first > 8))
            second = np.where(closer, first, np.where(fresh, np.minimum(second, distance), second))
            nearest = np.where(closer, which, nearest)
            first = np.where(closer, distance, first)
    return np.clip((second - first) * side, 0, 1), nearest


def smoothstep(field: Field, low: float, high: float) -> Field:
    """Return 0 below `low`, 1 above `high`, and a smooth rise between."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
