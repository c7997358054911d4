"""JPEG files as cameras write them, from seeds: scenes with sensor noise, so that decoders have honest work."""

import io
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.samples.pictures import picture

SIZES = {"12 MP": (4000, 3000), "2 MP": (1920, 1080), "0.3 MP": (640, 480)}
_SEED = 20
_SCENES = 24
"""Scenes drawn anew; further files of a size vary them by mirror, brightness and noise."""


def jpegs(folder: Path, size: tuple[int, int], count: int) -> list[Path]:
    """Write `count` different JPEG files of one size, once; return their paths. Their folder holds nothing else."""
    place = folder / f"{size[0]}x{size[1]}"
    place.mkdir(parents=True, exist_ok=True)
    paths = [place / f"{number:05d}.jpg" for number in range(count)]
    missing = [(path, size, number) for number, path in enumerate(paths) if not path.exists()]
    for other in set(place.iterdir()).difference(paths):
        other.unlink()
    missing.sort(key=lambda task: task[2] % _SCENES)
    with ProcessPoolExecutor() as pool:
        list(pool.map(_write, missing, chunksize=16))
    return paths


@lru_cache(maxsize=4)
def _scene(number: int, size: tuple[int, int]) -> NDArray[np.float32]:
    scene = picture(_SEED, number, min(size, (1000, 750)))
    return np.asarray(scene.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)


def _write(task: tuple[Path, tuple[int, int], int]) -> None:
    path, size, number = task
    rng = np.random.default_rng([_SEED, number])
    pixels = _scene(number % _SCENES, size)[:, :: -1 if rng.random() < 0.5 else 1]
    shift = rng.uniform(-30, 30)
    turned = np.roll(pixels, int(rng.integers(0, size[0])), axis=1)
    noisy = np.clip(turned + shift + rng.normal(0, 4, (size[1], size[0], 1)), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, "JPEG", quality=int(rng.integers(85, 93)))
    part = path.with_suffix(".part")
    part.write_bytes(buffer.getvalue())
    part.rename(path)
