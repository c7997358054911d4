"""Open a picture of any kind: the one entrance to this package's decoders."""

import mmap
from dataclasses import replace

from safelight.media.container import Found, describe
from safelight.media.decoding import check_size
from safelight.media.gif import read_gif
from safelight.media.heif import open_heif
from safelight.media.jpeg import open_jpeg
from safelight.media.jpeg2000 import read_jpeg2000
from safelight.media.motion import clips_in_boxes
from safelight.media.pillow import PillowFrames
from safelight.media.png import read_png
from safelight.media.raw_camera import is_camera_raw
from safelight.media.raw_developing import open_camera_raw
from safelight.media.riff import read_webp
from safelight.media.tiff_file import read_tiff
from safelight.media.types import PICTURES, Kind, Picture, PictureLimits, UnreadablePictureError

DEFAULT_LIMITS = PictureLimits()


def open_picture(
    content: bytes | memoryview | mmap.mmap, kind: Kind, *, limits: PictureLimits = DEFAULT_LIMITS
) -> Picture:
    """Open `content`, which `sniff` found to be of `kind`: header and metadata now, pixels when they are asked for.

    `content` must stay unchanged while the picture is in use; a view of it is held, not a copy.

    Raises:
        UnreadablePictureError: The header cannot be read, claims more than `limits` allow, or `kind` is no picture.
    """
    if kind not in PICTURES:
        raise UnreadablePictureError(f"{kind.value} is no kind of picture that can be decoded")
    view = memoryview(content).cast("B")
    if kind is Kind.JPEG:
        return open_jpeg(view, limits)
    if kind is Kind.CAMERA_RAW or (kind is Kind.TIFF and is_camera_raw(view)):  # whose directory may lie far behind
        return open_camera_raw(view, limits)
    if kind is Kind.HEIF:
        return replace(open_heif(view, limits), clips=clips_in_boxes(view))
    return _open_with_pillow(view, kind, limits)


def _open_with_pillow(view: memoryview, kind: Kind, limits: PictureLimits) -> Picture:
    found, counted = _walk(view, kind, limits)
    frames = PillowFrames(view, kind, limits)
    if kind is Kind.AVIF:
        _read_avif(frames, found)
    claimed = frames.claimed if counted is None else counted
    count = frames.plan(claimed)
    if count < claimed:
        found.problems.add(f"more frames than the limits allow: {count} were read")
    described = describe(found, limits)
    return Picture(
        kind=kind,
        size=frames.image.size,
        mode=frames.image.mode,
        orientation=1 if kind is Kind.TIFF else described.orientation,  # Pillow turns TIFF while it loads it
        frame_count=count,
        metadata=described.metadata,
        thumbnails=described.thumbnails,
        frames=frames,
        clips=clips_in_boxes(view) if kind is Kind.AVIF else (),
    )


def _walk(view: memoryview, kind: Kind, limits: PictureLimits) -> tuple[Found, int | None]:
    """What the file says besides its pixels, and its frames where Pillow would read the whole file to count them.

    Comes before Pillow opens the file, so that one made to waste its time or memory never reaches it.
    """
    if kind is Kind.PNG:
        return read_png(view)
    if kind is Kind.GIF:
        return read_gif(view, limits.max_frames)
    if kind is Kind.TIFF:
        return read_tiff(view, limits.max_frames)
    if kind is Kind.WEBP:
        found, canvas = read_webp(view)
        if canvas is not None:  # libwebp allocates the canvas as soon as the file is opened
            check_size(canvas, limits)
        return found, None
    if kind is Kind.JPEG2000:
        found, claimed = read_jpeg2000(view)
        if claimed is not None:  # OpenJPEG allocates what the codestream claims, whatever the boxes around it say
            check_size(claimed, limits)
        return found, 1
    return Found(), None if kind is Kind.AVIF else 1


def _read_avif(frames: PillowFrames, found: Found) -> None:
    """AVIF's blocks as Pillow hands them out: its EXIF orientation already says what irot and imir say."""
    info = frames.image.info
    exif = info.get("exif")
    if exif:
        found.exif = memoryview(bytes(exif).removeprefix(b"Exif\x00\x00"))
    found.xmp = bytes(info.get("xmp") or b"")
    found.icc = bytes(info.get("icc_profile") or b"")
