"""Changes that move shapes: frames, cuts, turns and mirrors."""

import numpy as np
from PIL import Image, ImageOps

from safelight.samples.transforms.transform import Change

FRAMES = ((0, 0, 0), (255, 255, 255), (40, 40, 44), (236, 228, 210))
"""Plain colours of frames: black, white, near black, paper."""


def border(percent: float) -> Change:
    """Return a plain frame on all sides, each of this share of the picture's longer side."""

    def change(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        width = max(1, round(max(image.size) * percent / 100))
        return ImageOps.expand(image, width, _frame_colour(image, int(rng.integers(len(FRAMES)))))

    return change


def _frame_colour(image: Image.Image, wish: int) -> tuple[int, int, int]:
    """Return the frame wished for, or one that stands out where it could be taken for a side of the picture."""
    pixels = np.asarray(image.convert("L"), np.int16)
    sides = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])

    def alike(colour: tuple[int, int, int]) -> float:
        return max(float(np.mean(np.abs(side - round(sum(colour) / 3)) < 32)) for side in sides)

    return FRAMES[wish] if alike(FRAMES[wish]) < 0.3 else min(FRAMES, key=alike)


def letterbox(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture between two bars, left and right or above and below, black where that can be told."""
    bar = round(min(image.size) * float(rng.uniform(0.10, 0.22)))
    sides = (0, bar) if image.width >= image.height else (bar, 0)
    return ImageOps.expand(image, sides, _frame_colour(image, 0))


def crop(area: float) -> Change:
    """Return a cut that keeps this share of the area at a place of chance, with the picture's shape."""

    def change(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        width, height = (max(8, round(side * area**0.5)) for side in image.size)
        left, top = (int(rng.integers(0, spare + 1)) for spare in (image.width - width, image.height - height))
        return image.crop((left, top, left + width, top + height))

    return change


def rotate(degrees: float) -> Change:
    """Return a turn by an angle in the picture's own frame; the corners that come free are black."""
    return lambda image, _rng: image.rotate(degrees, resample=Image.Resampling.BICUBIC)


def turn(how: Image.Transpose) -> Change:
    """Return a quarter turn or a mirror, exact."""
    return lambda image, _rng: image.transpose(how)
