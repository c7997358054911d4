"""Small films for tests: frames of harmless pictures, encoded here."""

import io
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np
from numpy.typing import NDArray

from safelight.samples.pictures import picture

RATE = 25
SIZE = (320, 192)
Rgb = NDArray[np.uint8]


@lru_cache(maxsize=64)
def still(number: int, size: tuple[int, int] = SIZE) -> Rgb:
    """A picture of its own for each number."""
    return np.asarray(picture(7, number, size).convert("RGB"))


def moving(number: int, count: int, size: tuple[int, int] = SIZE) -> list[Rgb]:
    """`count` frames of a camera that moves over a picture of its own for each number, cut every three seconds."""
    frames = []
    for at in range(count):
        scene, step = divmod(at, 3 * RATE)
        whole = still(1000 * number + scene, (size[0] * 2, size[1] * 2))
        x, y = 4 * step, 2 * step
        frames.append(np.ascontiguousarray(whole[y : y + size[1], x : x + size[0]]))
    return frames


def film(
    frames: Sequence[Rgb],
    container: str = "mp4",
    codec: str = "mpeg4",
    *,
    times: Sequence[int] = (),
    bits: int = 4_000_000,
) -> bytes:
    """A film of RGB frames, a 25th of a second each, or at these times (in 25ths)."""  # fmt: skip
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=RATE, bit_rate=bits)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, RATE)
        for number, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts = times[number] if times else number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()
