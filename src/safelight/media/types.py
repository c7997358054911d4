"""What a picture is once it is decoded: kinds of content, frames, metadata. Values only, bounded."""

from abc import ABC, abstractmethod
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
MOST_EMBEDDED_BYTES = 16 << 20
"""Of one embedded picture: cameras put a JPEG of full size beside their sensor's values."""


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
    JPEG2000 = "jpeg2000"
    CAMERA_RAW = "camera-raw"
    ZIP = "zip"
    TAR = "tar"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    SEVEN_ZIP = "7z"
    MAIL = "mail"
    MAILBOX = "mailbox"
    PDF = "pdf"
    VIDEO = "video"
    SOUND = "sound"
    OTHER_PICTURE = "other-picture"
    OTHER_ARCHIVE = "other-archive"
    EWF = "ewf"
    RAW_IMAGE = "raw-image"
    DISK_IMAGE = "disk-image"
    DOCUMENT = "document"
    EMPTY = "empty"
    UNKNOWN = "unknown"


class Beside(StrEnum):
    """Pictures that a camera computes beside the one that it took, as embedded pictures are named."""

    DEPTH = "heif-depth"
    GAIN_MAP = "heif-gain-map"
    MATTE = "heif-matte"


PICTURES = frozenset(
    {Kind.JPEG, Kind.PNG, Kind.GIF, Kind.WEBP, Kind.BMP, Kind.TIFF, Kind.HEIF, Kind.AVIF}
    | {Kind.JPEG2000, Kind.CAMERA_RAW}
)
VIDEOS = frozenset({Kind.VIDEO})
ARCHIVES = frozenset(
    {Kind.ZIP, Kind.TAR, Kind.GZIP, Kind.BZIP2, Kind.XZ, Kind.SEVEN_ZIP, Kind.MAIL, Kind.MAILBOX, Kind.PDF}
)
IMAGES = frozenset({Kind.EWF, Kind.RAW_IMAGE})
"""Disk images that are walked; of the others (`DISK_IMAGE`) it is only said what they are."""
CONTAINERS = ARCHIVES | IMAGES


class UnreadablePictureError(InputError):
    """The file is a picture by its first bytes, and no decoder could read it."""


class UnreadableVideoError(InputError):
    """The file is a video by its first bytes, and no decoder could read it."""


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
    """What a file says about itself, raw (`raw`: "exif", "xmp", "iptc", "icc" ...) and parsed, bounded throughout.

    `serials` holds body, lens and image numbers that single out one device or one shot; `text` comments and text chunks
    (JPEG COM, PNG tEXt, GIF comments), where generators leave their prompts. `container` is how a video's is built.
    """

    raw: dict[Text, Raw] = {}
    exif: dict[Text, Text] = {}
    xmp: dict[Text, Text] = {}
    iptc: dict[Text, Text] = {}
    text: dict[Text, Text] = {}
    serials: dict[Text, Text] = {}
    make: Text | None = None
    model: Text | None = None
    software: Text | None = None
    taken: Text | None = None
    gps: Gps | None = None
    jpeg: JpegStructure | None = None
    container: Text | None = None
    problems: list[Text] = []


class Clip(msgspec.Struct, frozen=True):
    """A video inside a picture's file: what it is, and where it lies, in bytes."""

    kind: Annotated[str, msgspec.Meta(max_length=40)]
    offset: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
    size: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]


@dataclass(frozen=True)
class PictureLimits:
    """How much of one picture is decoded at the most; what goes beyond is refused or named, never silently cut.

    `max_pixels` holds for each frame, `max_total_pixels` for all frames of one file together; at least one frame is
    always read. Embedded pictures beyond `max_embedded` in number, `max_embedded_bytes` each or `max_embedded_total`
    bytes together are named in `problems`.
    """

    max_pixels: int = 250_000_000
    max_frames: int = 1000
    max_total_pixels: int = 2_000_000_000
    max_embedded: int = 8
    max_embedded_bytes: int = MOST_EMBEDDED_BYTES
    max_embedded_total: int = 48 << 20


@dataclass(frozen=True)
class Frame:
    """One decoded frame: RGB as stored (height x width x 3, no rotation, no ICC, alpha dropped) and alpha, if any.

    Arrays may be read-only. `alpha` (height x width) is None where the frame is fully opaque.
    """

    index: int
    rgb: Pixels
    alpha: Pixels | None


class FrameSource(ABC):
    """The frames of one picture, decoded one at a time and never kept.

    `damaged` is None as long as everything decoded cleanly; after iteration it says on one line what was wrong where
    pixels came out all the same.
    """

    damaged: str | None = None

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield each frame once, in order.

        Raises:
            UnreadablePictureError: The first frame gave no pixels.
        """


@dataclass(frozen=True)
class Picture:
    """An opened picture: its pixels come lazily from `frames`.

    `size` is width and height as stored (before `orientation`), `mode` Pillow's name of the pixel layout.
    `orientation` (EXIF, 1 to 8) is what still has to be applied to `Frame.rgb`: 1 where the decoder applies it itself
    (HEIC, TIFF). `thumbnails` are embedded pictures as (what it is, its bytes as a file of its own), `clips` where
    videos lie in it.
    """

    kind: Kind
    size: tuple[int, int]
    mode: str
    orientation: int
    frame_count: int
    metadata: Metadata
    thumbnails: tuple[tuple[str, bytes], ...]
    frames: FrameSource
    clips: tuple[Clip, ...] = ()
