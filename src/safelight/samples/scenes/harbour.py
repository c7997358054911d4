"""Harbours: a town's edge behind water, a quay, a lighthouse, and boats with their reflections."""

import numpy as np

from safelight.samples.canvas import Colour, Light, Painting, mix, vary
from safelight.samples.noise import Size, outline
from safelight.samples.scenes.landscape import reflect
from safelight.samples.scenes.sky import WEATHERS, Weather, sky

WALLS: tuple[Colour, ...] = (
    (0.80, 0.72, 0.60),
    (0.72, 0.36, 0.28),
    (0.86, 0.82, 0.74),
    (0.48, 0.54, 0.58),
    (0.82, 0.62, 0.36),
    (0.36, 0.46, 0.42),
)
HULLS: tuple[Colour, ...] = (
    (0.75, 0.16, 0.14),
    (0.12, 0.28, 0.52),
    (0.92, 0.92, 0.90),
    (0.10, 0.36, 0.28),
    (0.16, 0.16, 0.18),
)


def harbour(rng: np.random.Generator, size: Size) -> Light:
    """Return a harbour."""
    weather = WEATHERS[int(rng.integers(len(WEATHERS)))]
    horizon = float(rng.uniform(0.34, 0.62))
    light = sky(rng, size, weather, horizon)
    behind = Painting(light)
    _coast(rng, behind, weather, horizon)
    _houses(rng, behind, weather, horizon)
    if rng.random() < 0.5:
        _lighthouse(rng, behind, weather, horizon)
    light = behind.light()
    reflect(rng, light, horizon, mix(weather.middle, (0.05, 0.14, 0.2), 0.45))
    front = Painting(light)
    for distance in np.sort(rng.uniform(0.02, 0.30, int(rng.integers(2, 7)))):
        _boat(rng, front, weather, horizon + float(distance), 0.05 + float(distance) * 0.75)
    if rng.random() < 0.6:
        _pier(rng, front, weather, horizon)
    return front.light()


def dim(colour: Colour, weather: Weather) -> Colour:
    """Return the colour as it looks in this weather's light."""
    return mix((0.02, 0.02, 0.05), colour, 0.30 + 0.70 * weather.land)


def _coast(rng: np.random.Generator, painting: Painting, weather: Weather, horizon: float) -> None:
    line = outline(rng, 60, cells=3, octaves=4)
    tall = float(rng.uniform(0.05, 0.24))
    crest = [(x / 59, float(horizon - 0.01 - tall * y)) for x, y in enumerate(line)]
    colour = dim(mix(vary(rng, (0.22, 0.30, 0.24)), weather.horizon, 0.45), weather)
    painting.polygon([(0.0, horizon + 0.004), *crest, (1.0, horizon + 0.004)], colour)


def _houses(rng: np.random.Generator, painting: Painting, weather: Weather, horizon: float) -> None:
    x, end = sorted(float(value) for value in (rng.uniform(-0.1, 0.4), rng.uniform(0.5, 1.1)))
    glow = weather.land < 0.6
    while x < end:
        wide, tall = float(rng.uniform(0.05, 0.12)), float(rng.uniform(0.05, 0.22))
        wall = dim(vary(rng, WALLS[int(rng.integers(len(WALLS)))]), weather)
        painting.box(x, horizon - tall, x + wide, horizon + 0.003, wall)
        roof = dim(vary(rng, (0.45, 0.20, 0.14), 0.1), weather)
        painting.polygon(
            [
                (x - 0.004, horizon - tall),
                (x + wide + 0.004, horizon - tall),
                (x + wide / 2, horizon - tall - wide * 0.6),
            ],
            roof,
        )
        windows(rng, painting, (x, horizon - tall, x + wide, horizon), glow=glow)
        x += wide + float(rng.choice([0.0, 0.0, 0.012]))


def windows(
    rng: np.random.Generator, painting: Painting, face: tuple[float, float, float, float], *, glow: bool
) -> None:
    """Set rows of windows into a face (left, top, right, bottom), some of them lit after dark."""
    left, top, right, bottom = face
    columns = max(1, round((right - left) / 0.022))
    rows = max(1, round((bottom - top) / 0.045))
    wide, tall = (right - left) / columns, (bottom - top) / rows
    for row in range(rows):
        for column in range(columns):
            lit = glow and rng.random() < 0.55
            colour = (0.98, 0.84, 0.48) if lit else (0.16, 0.20, 0.26)
            x, y = left + wide * (column + 0.27), top + tall * (row + 0.25)
            painting.box(x, y, x + wide * 0.46, y + tall * 0.5, vary(rng, colour, 0.04))


def _lighthouse(rng: np.random.Generator, painting: Painting, weather: Weather, horizon: float) -> None:
    x, tall = float(rng.uniform(0.08, 0.92)), float(rng.uniform(0.20, 0.32))
    stripe = vary(rng, (0.80, 0.14, 0.12), 0.1)
    for part in range(6):
        low, high = horizon - tall * part / 6, horizon - tall * (part + 1) / 6
        half, above = 0.022 - 0.0018 * part, 0.022 - 0.0018 * (part + 1)
        colour = dim((0.94, 0.94, 0.92) if part % 2 else stripe, weather)
        painting.polygon([(x - half, low), (x + half, low), (x + above, high), (x - above, high)], colour)
    top = horizon - tall
    painting.box(x - 0.009, top - 0.028, x + 0.009, top, (1.0, 0.95, 0.70))
    painting.polygon([(x - 0.014, top - 0.028), (x + 0.014, top - 0.028), (x, top - 0.055)], dim(stripe, weather))


def _boat(rng: np.random.Generator, painting: Painting, weather: Weather, water: float, long: float) -> None:
    """Paint a boat whose hull meets the water at `water`, `long` a fraction of the width, and its dim image below."""
    x = float(rng.uniform(0.06, 0.94 - long))
    turn = -1.0 if rng.random() < 0.5 else 1.0
    hull = dim(vary(rng, HULLS[int(rng.integers(len(HULLS)))]), weather)
    sails = bool(rng.random() < 0.6)
    middle = x + long / 2
    for up, fade in ((-0.55, 0.62), (1.0, 0.0)):
        sea = dim(mix(weather.middle, (0.05, 0.12, 0.18), 0.6), weather)

        def at(across: float, above: float, up: float = up) -> tuple[float, float]:
            return middle + turn * across * long, water - up * above * long

        painting.polygon([at(-0.5, 0.20), at(0.56, 0.26), at(0.40, -0.02), at(-0.42, -0.02)], mix(hull, sea, fade))
        painting.polygon(
            [at(-0.5, 0.20), at(0.56, 0.26), at(0.545, 0.225), at(-0.49, 0.165)], mix((0.95, 0.94, 0.9), sea, fade)
        )
        if sails:
            cloth = dim((0.94, 0.93, 0.88), weather)
            painting.line([at(0.02, 0.2), at(0.02, 1.5)], mix((0.35, 0.26, 0.18), sea, fade), 0.004)
            painting.polygon([at(-0.02, 0.34), at(-0.46, 0.36), at(-0.02, 1.42)], mix(cloth, sea, fade))
            painting.polygon([at(0.06, 0.32), at(0.50, 0.34), at(0.05, 1.22)], mix(mix(cloth, hull, 0.18), sea, fade))
        else:
            painting.polygon(
                [at(-0.36, 0.2), at(0.06, 0.22), at(0.02, 0.56), at(-0.34, 0.56)],
                mix(dim((0.9, 0.89, 0.84), weather), sea, fade),
            )
            painting.polygon(
                [at(-0.32, 0.36), at(0.0, 0.37), at(-0.02, 0.50), at(-0.31, 0.50)], mix((0.16, 0.22, 0.30), sea, fade)
            )
            painting.line([at(0.24, 0.2), at(0.20, 0.95)], mix((0.3, 0.24, 0.2), sea, fade), 0.004)


def _pier(rng: np.random.Generator, painting: Painting, weather: Weather, horizon: float) -> None:
    wood = dim(vary(rng, (0.42, 0.32, 0.22)), weather)
    left = bool(rng.random() < 0.5)
    reach, y = float(rng.uniform(0.25, 0.6)), float(rng.uniform(min(0.80, horizon + 0.2), 0.92))

    def across(x: float) -> float:
        return x if left else 1 - x

    for post in np.linspace(0.02, reach - 0.02, 7):
        painting.polygon(
            [(across(post), y), (across(post + 0.014), y), (across(post + 0.014), 1.02), (across(post), 1.02)],
            mix(wood, (0, 0, 0), 0.4),
        )
    painting.polygon(
        [(across(0), y - 0.05), (across(reach - 0.05), y - 0.05), (across(reach), y), (across(0), y)], wood
    )
    painting.polygon(
        [(across(0), y), (across(reach), y), (across(reach), y + 0.03), (across(0), y + 0.03)],
        mix(wood, (0, 0, 0), 0.3),
    )
