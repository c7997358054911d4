"""A picture as a person sees it: EXIF orientation applied, transparency over grey."""

import numpy as np

from safelight.media.types import Pixels


def apply_orientation(array: Pixels, orientation: int) -> Pixels:
    """Turn and mirror a picture (height x width, or with channels) as its EXIF orientation says, exactly.

    The result equals Pillow's `ImageOps.exif_transpose` and is C-contiguous; values other than 2 to 8 change nothing.
    """
    swapped = np.swapaxes(array, 0, 1)
    shown = {
        2: array[:, ::-1],
        3: array[::-1, ::-1],
        4: array[::-1],
        5: swapped,
        6: swapped[:, ::-1],
        7: swapped[::-1, ::-1],
        8: swapped[::-1],
    }.get(orientation, array)
    return np.ascontiguousarray(shown)


def over_grey(rgb: Pixels, alpha: Pixels | None, grey: int = 128) -> Pixels:
    """Compose RGB with `alpha` over an even grey, rounded to nearest; without alpha `rgb` itself comes back.

    Grey, because white or black would hide a drawing of that colour on a transparent ground.
    """
    if alpha is None:
        return rgb
    weight = alpha[..., np.newaxis].astype(np.uint16)
    mixed = rgb * weight + np.uint16(grey) * (255 - weight)
    return ((mixed + 127) // 255).astype(np.uint8)
