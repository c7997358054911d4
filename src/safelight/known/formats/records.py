"""Lines into records of cells (RFC 4180, any delimiter): quotes over lines, and quotes that never close.

A quote that is not closed within a few lines costs its own line only: the lines after it are read afresh.
"""

import csv
from collections.abc import Iterator
from typing import NamedTuple

from safelight.known.formats.text import Line, Lines

DELIMITERS = ";,\t|"
_SPAN_LINES = 60
_SPAN_CHARACTERS = 1 << 18


class Record(NamedTuple):
    """One record: the line it starts on, its cells, its text, and what is wrong with it if it could not be split."""

    line: int
    cells: list[str]
    text: str
    problem: str | None = None


def sniff_delimiter(header: str) -> str | None:
    """The delimiter that splits the first line into most cells (quotes respected); None where there is one cell."""
    counts = {mark: len(_split([header], mark)[0]) for mark in DELIMITERS}
    best = max(DELIMITERS, key=lambda mark: counts[mark])
    return best if counts[best] > 1 else None


def records(lines: Lines, delimiter: str) -> Iterator[Record]:
    """Every record that is not blank, in order; comment lines (`#`) are passed over."""
    while (line := lines.take()) is not None:
        text = line.text
        if not text or text.isspace() or text.startswith("#"):
            continue
        yield record_at(line, lines, delimiter)


def record_at(line: Line, lines: Lines, delimiter: str) -> Record:
    """The record that begins with `line`, taking more lines where a quote stays open."""
    if line.cut:
        return Record(line.number, [], line.text[:2000], "the line is longer than 1 MiB")
    if '"' not in line.text:
        return Record(line.number, line.text.split(delimiter), line.text)
    return _quoted_record(line, lines, delimiter)


def _quoted_record(line: Line, lines: Lines, delimiter: str) -> Record:
    span = [line]
    opened = line.text.count('"') % 2 == 1
    while opened and len(span) < _SPAN_LINES and sum(len(part.text) for part in span) < _SPAN_CHARACTERS:
        following = lines.take()
        if following is None:
            break
        span.append(following)
        opened = (following.text.count('"') % 2 == 1) != opened
    if opened:
        lines.give_back(span[1:])
        return _lone_quote(line, delimiter)
    try:
        cells, used = _split([part.text for part in span], delimiter, strict=len(span) > 1)
    except csv.Error:
        lines.give_back(span[1:])
        return _lone_quote(line, delimiter)
    lines.give_back(span[used:])
    return Record(line.number, cells, "\n".join(part.text for part in span[:used]))


def _lone_quote(line: Line, delimiter: str) -> Record:
    """A quote inside an unquoted cell (5" disk) is text; one that opens a cell and never closes spoils the record."""
    if f'{delimiter}"' in line.text or line.text.startswith('"'):
        return Record(line.number, [], line.text, "a quotation mark is never closed")
    return Record(line.number, line.text.split(delimiter), line.text)


def _split(texts: list[str], delimiter: str, *, strict: bool = False) -> tuple[list[str], int]:
    """Cells of the first record in these lines, and how many of the lines it took.

    `strict` refuses text after a closing quote: over several lines it means that two stray quotes were paired.
    """
    csv.field_size_limit(_SPAN_CHARACTERS * 8)
    reader = csv.reader([text + "\n" for text in texts], delimiter=delimiter, strict=strict)
    cells = next(reader, [])
    return cells, max(reader.line_num, 1)
