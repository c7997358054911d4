"""Towns: blocks of houses one behind another under a sky, by day and by night."""

import numpy as np

from safelight.samples.canvas import Light, Painting, mix, vary
from safelight.samples.noise import Size
from safelight.samples.scenes.harbour import WALLS, dim, windows
from safelight.samples.scenes.sky import WEATHERS, Weather, sky


def town(rng: np.random.Generator, size: Size) -> Light:
    """Return a town's roofs, or its towers."""
    weather = WEATHERS[int(rng.integers(len(WEATHERS)))]
    painting = Painting(sky(rng, size, weather, 0.9))
    rows = int(rng.integers(2, 5))
    towers = bool(rng.random() < 0.5)
    base = float(rng.uniform(0.45, 0.7))
    for row in range(rows):
        near = row / max(1, rows - 1)
        _row(rng, painting, weather, base + near * (1.02 - base), near, towers=towers)
    return painting.light()


def _row(
    rng: np.random.Generator, painting: Painting, weather: Weather, foot: float, near: float, *, towers: bool
) -> None:
    x = float(rng.uniform(-0.12, 0.0))
    while x < 1.0:
        wide = float(rng.uniform(0.06, 0.15)) * (0.7 + 0.7 * near)
        tall = float(rng.uniform(0.15, 0.60) if towers else rng.uniform(0.10, 0.24)) * (0.7 + 0.4 * near)
        wall = dim(mix(vary(rng, WALLS[int(rng.integers(len(WALLS)))]), weather.horizon, 0.55 * (1 - near)), weather)
        painting.box(x, foot - tall, x + wide, 1.0, wall)
        painting.box(x + wide * 0.82, foot - tall, x + wide, 1.0, mix(wall, (0, 0, 0), 0.25))
        if towers:
            painting.box(x, foot - tall, x + wide, foot - tall + 0.008, mix(wall, (0, 0, 0), 0.4))
        else:
            roof = dim(mix(vary(rng, (0.48, 0.22, 0.16), 0.1), weather.horizon, 0.45 * (1 - near)), weather)
            ridge = foot - tall - wide * 0.5
            eaves = foot - tall
            painting.polygon(
                [(x - 0.006, eaves), (x + wide * 0.3, ridge), (x + wide * 0.75, ridge), (x + wide + 0.006, eaves)], roof
            )
            painting.box(x + wide * 0.6, ridge - 0.03, x + wide * 0.68, ridge + 0.02, mix(roof, (0, 0, 0), 0.3))
        windows(rng, painting, (x, foot - tall + 0.01, x + wide * 0.82, foot), glow=weather.land < 0.6)
        x += wide + float(rng.choice([0.0, 0.0, 0.0, 0.03]))
