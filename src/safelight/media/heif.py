"""HEIC and HEIF by libheif (the decode-only pi-heif build): every top-level image, the primary one first.

libheif applies the file's own turning and mirroring (irot, imir), as the standard demands; EXIF orientation in such
files is a copy that must not be applied again (ISO 23008-12, annex A), so the picture's orientation is 1.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pi_heif
from PIL import Image

from safelight.media.container import Found, describe
from safelight.media.decoding import DECODER_ERRORS, bounded_count, check_size, reason
from safelight.media.jpeg_segments import as_bitmap
from safelight.media.pixels import rgb_and_alpha
from safelight.media.types import (
    Beside,
    Frame,
    FrameSource,
    Kind,
    Picture,
    PictureLimits,
    Pixels,
    UnreadablePictureError,
)

pi_heif.options.DECODE_THREADS = 1
pi_heif.options.AUX_IMAGES = True
pi_heif.options.DEPTH_IMAGES = True

_KINDS = {"gainmap": Beside.GAIN_MAP, "matte": Beside.MATTE, "depth": Beside.DEPTH, "auxid:2": Beside.DEPTH}
"""What an auxiliary picture is, by a word in its URN."""
_THUMBNAIL_OF, _NOTHING_OF = b"thmb", b"none"
_MAX_META = 1 << 20


def open_heif(view: memoryview, limits: PictureLimits) -> Picture:
    """Open a HEIC or HEIF file; images are decoded one at a time.

    Raises:
        UnreadablePictureError: libheif cannot read it, or it claims more pixels than `limits` allow.
    """
    content = bytes(view)
    images = _images(content)
    primary = images[0]
    check_size(primary.size, limits)
    frames = _HeifFrames(content, images, limits)
    described = describe(_found(primary, content, limits), limits)
    return Picture(
        kind=Kind.HEIF,
        size=primary.size,
        mode=primary.mode,
        orientation=1,
        frame_count=frames.count,
        metadata=described.metadata,
        thumbnails=described.thumbnails,
        frames=frames,
    )


class _HeifFrames(FrameSource):
    """The images of a file, each freed before the next is decoded."""

    def __init__(self, content: bytes, images: list[pi_heif.HeifImage], limits: PictureLimits) -> None:
        self._content, self._images, self._limits = content, images, limits
        self.count = bounded_count(len(images), images[0].size, limits)

    def __iter__(self) -> Iterator[Frame]:
        images, self._images = self._images or _images(self._content), []
        for index in range(self.count):
            try:
                frame = self._frame(index, images.pop(0))
            except (*DECODER_ERRORS, UnreadablePictureError) as error:
                if index == 0:
                    raise UnreadablePictureError(f"no pixels could be decoded: {reason(error)}") from error
                self.damaged = f"image {index + 1} of {self.count}: {reason(error)}"
                return
            yield frame

    def _frame(self, index: int, image: pi_heif.HeifImage) -> Frame:
        check_size(image.size, self._limits)
        return Frame(index, *_decoded(image))


def _images(content: bytes) -> list[pi_heif.HeifImage]:
    """All top-level images, the primary one first, none decoded."""
    try:
        opened = pi_heif.open_heif(content, convert_hdr_to_8bit=True)
        images = list(opened)
        primary = images.pop(opened.primary_index)
    except DECODER_ERRORS as error:
        raise UnreadablePictureError(f"not a readable heif picture: {reason(error)}") from error
    return [primary, *images]


def _decoded(image: pi_heif.HeifImage) -> tuple[Pixels, Pixels | None]:
    data = image.data  # decodes; the size is certain only afterwards
    if image.mode == "RGB" and image.stride == image.size[0] * 3:
        # copied, because the view reaches into memory that libheif frees with its image
        return np.frombuffer(data, np.uint8).reshape(image.size[1], image.size[0], 3).copy(), None
    return rgb_and_alpha(Image.frombytes(image.mode, image.size, data, "raw", image.mode, image.stride))


def _found(image: pi_heif.HeifImage, content: bytes, limits: PictureLimits) -> Found:
    info, found = image.info, Found()
    exif = info.get("exif")
    if exif:
        found.exif = memoryview(exif.removeprefix(b"Exif\x00\x00"))
    found.xmp = info.get("xmp") or b""
    found.icc = info.get("icc_profile") or b""
    if info.get("thumbnails"):
        _add_thumbnails(content, info["thumbnails"], found, limits)
    _add_auxiliaries(image, found, limits)
    return found


def _auxiliaries(image: pi_heif.HeifImage) -> Iterator[tuple[str, Any]]:
    """What stands beside the picture: depth maps, gain maps, mattes and whatever else a file calls so."""
    for depth in image.info.get("depth_images") or ():
        yield Beside.DEPTH, depth
    for urn, numbers in (image.info.get("aux") or {}).items():
        kind = next((kind for word, kind in _KINDS.items() if word in urn.lower()), "heif-auxiliary")
        for number in numbers:
            yield kind, image.get_aux_image(number)


def _add_auxiliaries(image: pi_heif.HeifImage, found: Found, limits: PictureLimits) -> None:
    """Decode them; they are no files of their own, so each is handed on as a grey BMP."""
    try:
        for kind, auxiliary in islice(_auxiliaries(image), limits.max_embedded):
            check_size(auxiliary.size, limits)
            found.embedded.append((kind, as_bitmap(Image.fromarray(_decoded(auxiliary)[0]).convert("L"))))
    except (*DECODER_ERRORS, UnreadablePictureError) as error:
        found.problems.add(f"a HEIF auxiliary picture could not be decoded: {reason(error)}")


def _add_thumbnails(content: bytes, boxes: list[int], found: Found, limits: PictureLimits) -> None:
    """Decode the thumbnails, by reading the file once more with its word for "is the thumbnail of" taken out.

    They are no files of their own inside a HEIC, so each is handed on as a BMP of its pixels. `boxes` are their longer
    sides, all that pi-heif tells of them.
    """
    meta = min(len(content), _MAX_META)
    freed = content[:meta].replace(_THUMBNAIL_OF, _NOTHING_OF) + content[meta:]
    try:
        images = _images(freed)[1:]
        for box in boxes[: limits.max_embedded]:
            image = next((image for image in images if max(image.size) == box), None)
            if image is None:
                found.problems.add("a HEIF thumbnail could not be told apart: left out")
                continue
            images.remove(image)
            found.embedded.append(("heif-thumbnail", as_bitmap(Image.fromarray(_decoded(image)[0]))))
    except (*DECODER_ERRORS, UnreadablePictureError) as error:
        found.problems.add(f"a HEIF thumbnail could not be decoded: {reason(error)}")
