"""Rows as the sandbox packs them, spelled out for tests."""

import numpy as np

from safelight.known.public.kinds import Rows
from safelight.known.rows import PACKED_BYTES, Given

Listed = tuple[bytes | None, bytes | None, bytes | None, int | None]
"""MD5, SHA-1, SHA-256, size."""


def packed(rows: list[Listed]) -> Rows:
    raw = bytearray()
    for md5, sha1, sha256, size in rows:
        given = Given(0)
        given |= Given.MD5 if md5 is not None else Given(0)
        given |= Given.SHA1 if sha1 is not None else Given(0)
        given |= Given.SHA256 if sha256 is not None else Given(0)
        given |= Given.SIZE if size is not None else Given(0)
        raw += bytes([given]) + (md5 or bytes(16)) + (sha1 or bytes(20)) + (sha256 or bytes(32))
        raw += (size or 0).to_bytes(8, "big")
    return np.frombuffer(bytes(raw), np.uint8).reshape(-1, PACKED_BYTES)
