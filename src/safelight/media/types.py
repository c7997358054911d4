"""What a picture is once it is decoded: kinds of content, frames, metadata. Values only, bounded."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from safelight.errors import InputError

Pixels = NDArray[np.uint8]
Text = Annotated[str, msgspec.Meta(max_length=4000)]
Raw = Annotated[bytes, msgspec.Meta(max_length=1 << 20)]


class Kind(StrEnum):
    """What a content is, told from its first bytes. `family` groups them."""

    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"
    BMP = "bmp"
    TIFF = "tiff"
    HEIF = "heif"
    AVIF = "avif"
    ZIP = "zip"
    TAR = "tar"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    VIDEO = "video"
    SOUND = "sound"
    OTHER_PICTURE = "other-picture"
    OTHER_ARCHIVE = "other-archive"
    DISK_IMAGE = "disk-image"
    DOCUMENT = "document"
    EMPTY = "empty"
    UNKNOWN = "unknown"


PICTURES = frozenset({Kind.JPEG, Kind.PNG, Kind.GIF, Kind.WEBP, Kind.BMP, Kind.TIFF, Kind.HEIF, Kind.AVIF})
ARCHIVES = frozenset({Kind.ZIP, Kind.TAR, Kind.GZIP, Kind.BZIP2, Kind.XZ})


class UnreadablePictureError(InputError):
    """The file is a picture by its first bytes, and no decoder could read it."""


class Gps(msgspec.Struct, frozen=True):
    """Where a camera says it was: decimal degrees (south and west negative), metres, its own time as text."""

    latitude: float
    longitude: float
    altitude: float | None = None
    time: Text | None = None


class JpegStructure(msgspec.Struct, frozen=True):
    """How a JPEG is built: it tells which program or camera wrote it.

    `markers` in file order ("SOI APP0 APP1 DQT SOF0 ..."), `quantisation` and `huffman` the MD5 (hex) of all tables in
    order, `sampling` like "2x2,1x1,1x1", `quality` the libjpeg quality nearest to the luma table.
    """

    markers: Text
    quantisation: Text
    huffman: Text
    sampling: Text
    progressive: bool
    components: int
    quality: int | None = None
    trailing_bytes: int = 0


class Metadata(msgspec.Struct, frozen=True):
    """What a file says about itself, raw (`raw`: "exif", "xmp", "iptc", "icc") and parsed, bounded in number and length.

    `serials` holds body, lens and image numbers that single out one device or one shot.
    """

    raw: dict[Text, Raw] = {}
    exif: dict[Text, Text] = {}
    xmp: dict[Text, Text] = {}
    iptc: dict[Text, Text] = {}
    serials: dict[Text, Text] = {}
    make: Text | None = None
    model: Text | None = None
    software: Text | None = None
    taken: Text | None = None
    gps: Gps | None = None
    jpeg: JpegStructure | None = None
    problems: list[Text] = []


@dataclass(frozen=True)
class Frame:
    """One decoded frame: RGB as stored (height x width x 3, no rotation, no ICC, alpha dropped), and its alpha if any."""

    index: int
    rgb: Pixels
    alpha: Pixels | None


@dataclass(frozen=True)
class Picture:
    """An opened picture: `frames()` decodes lazily, `damaged()` says afterwards what was wrong, if pixels came all the same."""

    kind: Kind
    size: tuple[int, int]
    mode: str
    orientation: int
    frame_count: int
    metadata: Metadata
    thumbnails: tuple[bytes, ...]
    frames: "FrameSource"


class FrameSource:
    """The frames of one picture, decoded one at a time and never kept."""

    damaged: str | None = None

    def __iter__(self) -> Iterator[Frame]:
        """Yield each frame once, in order."""
        raise NotImplementedError
