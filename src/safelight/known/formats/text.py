"""Foreign bytes as text in bounded pieces: whatever the encoding, however long a line or a string claims to be.

UTF-8 with or without byte-order mark and UTF-16 with one are read; invalid bytes become visible instead of fatal.
"""

import codecs
import io
import re
from collections import deque
from typing import BinaryIO, NamedTuple

from safelight.errors import InputError, UsageError

LINE_LIMIT = 1 << 20
STRING_LIMIT = 16 << 20
_LONG_NUMBER = re.compile(rb"[0-9]{4000}")
_SAMPLE_STEP = 100
_SAMPLED_NUMBER = re.compile(rb"[0-9]{39}")


class UnreadableListError(InputError):
    """The file is no list that can be read."""


class UntoldColumnsError(UsageError):
    """The file is a table, and nothing says what its columns mean: --map has to."""


class NotKnownGoodError(UsageError):
    """The file names harmless files, and nobody said so: import it with --known-good."""


class TooLongStringError(InputError):
    """A text inside the file is longer than any list has reason for."""


def encoding_of(head: bytes) -> tuple[str, int]:
    """The encoding that the first bytes declare, and the length of the byte-order mark to skip."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return encoding, len(mark)
    return "utf-8", 0


class Utf8Stream:
    """A file as valid UTF-8 for a JSON parser, without what the parser cannot bear.

    A string without end would be collected in memory until the worker dies, and the reason with it; a number of
    thousands of digits leaves ijson's C parser with an error that surfaces somewhere else.
    """

    def __init__(self, content: BinaryIO) -> None:
        content.seek(0)
        encoding, skip = encoding_of(content.read(4))
        content.seek(skip)
        self._content = content
        self._plain = encoding == "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._since_quote = 0
        self._tail = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes, as many as one read of the file gives; empty at the end.

        Raises:
            TooLongStringError: 16 MiB went by without a quotation mark, or 4,000 digits stand in a row.
        """
        if size == 0:
            return b""
        raw = self._next(size if size > 0 else STRING_LIMIT)
        last = raw.rfind(b'"')
        self._since_quote = len(raw) - last - 1 if last >= 0 else self._since_quote + len(raw)
        if self._since_quote > STRING_LIMIT:
            raise TooLongStringError("a text or gap in the file is longer than 16 MiB")
        self._refuse_long_number(raw)
        return raw

    def _next(self, size: int) -> bytes:
        """The next bytes as UTF-8; empty at the end only."""
        while True:
            chunk = self._content.read(size)
            if self._plain and chunk.isascii() and not self._decoder.getstate()[0]:
                return chunk
            raw = self._decoder.decode(chunk, final=not chunk).encode()
            if raw or not chunk:
                return raw

    def _refuse_long_number(self, raw: bytes) -> None:
        """Looked for where every hundredth byte is a digit 39 times running: any run of 4,000 shows there."""
        window = self._tail + raw
        if _SAMPLED_NUMBER.search(window[::_SAMPLE_STEP]) and _LONG_NUMBER.search(window):
            raise TooLongStringError("a number in the file has thousands of digits")
        self._tail = raw[-4000:]


class Line(NamedTuple):
    """One line: its number from 1, its text without the line end; `cut` where it was longer than the limit."""

    number: int
    text: str
    cut: bool = False


class Lines:
    """The lines of a file, at most 1 MiB each (the rest of a longer one is passed over); lines can be put back."""

    def __init__(self, content: BinaryIO, limit: int = LINE_LIMIT) -> None:
        content.seek(0)
        encoding, skip = encoding_of(content.read(4))
        content.seek(skip)
        self._text = io.TextIOWrapper(content, encoding=encoding, errors="backslashreplace", newline=None)
        self._limit = limit
        self._number = 0
        self._returned: deque[Line] = deque()

    def take(self) -> Line | None:
        """The next line, None at the end."""
        if self._returned:
            return self._returned.popleft()
        text = self._text.readline(self._limit)
        if not text:
            return None
        self._number += 1
        if text.endswith("\n"):
            return Line(self._number, text[:-1])
        if len(text) < self._limit:
            return Line(self._number, text)
        self._pass_over()
        return Line(self._number, text, cut=True)

    def give_back(self, lines: list[Line]) -> None:
        """Put lines back, to be taken again in the same order."""
        self._returned.extendleft(reversed(lines))

    def close(self) -> None:
        """Let go of the file without closing it: it belongs to the caller."""
        self._text.detach()

    def _pass_over(self) -> None:
        while (rest := self._text.readline(self._limit)) and not rest.endswith("\n"):
            pass
