"""Things on a table: spheres, bottles and boxes, shaded by one lamp, with their shadows."""

import numpy as np

from safelight.samples.canvas import Colour, Light, Stencil, fill, gradient, mix, soft, vary
from safelight.samples.noise import Field, Size, enlarge, fractal

TINTS: tuple[Colour, ...] = (
    (0.82, 0.22, 0.16),
    (0.92, 0.62, 0.14),
    (0.30, 0.52, 0.22),
    (0.16, 0.34, 0.58),
    (0.86, 0.84, 0.78),
    (0.46, 0.24, 0.42),
    (0.30, 0.22, 0.18),
)


def still_life(rng: np.random.Generator, size: Size) -> Light:
    """Return a still life."""
    width, height = size
    edge = float(rng.uniform(0.38, 0.6))
    wall, table = (vary(rng, TINTS[int(rng.integers(len(TINTS)))], 0.1) for _ in range(2))
    plaster = fractal(rng, size, cells=3, octaves=6)
    light = gradient(size, [mix(wall, (0, 0, 0), 0.5), mix(wall, (1, 1, 1), 0.1)])
    light *= (np.float32(0.55) + np.float32(0.75) * plaster)[..., None]
    row = round(edge * height)
    grain = fractal(rng, (width, height - row), cells=4, octaves=7, stretch=5)
    lit = gradient((width, height - row), [mix(table, (0, 0, 0), 0.45), mix(table, (1, 1, 1), 0.1)])
    light[row:] = lit * (np.float32(0.72) + np.float32(0.5) * grain)[..., None]
    lamp = float(rng.uniform(-0.8, 0.8))
    glow = np.exp(-((np.linspace(-1, 1, width, dtype=np.float32) - lamp) ** 2) * 1.6)
    light *= (np.float32(0.6) + np.float32(0.65) * glow)[None, :, None]
    shapes = (_ball, _ball, _bottle, _bottle, _crate)
    for foot in np.sort(rng.uniform(edge + 0.08, 0.95, int(rng.integers(3, 8)))):
        shape = shapes[int(rng.integers(len(shapes)))]
        shape(rng, light, float(rng.uniform(0.06, 0.94)), float(foot), lamp)
    return light * np.float32(0.95 / max(0.05, float(np.percentile(light[::8, ::8], 99))))


def _shadow(light: Light, x: float, foot: float, wide: float, lamp: float) -> None:
    size = (light.shape[1], light.shape[0])
    mask = Stencil(size).ellipse((x - lamp * wide * 0.8, foot), (wide * 1.25, wide * 0.32)).mask()
    fill(light, soft(mask, 0.018) * np.float32(0.72), (0.02, 0.02, 0.03))


def _window(light: Light, x: float, y: float, wide: float, tall: float) -> tuple[slice, slice, Field, Field]:
    """Return the rows and columns that a thing covers, and coordinates from -1 to 1 over it."""
    height, width = light.shape[:2]
    rows = slice(max(0, int((y - tall) * height)), min(height, int((y + tall) * height) + 2))
    columns = slice(max(0, int((x - wide) * width)), min(width, int((x + wide) * width) + 2))
    down = ((np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) / height - y) / tall
    across = ((np.arange(columns.start, columns.stop, dtype=np.float32) + 0.5) / width - x) / wide
    v, u = np.meshgrid(down, across, indexing="ij")
    return rows, columns, u.astype(np.float32), v.astype(np.float32)


def _ball(rng: np.random.Generator, light: Light, x: float, foot: float, lamp: float) -> None:
    height, width = light.shape[:2]
    radius = float(rng.uniform(0.05, 0.15))
    tall = radius * width / height
    _shadow(light, x, foot - tall * 0.04, radius, lamp)
    rows, columns, u, v = _window(light, x, foot - tall, radius, tall)
    inside = 1 - u * u - v * v
    normal = np.sqrt(np.clip(inside, 0, 1))
    bright = np.clip(u * lamp * 0.7 - v * 0.55 + normal * 0.55, 0, 1)
    shine = np.clip(u * lamp * 0.6 - v * 0.55 + normal * 0.62, 0, 1) ** 40
    colour = np.asarray(vary(rng, TINTS[int(rng.integers(len(TINTS)))], 0.1), np.float32)
    other = np.asarray(vary(rng, TINTS[int(rng.integers(len(TINTS)))], 0.1), np.float32)
    stripes = 0.5 + 0.5 * np.sin((u * float(rng.uniform(-6, 6)) + v * float(rng.uniform(-6, 6))) * 2.5)
    share = (stripes > 0.5).astype(np.float32) if rng.random() < 0.4 else stripes * np.float32(0.12)
    skin = colour + (other - colour) * share[..., None]
    paint = skin * (0.10 + 0.95 * bright)[..., None] + shine[..., None] * np.float32(0.8)
    mask = np.clip(inside * radius * width * 0.5, 0, 1)
    fill(light[rows, columns], mask.astype(np.float32), paint.astype(np.float32))


def _bottle(rng: np.random.Generator, light: Light, x: float, foot: float, lamp: float) -> None:
    """Paint a thing turned on a wheel: its half-width from foot to top is a smooth line through a few knots."""
    wide, tall = float(rng.uniform(0.035, 0.085)), float(rng.uniform(0.14, 0.26))
    _shadow(light, x, foot - 0.005, wide, lamp)
    rows, columns, u, v = _window(light, x, foot - tall, wide, tall)
    knots = np.array([0.72, 1.0, *rng.uniform(0.55, 1.0, 2), *rng.uniform(0.2, 0.6, 2), 0.42])
    smooth = enlarge(knots[None, ::-1].astype(np.float32), (256, 1))[0]
    profile = np.interp((v[:, 0] + 1) / 2, np.linspace(0, 1, len(smooth)), smooth).astype(np.float32)
    across = u / profile[:, None]
    normal = np.sqrt(np.clip(1 - across * across, 0, 1))
    bright = np.clip(across * lamp * 0.75 + normal * 0.62 + 0.05, 0, 1)
    shine = np.exp(-((across - lamp * 0.55) ** 2) * 90) * 0.45
    colour = np.asarray(vary(rng, TINTS[int(rng.integers(len(TINTS)))], 0.1), np.float32)
    bands = np.where(np.sin(v * float(rng.uniform(4, 20))) > 0.55, np.float32(0.7), np.float32(1.0))
    paint = colour * (bands * (0.12 + 0.9 * bright))[..., None] + shine[..., None].astype(np.float32)
    edge = (1 - np.abs(across)) * profile[:, None] * wide * light.shape[1]
    mask = np.clip(edge + 0.5, 0, 1) * (np.abs(v) <= 1)
    fill(light[rows, columns], mask.astype(np.float32), paint.astype(np.float32))


def _crate(rng: np.random.Generator, light: Light, x: float, foot: float, lamp: float) -> None:
    height, width = light.shape[:2]
    half, tall = float(rng.uniform(0.05, 0.12)), float(rng.uniform(0.10, 0.22))
    turn = float(rng.uniform(-0.6, 0.6)) * half
    back = half * 0.42 * width / height
    _shadow(light, x, foot, half * 1.1, lamp)
    colour = vary(rng, TINTS[int(rng.integers(len(TINTS)))], 0.12)
    corner = (x + turn, foot)
    left, right = (x - half, foot - back * 0.6), (x + half, foot - back * 0.6)

    def up(point: tuple[float, float]) -> tuple[float, float]:
        return point[0], point[1] - tall

    top = [up(corner), up(left), (x - turn, foot - tall - back * 1.2), up(right)]
    faces = (
        ([corner, left, up(left), up(corner)], 0.55 - 0.3 * lamp),
        ([corner, right, up(right), up(corner)], 0.55 + 0.3 * lamp),
    )
    for face, shade in (*faces, (top, 0.95)):
        fill(light, Stencil((width, height)).polygon(face).mask(), mix((0, 0, 0), colour, shade))
