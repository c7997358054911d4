"""What is written in a text. Values only, bounded: they come back from the sandbox and are kept sealed."""

from enum import StrEnum
from typing import Annotated

import msgspec

READ_BYTES = 1 << 20
"""Of one file; what lies behind is not read."""
KEPT_BYTES = 64 << 10
"""Of one text, in UTF-8."""
MOST_NAMED = 500
NAMED_CHARACTERS = 64 << 10
"""Of all that one text names, together."""
ADDRESS_CHARACTERS = 2000


class Naming(StrEnum):
    """What a text may name."""

    URL = "url"
    MAIL = "mail address"
    ACCOUNT = "account"
    PHONE = "telephone"


class Named(msgspec.Struct, frozen=True, array_like=True):
    """An address or account, in one spelling, and the character of the text at which it stands first."""

    what: Naming
    value: Annotated[str, msgspec.Meta(max_length=ADDRESS_CHARACTERS)]
    at: Annotated[int, msgspec.Meta(ge=0, le=READ_BYTES * 4)]


class Written(msgspec.Struct, frozen=True, array_like=True):
    """What a text says (the beginning of it), what it names, and in plain words what was left out.

    `form` tells how it was read: "text", "html", "xml", "json" or "mail". `at` of what it names may lie behind `text`.
    """

    form: Annotated[str, msgspec.Meta(max_length=8)]
    text: Annotated[str, msgspec.Meta(max_length=KEPT_BYTES)]
    named: Annotated[list[Named], msgspec.Meta(max_length=MOST_NAMED)] = []
    left: Annotated[list[Annotated[str, msgspec.Meta(max_length=300)]], msgspec.Meta(max_length=8)] = []
