"""Many small files, fast: for the soak and for tests of scale. Each is another content; few are another picture."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from safelight.samples.formats import FORMATS
from safelight.samples.hostile import mutations
from safelight.samples.pictures import SCENES, picture

PER_FOLDER = 1000
BASE_SIZE = (160, 120)


def bases(seed: int, per_format: int = 2) -> list[tuple[str, bytes]]:
    """Return small pictures in every format: the ending and the bytes of each."""
    return [
        (form.suffix, form.write(picture(seed, number * len(SCENES) + index, BASE_SIZE)))
        for index, form in enumerate(FORMATS.values())
        for number in range(per_format)
    ]


def make_many(folder: Path, count: int, seed: int, *, mutated: bool = False) -> Iterator[Path]:
    """Write `count` files of all formats into `folder`, a thousand in each folder below, and yield their paths.

    Unmutated, each has a number behind its last byte: another content, the same picture. `mutated` injures each as
    `hostile.mutations` does. Nothing is kept in memory, so that a million takes no more than a hundred.
    """
    rng = np.random.default_rng([seed, 5])
    sources = bases(seed)
    for number in range(count):
        suffix, content = sources[number % len(sources)]
        changed = mutations(rng, content) if mutated else content + number.to_bytes(8, "big")
        place = folder / f"{number // PER_FOLDER:05d}"
        if number % PER_FOLDER == 0:
            place.mkdir(parents=True)
        path = place / f"{number:08d}.{suffix}"
        path.write_bytes(changed)
        yield path
