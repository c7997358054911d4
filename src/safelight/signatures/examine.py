"""Examine one picture file: what runs inside the sandbox, from bytes to one bounded `Examination`."""

import mmap
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from safelight.media.compiled import warm_up
from safelight.media.picture import open_picture
from safelight.media.types import Frame, Kind, Picture, UnreadablePictureError
from safelight.signatures import pdq
from safelight.signatures.pixels import pixel_digest, shown_pixels
from safelight.signatures.tiles import to_bytes
from safelight.signatures.types import Embedded, Examination, Still

__all__ = ["MOST_STILLS", "SAME_FRAME", "examine", "warm_up"]

MOST_STILLS = 2000
SAME_FRAME = 2
"""A frame whose listed hash is within this many bits of one that was kept adds nothing."""


def examine(content: bytes | memoryview | mmap.mmap, kind: Kind) -> Examination:
    """Decode a picture whose first bytes said `kind` and compute the signatures of all its distinct frames.

    Raises:
        UnreadablePictureError: no decoder could read a single frame.
    """
    picture = open_picture(content, kind)
    stills = list(_distinct_stills(picture))
    if not stills:
        raise UnreadablePictureError(f"the {kind.value} file holds no frame that can be decoded")
    return Examination(
        format=kind.value,
        size=picture.size,
        orientation=picture.orientation,
        frames=max(1, picture.frame_count),
        mode=picture.mode[:20],
        stills=stills,
        embedded=[Embedded(kind=kind[:40], content=content) for kind, content in picture.thumbnails],
        metadata=picture.metadata,
        damaged=_damage(picture, len(stills)),
        clips=list(picture.clips),
    )


def _distinct_stills(picture: Picture) -> Iterator[Still]:
    """The first frame, and each further one that carries information and differs from every frame before it."""
    kept = np.empty((MOST_STILLS, 32), np.uint8)
    count = 0
    for frame in picture.frames:
        listed = pdq.compute(frame.rgb)
        bits = np.frombuffer(listed.pdq.bits, np.uint8)
        if count and not (listed.pdq.usable and _is_new(bits, kept[:count])):
            continue
        kept[count] = bits
        count += 1
        yield _still(frame, picture.orientation, listed)
        if count == MOST_STILLS:
            return


def _is_new(bits: NDArray[np.uint8], kept: NDArray[np.uint8]) -> bool:
    distances = np.bitwise_count(kept ^ bits).sum(axis=1, dtype=np.int64)
    return bool(distances.min() > SAME_FRAME)


def _still(frame: Frame, orientation: int, listed: pdq.PdqResult) -> Still:
    """All signatures of a frame; where a person sees the stored pixels, nothing is computed twice."""
    pixels = shown_pixels(frame, orientation)
    as_stored = pixels is frame.rgb
    shown = listed if as_stored else pdq.compute(pixels)
    return Still(
        index=frame.index,
        listed=listed.pdq,
        shown=None if as_stored else shown.pdq,
        tile=to_bytes(shown.tile64),
        shown_size=(pixels.shape[1], pixels.shape[0]),
        pixels=pixel_digest(pixels),
    )


def _damage(picture: Picture, stills: int) -> str | None:
    said = [picture.frames.damaged] if picture.frames.damaged else []
    if stills == MOST_STILLS:
        said.append(f"only the first {MOST_STILLS} distinct frames were taken")
    return "; ".join(said)[:300] or None
