"""Writes an EXIF block (CIPA DC-008, a TIFF of linked directories) as a camera does: maker, serials, place, thumbnail.

Pillow writes no thumbnail directory; this does, and nothing that a test of ours does not need.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_EXIF_POINTER, _GPS_POINTER = 0x8769, 0x8825
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202
Value = str | int | Sequence[tuple[int, int]]
"""Text, a number, or rationals."""


@dataclass(frozen=True)
class Camera:
    """An invented camera and shot: what it says of itself. Degrees are decimal, south and west negative."""

    make: str = "Lantern Optical"
    model: str = "Harbour 3"
    serial: str = "SL-0001"
    lens_serial: str = "LN-0001"
    software: str = "Harbour 3 v1.02"
    taken: str = "2021:06:05 14:03:22"
    latitude: float | None = None
    longitude: float | None = None


def write_exif(camera: Camera, *, orientation: int = 1, thumbnail: bytes | None = None) -> bytes:
    r"""Return an EXIF block with its leading "Exif\0\0", as Pillow's `exif=` takes it.

    `orientation` is EXIF's 1 to 8; `thumbnail` a JPEG of less than about 60 kB, since one JPEG segment holds all.
    """
    main: dict[int, Value] = {
        0x010F: camera.make, 0x0110: camera.model, 0x0112: orientation, 0x0131: camera.software, 0x0132: camera.taken,
    }  # fmt: skip
    shot: dict[int, Value] = {0x9003: camera.taken, 0xA431: camera.serial, 0xA435: camera.lens_serial}
    place = _place(camera)
    # Sizes are known before offsets: lay the directories out one behind another, then fill the pointers in.
    main_at = 8
    shot_at = main_at + len(_directory({**main, _EXIF_POINTER: 0, **({_GPS_POINTER: 0} if place else {})}, main_at))
    place_at = shot_at + len(_directory(shot, shot_at))
    second_at = place_at + (len(_directory(place, place_at)) if place else 0)
    main[_EXIF_POINTER] = shot_at
    if place:
        main[_GPS_POINTER] = place_at
    out = b"II*\0" + struct.pack("<I", main_at) + _directory(main, main_at, second_at if thumbnail else 0)
    out += _directory(shot, shot_at) + (_directory(place, place_at) if place else b"")
    if thumbnail:
        small: dict[int, Value] = {0x0103: 6, _THUMBNAIL_OFFSET: 0, _THUMBNAIL_LENGTH: len(thumbnail)}
        small[_THUMBNAIL_OFFSET] = second_at + len(_directory(small, second_at))
        out += _directory(small, second_at) + thumbnail
    return b"Exif\0\0" + out


def _place(camera: Camera) -> dict[int, Value]:
    if camera.latitude is None or camera.longitude is None:
        return {}
    return {
        1: "N" if camera.latitude >= 0 else "S",
        2: _degrees(camera.latitude),
        3: "E" if camera.longitude >= 0 else "W",
        4: _degrees(camera.longitude),
    }


def _degrees(value: float) -> list[tuple[int, int]]:
    hundredths = round(abs(value) * 360_000)
    return [(hundredths // 360_000, 1), (hundredths // 6000 % 60, 1), (hundredths % 6000, 100)]


def _directory(entries: dict[int, Value], at: int, following: int = 0) -> bytes:
    """Return one directory placed at offset `at`: its sorted entries, the next directory's offset, then long values."""
    head, tail = struct.pack("<H", len(entries)), b""
    tail_at = at + 2 + 12 * len(entries) + 4
    for tag, value in sorted(entries.items()):
        kind, count, data = _pack(tag, value)
        if len(data) <= 4:
            head += struct.pack("<HHI", tag, kind, count) + data.ljust(4, b"\0")
        else:
            head += struct.pack("<HHII", tag, kind, count, tail_at + len(tail))
            tail += data + b"\0" * (len(data) % 2)
    return head + struct.pack("<I", following) + tail


def _pack(tag: int, value: Value) -> tuple[int, int, bytes]:
    if isinstance(value, str):
        text = value.encode("ascii") + b"\0"
        return _ASCII, len(text), text
    if isinstance(value, int):
        short = tag in {0x0103, 0x0112}
        return (_SHORT, 1, struct.pack("<H", value)) if short else (_LONG, 1, struct.pack("<I", value))
    return _RATIONAL, len(value), b"".join(struct.pack("<II", *pair) for pair in value)
