"""A grey tile of 64 x 64 as a tiny PNG that a page can carry in itself (PNG: ISO/IEC 15948, colour type 0)."""

import base64
import struct
import zlib

from safelight.casework.report.text import DataUri

SIDE = 64
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def tile_png(tile: bytes) -> bytes:
    """Encode 4,096 grey bytes, row by row from the top, as an 8-bit grey PNG.

    Raises:
        ValueError: the tile is not 64 x 64 bytes.
    """
    if len(tile) != SIDE * SIDE:
        raise ValueError(f"a tile has {SIDE * SIDE} bytes, this one has {len(tile)}")
    rows = b"".join(b"\0" + tile[start : start + SIDE] for start in range(0, SIDE * SIDE, SIDE))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def tile_uri(tile: bytes) -> DataUri:
    """Spell a tile as a `data:` address."""
    return DataUri("data:image/png;base64," + base64.b64encode(tile_png(tile)).decode("ascii"))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
