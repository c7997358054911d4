"""Text of a report for people: the unseen is spelt out, what is too long is cut and says so, figures read well."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar, cast

from safelight.evidence.names import line_of

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB")
LONGEST = 400
"""Characters of one text that the page shows at most; the JSON report has all of it."""

Value = TypeVar("Value")
Shown = TypeVar("Shown")


class DataUri(str):
    """Bytes of our own making, spelt as a `data:` address: not foreign text, so neither cut nor spelt out."""

    __slots__ = ()


@dataclass(frozen=True)
class Capped(Generic[Shown]):
    """The first entries of a list, and a sentence about the rest ("" where nothing was left out)."""

    shown: tuple[Shown, ...]
    total: str
    more: str


def capped(values: Sequence[Value], limit: int, show: Callable[[Value], Shown]) -> Capped[Shown]:
    """Turn at most `limit` of `values` into what is shown, and say how many are left out and where they are."""
    left = len(values) - limit
    more = f"and {counted(left)} more: see the CSV or JSON report" if left > 0 else ""
    return Capped(tuple(show(value) for value in values[:limit]), counted(len(values)), more)


def encodable(text: str, escape: str = "\\u") -> str:
    """Spell out lone surrogates, the only characters that UTF-8 cannot carry; all others stay exactly as they are."""
    return text if text.isascii() else _SURROGATE.sub(lambda found: f"{escape}{ord(found[0]):04x}", text)


def shortened(text: str, limit: int = LONGEST) -> str:
    """Cut a text in its middle where it is longer than `limit` characters: the end of a path tells the most."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} […{counted(len(text) - 2 * half)} characters…] {text[-half:]}"


def made_visible(value: Value) -> Value:
    """Return `value` (text, or tuples and dataclasses of it, however deep) with all its text cut and spelt out."""
    if isinstance(value, DataUri):
        return value
    if isinstance(value, str):
        return cast("Value", line_of(shortened(value)))
    if isinstance(value, tuple):
        return cast("Value", tuple(made_visible(part) for part in value))
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: made_visible(getattr(value, field.name)) for field in fields(value)}
        return cast("Value", replace(value, **parts))
    return value


def counted(number: int) -> str:
    """Write a number with its thousands apart: 1,234,567."""
    return f"{number:,}"


def amount(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: "1 file", "2 files"."""
    return f"{counted(number)} {one if number == 1 else many or one + 's'}"


def size_words(size: int | None) -> str:
    """Write a size in bytes for people, in decimal units: "2.1 MB"; "" where it is not known."""
    if size is None:
        return ""
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{counted(size)} bytes" if unit == 0 else f"{value:.3g} {_UNITS[unit]}"


def time_words(time: datetime | None) -> str:
    """Write a time in UTC to the second; one without a zone (archives keep such) stays as it is and says so."""
    if time is None:
        return ""
    if time.tzinfo is None:
        return f"{time:%Y-%m-%d %H:%M:%S} (no time zone)"
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def duration_words(start: datetime, end: datetime | None) -> str:
    """Write how long something took: "2 h 03 min", "4 min 12 s", "8 s"; "" where it has not ended."""
    if end is None:
        return ""
    seconds = max(0, round((end - start).total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"
