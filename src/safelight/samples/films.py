"""Small benign films: a camera that moves over generated pictures, cut every few seconds, and every way to copy them.

Frames are the same for the same numbers, whichever machine makes them; what an encoder makes of them is not.
"""

import io
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from safelight.samples.pictures import picture

RATE = 25
SIZE = (320, 192)
SCENE = 3 * RATE
"""Frames from cut to cut."""
_SEED = 7
Rgb = NDArray[np.uint8]


@lru_cache(maxsize=64)
def still(number: int, size: tuple[int, int] = SIZE) -> Rgb:
    """A picture of its own for each number, height x width x 3."""
    return np.asarray(picture(_SEED, number, size).convert("RGB"))


def moving(number: int, count: int, size: tuple[int, int] = SIZE) -> list[Rgb]:
    """`count` frames of a film of its own for each number; `size` is width and height."""
    frames = []
    for at in range(count):
        scene, step = divmod(at, SCENE)
        whole = still(1000 * number + scene, (size[0] * 2, size[1] * 2))
        x, y = size[0] * step // SCENE, size[1] * step // SCENE
        frames.append(np.ascontiguousarray(whole[y : y + size[1], x : x + size[0]]))
    return frames


def film(
    frames: Sequence[Rgb],
    container: str = "mp4",
    codec: str = "mpeg4",
    *,
    times: Sequence[int] = (),
    bits: int = 4_000_000,
    options: dict[str, str] | None = None,
) -> bytes:
    """A film of RGB frames of one size: a 25th of a second each, or at these times (in 25ths); `bits` a second.

    `options` are FFmpeg's for the container.
    """
    out = io.BytesIO()
    with av.open(out, "w", format=container, options={"fflags": "+bitexact", **(options or {})}) as file:
        stream = cast("VideoStream", file.add_stream(codec, rate=RATE))
        stream.bit_rate = bits
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, RATE)
        for number, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts = times[number] if times else number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()
