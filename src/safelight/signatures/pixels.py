"""The picture as a person sees it, and a digest of exactly those pixels."""

import numpy as np
import xxhash

from safelight.media.orientation import over_grey
from safelight.media.types import Frame, Pixels
from safelight.signatures.border import find_box
from safelight.signatures.turning import turn


def shown_pixels(frame: Frame, orientation: int) -> Pixels:
    """A frame with transparency laid over grey, EXIF orientation applied and plain borders trimmed, C-contiguous.

    Where none of these changes anything, this is `frame.rgb` itself and not a copy.
    """
    whole = turn(np.ascontiguousarray(over_grey(frame.rgb, frame.alpha)), orientation)
    box = find_box(whole)
    if box == (0, whole.shape[0], 0, whole.shape[1]):
        return whole
    return np.ascontiguousarray(whole[box.top : box.bottom, box.left : box.right])


def pixel_digest(pixels: Pixels) -> bytes:
    """16 bytes that tell equal pixels from unequal ones (xxh3-128 over width, height and the pixels).

    Fast, and no proof: somebody who tries can make two pictures that share it. It may group, and never identify.
    """
    height, width = pixels.shape[:2]
    state = xxhash.xxh3_128(width.to_bytes(4, "big") + height.to_bytes(4, "big"))
    state.update(np.ascontiguousarray(pixels).data)
    return state.digest()
