"""Mail (RFC 5322, MIME), one message or a mailbox of many (mbox): every part that holds bytes is an entry.

Rules kept here:
- an entry's bytes are those that were attached: the transfer encoding is taken off, nothing else is changed;
- it has the name that the message gives it, below the messages it is attached to; in a mailbox its message's number,
  from 1, stands before that. What has no name is called by its place and its type;
- what its fields say of whom it is from, to whom and about what goes with its first part;
- where a message breaks off, what is there of it is read, and that it breaks off is named.
"""

import base64
import binascii
import codecs
import email.charset
import email.feedparser
import email.header
import email.parser
import email.policy
import email.utils
import encodings
import pkgutil
import quopri
from collections.abc import Iterator
from email.errors import CloseBoundaryNotFoundDefect, HeaderParseError, StartBoundaryNotFoundDefect
from email.message import Message as Mail
from typing import Any, BinaryIO

from safelight.evidence.archives.letters import letter_of
from safelight.evidence.archives.messages import DATA_BYTES, Data, End, Entry, Message, Problem
from safelight.media.mail import FROM_LINE

_CODECS = tuple(
    one.name for one in pkgutil.iter_modules(encodings.__path__) if one.name not in {"aliases", "mbcs", "oem"}
)
PRELOADED = (base64, binascii, email.charset, email.feedparser, quopri, *map(codecs.lookup, _CODECS))
"""What a message may ask for when no file can be opened any more."""
MESSAGE_BYTES = 128 << 20
"""Of one message; mail servers take a fifth of it."""
_LINE_BYTES = 1 << 20
_CHARSET_CHARACTERS = 40
_CUT_OFF = (CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect)
_LATEST_SECOND = 1 << 33


def walk(content: BinaryIO) -> Iterator[Message]:
    """Yield the parts of one message."""
    raw = content.read(MESSAGE_BYTES + 1)
    if len(raw) > MESSAGE_BYTES:
        yield Problem(f"a message of more than {MESSAGE_BYTES >> 20} MiB: it was not opened")
        return
    mail = _parsed(raw)
    yield from _entries(mail, 0, "")
    if _breaks_off(mail):
        yield Problem("the message breaks off: what is there of it was read")


def walk_mailbox(content: BinaryIO) -> Iterator[Message]:
    """Yield the parts of every message of a mailbox."""
    number, broken = 0, []
    for place, raw in enumerate(_messages(content), 1):
        if raw is None:
            yield Entry(number, f"{place:06}".encode(), None, None)
            yield End(f"a message of more than {MESSAGE_BYTES >> 20} MiB: it was not opened")
            number += 1
            continue
        mail = _parsed(raw)
        for said in _entries(mail, number, f"{place:06}/"):
            number += isinstance(said, Entry)
            yield said
        if _breaks_off(mail):
            broken.append(place)
    if broken:
        shown = ", ".join(map(str, broken[:20])) + (" ..." if len(broken) > 20 else "")
        yield Problem(f"messages that break off: {shown}; what is there of them was read")


def _messages(content: BinaryIO) -> Iterator[bytes | None]:
    """The messages of a mailbox, each after its line "From ..."; None for one that is too long."""
    lines: list[bytes] = []
    size, begun = 0, False
    while line := content.readline(_LINE_BYTES):
        if line.startswith(b"From ") and FROM_LINE.match(line):
            if begun:
                yield b"".join(lines) if size <= MESSAGE_BYTES else None
            lines, size, begun = [], 0, True
        elif begun:
            size += len(line)
            if size <= MESSAGE_BYTES:
                lines.append(line)
            else:
                lines.clear()
    if begun:
        yield b"".join(lines) if size <= MESSAGE_BYTES else None


class _Exact(email.policy.Compat32):
    """Fields as they stand there: their bytes that are no ASCII as single surrogates, and not as question marks."""

    def header_fetch_parse(self, name: str, value: str) -> Any:  # noqa: ARG002 - the signature of the standard library
        return value


def _parsed(raw: bytes) -> Mail:
    return email.parser.BytesParser(policy=_Exact()).parsebytes(raw)


def _entries(mail: Mail, number: int, below: str) -> Iterator[Message]:
    modified = _sent(mail)
    begun: list[Mail] = []
    for name, part, begins in _parts(mail, below):
        begun += begins
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        yield Entry(number, _bytes_of(name), len(content), modified, letter=letter_of(begun), charset=_charset(part))
        begun = []
        for at in range(0, len(content), DATA_BYTES):
            yield Data(content[at : at + DATA_BYTES])
        yield End()
        number += 1


def _parts(mail: Mail, below: str) -> Iterator[tuple[str, Mail, list[Mail]]]:
    """The parts that hold bytes, each under its name, with the messages that begin with it.

    Messages that are attached are gone into.
    """
    pending = [(below, mail)]
    begun = [mail]
    place = 0
    while pending:
        prefix, part = pending.pop()
        place += 1
        if part.get_content_maintype() == "message" and part.is_multipart():
            prefix = f"{prefix}{_name(part) or f'message {place}'}/"
        if part.is_multipart():
            inner = part.get_payload()
            assert isinstance(inner, list), "a multipart holds parts"
            pending.extend((prefix, one) for one in reversed(inner) if isinstance(one, Mail))
            if part.get_content_maintype() == "message":
                begun += [one for one in inner if isinstance(one, Mail)]
        else:
            yield prefix + (_name(part) or f"part {place}.{part.get_content_subtype()}"), part, begun
            begun = []


def _charset(part: Mail) -> str:
    """The encoding that a message says a part of it has."""
    try:
        said = part.get_content_charset("")
    except (LookupError, UnicodeError, ValueError):
        return ""
    return said if isinstance(said, str) and said.isascii() and len(said) <= _CHARSET_CHARACTERS else ""


def _name(part: Mail) -> str | None:
    """The name that a part has in its message; bytes that are no ASCII come as single surrogates."""
    try:
        name = part.get_filename()
        if name and "=?" in name:
            name = str(email.header.make_header(email.header.decode_header(name)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        name = None
    return name or None


def _bytes_of(name: str) -> bytes:
    """The bytes of a name: where a header holds bytes that are no ASCII, these."""
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogatepass")


def _sent(mail: Mail) -> int | None:
    """When a message says that it was sent: nanoseconds since 1970."""
    try:
        seconds = email.utils.parsedate_to_datetime(str(mail["date"])).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return int(seconds) * 1_000_000_000 if abs(seconds) < _LATEST_SECOND else None


def _breaks_off(mail: Mail) -> bool:
    return any(isinstance(defect, _CUT_OFF) for part in mail.walk() for defect in part.defects)
