"""A picture being painted: light as numbers, shapes with soft edges, and the camera's own traces at the end."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from safelight.samples.noise import Field, Size

Light = NDArray[np.float32]
"""height x width x 3, 0 to 1."""
Colour = tuple[float, float, float]
"""Red, green, blue, 0 to 1."""
Point = tuple[float, float]
"""Fractions of width and height, from the upper left corner."""

FINE = 2
"""Shapes are drawn this many times larger, then reduced: their edges come out smooth."""


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour `share` of the way from the first to the second."""
    a, b = np.asarray(first), np.asarray(second)
    red, green, blue = a + (b - a) * share
    return float(red), float(green), float(blue)


def vary(rng: np.random.Generator, colour: Colour, amount: float = 0.06) -> Colour:
    """Return a colour near to this one."""
    red, green, blue = np.clip(np.asarray(colour) + rng.uniform(-amount, amount, 3), 0, 1)
    return float(red), float(green), float(blue)


def gradient(size: Size, stops: Sequence[Colour], *, bend: float = 1.0) -> Light:
    """Return a fall of colours from top to bottom; `bend` above 1 keeps the first for longer."""
    width, height = size
    place = np.linspace(0, 1, height) ** bend * (len(stops) - 1)
    table = np.asarray(stops, np.float32)
    column = np.stack([np.interp(place, range(len(stops)), table[:, channel]) for channel in range(3)], axis=1)
    return np.repeat(column[:, None, :].astype(np.float32), width, axis=1)


def fill(light: Light, mask: Field, colour: Colour | Light) -> None:
    """Paint a colour where the mask says, in place; only the rows and columns that the mask touches are worked on."""
    rows = np.flatnonzero(mask.max(axis=1) > 0)
    if not len(rows):
        return
    band = slice(rows[0], rows[-1] + 1)
    columns = np.flatnonzero(mask[band].max(axis=0) > 0)
    side = slice(columns[0], columns[-1] + 1)
    paint = np.asarray(colour, np.float32) if isinstance(colour, tuple) else colour[band, side]
    light[band, side] += (paint - light[band, side]) * mask[band, side, None]


class Stencil:
    """A mask of shapes with smooth edges; coordinates are fractions of width and height."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._image = Image.new("L", (size[0] * FINE, size[1] * FINE))
        self._draw = ImageDraw.Draw(self._image)

    def _place(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._image.width, y * self._image.height) for x, y in points]

    def polygon(self, points: Sequence[Point]) -> "Stencil":
        """Add a filled polygon."""
        self._draw.polygon(self._place(points), fill=255)
        return self

    def ellipse(self, centre: Point, radius: Point) -> "Stencil":
        """Add a filled ellipse."""
        box = [(centre[0] - radius[0], centre[1] - radius[1]), (centre[0] + radius[0], centre[1] + radius[1])]
        self._draw.ellipse(self._place(box), fill=255)
        return self

    def line(self, points: Sequence[Point], thickness: float) -> "Stencil":
        """Add a line; its thickness is a fraction of the width."""
        self._draw.line(self._place(points), fill=255, width=max(1, round(thickness * self._image.width)))
        return self

    def mask(self) -> Field:
        """Return the mask, 0 to 1."""
        return np.asarray(self._image.reduce(FINE), np.float32) / np.float32(255)


class Painting:
    """Many small flat shapes in their own colours, drawn fine and laid over the light at once."""

    def __init__(self, light: Light) -> None:
        self._light = light
        height, width = light.shape[:2]
        self._image = to_image(light).resize((width * FINE, height * FINE), Image.Resampling.NEAREST)
        self._draw = ImageDraw.Draw(self._image)

    def _place(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._image.width, y * self._image.height) for x, y in points]

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Paint a filled polygon."""
        self._draw.polygon(self._place(points), fill=_bytes(colour))

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Paint an upright rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def ellipse(self, centre: Point, radius: Point, colour: Colour) -> None:
        """Paint a filled ellipse."""
        box = [(centre[0] - radius[0], centre[1] - radius[1]), (centre[0] + radius[0], centre[1] + radius[1])]
        self._draw.ellipse(self._place(box), fill=_bytes(colour))

    def line(self, points: Sequence[Point], colour: Colour, thickness: float) -> None:
        """Paint a line; its thickness is a fraction of the width."""
        width = max(1, round(thickness * self._image.width))
        self._draw.line(self._place(points), fill=_bytes(colour), width=width)

    def light(self) -> Light:
        """Return the whole as light."""
        return np.asarray(self._image.reduce(FINE), np.float32) / np.float32(255)


def soft(mask: Field, radius: float) -> Field:
    """Return the mask blurred by about `radius` (a fraction of the width), for shadows and glows."""
    height, width = mask.shape
    small = (max(2, round(1 / max(radius, 1e-3))), max(2, round(height / width / max(radius, 1e-3))))
    if small[0] >= width:
        return mask
    reduced = Image.fromarray(mask).resize(small, Image.Resampling.BOX)
    return np.asarray(reduced.resize((width, height), Image.Resampling.BICUBIC), np.float32).clip(0, 1)


def finish(rng: np.random.Generator, light: Light) -> Image.Image:
    """Return the picture as a camera would give it: exposure, a little fall-off to the corners, and sensor noise."""
    height, width = light.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    fall_off = 1 - np.float32(rng.uniform(0.05, 0.25)) * (x * x + y * y) * np.float32(0.5)
    exposure = np.float32(rng.uniform(0.92, 1.1))
    tile = rng.standard_normal((256, 256), dtype=np.float32) * np.float32(0.012)
    grain = np.tile(tile, (height // 256 + 1, width // 256 + 1))[:height, :width]
    seen = light * (fall_off * exposure)[..., None]
    seen += grain[..., None]
    return to_image(seen)


def to_image(light: Light) -> Image.Image:
    """Return light as an 8-bit RGB picture."""
    bright = light * np.float32(255)
    return Image.fromarray(np.clip(bright, 0, 255, out=bright).astype(np.uint8))


def _bytes(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (int(min(1.0, max(0.0, part)) * 255) for part in colour)
    return red, green, blue
