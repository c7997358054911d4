"""Seeded benign pictures: any number, at any size, each the same whenever its seed and number are the same.

They are varied and rich enough to behave as photographs do: PDQ quality is 80 or more for nearly all, and two different
ones lie more than 60 bits apart. No picture shows a person, a face or a figure.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from safelight.samples.canvas import finish
from safelight.samples.noise import Size
from safelight.samples.scenes.harbour import harbour
from safelight.samples.scenes.landscape import landscape
from safelight.samples.scenes.room import room
from safelight.samples.scenes.still_life import still_life
from safelight.samples.scenes.surface import surface
from safelight.samples.scenes.town import town

SCENES = {
    "landscape": landscape,
    "harbour": harbour,
    "room": room,
    "still life": still_life,
    "town": town,
    "surface": surface,
}
SHAPES: tuple[Size, ...] = ((640, 480), (480, 640), (640, 426), (600, 600), (426, 640), (640, 360))
"""Sizes that cameras and services give, in small."""


def picture(seed: int, index: int, size: Size = (640, 480)) -> Image.Image:
    """Return picture number `index` of `seed` as RGB; the scene goes round with the index."""
    names = tuple(SCENES)
    return scene(names[index % len(names)], seed, index, size)


def scene(name: str, seed: int, index: int, size: Size = (640, 480)) -> Image.Image:
    """Return one picture of a named scene (a key of `SCENES`), as RGB."""
    rng = np.random.default_rng([seed, index])
    return finish(rng, SCENES[name](rng, size))


def shape(seed: int, index: int) -> Size:
    """Return a size for picture number `index`, one of `SHAPES`."""
    return SHAPES[int(np.random.default_rng([seed, index, 1]).integers(len(SHAPES)))]


def pictures(seed: int, count: int, size: Size | None = None) -> Iterator[Image.Image]:
    """Yield the first `count` pictures of a seed, of one size or of varied sizes where none is given."""
    for index in range(count):
        yield picture(seed, index, size or shape(seed, index))
