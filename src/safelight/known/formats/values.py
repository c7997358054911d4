"""Single values of foreign lists: text in, checked value out, or a `BadValueError` with the reason in words.

Rules it keeps: a digest is right to the last character or it is refused, because a digest that is nearly right finds
nothing and nobody notices; a flag that is not understood is left out and named, because the digest beside it still
finds the child; no text leaves with a character that a database or a terminal cannot hold.
"""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from safelight.errors import InputError
from safelight.known.rows import LeftOut

TEXT_LIMIT = 4000
OPAQUE_LIMIT = 20_000
SPELLING_LIMIT = 200
TAG_LIMIT = 50
SIZE_LIMIT = 2**63 - 1
OF_EMPTY_FILE = "is that of an empty file"

_FLAGS = dict.fromkeys(("1", "y", "yes", "t", "true"), True) | dict.fromkeys(("0", "n", "no", "f", "false"), False)
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}(\.0*)?\Z")
_NUMBER_BEGINS = frozenset("+-0123456789")
_DOTNET_DATE = re.compile(r"/Date\((-?[0-9]{1,17})([+-][0-9]{4})?\)/\Z")

EMPTY_CONTENT = frozenset(
    bytes.fromhex(digest)
    for digest in (
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    )
)
"""MD5, SHA-1 and SHA-256 of no bytes at all: every empty file of the world would match."""


NEVER = EMPTY_CONTENT | {bytes(16), bytes(20), bytes(32)}
"""Digests that name no content that could be looked for."""
_SURE_DIGITS = 18
"""So many digits fit into every number that is stored."""


class BadValueError(InputError):
    """A value of a list could not be understood."""


def clean(value: object, limit: int = TEXT_LIMIT) -> str:
    """Text without NUL and lone surrogates (each becomes U+FFFD), trimmed, at most `limit` characters."""
    text = value if type(value) is str else str(value)
    if len(text) <= limit and text.isascii() and "\0" not in text:
        return text.strip()
    text = text[: limit * 2].strip()
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\ufffd")[:limit]


def text_or_none(value: object) -> str | None:
    """Cleaned text, or None where there is none (null, empty, or a list or object where text belongs)."""
    if value is None or (type(value) is not str and isinstance(value, list | dict)):
        return None
    return clean(value) or None


def digest(value: object, length: int, name: str) -> bytes | None:
    """A digest of `length` bytes from its hex spelling; None where the field is empty.

    Raises:
        BadValueError: it is not text, has another number of characters, is not hex, is all zeros, or is the digest
            of the empty content.
    """
    if value is None:
        return None
    text = value if type(value) is str else _plain_text(value, name)
    if len(text) == length * 2 and text.isalnum():  # bytes.fromhex would pass over spaces
        try:
            raw = bytes.fromhex(text)
        except ValueError:
            raw = b""
        if raw and raw not in NEVER:
            return raw
    return _doubtful_digest(text.strip(), length, name)


def _doubtful_digest(text: str, length: int, name: str) -> bytes | None:
    if not text:
        return None
    if len(text) != length * 2:
        raise BadValueError(f"{name} has {len(text)} characters instead of {length * 2}")
    if not _HEX.match(text):
        raise BadValueError(f"{name} is not hexadecimal")
    raw = bytes.fromhex(text)
    if not any(raw):
        raise BadValueError(f"{name} is all zeros")
    if raw in EMPTY_CONTENT:
        raise BadValueError(f"{name} {OF_EMPTY_FILE}")
    return raw


def pdq(value: object) -> bytes | None:
    """A PDQ hash of 32 bytes from 64 hex characters; None where the field is empty. All zeros is left to screening.

    Raises:
        BadValueError: another number of characters, or not hex.
    """
    if value is None:
        return None
    text = _plain_text(value, "PDQ")
    if not text:
        return None
    if len(text) != 64:
        raise BadValueError(f"PDQ has {len(text)} characters instead of 64")
    if not _HEX.match(text):
        raise BadValueError("PDQ is not hexadecimal")
    return bytes.fromhex(text)


def integer(value: object, name: str, low: int = 0, high: int = SIZE_LIMIT) -> int | None:
    """A whole number, also where it is spelled as text or as 12.0; None where the field is empty.

    Raises:
        BadValueError: it is no whole number, or outside `low` to `high`.
    """
    if value is None:
        return None
    if type(value) is int and low <= value <= high:
        return value
    if isinstance(value, bool):
        raise BadValueError(f"{name} is a flag, not a number")
    text = _plain_text(value, name)
    if not text:
        return None
    if len(text) <= _SURE_DIGITS and text.isascii() and text.isdigit():
        number = int(text)
    elif _INTEGER.match(text):
        number = int(text.partition(".")[0])
    else:
        raise BadValueError(f"{name} is not a whole number: {clean(text, 40)!r}")
    if not low <= number <= high:
        raise BadValueError(f"{name} is outside {low} to {high}: {number}")
    return number


def boolean(value: object, name: str) -> bool | None:
    """A flag in any spelling seen (true, "True", "Y", "yes", 1); None where the field is empty.

    Raises:
        BadValueError: none of these spellings.
    """
    if value is None or value is True or value is False:
        return value
    text = _plain_text(value, name).lower()
    if not text:
        return None
    if text in _FLAGS:
        return _FLAGS[text]
    raise BadValueError(f"{name} is neither yes nor no: {clean(text, 40)!r}")


def category(value: object) -> str | None:
    """A grade as the source spelled it; None for null, empty and 0, which VICS uses for "uncategorised"."""
    if value is None or (type(value) is not str and isinstance(value, bool | list | dict)):
        return None
    text = clean(value)
    if text[:1] in _NUMBER_BEGINS and _INTEGER.match(text):
        text = str(int(text.partition(".")[0]))
    return None if text in {"", "0"} else text


def photodna(value: object) -> tuple[str, str] | None:
    """A PhotoDNA value as (name that tells its spelling, value); None where the field is empty.

    Carried and never computed: 144 bytes as 288 hex characters (upper-cased) or 192 base64 characters, else as it is.
    """
    text = clean(value, OPAQUE_LIMIT) if isinstance(value, str) else ""
    if not text:
        return None
    if len(text) == 288 and _HEX.match(text):
        return "photodna.hex", text.upper()
    if len(text) == 192 and _BASE64.match(text):
        return "photodna.base64", text
    return "photodna.other", text


def tags(value: object) -> list[str]:
    """Tags from a comma or semicolon list or a JSON list: distinct, in order, at most 50."""
    if not value or not isinstance(value, list | str):
        return []
    parts = value.replace(";", ",").split(",") if isinstance(value, str) else value
    cleaned = [clean(part) for part in parts if isinstance(part, str | int)]
    return list(dict.fromkeys(part for part in cleaned if part))[:TAG_LIMIT]


def date_text(value: object) -> str | None:
    """A date as ISO text where it is one of .NET's `/Date(ms)/`, else as it is spelled; None where empty."""
    text = text_or_none(value)
    match = _DOTNET_DATE.match(text) if text else None
    if match is None:
        return text
    days, milliseconds = divmod(int(match[1]), 86_400_000)
    if not -719_162 <= days <= 2_932_896:
        return text
    return _iso(days, milliseconds)


def spelled(entry: object, limit: int = OPAQUE_LIMIT) -> str:
    """A row as bounded text, for the quarantine file: JSON for an object, the text itself otherwise."""
    if isinstance(entry, str):
        return clean(entry, limit)
    try:
        raw = msgspec.json.encode(entry)
    except (TypeError, ValueError, RecursionError):
        return f"({type(entry).__name__} that cannot be shown)"
    return clean(raw[: limit * 2].decode("utf-8", "replace"), limit)


def left_out(field: str, value: object, error: BadValueError) -> LeftOut:
    """A value that was left out of its row, with its spelling bounded."""
    return LeftOut(field, spelled(value, SPELLING_LIMIT), clean(error.message))


def _plain_text(value: object, name: str) -> str:
    if type(value) is str:
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, list | dict | bool):
        raise BadValueError(f"{name} is a {type(value).__name__}, not a single value")
    return str(value).strip()


def _iso(days: int, milliseconds: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days, milliseconds=milliseconds)
    return moment.isoformat().replace("+00:00", "Z")
