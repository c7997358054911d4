"""From a Pillow image to the arrays that signatures are computed from.

RGB is Pillow's `convert("RGB")` of the stored frame: exactly what `threatexchange` hands to PDQ for RGB, grey and alpha
pictures (alpha is dropped, not composited). For palette and CMYK pictures that program hashes palette indices and ink
values, a known defect; here they are colours like all others.
"""

import numpy as np
from PIL import Image, ImageCms

from safelight.media.types import Pixels

_ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}
_STRAIGHT_TO_RGB = frozenset({"RGB", "L", "LA", "RGBA", "P", "1", "CMYK", "YCbCr", "HSV", "I", "F", "I;16", "RGBX"})


def rgb_and_alpha(image: Image.Image) -> tuple[Pixels, Pixels | None]:
    """Return `image` as RGB (height x width x 3) and its alpha (height x width), None where it is fully opaque."""
    straight = image.convert(_PREMULTIPLIED[image.mode]) if image.mode in _PREMULTIPLIED else image
    return as_rgb(straight), _alpha(straight)


def as_rgb(image: Image.Image) -> Pixels:
    """Return the colours of any Pillow mode as RGB."""
    if image.mode == "RGB":
        return np.asarray(image)
    if image.mode == "LAB":
        return np.asarray(_from_lab(image))
    if image.mode in _STRAIGHT_TO_RGB:
        return np.asarray(image.convert("RGB"))
    if image.mode.startswith("I;16"):
        return np.asarray(image.convert("I").convert("RGB"))
    return np.asarray(image.convert("RGBA").convert("RGB"))


def _alpha(image: Image.Image) -> Pixels | None:
    if image.mode in _ALPHA_MODES:
        alpha = np.asarray(image.convert("RGBA").getchannel("A") if image.mode == "PA" else image.getchannel("A"))
    elif "transparency" in image.info and image.mode in ("P", "RGB", "L", "1"):
        alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    else:
        return None
    return None if alpha.size == 0 or int(alpha.min()) == 255 else alpha


def _from_lab(image: Image.Image) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None
    return converted
