"""Surfaces seen close: bricks, boards, cobbles, tiles, marble and cloth, under a light that is not even."""

import numpy as np

from safelight.samples.canvas import Colour, Light, mix, vary
from safelight.samples.noise import Field, Size, fractal, smoothstep, stones

BASES: tuple[Colour, ...] = (
    (0.62, 0.28, 0.20),
    (0.70, 0.62, 0.50),
    (0.40, 0.42, 0.44),
    (0.30, 0.44, 0.40),
    (0.72, 0.48, 0.22),
    (0.26, 0.30, 0.46),
)


def surface(rng: np.random.Generator, size: Size) -> Light:
    """Return a surface: its pattern, broad patches of another tone over it, and light from one side."""
    base = vary(rng, BASES[int(rng.integers(len(BASES)))], 0.1)
    kinds = (_bricks, _boards, _cobbles, _tiles, _marble, _cloth)
    light = kinds[int(rng.integers(len(kinds)))](rng, size, base)
    patches = smoothstep(fractal(rng, size, cells=3, octaves=5), 0.35, 0.65)
    light *= (np.float32(0.55) + np.float32(0.6) * patches)[..., None]
    across = np.linspace(-1, 1, size[0], dtype=np.float32)[None, :] * np.float32(rng.uniform(-0.3, 0.3))
    down = np.linspace(-1, 1, size[1], dtype=np.float32)[:, None] * np.float32(rng.uniform(-0.3, 0.3))
    return light * (1 + across + down)[..., None]


def _grid(size: Size, turn: float) -> tuple[Field, Field]:
    """Return coordinates in picture widths, turned by an angle."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / width
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    return x * cos - y * sin, x * sin + y * cos


def _coloured(rng: np.random.Generator, base: Colour, which: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> Light:
    """Return a colour for each numbered piece, the same for all its pixels."""
    table = np.asarray(base, np.float32) * rng.uniform(0.55, 1.35, (509, 1)).astype(np.float32)
    table = table + rng.normal(0, 0.03, (509, 3)).astype(np.float32)
    return np.asarray(table[which % 509], np.float32)


def _bricks(rng: np.random.Generator, size: Size, base: Colour) -> Light:
    rows = float(rng.uniform(6, 16))
    x, y = _grid(size, float(rng.uniform(-0.12, 0.12)))
    course = np.floor(y * rows * 1.3)
    along = x * rows * 0.55 + course * 0.5
    piece = (np.floor(along) * 31 + course * 17).astype(np.intp)
    joint = np.minimum(_to_edge(along) / 0.55, _to_edge(y * rows * 1.3) / 1.3) / rows
    rough = fractal(rng, size, cells=24, octaves=5)
    colour = _coloured(rng, base, piece) * (0.75 + 0.5 * rough)[..., None]
    mortar = np.asarray(mix(base, (0.78, 0.76, 0.72), 0.75), np.float32)
    share = smoothstep(joint + (rough - 0.5) * 0.004, 0.003, 0.006)[..., None]
    return np.asarray(mortar + (colour - mortar) * share, np.float32)


def _to_edge(field: Field) -> Field:
    part = field - np.floor(field)
    return np.asarray(np.minimum(part, 1 - part), np.float32)


def _boards(rng: np.random.Generator, size: Size, base: Colour) -> Light:
    x, y = _grid(size, float(rng.choice([0.0, np.pi / 2])) + float(rng.uniform(-0.06, 0.06)))
    boards = float(rng.uniform(4, 9))
    board = np.floor(y * boards)
    wander = fractal(rng, size, cells=3, octaves=4)
    rings = np.sin((y * 60 + wander * float(rng.uniform(14, 34)) + board * 2.3 + x * 3) * 2.2) * 0.5 + 0.5
    fibre = fractal(rng, size, cells=40, octaves=4, stretch=9)
    tone = 0.62 + 0.30 * rings + 0.22 * fibre
    gap = smoothstep(_to_edge(y * boards), 0.0, 0.035)
    colour = _coloured(rng, base, board.astype(np.intp) + 250)
    return np.asarray(colour * (tone * (0.25 + 0.75 * gap))[..., None], np.float32)


def _cobbles(rng: np.random.Generator, size: Size, base: Colour) -> Light:
    gap, which = stones(rng, size, int(rng.integers(60, 260)))
    rough = fractal(rng, size, cells=20, octaves=5)
    dome = smoothstep(gap, 0.04, 0.55)
    stone = (
        _coloured(rng, mix(base, (0.5, 0.5, 0.5), 0.45), which) * (0.45 + 0.6 * dome + 0.35 * (rough - 0.5))[..., None]
    )
    return np.asarray(stone * smoothstep(gap, 0.0, 0.12)[..., None] + np.float32(0.05), np.float32)


def _tiles(rng: np.random.Generator, size: Size, base: Colour) -> Light:
    count = float(rng.uniform(4, 11))
    x, y = _grid(size, float(rng.uniform(-0.8, 0.8)))
    u, v = x * count, y * count
    which = (np.floor(u) * 37 + np.floor(v) * 53).astype(np.intp)
    light = _coloured(rng, base, which)
    inner = _coloured(rng, vary(rng, BASES[int(rng.integers(len(BASES)))], 0.1), which + 77)
    ring = np.hypot(u - np.floor(u) - 0.5, v - np.floor(v) - 0.5)
    light += (inner - light) * (smoothstep(ring, 0.20, 0.22) - smoothstep(ring, 0.34, 0.36))[..., None]
    joint = smoothstep(np.minimum(_to_edge(u), _to_edge(v)), 0.01, 0.03)
    return light * (0.35 + 0.65 * joint)[..., None]


def _marble(rng: np.random.Generator, size: Size, base: Colour) -> Light:
    x, y = _grid(size, float(rng.uniform(0, 3)))
    twist = fractal(rng, size, cells=3, octaves=7)
    veins = 1 - np.abs(np.sin((x + y * 0.4) * float(rng.uniform(5, 12)) + twist * float(rng.uniform(7, 14))))
    pale = np.asarray(mix(base, (0.95, 0.94, 0.92), 0.72), np.float32)
    dark = np.asarray(mix(base, (0.1, 0.1, 0.1), 0.4), np.float32)
    share = np.clip(smoothstep(veins.astype(np.float32), 0.6, 1.0) + 0.25 * twist, 0, 1)[..., None]
    return np.asarray(pale + (dark - pale) * share, np.float32)


def _cloth(rng: np.random.Generator, size: Size, base: Colour) -> Light:
    threads = float(rng.uniform(50, 110))
    folds = fractal(rng, size, cells=4, octaves=3, stretch=0.6)
    x, y = _grid(size, float(rng.uniform(-0.5, 0.5)))
    weave = 0.82 + 0.18 * np.sin(x * threads * 6.283) * np.sin(y * threads * 6.283)
    first, second = (vary(rng, BASES[int(rng.integers(len(BASES)))], 0.12) for _ in range(2))
    wide = float(rng.uniform(4, 9))
    across = (np.sin((x + folds * 0.05) * wide * 6.283) > 0.3).astype(np.float32)
    down = (np.sin((y + folds * 0.05) * wide * 6.283) > 0.3).astype(np.float32)
    mixed = (
        np.asarray(first, np.float32) * across[..., None] * 0.4 + np.asarray(second, np.float32) * down[..., None] * 0.4
    )
    return np.asarray(
        (np.asarray(base, np.float32) * 0.6 + mixed) * (weave * (0.35 + 0.9 * folds))[..., None], np.float32
    )
