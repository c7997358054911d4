"""JSON of any size in two speeds: pieces for a parser of events, and whole objects wherever they follow one another.

A parser of events can read JSON of any size and say where it breaks off, but spends its time on what a list holds most
of: entries of some hundred bytes. So once it has read one entry of an array, those that follow are built at one stroke,
each only if it is plain; whatever is not (broken, cut, huge, deep, oddly escaped) is left to the parser, which stands
right before it.
"""

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

from safelight.known.formats.text import Utf8Stream

_CHUNK = 1 << 18
_LARGEST = 1 << 19
"""Characters within which an object must end to be built at one stroke."""
_FEW_BRACKETS = 48
"""Opening brackets that such an object may hold: fewer than the depth at which the walk gives up."""
_HALF = re.compile(r"\\u[dD]")
"""An escape that may be half of a character: a lone one is taken differently by the two parsers."""
_COMMA = re.compile(r"[ \t\r\n]*,[ \t\r\n]*(?=\{)")
_COMMA_ROOM = 64

Pairs = tuple[tuple[str, Any], ...]
"""An object as it is written, repeated names and all. Inside, arrays are lists and objects are tuples."""


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


_build = json.JSONDecoder(object_pairs_hook=tuple, parse_float=Decimal, parse_constant=_refuse).raw_decode


class Pieces:
    """The text of a stream, handed out once: as pieces that end with a closing brace, or as objects."""

    def __init__(self, stream: Utf8Stream) -> None:
        self._stream = stream
        self._text = ""
        self._at = 0
        self._before = 0
        self._enough = 0
        self._halves = False
        self._ended = False

    def next_piece(self) -> bytes:
        """The text up to the next closing brace, or as much as there is without one; empty at the end."""
        if self._at == len(self._text):
            self._refill()
        end = self._text.find("}", self._at) + 1 or len(self._text)
        piece = self._text[self._at : end]
        self._at = end
        return piece.encode()

    def next_object(self) -> Pairs | None:
        """The object that follows, with the comma before it, where it is a plain one; None where something else does.

        To be asked for right after an element of an array, where a comma is what may come.
        """
        while True:
            found = self._object_here()
            if found is not None or self._ended or len(self._text) - self._at >= self._enough:
                return found
            self._refill()

    def give_back(self) -> None:
        """Put the latest object back, with its comma, so that it comes in pieces."""
        self._at = self._before

    def _object_here(self) -> Pairs | None:
        comma = _COMMA.match(self._text, self._at)
        self._enough = _COMMA_ROOM if comma is None else _LARGEST
        if comma is None:
            return None
        start = comma.end()
        try:
            pairs, end = _build(self._text, start)
        except (ValueError, ArithmeticError, RecursionError):
            return None
        if not self._is_plain(start, end):
            self._enough = 0
            return None
        self._before, self._at = self._at, end
        taken: Pairs = pairs
        return taken

    def _is_plain(self, start: int, end: int) -> bool:
        """Whether nothing is in it that this parser and the other one might take differently."""
        count = self._text.count
        if count("{", start, end) + count("[", start, end) > _FEW_BRACKETS:
            return False
        return not self._halves or not _HALF.search(self._text, start, end)

    def _refill(self) -> None:
        more = self._stream.read(_CHUNK)
        self._ended = not more
        self._text = self._text[self._at :] + more.decode()
        self._at = 0
        self._halves = _HALF.search(self._text) is not None
