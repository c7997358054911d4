"""Kinds of assertions are data: one file a kind, held to the shape below.

Rules kept here:
- a kind says what it may be about, which fields it has, and in one sentence what it means for an investigation;
- its topic, with the fields it `asks` about, is one question; what it `answers` (and which kind it is) is the answer:
  two agencies with different answers to one question disagree, and kinds of one topic contradict each other;
- a kind that expires has a field `until`, which lies at most `expires_days` after the statement was made.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Annotated

import msgspec

from safelight.errors import CannotRunError

UNTIL = "until"
TEXT_LENGTH = 4000
NAME_LENGTH = 200
NAMES_COUNT = 100
_Key = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z-]{1,60}$")]
_FieldName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z_]{1,60}$")]
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_DAY = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?\Z")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")


class KindError(CannotRunError):
    """A kind of assertion that comes with Safelight is damaged: install it again."""


class Target(StrEnum):
    """What an assertion may be about; closed vocabulary."""

    ITEM = "item"
    STACK = "stack"
    LINK = "link"
    SERIES = "series"
    SUBJECT = "subject"


class FieldType(StrEnum):
    """What a field may hold; closed vocabulary.

    `text` up to 4,000 characters; `name` one line up to 200; `names` up to 100 of them; `choice` one of the field's
    choices; `flag` true or false; `identifier` 32 hexadecimal digits; `thing` an identifier or a SHA-256; `country` two
    capital letters (ISO 3166-1); `day` a year, month or day (ISO 8601); `time` a second in UTC (RFC 3339).
    """

    TEXT = "text"
    NAME = "name"
    NAMES = "names"
    CHOICE = "choice"
    FLAG = "flag"
    IDENTIFIER = "identifier"
    THING = "thing"
    COUNTRY = "country"
    DAY = "day"
    TIME = "time"


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of a kind."""

    name: _FieldName
    type: FieldType
    required: bool = False
    choices: tuple[_Key, ...] = ()


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of assertion.

    `urgent` puts it first in every queue; `four_eyes` wants the signatures of two officers; `takes_back` ends the
    statements it supersedes and puts nothing in their place.
    """

    key: _Key
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    means: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    about: Annotated[frozenset[Target], msgspec.Meta(min_length=1)]
    topic: _Key
    asks: tuple[_FieldName, ...] = ()
    answers: tuple[_FieldName, ...] = ()
    urgent: bool = False
    expires_days: Annotated[int, msgspec.Meta(ge=1, le=30)] | None = None
    four_eyes: bool = False
    takes_back: bool = False
    fields: Annotated[tuple[Field, ...], msgspec.Meta(max_length=20)] = ()


@cache
def load_kinds() -> dict[str, Kind]:
    """Every kind by its key, read once.

    Raises:
        KindError: a file is not as it should be; the message names it.
    """
    folder = resources.files(__name__)
    files = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    kinds = [parse_kind(name.removesuffix(".toml"), (folder / name).read_text(encoding="utf-8")) for name in files]
    return {kind.key: kind for kind in kinds}


def parse_kind(name: str, text: str) -> Kind:
    """One kind from its TOML, which stands in the file of its key.

    Raises:
        KindError: it is not of this shape, or contradicts itself.
    """
    try:
        kind = msgspec.convert(tomllib.loads(text), Kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise KindError(f"The kind {name} is damaged, install Safelight again: {error}.") from error
    types = {field.name: field.type for field in kind.fields}
    required = {field.name for field in kind.fields if field.required}
    wrong = (
        (kind.key != name, f"it calls itself {kind.key}"),
        (len(types) < len(kind.fields), "it has a field twice"),
        (not types.keys() >= {*kind.asks, *kind.answers}, "its question or answer names a field that there is not"),
        (
            any((field.type is FieldType.CHOICE) != bool(field.choices) for field in kind.fields),
            "a choice has nothing to choose from, or another field has",
        ),
        (
            kind.expires_days is not None and (types.get(UNTIL) is not FieldType.TIME or UNTIL not in required),
            "it expires and does not say when",
        ),
    )
    for is_wrong, what in wrong:
        if is_wrong:
            raise KindError(f"The kind {name} is damaged, install Safelight again: {what}.")
    return kind


def field_problem(field: Field, value: object) -> str | None:
    """What is wrong with a value of a field, in words that follow its name; None where nothing is.

    A choice that is not in the list is not wrong here: a newer node may know more of them (see `is_known_choice`).
    """
    problem, test = _TESTS[field.type]
    return None if test(value) else problem


def is_known_choice(field: Field, value: object) -> bool:
    """Whether a choice is one of those known here; a value of another type of field always is."""
    return field.type is not FieldType.CHOICE or value in field.choices


def parse_time(text: str) -> datetime:
    """The time in a field of type `time`.

    Raises:
        ValueError: it is none.
    """
    if not _TIME.match(text):
        raise ValueError(f"{text[:40]!r} is no time such as 2030-01-31T12:00:00Z")
    return datetime.fromisoformat(text)


def is_line(value: object) -> bool:
    """Whether a value is a name: one line of 1 to 200 characters that can all be seen."""
    return isinstance(value, str) and 0 < len(value) <= NAME_LENGTH and "\n" not in value and not _UNSEEN.search(value)


def is_text(value: object) -> bool:
    """Whether a value is text: 1 to 4,000 characters that can all be seen, or end a line."""
    return isinstance(value, str) and 0 < len(value) <= TEXT_LENGTH and not _UNSEEN.search(value)


def is_identifier(value: object) -> bool:
    """Whether a value is 32 lower-case hexadecimal digits."""
    return _is_hex(value, 32)


def is_digest(value: object) -> bool:
    """Whether a value is a SHA-256 in lower-case hexadecimal."""
    return _is_hex(value, 64)


def _is_hex(value: object, length: int) -> bool:
    return isinstance(value, str) and len(value) == length and not value.strip("0123456789abcdef")


def _is_names(value: object) -> bool:
    return isinstance(value, list) and 0 < len(value) <= NAMES_COUNT and all(is_line(one) for one in value)


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_time(value) is not None
    except ValueError:
        return False


_TESTS: Mapping[FieldType, tuple[str, Callable[[object], bool]]] = {
    FieldType.TEXT: (f"is no text of 1 to {TEXT_LENGTH} characters", is_text),
    FieldType.NAME: (f"is no line of 1 to {NAME_LENGTH} characters", is_line),
    FieldType.NAMES: (f"is no list of 1 to {NAMES_COUNT} names", _is_names),
    FieldType.CHOICE: (f"is no line of 1 to {NAME_LENGTH} characters", is_line),
    FieldType.FLAG: ("is neither true nor false", lambda value: isinstance(value, bool)),
    FieldType.IDENTIFIER: ("is no identifier of 32 hexadecimal digits", is_identifier),
    FieldType.THING: ("is neither a SHA-256 nor an identifier", lambda value: is_digest(value) or is_identifier(value)),
    FieldType.COUNTRY: (
        "is no country code of two capital letters",
        lambda value: (
            isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()
        ),
    ),
    FieldType.DAY: ("is no year, month or day", lambda value: isinstance(value, str) and bool(_DAY.match(value))),
    FieldType.TIME: ("is no time such as 2030-01-31T12:00:00Z", _is_time),
}
