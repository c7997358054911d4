"""Benign pictures for these tests, made on the spot: ramps, a rectangle and some noise."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from safelight.media.picture import open_picture
from safelight.media.sniff import sniff
from safelight.media.types import Frame, Picture, Pixels
from safelight.samples.raw_camera import write_dng

DATA = Path(__file__).parents[2] / "data"


def rgb(width: int = 71, height: int = 53) -> Pixels:
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1), (x * y) % 256], -1).astype(np.uint8)
    noise = np.random.default_rng(7).integers(0, 256, (height // 3, width // 3, 3), dtype=np.uint8)
    pixels[2 : 2 + height // 3, 3 : 3 + width // 3] = noise
    return pixels


def ramp(width: int = 71, height: int = 53) -> Image.Image:
    return Image.fromarray(np.tile((np.arange(width) * 255 // max(width - 1, 1)).astype(np.uint8), (height, 1)))


def image(mode: str = "RGB", width: int = 71, height: int = 53) -> Image.Image:
    colour = Image.fromarray(rgb(width, height))
    if mode == "LA":
        return Image.merge("LA", [colour.convert("L"), ramp(width, height)])
    if mode == "RGBA":
        return Image.merge("RGBA", [*colour.split(), ramp(width, height)])
    if mode == "P":
        return colour.quantize(64)
    wide = np.asarray(ramp(width, height)).astype(np.int64) * 257
    if mode == "I;16":
        return Image.fromarray(wide.astype(np.uint16))
    if mode in ("I", "F"):
        return Image.fromarray(wide.astype(np.int32 if mode == "I" else np.float32))
    return colour.convert(mode)


def encode(picture: Image.Image, written_as: str, **options: Any) -> bytes:
    content = io.BytesIO()
    picture.save(content, written_as, **options)
    return content.getvalue()


def frames_of(content: bytes) -> tuple[Picture, list[Frame]]:
    opened = open_picture(content, sniff(content[:4096]))
    return opened, list(opened.frames)


def heic(name: str) -> bytes:
    return (DATA / "heic" / f"{name}.heic").read_bytes()


def still_in_every_format() -> dict[str, bytes]:
    """One small picture in each format and coding that a file of its own kind can have."""
    plain, moving = image(), [Image.fromarray(np.roll(rgb(), shift, 1)) for shift in (9, 20)]
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Harbour Optics", 6
    return {
        "jpeg": encode(plain, "JPEG", exif=exif),
        "jpeg-progressive": encode(plain, "JPEG", progressive=True),
        "jpeg-cmyk": encode(image("CMYK"), "JPEG"),
        "png": encode(plain, "PNG", exif=exif),
        "png-palette": encode(image("P"), "PNG"),
        "png-16": encode(image("I;16"), "PNG"),
        "apng": encode(plain, "PNG", save_all=True, append_images=moving),
        "gif": encode(image("P"), "GIF", save_all=True, append_images=moving),
        "webp": encode(plain, "WEBP", exif=exif),
        "webp-lossless": encode(plain, "WEBP", lossless=True),
        "webp-moving": encode(plain, "WEBP", save_all=True, append_images=moving),
        "bmp": encode(plain, "BMP"),
        "tiff": encode(plain, "TIFF", exif=exif),
        "tiff-lzw": encode(plain, "TIFF", compression="tiff_lzw"),
        "tiff-jpeg": encode(plain, "TIFF", compression="jpeg"),
        "tiff-pages": encode(plain, "TIFF", save_all=True, append_images=moving),
        "avif": encode(plain, "AVIF", exif=exif),
        "avif-moving": encode(plain, "AVIF", save_all=True, append_images=moving),
        "jpeg2000": encode(plain, "JPEG2000"),
        "jpeg2000-bare": encode(image("LA"), "JPEG2000", no_jp2=True),
        "camera-raw": write_dng(plain, preview=encode(plain, "JPEG")),
        "camera-raw-alone": write_dng(plain),
        "heic": heic("gradient"),
        "heic-two": heic("two"),
    }
