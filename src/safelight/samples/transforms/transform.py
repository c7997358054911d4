"""What a transform is, and how its result is written."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from PIL import Image

Change = Callable[[Image.Image, np.random.Generator], Image.Image]
"""From an RGB picture to another; all chance comes from the generator."""


class TransformClass(StrEnum):
    """What a transform does to a picture's shapes, which tells whether the main job promises to find it again."""

    GLOBAL = "global"
    """Every pixel alike, or the whole frame scaled: shapes stay where they are."""
    DIHEDRAL = "dihedral"
    """A quarter turn or a mirror."""
    BORDER = "border"
    """The whole picture within a plain frame."""
    GEOMETRIC = "geometric"
    """Cut off or turned by an angle: shapes move."""
    COMPOSITE = "composite"
    """Something else laid over it, or it within something else."""


PROMISED = frozenset({TransformClass.GLOBAL, TransformClass.DIHEDRAL, TransformClass.BORDER})
SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "AVIF": "avif", "BMP": "bmp", "TIFF": "tif"}


@dataclass(frozen=True)
class Encoding:
    """A format of Pillow's and, where it has one, a quality of 1 to 100."""

    format: str = "JPEG"
    quality: int = 88

    @property
    def suffix(self) -> str:
        """The file name's ending, without the dot."""
        return SUFFIXES[self.format]

    def write(self, image: Image.Image) -> bytes:
        """Return the picture as a file's bytes."""
        settings: dict[str, Any] = {"quality": self.quality} if self.format in {"JPEG", "WEBP", "AVIF"} else {}
        if self.format == "AVIF":
            settings["speed"] = 8
        if self.format == "GIF":
            image = image.quantize(128)
        out = io.BytesIO()
        image.save(out, self.format, **settings)
        return out.getvalue()


@dataclass(frozen=True)
class Transform:
    """One named change. `promised` says whether the main job is held to finding the result again."""

    name: str
    group: TransformClass
    change: Change
    encoding: Encoding = Encoding()
    hard: bool = False
    """Of a promised class, yet too strong to be promised."""

    @property
    def promised(self) -> bool:
        """Whether the main job is held to finding the result again as a copy."""
        return self.group in PROMISED and not self.hard

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """Return the changed picture, RGB."""
        return self.change(image.convert("RGB"), rng)

    def file(self, image: Image.Image, rng: np.random.Generator) -> bytes:
        """Return the changed picture as a file."""
        return self.encoding.write(self.apply(image, rng))

    def then(self, second: "Transform") -> "Transform":
        """Return this transform followed by another.

        The pair is promised only where both are and one of them is a turn: other distances add up, and a frame that is
        changed after it was added is no longer plain.
        """
        loser = self if not self.promised else second
        turned = TransformClass.DIHEDRAL in {self.group, second.group}
        return Transform(
            name=f"{self.name}+{second.name}",
            group=loser.group,
            change=lambda image, rng: second.change(self.change(image, rng), rng),
            encoding=second.encoding,
            hard=not (turned and self.promised and second.promised),
        )
