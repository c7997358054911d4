"""The contract of every search engine for binary codes.

An engine MUST return every code within the radius, and MUST NOT return one outside it. Duplicates, all-equal sets and
empty sets are ordinary input. A key that is added is found by the next call; a key that is removed is not.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]
"""Rows of bytes: n x 32 are n codes of 256 bits."""
Keys = NDArray[np.int64]


@dataclass(frozen=True)
class Hits:
    """Parallel arrays, ordered by query, then distance, then key: query row, key found, Hamming distance."""

    query: NDArray[np.int64]
    key: Keys
    distance: NDArray[np.int64]


class HammingIndex(Protocol):
    """Codes of 64 to 512 bits, each under a 64-bit key of the caller's; one key may hold several (each is a hit).

    One caller at a time; several threads may ask at once after a first call, while nothing is added or removed.
    """

    bits: int
    """Bits of a code."""

    def add(self, keys: Keys, codes: Codes) -> None:
        """Add codes; MUST be found by the next call."""

    def remove(self, keys: Keys) -> None:
        """Remove every code of these keys; unknown keys are ignored."""

    def within(self, queries: Codes, radius: int) -> Hits:
        """Every stored code within `radius` bits (0 to `bits`) of each query row."""

    def __len__(self) -> int:
        """How many codes are stored."""
