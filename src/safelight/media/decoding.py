"""The border to the decoders: which errors they raise on hostile bytes, and the settings each call runs under.

Pillow's plug-ins are imported here, all of them, because nothing can be imported once the sandbox is closed.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import AvifImagePlugin, Image, ImageFile

from safelight.media.text import clean
from safelight.media.types import PictureLimits, UnreadablePictureError

# One process decodes one file; the pool of workers is what uses the cores.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

DECODER_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    MemoryError,
    BufferError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow, simplejpeg and pi-heif were seen to raise on broken files; anything else is a fault of ours."""


class _ViewFile(io.RawIOBase):
    """Reads a memory view as a file, without a copy of the whole."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._view)}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub's Buffer has no length
        piece = self._view[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def as_file(view: memoryview) -> io.BufferedIOBase:
    """Open a view as a binary file; a whole `bytes` object is shared, not copied."""
    if isinstance(view.obj, bytes) and len(view.obj) == len(view):
        return io.BytesIO(view.obj)
    return io.BufferedReader(_ViewFile(view), 1 << 16)


@contextmanager
def decoder_settings(*, tolerant: bool) -> Iterator[None]:
    """Run Pillow without its own size check (ours came first) and quietly; `tolerant` decodes what is there.

    The settings are Pillow's module globals, restored afterwards: never hold this open across a `yield` of pixels, and
    never decode in two threads.
    """
    before = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = tolerant, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = before


def reason(error: BaseException) -> str:
    """What a decoder said, on one line; the name of the error where it said nothing."""
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    said = clean(" ".join(str(error).split()), 200)
    return said or type(error).__name__


def check_size(size: tuple[int, int], limits: PictureLimits) -> None:
    """Refuse a picture before its pixels are allocated.

    Raises:
        UnreadablePictureError: Width times height is above `limits.max_pixels`, or nothing.
    """
    width, height = size
    if width <= 0 or height <= 0:
        raise UnreadablePictureError(f"the picture claims {width} x {height} pixels: nothing to decode")
    if width * height > limits.max_pixels:
        raise UnreadablePictureError(
            f"the picture claims {width} x {height} pixels, {width * height / 1e6:.0f} megapixels, "
            f"above the limit of {limits.max_pixels / 1e6:g}"
        )


def bounded_count(claimed: int, size: tuple[int, int], limits: PictureLimits) -> int:
    """How many of `claimed` frames of `size` pixels are read: at least one, and no more than `limits` allow."""
    budget = max(1, limits.max_total_pixels // (size[0] * size[1]))
    return max(1, min(claimed, limits.max_frames, budget))
