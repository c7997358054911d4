"""What the fields of a mail say: from whom, to whom, when, about what. Read inside the sandbox."""

import email.header
from collections.abc import Iterable, Iterator
from email.errors import HeaderParseError
from email.message import Message

from safelight.writing.reading import read_fields
from safelight.writing.types import Written

_FIELDS = (
    *("From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Delivered-To", "Date", "Subject", "Message-ID", "In-Reply-To"),
    *("X-Originating-IP", "X-Mailer", "User-Agent", "List-Id"),
)
_FIELD_CHARACTERS = 20_000
"""Of one field; a letter to a thousand people is longer, and its first hundreds are named."""
_MOST_MAILS = 20
_MOST_SAME = 5


def letter_of(mails: Iterable[Message]) -> Written | None:
    """What mails say that begin with the same part, one being attached to the other; None where there are none."""
    fields = [field for mail in list(mails)[:_MOST_MAILS] for field in _fields(mail)]
    return read_fields(fields) if fields else None


def _fields(mail: Message) -> Iterator[tuple[str, str]]:
    for name in _FIELDS:
        for value in mail.get_all(name, [])[:_MOST_SAME]:
            yield name, _decoded(str(value)[:_FIELD_CHARACTERS])


def _decoded(value: str) -> str:
    """A field in the characters that it stands for; its bytes that are no ASCII come as single surrogates."""
    raw = value.encode("utf-8", "surrogateescape") if _encodable(value) else value.encode("utf-8", "replace")
    try:
        plain = raw.decode()
    except UnicodeDecodeError:
        plain = raw.decode("latin-1")
    if "=?" not in plain:
        return plain
    try:
        return str(email.header.make_header(email.header.decode_header(plain)))
    except (HeaderParseError, LookupError, ValueError):
        return plain


def _encodable(value: str) -> bool:
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
