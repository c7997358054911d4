"""Camera raw, developed by LibRaw: sensor values become a picture, and the camera's own preview stands beside it.

The hash is that of the developed picture; the preview, an embedded picture, has one of its own, which is that of the
JPEG that the camera would have written. Where LibRaw cannot develop a file (a camera of after its release, a file that
was cut), the preview is the picture, and the examination says so.

Loading LibRaw takes its time, so only workers do.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import rawpy
import simplejpeg
from PIL import Image

from safelight.media.container import describe
from safelight.media.decoding import DECODER_ERRORS, check_size, reason
from safelight.media.jpeg import open_jpeg
from safelight.media.jpeg_segments import as_bitmap
from safelight.media.jpeg_structure import read_structure
from safelight.media.raw_camera import read_camera_raw
from safelight.media.types import (
    Frame,
    FrameSource,
    Kind,
    Picture,
    PictureLimits,
    Pixels,
    UnreadablePictureError,
)

_HALVED_FROM = 8_000_000
"""Pixels from which on a block of two by two becomes one pixel: no farther off, at a sixth of the cost."""
_ORIENTATION = {0: 1, 3: 3, 5: 8, 6: 6}
"""EXIF's number of what LibRaw calls flip."""
_ERRORS = (*DECODER_ERRORS, rawpy.LibRawError, rawpy.NotSupportedError)
_JPEG = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]")
_START, _EXIF_FIRST = b"\xff\xd8", b"\xff\xd8\xff\xe1"
_COMPARED = 4096
_MOST_BEGINNINGS = 1000
_HEADER_BYTES = 1 << 20
_MOST_READ = 4
_CUT = "the file ends before its pixels"
_ROWS_WANTED = 4
_LOST = 64
"""A picture whose last rows, one part in so many, are all zero was cut: no sensor sees nothing at all."""


def open_camera_raw(view: memoryview, limits: PictureLimits) -> Picture:
    """Open a raw file; it is developed when its frame is asked for.

    Raises:
        UnreadablePictureError: It can be neither developed nor has it a preview, or it claims more than `limits` allow.
    """
    found, content = read_camera_raw(view), bytes(view)
    header = _read_header(content)
    check_size(header.sensor, limits)
    preview = header.preview or _largest_jpeg(view)
    if preview is not None:
        found.embedded.append(("camera-preview", preview))
    shown = _opened_preview(preview, limits)
    if shown is not None and found.exif is None:
        exif = shown.metadata.raw.get("exif")
        found.exif = memoryview(exif) if exif else None
    if header.problem and shown is None:
        raise UnreadablePictureError(
            f"a camera raw file without a preview, and it cannot be developed: {header.problem}"
        )
    described = describe(found, limits)
    size, orientation = header.size, header.orientation
    if header.problem and shown is not None:
        size, orientation = shown.size, shown.orientation if shown.orientation > 1 else described.orientation
    return Picture(
        kind=Kind.CAMERA_RAW,
        size=size,
        mode="RGB",
        orientation=orientation,
        frame_count=1,
        metadata=described.metadata,
        thumbnails=described.thumbnails,
        frames=_Developed(content, header, shown),
    )


@dataclass(frozen=True)
class _Header:
    """What LibRaw reads of a file without its pixels: sizes in pixels, and what is `problem` where it reads nothing."""

    sensor: tuple[int, int] = (1, 1)
    size: tuple[int, int] = (1, 1)
    orientation: int = 1
    preview: bytes | None = None
    problem: str = ""


class _Developed(FrameSource):
    """The picture that the sensor saw; where it cannot be developed the preview, without one what there is."""

    def __init__(self, content: bytes, header: _Header, preview: Picture | None) -> None:
        self._content, self._header, self._preview = content, header, preview

    def __iter__(self) -> Iterator[Frame]:
        rgb, problem = None, self._header.problem
        if not problem:
            rgb, problem = _develop(self._content)
        if problem and self._preview is not None:
            self.damaged = f"it cannot be developed ({problem}): its preview stands for it"
            yield from self._preview.frames
            return
        if rgb is None:  # once more, with darkness for what the file lacks
            rgb, _ = _develop(self._content + bytes(2 * self._header.sensor[0] * self._header.sensor[1]))
        if rgb is None or int(rgb.any(axis=(1, 2)).sum()) < _ROWS_WANTED:
            raise UnreadablePictureError(f"no pixels could be developed: {problem}")
        self.damaged = problem or None
        yield Frame(0, rgb, None)


def _develop(content: bytes) -> tuple[Pixels | None, str]:
    """The picture, and what is wrong with it."""
    try:
        with _opened(content) as raw:
            seen: Pixels = raw.postprocess(
                demosaic_algorithm=rawpy.DemosaicAlgorithm.LINEAR,
                half_size=raw.sizes.width * raw.sizes.height >= _HALVED_FROM and _is_bayer(raw),
                use_camera_wb=True,
                user_flip=0,
            )
            problem = _CUT if _is_cut(raw) else ""
    except _ERRORS as error:
        return None, _said(error)
    return np.ascontiguousarray(np.broadcast_to(seen, (*seen.shape[:2], 3))), problem  # some sensors see no colours


def _read_header(content: bytes) -> _Header:
    try:
        with _opened(content) as raw:
            sizes = raw.sizes
            return _Header(
                sensor=(sizes.raw_width, sizes.raw_height),
                size=(sizes.width, sizes.height),
                orientation=_ORIENTATION.get(sizes.flip, 1),
                preview=_preview(raw, content),
            )
    except _ERRORS as error:
        return _Header(problem=_said(error))


def _opened(content: bytes) -> rawpy.RawPy:
    raw = rawpy.RawPy()
    raw.open_buffer(io.BytesIO(content))
    return raw


def _is_bayer(raw: rawpy.RawPy) -> bool:
    """Whether colours repeat in blocks of two by two, so that half the size loses nothing that a hash sees."""
    pattern = raw.raw_pattern
    return pattern is not None and pattern.shape == (2, 2)


def _is_cut(raw: rawpy.RawPy) -> bool:
    """LibRaw takes what a file lacks as zero, and says nothing."""
    if raw.raw_type != rawpy.RawType.Flat:
        return False
    seen = raw.raw_image_visible
    return not seen[-max(8, len(seen) // _LOST) :].any()


def _preview(raw: rawpy.RawPy, content: bytes) -> bytes | None:
    try:
        preview = raw.extract_thumb()
    except _ERRORS:
        return None
    if isinstance(preview.data, bytes):
        return _as_it_stands(preview.data, content)
    return as_bitmap(Image.fromarray(preview.data))


def _as_it_stands(preview: bytes, content: bytes) -> bytes:
    """A JPEG as it is in the file: LibRaw puts EXIF of its own making into one that has none."""
    if preview[:4] == _EXIF_FIRST:
        rest = preview[4 + int.from_bytes(preview[4:6], "big") :]
        at = content.find(_START + rest[:_COMPARED])
        if at >= 0:
            return content[at : at + len(_START) + len(rest)]
    return preview


def _largest_jpeg(view: memoryview) -> bytes | None:
    """The largest picture among the JPEGs in a file, for previews where LibRaw finds none."""
    sizes: list[tuple[int, int]] = []
    for count, begin in enumerate(_JPEG.finditer(view)):
        if count == _MOST_BEGINNINGS:
            break
        at = begin.start()
        try:
            height, width, _, _ = simplejpeg.decode_jpeg_header(view[at : at + _HEADER_BYTES], strict=False)
        except DECODER_ERRORS:
            continue
        sizes.append((-width * height, at))
    for _, at in sorted(sizes)[:_MOST_READ]:
        head = read_structure(view[at:])
        if head.plain and head.end is not None:
            return bytes(view[at : at + head.end])
    return None


def _opened_preview(preview: bytes | None, limits: PictureLimits) -> Picture | None:
    if preview is None or not preview.startswith(_START):
        return None
    try:
        return open_jpeg(memoryview(preview), limits)
    except UnreadablePictureError:
        return None


def _said(error: BaseException) -> str:
    """LibRaw's words come as bytes."""
    words = error.args[0] if error.args else b""
    return reason(RuntimeError(words.decode("ascii", "replace"))) if isinstance(words, bytes) else reason(error)
