"""Photographs that are on this machine already: each was looked at, and shows no person, no face and no figure.

An allow-list by name, never a folder: scikit-image's astronaut, cameraman, coins (heads), skin, retina and face
sets are not on it. A machine without these packages gives an empty list.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

SCIKIT_IMAGE = (
    "brick.png",
    "chelsea.png",  # a cat
    "coffee.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "rocket.jpg",
)
WALLPAPERS = tuple(
    f"mate/nature/{name}.jpg"  # Debian's mate-backgrounds: water, leaves, grass, flowers, a ladybird, a storm
    for name in (
        "Aqua", "Blinds", "Dune", "FreshFlower", "Garden", "GreenMeadow",
        "LadyBird", "RainDrops", "Storm", "TwoWings", "Wood", "YellowFlower",
    )
)  # fmt: skip
WALLPAPER_FOLDERS = (Path("/usr/share/backgrounds"), Path("/usr/share/wallpapers"))


def photographs(folders: Sequence[Path] = WALLPAPER_FOLDERS) -> list[Path]:
    """Return the allowed photographs found here: scikit-image's, then wallpapers below `folders`; perhaps none."""
    found = [folder / name for folder in _scikit_image() for name in SCIKIT_IMAGE]
    found += [folder / name for folder in folders for name in WALLPAPERS]
    return [path for path in found if path.is_file()]


def load(path: Path, longest: int = 1600) -> Image.Image:
    """Return a photograph as RGB, made smaller where its longest side is above `longest` pixels."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    image.thumbnail((longest, longest))
    return image


def _scikit_image() -> list[Path]:
    found = find_spec("skimage")
    return [Path(place) / "data" for place in (found.submodule_search_locations or [])] if found else []
