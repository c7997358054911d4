"""Which libjpeg quality comes nearest to a JPEG's luminance table (T.81 Annex K.1, scaled as libjpeg scales it)."""

import numpy as np

# T.81 table K.1 in zigzag order, as DQT segments carry it.
_LUMINANCE = np.frombuffer(
    bytes.fromhex(
        "10 0b 0c 0e 0c 0a 10 0e 0d 0e 12 11 10 13 18 28 "
        "1a 18 16 16 18 31 23 25 1d 28 3a 33 3d 3c 39 33 "
        "38 37 40 48 5c 4e 40 44 57 45 37 38 50 6d 51 57 "
        "5f 62 67 68 67 3e 4d 71 79 70 64 78 5c 65 67 63 "
    ),
    np.uint8,
).astype(np.int64)
_QUALITIES = np.arange(1, 101)
_SCALES = np.where(_QUALITIES < 50, 5000 // _QUALITIES, 200 - 2 * _QUALITIES)
_TABLES = np.clip((_LUMINANCE * _SCALES[:, np.newaxis] + 50) // 100, 1, 255)
_EXACTLY = {_TABLES[row].astype(np.uint8).tobytes(): int(_QUALITIES[row]) for row in reversed(range(100))}
"""Most files have one of libjpeg's own tables; where two qualities share one, the lower stands for it."""


def nearest_quality(segments: list[bytes]) -> int | None:
    """The quality, 1 to 100, whose luminance table differs least from table 0 of these DQT segments.

    A table of another program still gets the nearest number: it is a description, no proof of libjpeg.
    """
    content, kind = _table_zero(b"".join(segments))
    if not content:
        return None
    if content in _EXACTLY:
        return _EXACTLY[content]
    table = np.frombuffer(content, kind).astype(np.int64)
    return int(_QUALITIES[np.abs(_TABLES - table).sum(axis=1).argmin()])


def _table_zero(tables: bytes) -> tuple[bytes, str]:
    """The 64 values of table 0, and how they are written; empty where there is none, or only a part."""
    at = 0
    while at < len(tables):
        precision, number = tables[at] >> 4, tables[at] & 15
        size = 128 if precision else 64
        content = tables[at + 1 : at + 1 + size]
        if len(content) < size:
            break
        if number == 0:
            return content, ">u2" if precision else "u1"
        at += 1 + size
    return b"", ""
