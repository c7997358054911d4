"""Landscapes: sky, ranges of hills that fade with distance, a lake here and there, fields, trees."""

import numpy as np

from safelight.samples.canvas import FINE, Colour, Light, Stencil, fill, mix, vary
from safelight.samples.noise import Field, Size, fractal, outline
from safelight.samples.scenes.sky import WEATHERS, Weather, sky

GROUNDS: tuple[Colour, ...] = (
    (0.16, 0.30, 0.12),  # meadow
    (0.34, 0.36, 0.14),  # dry grass
    (0.46, 0.36, 0.20),  # heath
    (0.58, 0.46, 0.30),  # sand
    (0.30, 0.30, 0.32),  # rock
    (0.82, 0.86, 0.92),  # snow
)


def landscape(rng: np.random.Generator, size: Size) -> Light:
    """Return a landscape."""
    weather = WEATHERS[int(rng.integers(len(WEATHERS)))]
    ground = vary(rng, GROUNDS[int(rng.integers(len(GROUNDS)))])
    horizon = float(rng.uniform(0.25, 0.62))
    light = sky(rng, size, weather, horizon)
    relief = fractal(rng, size, cells=9, octaves=7, stretch=1.6)
    lake = rng.random() < 0.4
    layers = int(rng.integers(3, 6))
    far = layers - 1 if lake else layers
    for layer in range(far):
        _hills(rng, light, relief, weather, ground, horizon, layer / max(1, layers - 1))
    if lake:
        shore = min(0.93, horizon + float(rng.uniform(0.18, 0.34)))
        reflect(rng, light, shore, mix(weather.middle, (0.08, 0.16, 0.2), 0.5))
        _hills(rng, light, relief, weather, ground, 0.80, 0.9)
    elif rng.random() < 0.35:
        _path(rng, light, horizon, mix(ground, (0.8, 0.72, 0.58), 0.7), weather)
    _trees(rng, light, weather)
    return light


def _hills(
    rng: np.random.Generator,
    light: Light,
    relief: Field,
    weather: Weather,
    ground: Colour,
    horizon: float,
    near: float,
) -> None:
    """Lay one range over what is behind it: from `near` 0 (far, in the haze) to 1 (at our feet)."""
    height, width = light.shape[:2]
    swing = float(rng.uniform(0.10, 0.34)) * (1.1 - 0.6 * near)
    line = outline(rng, width, cells=int(rng.integers(2, 5)), octaves=7 - round(2 * near))
    top = horizon + near * (0.95 - horizon) * 0.8 - swing * (line - 0.35)
    rows = np.arange(height, dtype=np.float32)[:, None]
    first = max(0, int(top.min() * height) - 1)
    mask = np.clip(rows[first:] - top[None, :] * height, 0, 1).astype(np.float32)
    turned = relief[first:, ::-1] if rng.random() < 0.5 else relief[: height - first]
    slope = np.diff(turned, axis=1, prepend=turned[:, :1]) * np.float32(width / 220)
    colour = mix(vary(rng, ground, 0.04), weather.horizon, 0.72 * (1 - near) ** 1.3)
    strength = np.float32(0.35 + 0.65 * weather.land)
    shade = (np.float32(0.55) + np.float32(0.5) * turned + np.float32(0.8 + 2.6 * near) * slope) * strength
    fill(light[first:], mask, np.asarray(colour, np.float32) * shade[..., None])


def reflect(rng: np.random.Generator, light: Light, shore: float, water: Colour) -> None:
    """Turn all below `shore` into water that mirrors what stands above it, broken by ripples."""
    height, width = light.shape[:2]
    edge = round(shore * height)
    rows = np.arange(height - edge, dtype=np.float32)
    reach = np.sin(rows * rng.uniform(0.25, 0.5) + rng.uniform(0, 6)) * (0.5 + rows / max(1, len(rows)) * 5)
    source = np.clip(edge - 1 - (rows * edge / max(edge, len(rows)) + reach), 0, edge - 1).astype(int)
    mirrored = light[source]
    ripple = fractal(rng, (width, height - edge), cells=14, octaves=5, stretch=7) - 0.5
    depth = np.linspace(0.25, 0.62, height - edge, dtype=np.float32)[:, None, None]
    mirrored = mirrored + (np.asarray(water, np.float32) - mirrored) * depth
    light[edge:] = mirrored * (1 + ripple[..., None] * np.linspace(0.25, 0.8, height - edge)[:, None, None])


def _path(rng: np.random.Generator, light: Light, horizon: float, colour: Colour, weather: Weather) -> None:
    start, end = rng.uniform(0.2, 0.8, 2)
    bend = rng.uniform(-0.25, 0.25)
    left, right = [], []
    for step in np.linspace(0, 1, 18):
        y = horizon + 0.12 + (1.02 - horizon - 0.12) * step
        x = start + (end - start) * step + bend * np.sin(step * 3.1)
        left.append((float(x - 0.004 - 0.10 * step**2), float(y)))
        right.append((float(x + 0.004 + 0.10 * step**2), float(y)))
    mask = Stencil((light.shape[1], light.shape[0])).polygon(left + right[::-1]).mask()
    fill(light, mask * np.float32(0.8), mix((0, 0, 0), colour, 0.3 + 0.7 * weather.land))


def _trees(rng: np.random.Generator, light: Light, weather: Weather) -> None:
    """Plant conifers or round trees, each a silhouette with a lit side."""
    height, width = light.shape[:2]
    conifer = rng.random() < 0.55
    leaf = vary(rng, (0.07, 0.20, 0.09) if conifer else (0.20, 0.30, 0.08), 0.05)
    dark, lit = Stencil((width, height)), Stencil((width, height))
    for _ in range(int(rng.integers(0, 14))):
        x, foot = float(rng.uniform(0, 1)), float(rng.uniform(0.72, 1.02))
        tall = float(rng.uniform(0.08, 0.34)) * (foot - 0.4)
        (_conifer if conifer else _round)(rng, dark, lit, x, foot, tall, width / height)
    strength = 0.35 + 0.65 * weather.land
    fill(light, dark.mask(), mix((0, 0, 0), leaf, 0.7 * strength))
    fill(light, lit.mask() * np.float32(0.7), mix((0, 0, 0), mix(leaf, weather.sun, 0.22), strength))


def _conifer(
    rng: np.random.Generator, dark: Stencil, lit: Stencil, x: float, foot: float, tall: float, aspect: float
) -> None:
    wide = tall * float(rng.uniform(0.22, 0.32)) / aspect * FINE / 2
    dark.polygon([(x - wide * 0.12, foot), (x + wide * 0.12, foot), (x, foot - tall)])
    for tier in range(5):
        bottom = foot - tall * (0.10 + 0.17 * tier)
        half = wide * (1 - 0.17 * tier)
        dark.polygon([(x - half, bottom), (x + half, bottom), (x, bottom - tall * 0.30)])
        lit.polygon([(x, bottom - tall * 0.02), (x + half * 0.8, bottom), (x, bottom - tall * 0.26)])


def _round(
    rng: np.random.Generator, dark: Stencil, lit: Stencil, x: float, foot: float, tall: float, aspect: float
) -> None:
    thick = tall * 0.05 / aspect
    dark.polygon([(x - thick, foot), (x + thick, foot), (x, foot - tall * 0.7)])
    for _ in range(9):
        turn, reach = rng.uniform(0, 6.3), rng.uniform(0, 0.24) * tall
        centre = (x + float(np.cos(turn)) * reach / aspect, foot - tall * 0.68 + float(np.sin(turn)) * reach)
        radius = tall * float(rng.uniform(0.10, 0.2))
        dark.ellipse(centre, (radius / aspect, radius))
        lit.ellipse((centre[0] + radius * 0.25, centre[1] - radius * 0.3), (radius * 0.5 / aspect, radius * 0.45))
