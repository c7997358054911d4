"""Skies: what lies behind landscapes, harbours and towns, with the light that it gives them."""

from dataclasses import dataclass

import numpy as np

from safelight.samples.canvas import Colour, Light, fill, gradient
from safelight.samples.noise import Field, Size, fractal, smoothstep


@dataclass(frozen=True)
class Weather:
    """One time of day: the sky from top to horizon, the colour of the sun or moon, and how bright the land is."""

    top: Colour
    middle: Colour
    horizon: Colour
    sun: Colour
    land: float
    stars: bool = False


WEATHERS = (
    Weather((0.20, 0.42, 0.72), (0.45, 0.66, 0.88), (0.84, 0.92, 0.97), (1.0, 0.98, 0.90), 1.0),
    Weather((0.12, 0.30, 0.62), (0.36, 0.56, 0.80), (0.70, 0.82, 0.90), (1.0, 0.97, 0.88), 0.95),
    Weather((0.28, 0.36, 0.58), (0.72, 0.60, 0.62), (0.99, 0.80, 0.60), (1.0, 0.93, 0.75), 0.80),
    Weather((0.14, 0.12, 0.32), (0.58, 0.26, 0.38), (0.98, 0.55, 0.28), (1.0, 0.82, 0.50), 0.55),
    Weather((0.56, 0.60, 0.65), (0.70, 0.73, 0.76), (0.84, 0.85, 0.85), (0.94, 0.94, 0.92), 0.75),
    Weather((0.30, 0.34, 0.40), (0.46, 0.50, 0.55), (0.76, 0.76, 0.72), (0.90, 0.88, 0.80), 0.60),
    Weather((0.02, 0.03, 0.11), (0.06, 0.09, 0.22), (0.18, 0.22, 0.38), (0.92, 0.93, 0.86), 0.32, stars=True),
)


def sky(rng: np.random.Generator, size: Size, weather: Weather, horizon: float) -> Light:
    """Return a picture full of sky whose colours end at `horizon` (a fraction of the height), with sun and clouds."""
    width, height = size
    light = np.empty((height, width, 3), np.float32)
    band = max(2, round(horizon * height))
    light[:band] = gradient((width, band), [weather.top, weather.middle, weather.horizon])
    light[band:] = weather.horizon
    if weather.stars:
        _stars(rng, light)
    _sun(rng, light, weather, horizon)
    _clouds(rng, light[: max(band, 8)], weather)
    return light


def _sun(rng: np.random.Generator, light: Light, weather: Weather, horizon: float) -> None:
    height, width = light.shape[:2]
    x, y = rng.uniform(0.08, 0.92), rng.uniform(0.12, 0.92) * horizon
    radius = rng.uniform(0.022, 0.05)
    row = np.linspace(0, height / width, height, dtype=np.float32)[:, None] - np.float32(y * height / width)
    column = np.linspace(0, 1, width, dtype=np.float32)[None, :] - np.float32(x)
    distance = np.sqrt(row * row + column * column)
    glow = np.exp(-distance * np.float32(rng.uniform(4, 9))) * np.float32(0.75)
    fill(light, np.asarray(glow, np.float32), weather.sun)
    fill(light, np.clip((radius - distance) * width * 0.7 + 0.5, 0, 1).astype(np.float32), weather.sun)


def _stars(rng: np.random.Generator, light: Light) -> None:
    height, width = light.shape[:2]
    place = rng.random((2, 220))
    rows, columns = (place[0] ** 1.5 * (height - 1)).astype(int), (place[1] * (width - 1)).astype(int)
    light[rows, columns] = np.clip(light[rows, columns] + rng.random((220, 1), dtype=np.float32) * 0.9, 0, 1)


def _clouds(rng: np.random.Generator, light: Light, weather: Weather) -> None:
    height, width = light.shape[:2]
    cover = rng.uniform(0.30, 0.72)
    shape: Field = fractal(rng, (width, height), cells=int(rng.integers(3, 7)), octaves=6, stretch=2.2)
    rows = np.arange(height)
    belly = shape[np.maximum(rows - max(1, height // 24), 0)]
    thin = np.clip((1 - rows / height) * 3, 0, 1).astype(np.float32)[:, None]
    mask = smoothstep(shape, cover, cover + 0.28) * np.float32(0.9) * thin
    lit = np.asarray(weather.sun, np.float32) * np.float32(0.5 + 0.5 * weather.land)
    dark = np.asarray(weather.middle, np.float32) * np.float32(0.72)
    share = np.clip(0.62 + (shape - belly) * 2.2, 0, 1)[..., None].astype(np.float32)
    fill(light, mask, dark + (lit - dark) * share)
