"""Writes a DNG (Adobe, Digital Negative 1.4) as a camera does: sensor values, and a preview JPEG beside them.

The invented sensor has the primaries of sRGB and no noise, so what a developer makes of it is the picture again.
"""

import io
import struct
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.samples.exif import Camera

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _SIGNED = 1, 2, 3, 4, 5, 10
_CODES = {_BYTE: "B", _SHORT: "H", _LONG: "L", _RATIONAL: "L", _SIGNED: "l"}
_SUB_DIRECTORIES, _STRIP = 0x014A, 0x0111
_MILLION = 1_000_000
_FROM_XYZ = (3.240454, -1.537139, -0.498531, -0.969266, 1.876011, 0.041556, 0.055643, -0.204026, 1.057225)
"""CIE XYZ to linear sRGB, both of D65 (IEC 61966-2-1)."""
_BAYER = ((0, 1), (1, 2))
"""Which of red, green and blue each pixel of a block of two by two sees."""
Field = tuple[int, Sequence[int] | str]


def write_dng(
    picture: Image.Image, *, preview: bytes | None = None, camera: Camera | None = None, orientation: int = 1
) -> bytes:
    """Return a DNG of a picture (less an odd last row or column), with the JPEG `preview` as a camera puts it there."""
    camera = camera or Camera()
    sensor = _mosaic(picture)
    height, width = sensor.shape
    first: dict[int, Field] = {
        0x00FE: (_LONG, [1]), 0x010F: (_ASCII, camera.make), 0x0110: (_ASCII, camera.model),
        0x0112: (_SHORT, [orientation]), 0x0131: (_ASCII, camera.software), 0x0132: (_ASCII, camera.taken),
        0xC612: (_BYTE, [1, 4, 0, 0]), 0xC613: (_BYTE, [1, 1, 0, 0]),
        0xC614: (_ASCII, f"{camera.make} {camera.model}"), 0xC62F: (_ASCII, camera.serial),
        0xC621: (_SIGNED, [part for value in _FROM_XYZ for part in (round(value * _MILLION), _MILLION)]),
        0xC628: (_RATIONAL, [1, 1] * 3), 0xC65A: (_SHORT, [21]),
    }  # fmt: skip
    raw: dict[int, Field] = {
        0x00FE: (_LONG, [0]), 0x0100: (_LONG, [width]), 0x0101: (_LONG, [height]), 0x0102: (_SHORT, [16]),
        0x0103: (_SHORT, [1]), 0x0106: (_SHORT, [32803]), 0x0115: (_SHORT, [1]), 0x0116: (_LONG, [height]),
        0x0117: (_LONG, [sensor.nbytes]), 0x828D: (_SHORT, [2, 2]), 0x828E: (_BYTE, [0, 1, 1, 2]),
        0xC61D: (_LONG, [65535]),
    }  # fmt: skip
    if preview is None:
        return _laid_out({**first, **raw}, sensor.tobytes())
    shown = Image.open(io.BytesIO(preview)).size
    first |= {
        0x0100: (_LONG, [shown[0]]), 0x0101: (_LONG, [shown[1]]), 0x0102: (_SHORT, [8, 8, 8]), 0x0103: (_SHORT, [7]),
        0x0106: (_SHORT, [6]), 0x0115: (_SHORT, [3]), 0x0116: (_LONG, [shown[1]]), 0x0117: (_LONG, [len(preview)]),
    }  # fmt: skip
    return _laid_out(first, preview, raw, sensor.tobytes())


def _mosaic(picture: Image.Image) -> NDArray[np.uint16]:
    """What the sensor sees: linear light, one colour a pixel."""
    even = picture.crop((0, 0, picture.width & ~1, picture.height & ~1))
    stored = np.asarray(even.convert("RGB")) / 255.0
    linear = np.where(stored <= 0.04045, stored / 12.92, ((stored + 0.055) / 1.055) ** 2.4)
    seen = np.empty(stored.shape[:2], "<u2")
    for row, colours in enumerate(_BAYER):
        for column, colour in enumerate(colours):
            seen[row::2, column::2] = np.round(linear[row::2, column::2, colour] * 65535)
    return seen


def _laid_out(
    first: Mapping[int, Field], strip: bytes, second: Mapping[int, Field] | None = None, more: bytes = b""
) -> bytes:
    """The file: header, first directory, the second under it, then the pixels of both."""
    upper = {**first, _STRIP: (_LONG, [0])} | ({_SUB_DIRECTORIES: (_LONG, [0])} if second else {})
    lower = {**second, _STRIP: (_LONG, [0])} if second else None
    lower_at = 8 + len(_directory(upper, 8))
    strip_at = lower_at + (len(_directory(lower, lower_at)) if lower else 0)
    upper[_STRIP] = (_LONG, [strip_at])
    if lower:
        upper[_SUB_DIRECTORIES] = (_LONG, [lower_at])
        lower[_STRIP] = (_LONG, [strip_at + len(strip)])
    directories = _directory(upper, 8) + (_directory(lower, lower_at) if lower else b"")
    return b"II*\0" + struct.pack("<L", 8) + directories + strip + more


def _directory(fields: Mapping[int, Field], at: int) -> bytes:
    """One directory and the values that do not fit into its entries, as bytes that stand at `at`."""
    values_at = at + 2 + 12 * len(fields) + 4
    entries, values = b"", b""
    for tag, (kind, value) in sorted(fields.items()):
        packed = (
            value.encode() + b"\0" if isinstance(value, str) else struct.pack(f"<{len(value)}{_CODES[kind]}", *value)
        )
        count = len(value) + 1 if isinstance(value, str) else len(value) // (2 if kind in (_RATIONAL, _SIGNED) else 1)
        if len(packed) > 4:
            entries += struct.pack("<HHLL", tag, kind, count, values_at + len(values))
            values += packed + b"\0" * (len(packed) & 1)
        else:
            entries += struct.pack("<HHL", tag, kind, count) + packed.ljust(4, b"\0")
    return struct.pack("<H", len(fields)) + entries + struct.pack("<L", 0) + values
