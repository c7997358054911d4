"""Category schemes are data: one file a scheme, here those whose labels are publicly documented, with their sources.

A unit adds its own as `<data>/schemes/NAME.json` of the same shape; a file there never replaces one of these. A scheme
without categories carries the values of a list as they are said, unlabelled: its labels are not public.
"""

from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec

from safelight.errors import UsageError


class SchemeError(UsageError):
    """A category scheme cannot be used."""


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One category: the value lists use, its label, the key a desk gives it, colour, exposure, and what the law says.

    `exposure` is 0 (harmless to look at) to 10 (worst); `illegal` is None where the law or the scheme leaves it open.
    """

    value: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    digit: Annotated[int, msgspec.Meta(ge=0, le=9)] | None
    colour: Annotated[str, msgspec.Meta(pattern="^#[0-9a-f]{6}$")]
    exposure: Annotated[int, msgspec.Meta(ge=0, le=10)]
    illegal: bool | None


class Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A category scheme: name, title, where its categories are documented, and the categories."""

    name: Annotated[str, msgspec.Meta(pattern="^[A-Z0-9][A-Z0-9-]{0,59}$")]
    title: Annotated[str, msgspec.Meta(max_length=200)]
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    categories: Annotated[list[Category], msgspec.Meta(max_length=100)]

    def label(self, value: str | None) -> str | None:
        """The label of a value, None where the scheme names none."""
        return next((category.label for category in self.categories if category.value == value), None)


def load_schemes(data: Path | None = None) -> dict[str, Scheme]:
    """Every scheme by name: those that come with Safelight, then those of the unit in `<data>/schemes`.

    Raises:
        SchemeError: a file is no scheme, or two have one name; the message names the file.
    """
    files = [
        (entry.name, entry.read_bytes()) for entry in resources.files(__name__).iterdir() if _is_scheme(entry.name)
    ]
    own = data / "schemes" if data is not None else None
    if own is not None and own.is_dir():
        files += [(str(path), path.read_bytes()) for path in sorted(own.glob("*.json"))]
    schemes: dict[str, Scheme] = {}
    for name, raw in sorted(files, key=lambda pair: "/" in pair[0]):
        scheme = parse_scheme(name, raw)
        if scheme.name in schemes:
            raise SchemeError(f"{name}: there is a scheme {scheme.name} already; give this one another name")
        schemes[scheme.name] = scheme
    return schemes


def parse_scheme(name: str, raw: bytes) -> Scheme:
    """One scheme from its JSON.

    Raises:
        SchemeError: it is not of this shape, or uses a value or digit twice.
    """
    try:
        scheme = msgspec.json.decode(raw, type=Scheme)
    except msgspec.DecodeError as error:
        raise SchemeError(f"{name} is no category scheme: {error}") from error
    for what, used in (
        ("value", [category.value for category in scheme.categories]),
        ("digit", [category.digit for category in scheme.categories if category.digit is not None]),
    ):
        if len(set(used)) < len(used):
            raise SchemeError(f"{name}: a {what} is used by two categories")
    return scheme


def require_scheme(name: str, data: Path | None = None) -> Scheme:
    """The scheme of this name.

    Raises:
        SchemeError: there is none, or a scheme file cannot be read.
    """
    schemes = load_schemes(data)
    if name not in schemes:
        raise SchemeError(
            f"there is no scheme {name!r}: known are {', '.join(sorted(schemes))}; "
            f"add <data>/schemes/{name}.json for another"
        )
    return schemes[name]


def _is_scheme(name: str) -> bool:
    return name.endswith(".json")
