"""Every still transform by name, and their combinations two by two."""

from collections.abc import Iterator

from PIL import Image

from safelight.samples.transforms import composites, geometry, tones
from safelight.samples.transforms.transform import Encoding, Transform, TransformClass

GLOBAL, DIHEDRAL, BORDER = TransformClass.GLOBAL, TransformClass.DIHEDRAL, TransformClass.BORDER
GEOMETRIC, COMPOSITE = TransformClass.GEOMETRIC, TransformClass.COMPOSITE
Mirror = Image.Transpose


def _encodings() -> Iterator[Transform]:
    for quality in (95, 80, 60, 40, 20):
        yield Transform(f"jpeg-{quality}", GLOBAL, tones.keep, Encoding("JPEG", quality))
    for name in ("PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF"):
        yield Transform(name.lower(), GLOBAL, tones.keep, Encoding(name, 70))


def _tones() -> Iterator[Transform]:
    # Below about 200 pixels PDQ's own filter changes its width, and a picture may drift beyond 31 bits.
    for percent in (200, 75, 50, 25, 10):
        yield Transform(f"resize-{percent}", GLOBAL, tones.resize(percent / 100), hard=percent < 50)
    for wide in (80, 120):
        yield Transform(f"aspect-{wide}", GLOBAL, tones.stretch(wide / 100, 1))
    yield Transform("blur-1", GLOBAL, tones.blur(1))
    yield Transform("blur-3", GLOBAL, tones.blur(3))
    yield Transform("noise-8", GLOBAL, tones.noise(8))
    yield Transform("noise-20", GLOBAL, tones.noise(20))
    yield Transform("gamma-70", GLOBAL, tones.gamma(0.7))
    yield Transform("gamma-150", GLOBAL, tones.gamma(1.5))
    yield Transform("brightness-130", GLOBAL, tones.brightness(1.3), hard=True)
    yield Transform("brightness-70", GLOBAL, tones.brightness(0.7))
    yield Transform("contrast-130", GLOBAL, tones.contrast(1.3))
    yield Transform("contrast-70", GLOBAL, tones.contrast(0.7))
    yield Transform("grey", GLOBAL, tones.grey)
    yield Transform("vignette", GLOBAL, tones.vignette(0.35))


def _shapes() -> Iterator[Transform]:
    yield Transform("rotate-90", DIHEDRAL, geometry.turn(Mirror.ROTATE_90))
    yield Transform("rotate-180", DIHEDRAL, geometry.turn(Mirror.ROTATE_180))
    yield Transform("rotate-270", DIHEDRAL, geometry.turn(Mirror.ROTATE_270))
    yield Transform("mirror", DIHEDRAL, geometry.turn(Mirror.FLIP_LEFT_RIGHT))
    yield Transform("mirror-rotate-90", DIHEDRAL, geometry.turn(Mirror.TRANSPOSE))
    for percent in (5, 10, 20, 40):
        yield Transform(f"border-{percent}", BORDER, geometry.border(percent))
    yield Transform("letterbox", BORDER, geometry.letterbox)
    for area in (90, 75, 50, 25):
        yield Transform(f"crop-{area}", GEOMETRIC, geometry.crop(area / 100))
    for degrees in (2, 5, 15):
        yield Transform(f"rotate-{degrees}", GEOMETRIC, geometry.rotate(degrees))


def _composites() -> Iterator[Transform]:
    yield Transform("watermark", COMPOSITE, composites.watermark)
    yield Transform("caption", COMPOSITE, composites.caption)
    yield Transform("sticker", COMPOSITE, composites.sticker)
    yield Transform("censor", COMPOSITE, composites.censor)
    for area in (70, 50, 30):
        yield Transform(f"overlay-{area}", COMPOSITE, composites.overlay(area / 100))
    yield Transform("collage", COMPOSITE, composites.collage)
    yield Transform("screenshot", COMPOSITE, composites.screenshot, Encoding("PNG"))
    yield Transform("photo-of-screen", COMPOSITE, composites.photo_of_screen)


TRANSFORMS: dict[str, Transform] = {
    transform.name: transform for family in (_encodings, _tones, _shapes, _composites) for transform in family()
}
"""Every transform by its name."""


def by_class(*groups: TransformClass) -> list[Transform]:
    """Return the transforms of these classes, in the registry's order."""
    return [transform for transform in TRANSFORMS.values() if transform.group in groups]


def two_step() -> Iterator[Transform]:
    """Yield every transform that changes pixels, followed by every other one of another name."""
    changing = [transform for transform in TRANSFORMS.values() if transform.change is not tones.keep]
    for first in changing:
        for second in TRANSFORMS.values():
            if first.name != second.name:
                yield first.then(second)
