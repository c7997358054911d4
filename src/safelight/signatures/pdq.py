"""PDQ, the perceptual hash of Meta's ThreatExchange (`pdq/cpp`, `pdqhash` on PyPI), with its eight turned versions.

Pixels become a 64 x 64 luma tile (`downscale`), its lowest 16 x 16 cosine coefficients without the constant ones, and
one bit each: above their median or not. Two pictures match in the field's practice when at most 31 of 256 bits
differ and both have quality 50 or more.

Rules kept here:
- On the same pixels the hash equals `pdqhash.compute`'s wherever quality is 50 or more, but for float noise (2 bits,
  rarely), and the quality always.
- Pictures under 5 pixels a side have the hash of zeros and quality 0, as there.
- A picture whose coefficients are all but zero (flat, or made of stripes) has bits of pure rounding noise: not usable.
- The seven turned versions are the hashes of the turned pictures, taken from mirrored tiles; those that
  `pdqhash.compute_dihedral` derives from the coefficients alone are up to 32 bits away from them.
"""

import re
from dataclasses import dataclass

import numpy as np
from numba import float32, float64, int64, uint8
from numpy.typing import NDArray

from safelight.errors import InputError
from safelight.media.compiled import array, kernel, part, several
from safelight.media.types import Pixels
from safelight.signatures.downscale import SIDE, Tile64, Tiles64, downscale
from safelight.signatures.reference_filter import MOST_PIXELS, downscale_as_reference
from safelight.signatures.types import TRANSFORMS, Pdq

BITS = 256
SMALLEST_SIDE = 5
MATCHED_QUALITY = 50
"""Below it nobody matches a PDQ (ThreatExchange), so blank pages and dark frames need not take the slow way."""
LEAST_COEFFICIENT = 0.01
"""Where no coefficient reaches this, all are noise: the reference's running sums leave up to 0.0001 on stripes
(measured on 0.5 to 24 MP), while opposite quarters of a picture that differ by one grey level already make 26."""
AT_MEDIAN = 0.005
"""Coefficients as near as this to the median get their bit from rounding; three or more make the slow way worth it."""

VIDEO_BLACK = np.float32(16)
VIDEO_STRETCH = np.float32(255 / 219)
"""Black and the step to 0 to 255 of the usual range of video (ITU-R BT.601, BT.709)."""

_HEX = re.compile(r"[0-9a-f]{64}")


class BadPdqError(InputError):
    """The text is not a PDQ hash: 64 hexadecimal digits are needed."""


@dataclass(frozen=True)
class PdqResult:
    """A picture's PDQ with its versions, and the 64 x 64 luma tile (float32, 0 to 255) that it was made from."""

    pdq: Pdq
    tile64: Tile64


def _cosines() -> NDArray[np.float32]:
    """The 16 x 64 matrix of the lowest non-constant cosines (Zauner 2010), rounded as `pdqhashing.cpp` rounds it."""
    frequency = np.arange(1, 17)[:, None]
    place = 2 * np.arange(SIDE)[None, :] + 1
    scale = np.float64(np.float32(np.sqrt(2.0 / SIDE)))
    cosines: NDArray[np.float64] = scale * np.cos(np.pi / 2 / SIDE * frequency * place)
    return cosines.astype(np.float32)


_COSINES = _cosines()


@part
def _coefficients(tile: NDArray[np.float32], cosines: NDArray[np.float32]) -> NDArray[np.float32]:
    """The 16 x 16 lowest cosine coefficients of a tile.

    Sums run in the reference's order: in a symmetric picture half the coefficients are zero but for rounding, and only
    the same rounding gives the same bits. Four are summed at a time, so that the tile is read a quarter as often.
    """
    half = np.zeros((16, 64), np.float32)
    for i in range(0, 16, 4):
        sums0, sums1, sums2, sums3 = half[i], half[i + 1], half[i + 2], half[i + 3]
        for k in range(64):
            weight0, weight1, weight2, weight3 = cosines[i, k], cosines[i + 1, k], cosines[i + 2, k], cosines[i + 3, k]
            line = tile[k]
            for j in range(64):
                luma = line[j]
                sums0[j] += weight0 * luma
                sums1[j] += weight1 * luma
                sums2[j] += weight2 * luma
                sums3[j] += weight3 * luma
    whole = np.zeros((16, 16), np.float32)
    across = cosines.T.copy()
    for i in range(16):
        for k in range(64):
            value = half[i, k]
            for j in range(16):
                whole[i, j] += value * across[k, j]
    return whole


@part
def _median(coefficients: NDArray[np.float32]) -> float:
    """The lower of the middle two."""
    median: float = np.partition(coefficients.reshape(256), 127)[127]
    return median


@part
def _set_bits(coefficients: NDArray[np.float32], upright: NDArray[np.uint8], transposed: NDArray[np.uint8]) -> None:
    """Set the bits of coefficients above the median, as they stand and transposed."""
    median = _median(coefficients)
    for i in range(16):
        for j in range(16):
            if coefficients[i, j] > median:
                bit = 255 - (i * 16 + j)  # the last coefficient is the first bit of the hex spelling
                upright[bit >> 3] |= np.uint8(128 >> (bit & 7))
                bit = 255 - (j * 16 + i)
                transposed[bit >> 3] |= np.uint8(128 >> (bit & 7))


@part
def _quality(tile: NDArray[np.float32]) -> int:
    """How much happens in the tile: differences between neighbours in whole percent, summed; 100 is plenty."""
    gradients = 0
    for i in range(64):
        for j in range(64):
            if i < 63:
                gradients += abs(int((tile[i, j] - tile[i + 1, j]) * np.float32(100) / np.float32(255)))
            if j < 63:
                gradients += abs(int((tile[i, j] - tile[i, j + 1]) * np.float32(100) / np.float32(255)))
    return min(100, gradients // 90)


@kernel(several(array(uint8, 2, writable=True), int64, float64, int64)(array(float32, 4), array(float32, 2)))
def _hash_tiles(tiles: Tiles64, cosines: NDArray[np.float32]) -> tuple[NDArray[np.uint8], int, float, int]:
    """Tiles to 8 x 32 bytes of versions, quality, the largest coefficient's size, and how many lie at the median."""
    versions = np.zeros((8, 32), np.uint8)
    # Transposing a picture transposes its tile and coefficients exactly, so each tile gives two versions.
    plain = _coefficients(tiles[0, 0], cosines)
    _set_bits(plain, versions[0], versions[6])
    for rows, columns, upright, transposed in ((1, 0, 4, 3), (0, 1, 5, 1), (1, 1, 2, 7)):
        _set_bits(_coefficients(tiles[rows, columns], cosines), versions[upright], versions[transposed])
    close = (np.abs(plain - _median(plain)) < AT_MEDIAN).sum()
    return versions, _quality(tiles[0, 0]), np.abs(plain).max(), close


@kernel(several(array(uint8, 1, writable=True), int64, float64)(array(float32, 2), array(float32, 2)))
def _hash_tile(tile: Tile64, cosines: NDArray[np.float32]) -> tuple[NDArray[np.uint8], int, float]:
    """One tile to the 32 bytes of its hash, quality, and the largest coefficient's size."""
    upright, transposed = np.zeros(32, np.uint8), np.zeros(32, np.uint8)
    coefficients = _coefficients(tile, cosines)
    _set_bits(coefficients, upright, transposed)
    return upright, _quality(tile), np.abs(coefficients).max()


def _from_tiles(tiles: Tiles64) -> tuple[Pdq, int]:
    """The hash and its versions, and how many of its bits hang on rounding."""
    versions, quality, largest, close = _hash_tiles(tiles, _COSINES)
    return Pdq(versions=versions.tobytes(), quality=int(quality), usable=bool(largest >= LEAST_COEFFICIENT)), close


def compute(pixels: Pixels) -> PdqResult:
    """The PDQ of RGB (height x width x 3) or grey (height x width) 8-bit pixels, exactly as they are, never turned."""
    tiles = downscale(pixels)
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        return PdqResult(Pdq(versions=bytes(len(TRANSFORMS) * BITS // 8), quality=0, usable=False), tiles[0, 0])
    pdq, close = _from_tiles(tiles)
    if close > 2 and pdq.quality >= MATCHED_QUALITY and height * width <= MOST_PIXELS:
        tiles = downscale_as_reference(pixels)
        pdq, _ = _from_tiles(tiles)
    return PdqResult(pdq, tiles[0, 0].copy())


@dataclass(frozen=True)
class LumaPdq:
    """The PDQ of a video frame (32 bytes), and the tiles that it and its turned versions are made of."""

    bits: bytes
    quality: int
    usable: bool
    tiles: Tiles64

    def turned(self) -> bytes:
        """The seven turned versions, 7 x 32 bytes in the order of `TRANSFORMS` after the first."""
        return _from_tiles(self.tiles)[0].versions[BITS // 8 :]


def of_luma(luma: Pixels, *, full_range: bool) -> LumaPdq:
    """The PDQ of a video frame's luma (height x width, 5 pixels a side or more), 0 to 255 or else 16 to 235.

    Within 6 bits of the hash of the frame's RGB on the reference clips; always by the quick way, since no two decoders
    agree to the last bit anyhow.
    """
    tiles = downscale(luma)
    if not full_range:
        tiles = (tiles - VIDEO_BLACK) * VIDEO_STRETCH
    bits, quality, largest = _hash_tile(tiles[0, 0], _COSINES)
    return LumaPdq(bits.tobytes(), int(quality), bool(largest >= LEAST_COEFFICIENT), tiles)


def distance(a: bytes, b: bytes) -> int:
    """How many bits differ between two hashes of 32 bytes."""
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()


def to_hex(bits: bytes) -> str:
    """The published spelling of a hash: 64 lower-case hexadecimal digits."""
    return bits.hex()


def from_hex(text: str) -> bytes:
    """32 bytes of a published hash; upper case is taken too, since exports differ.

    Raises:
        BadPdqError: the text is not exactly 64 hexadecimal digits.
    """
    spelling = text.strip().lower()
    if not _HEX.fullmatch(spelling):
        raise BadPdqError(f"{text[:80]!r} is not a PDQ hash: 64 hexadecimal digits are needed")
    return bytes.fromhex(spelling)
