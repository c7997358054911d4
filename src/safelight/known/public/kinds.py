"""The rows of the sorted files: a digest, and behind SHA-1 and MD5 eight bytes that tell size and stronger digests.

Rules kept here:
- a row compares as bytes: by its digest first, then by what stands behind it, numbers with the highest byte first;
- a row tells which stronger digests its list gave of the content: where one of these was given and differs, the weaker
  one is no match;
- what a list says of one content stands in one row of each digest that it gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from safelight.known.rows import PACKED_BYTES, Given

Rows = NDArray[np.uint8]
"""n x width bytes."""

TAIL_BYTES = 8
STRONGER_SHA256 = 1 << 63
STRONGER_SHA1 = 1 << 62
NO_SIZE = (1 << 62) - 1


@dataclass(frozen=True)
class Kind:
    """One kind of file: the digest's name, its bytes, the bytes of a row, and where it stands in a packed row."""

    name: str
    digest: int
    width: int
    at: int
    given: Given


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "sha256": Kind("sha256", 32, 32, 37, Given.SHA256),
        "sha1": Kind("sha1", 20, 20 + TAIL_BYTES, 17, Given.SHA1),
        "md5": Kind("md5", 16, 16 + TAIL_BYTES, 1, Given.MD5),
    }
)
"""Strongest first."""
_STRONGER: Mapping[str, tuple[tuple[Given, int], ...]] = MappingProxyType(
    {
        "sha1": ((Given.SHA256, STRONGER_SHA256),),
        "md5": ((Given.SHA256, STRONGER_SHA256), (Given.SHA1, STRONGER_SHA1)),
    }
)


def rows_of(packed: Rows, kind: Kind) -> Rows:
    """The rows of a kind of file out of n x 77 bytes of packed rows; those without its digest have none."""
    having = packed[(packed[:, 0] & kind.given) != 0]
    digests: Rows = having[:, kind.at : kind.at + kind.digest]
    if kind.width == kind.digest:
        return np.ascontiguousarray(digests)  # a view would hold all of the packed rows
    sizes = np.ascontiguousarray(having[:, PACKED_BYTES - 8 :]).view(">u8").ravel().astype(np.uint64)
    told = ((having[:, 0] & Given.SIZE) != 0) & (sizes < NO_SIZE)
    tails = np.where(told, sizes, np.uint64(NO_SIZE))
    for given, flag in _STRONGER[kind.name]:
        tails |= np.where((having[:, 0] & given) != 0, np.uint64(flag), np.uint64(0))
    return np.concatenate([digests, tail_bytes(tails)], axis=1)


def tail_bytes(tails: NDArray[np.uint64]) -> Rows:
    """Numbers as n x 8 bytes, the highest first."""
    return tails.astype(">u8").view(np.uint8).reshape(-1, TAIL_BYTES)


def strongest(rows: Rows, kind: Kind) -> int:
    """Of how many rows the digest is the strongest that its list gave: so many contents are told by them alone."""
    if kind.width == kind.digest:
        return len(rows)
    return int(np.count_nonzero(rows[:, kind.digest] < STRONGER_SHA1 >> 56))
