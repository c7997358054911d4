"""One picture as every kind of file that the main job reads: each format, mode and oddity by name.

In comes an RGB picture; out come a file's bytes. `exact` says that the file decodes to the very pixels given.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from safelight.media.types import Kind
from safelight.samples.exif import Camera, write_exif
from safelight.samples.raw_camera import write_dng

Write = Callable[[Image.Image], bytes]


@dataclass(frozen=True)
class Format:
    """One way to write a picture: its name, what it is, its usual ending, and what comes back of the pixels."""

    name: str
    kind: Kind
    suffix: str
    write: Write
    exact: bool = False
    frames: int = 1


def orientated(image: Image.Image, orientation: int) -> Image.Image:
    """Return the pixels that a camera would store so that EXIF `orientation` (1 to 8) shows `image` upright."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    return image.transpose(undo[orientation]) if orientation in undo else image


def camera_jpeg(image: Image.Image, camera: Camera, *, orientation: int = 1, quality: int = 90) -> bytes:
    """Return a JPEG as a camera writes it: its EXIF with a thumbnail of the same picture, pixels stored turned."""
    stored = orientated(image, orientation)
    small = stored.copy()
    small.thumbnail((160, 160))
    exif = write_exif(camera, orientation=orientation, thumbnail=_save(small, "JPEG", quality=70))
    return _save(stored, "JPEG", quality=quality, exif=exif)


def camera_raw(image: Image.Image) -> bytes:
    """Return a DNG as a camera writes it, with a smaller JPEG of the same picture."""
    small = image.copy()
    small.thumbnail((1024, 1024))
    return write_dng(image, preview=_save(small, "JPEG", quality=85))


def interlaced_png(image: Image.Image) -> bytes:
    """Return an Adam7-interlaced RGB PNG (W3C PNG, 8.1), which Pillow itself does not write."""
    pixels = np.asarray(image.convert("RGB"))
    rows = []
    for left, top, across, down in (
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ):  # fmt: skip
        part = pixels[top::down, left::across]
        if part.shape[1]:
            rows += [b"\0" + row.tobytes() for row in part]
    head = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 1)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, data) for name, data in chunks)


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return one PNG chunk: length, name, data, checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def frames_of(image: Image.Image, count: int = 3) -> list[Image.Image]:
    """Return an animation of a picture: itself, then mirrored, then turned over, then again."""
    changes = (lambda frame: frame, ImageOps.mirror, ImageOps.flip)
    return [changes[index % 3](image) for index in range(count)]


def _save(image: Image.Image, format_name: str, **settings: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format_name, **settings)
    return out.getvalue()


def _animate(image: Image.Image, format_name: str, **settings: Any) -> bytes:
    first, *rest = frames_of(image)
    return _save(first, format_name, save_all=True, append_images=rest, duration=80, **settings)


def _mode(image: Image.Image, mode: str, format_name: str, **settings: Any) -> bytes:
    return _save(in_mode(image, mode), format_name, **settings)


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """Return the picture in another of Pillow's modes; alpha, where there is one, falls from left to right."""
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L"), np.uint16) * 257)
    if mode in {"LA", "RGBA"}:
        out = image.convert(mode)
        ramp = np.linspace(255, 40, image.width).astype(np.uint8)
        out.putalpha(Image.fromarray(np.repeat(ramp[None], image.height, axis=0)))
        return out
    return image.quantize(64) if mode == "P" else image.convert(mode)


def _transparent_palette(image: Image.Image) -> bytes:
    return _save(image.quantize(64), "PNG", transparency=0)


def _jpegs() -> Iterator[Format]:
    jpeg = partial(Format, kind=Kind.JPEG, suffix="jpg")
    for name, settings in (
        ("jpeg-baseline", {"subsampling": "4:2:0"}),
        ("jpeg-444", {"subsampling": "4:4:4"}),
        ("jpeg-422", {"subsampling": "4:2:2"}),
        ("jpeg-progressive", {"progressive": True}),
        ("jpeg-restart", {"restart_marker_rows": 1}),
    ):
        yield jpeg(name, write=partial(_save, format_name="JPEG", quality=90, **settings))
    yield jpeg("jpeg-grey", write=partial(_mode, mode="L", format_name="JPEG", quality=90))
    yield jpeg("jpeg-cmyk", write=partial(_mode, mode="CMYK", format_name="JPEG", quality=90))
    for turn in range(1, 9):
        yield jpeg(f"jpeg-orientation-{turn}", write=partial(camera_jpeg, camera=Camera(), orientation=turn))
    somewhere = Camera(latitude=54.1234, longitude=-12.5)
    yield jpeg("jpeg-camera", write=partial(camera_jpeg, camera=somewhere))


def _pngs() -> Iterator[Format]:
    png = partial(Format, kind=Kind.PNG, suffix="png")
    for mode in ("1", "L", "LA", "P", "RGBA", "I;16"):
        yield png(f"png-{mode.lower().replace(';', '-')}", write=partial(_mode, mode=mode, format_name="PNG"))
    yield png("png-rgb", write=partial(_save, format_name="PNG"), exact=True)
    yield png("png-p-transparent", write=_transparent_palette)
    yield png("png-interlaced", write=interlaced_png, exact=True)
    yield png("apng", write=partial(_animate, format_name="PNG"), exact=True, frames=3)


def _tiffs() -> Iterator[Format]:
    tiff = partial(Format, kind=Kind.TIFF, suffix="tif")
    for name, compression in (("raw", None), ("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate")):
        write = partial(_save, format_name="TIFF", compression=compression)
        yield tiff(f"tiff-{name}", write=write, exact=True)
    yield tiff("tiff-jpeg", write=partial(_save, format_name="TIFF", compression="jpeg"))
    yield tiff("tiff-16", write=partial(_mode, mode="I;16", format_name="TIFF"))
    yield tiff("tiff-cmyk", write=partial(_mode, mode="CMYK", format_name="TIFF"))
    yield tiff("tiff-pages", write=partial(_animate, format_name="TIFF"), exact=True, frames=3)


def _others() -> Iterator[Format]:
    yield Format("gif", Kind.GIF, "gif", partial(_mode, mode="P", format_name="GIF"))
    yield Format("gif-animated", Kind.GIF, "gif", partial(_animate, format_name="GIF"), frames=3)
    yield Format("webp", Kind.WEBP, "webp", partial(_save, format_name="WEBP", quality=85))
    yield Format("webp-lossless", Kind.WEBP, "webp", partial(_save, format_name="WEBP", lossless=True), exact=True)
    yield Format("webp-alpha", Kind.WEBP, "webp", partial(_mode, mode="RGBA", format_name="WEBP"))
    yield Format("webp-animated", Kind.WEBP, "webp", partial(_animate, format_name="WEBP"), frames=3)
    yield Format("bmp", Kind.BMP, "bmp", partial(_save, format_name="BMP"), exact=True)
    yield Format("bmp-p", Kind.BMP, "bmp", partial(_mode, mode="P", format_name="BMP"))
    yield Format("avif", Kind.AVIF, "avif", partial(_save, format_name="AVIF", quality=80, speed=8))
    jpeg2000 = partial(Format, kind=Kind.JPEG2000)
    yield jpeg2000("jp2", suffix="jp2", write=partial(_save, format_name="JPEG2000"), exact=True)
    yield jpeg2000("j2k", suffix="j2k", write=partial(_save, format_name="JPEG2000", no_jp2=True), exact=True)
    yield Format("dng", Kind.CAMERA_RAW, "dng", camera_raw)
    if find_spec("pillow_heif"):
        yield Format("heic", Kind.HEIF, "heic", _heic)


def _heic(image: Image.Image) -> bytes:
    # Not a dependency: the decode-only build cannot write, and the encoder is under the GPL.
    import_module("pillow_heif").register_heif_opener()
    return _save(image, "HEIF", quality=80)


FORMATS: dict[str, Format] = {form.name: form for family in (_jpegs, _pngs, _tiffs, _others) for form in family()}
"""Every format by its name."""

LACKING: dict[str, str] = {} if "heic" in FORMATS else {"heic": "no HEIC encoder is installed; pi-heif only reads"}
"""The formats that cannot be written on this machine, and why."""
