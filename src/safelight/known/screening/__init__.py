"""Perceptual hashes that would match the wrong things: flat ones, placeholders, and benign tripwires.

A list is only as good as its worst entry: hashes of a website's default pictures on a list made a host delete harmless
files (TransIP, June 2021). A hash caught here is kept, named and never matched; the digests beside it still are.

`placeholders.txt` and `tripwires.txt` hold the hashes of drawn pictures in all eight turned versions; `draw` made them
and makes them again. A unit adds hashes of harmless pictures of its own in `<data>/screening/*.txt` (one hex hash a
line, a name behind it if wanted), which count as tripwires.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from safelight.errors import UsageError
from safelight.known.rules import HashState
from safelight.search.ports import Codes
from safelight.search.scan import ScanIndex

RADIUS = 31
"""Bits: what would be matched as the same picture must be held back as the same picture."""
_FEWEST_BITS, _MOST_BITS = 80, 176
_FEWEST_PATTERNS = 4
_FEWEST_CHANGES = 24


@dataclass(frozen=True)
class Screened:
    """What screening says of one hash: its state, and for a person why ("12 bits from the placeholder play button")."""

    state: HashState
    reason: str | None = None


_PASSED = Screened(HashState.MATCHED)


def flatness(bits: bytes) -> str | None:
    """Why a hash of 32 bytes carries no information, in words; None where it does.

    Half of a PDQ's bits are set whatever the picture (each is a comparison with the median), its 16 rows and columns
    differ, and neighbours change often. Over 1,474 published hashes of photographs and drawings: 112 to 142 bits set,
    7 or more different rows and columns, 31 or more changes; the limits stand well outside.
    """
    number = int.from_bytes(bits, "big")
    ones = number.bit_count()
    if not _FEWEST_BITS <= ones <= _MOST_BITS:
        return f"{ones} of 256 bits are set"
    rows = {bits[at : at + 2] for at in range(0, 32, 2)}
    text = f"{number:0256b}"
    columns = {text[at::16] for at in range(16)}
    if min(len(rows), len(columns)) <= _FEWEST_PATTERNS:
        return f"its bits repeat {min(len(rows), len(columns))} patterns"
    changes = ((number ^ (number >> 1)) & ((1 << 255) - 1)).bit_count()
    if changes < _FEWEST_CHANGES:
        return f"its bits change only {changes} times"
    return None


@dataclass(frozen=True)
class _Reference:
    """One hash that must not be matched: what it is, and what coming near it means."""

    bits: bytes
    name: str
    state: HashState


class Screen:
    """The hashes that must not be matched, ready to be asked."""

    def __init__(self, references: Sequence[_Reference]) -> None:
        self._references = list(references)
        self._index = ScanIndex()
        if self._references:
            codes = np.frombuffer(b"".join(reference.bits for reference in self._references), np.uint8)
            self._index.add(np.arange(len(self._references), dtype=np.int64), codes.reshape(-1, 32))

    @classmethod
    def load(cls, data: Path | None = None) -> Self:
        """The bundled references, and the unit's own from `<data>/screening`.

        Raises:
            UsageError: a line of an own file is no PDQ hash; the message names file and line.
        """
        here = resources.files(__name__)
        references = _parse("placeholders.txt", here.joinpath("placeholders.txt").read_text(), HashState.PLACEHOLDER)
        references += _parse("tripwires.txt", here.joinpath("tripwires.txt").read_text(), HashState.TRIPWIRE)
        own = data / "screening" if data is not None else None
        for path in sorted(own.glob("*.txt")) if own is not None and own.is_dir() else ():
            references += _parse(str(path), path.read_text(encoding="utf-8", errors="replace"), HashState.TRIPWIRE)
        return cls(references)

    def look(self, hashes: Sequence[bytes]) -> list[Screened]:
        """What to do with each hash (32 bytes): `MATCHED`, or why it must not be."""
        answers = [_PASSED] * len(hashes)
        codes = np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)
        for row in np.flatnonzero(_are_flat(codes)).tolist():
            answers[row] = Screened(HashState.FLAT, f"no information: {flatness(hashes[row])}")
        hits = self._index.within(codes, RADIUS)
        nearest: dict[int, tuple[int, int]] = {}
        for row, key, distance in zip(hits.query.tolist(), hits.key.tolist(), hits.distance.tolist(), strict=True):
            nearest[row] = min(nearest.get(row, (257, 0)), (distance, key))
        for row, (distance, key) in nearest.items():
            if answers[row].state is HashState.MATCHED:
                reference = self._references[key]
                answers[row] = Screened(
                    reference.state, f"{distance} bits from the {reference.state.value} {reference.name!r}"
                )
        return answers


def _are_flat(codes: Codes) -> NDArray[np.bool_]:
    """Of each of n hashes whether `flatness` has something against it, without a loop over them."""
    bits = np.unpackbits(codes, axis=1)
    ones = bits.sum(axis=1, dtype=np.int16)
    changes = np.count_nonzero(bits[:, 1:] != bits[:, :-1], axis=1)
    columns = np.packbits(bits.reshape(-1, 16, 16).transpose(0, 2, 1), axis=2).reshape(-1, 32)
    patterns = np.minimum(_patterns(codes), _patterns(columns))
    few_or_many = (ones < _FEWEST_BITS) | (ones > _MOST_BITS)
    return np.asarray(few_or_many | (patterns <= _FEWEST_PATTERNS) | (changes < _FEWEST_CHANGES))


def _patterns(codes: Codes) -> NDArray[np.intp]:
    """How many different ones are among the 16 rows of each hash."""
    rows = np.sort(np.ascontiguousarray(codes).view(np.uint16), axis=1)
    return np.asarray(np.count_nonzero(rows[:, 1:] != rows[:, :-1], axis=1) + 1)


def _parse(file: str, text: str, state: HashState) -> list[_Reference]:
    references = []
    for number, line in enumerate(text.splitlines(), start=1):
        hex_text, _, name = line.strip().partition(" ")
        if not hex_text or hex_text.startswith("#"):
            continue
        try:
            bits = bytes.fromhex(hex_text)
        except ValueError:
            bits = b""
        if len(bits) != 32:
            raise UsageError(f"{file}, line {number}: {hex_text[:80]!r} is no PDQ hash (64 hex characters)")
        references.append(_Reference(bits, name.strip() or f"line {number}", state))
    return references
