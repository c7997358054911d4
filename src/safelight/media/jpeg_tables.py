"""Which libjpeg quality comes nearest to a JPEG's luminance table (T.81 Annex K.1, scaled as libjpeg scales it)."""

import numpy as np

# T.81 table K.1 in zigzag order, the order of the file.
_LUMINANCE = np.array(
    """
    16 11 12 14 12 10 16 14 13 14 18 17 16 19 24 40 26 24 22 22 24 49 35 37 29 40 58 51 61 60 57 51
    56 55 64 72 92 78 64 68 87 69 55 56 80 109 81 87 95 98 103 104 103 62 77 113 121 112 100 120 92 101 103 99
    """.split(),
    dtype=np.int64,
)
_QUALITIES = np.arange(1, 101)
_SCALES = np.where(_QUALITIES < 50, 5000 // _QUALITIES, 200 - 2 * _QUALITIES)
_TABLES = np.clip((_LUMINANCE * _SCALES[:, np.newaxis] + 50) // 100, 1, 255)


def nearest_quality(segments: list[bytes]) -> int | None:
    """The quality, 1 to 100, whose luminance table differs least from table 0 of these DQT segments.

    A table of another program still gets the nearest number: it is a description, no proof of libjpeg.
    """
    table = _table_zero(b"".join(segments))
    if table is None:
        return None
    return int(_QUALITIES[np.abs(_TABLES - table).sum(axis=1).argmin()])


def _table_zero(tables: bytes) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
    at = 0
    while at < len(tables):
        precision, number = tables[at] >> 4, tables[at] & 15
        size = 128 if precision else 64
        values = np.frombuffer(tables[at + 1 : at + 1 + size], ">u2" if precision else "u1", count=-1)
        if len(values) < 64:
            return None
        if number == 0:
            return values.astype(np.int64)
        at += 1 + size
    return None
