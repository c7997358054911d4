"""Tells mail by its first lines (RFC 5322, and the mailbox of RFC 4155): no magic number does."""

import re

from safelight.media.types import Kind

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
FROM_LINE = re.compile(
    rb"From \S.* (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d\d? "
    rb"\d\d?:\d\d(?::\d\d)?(?: [+\-A-Z0-9]{1,5})* \d{4}\s*$"
)
"""Stands before each message of a mailbox: who sent it, and when it came, as `asctime` writes it."""
_OF_MAIL = frozenset({
    b"bcc", b"cc", b"date", b"delivered-to", b"dkim-signature", b"from", b"in-reply-to", b"message-id", b"mime-version",
    b"received", b"references", b"reply-to", b"return-path", b"sender", b"subject", b"to", b"x-mailer",
    b"x-mozilla-status", b"x-gm-thrid",
})  # fmt: skip
_ENOUGH = 3
"""Different fields of mail: letters, logs and settings may begin with one or two of them."""


def kind_of_mail(head: bytes) -> Kind | None:
    """MAIL or MAILBOX where these bytes begin with the fields of a message, else None."""
    lines = head.removeprefix(b"\xef\xbb\xbf").splitlines()
    kind = Kind.MAIL
    if lines and FROM_LINE.match(lines[0]):
        kind, lines = Kind.MAILBOX, lines[1:]
    found = set()
    for number, line in enumerate(lines):
        if not line:
            break
        if line[:1] in b" \t" and number:
            continue
        field = _FIELD.match(line)
        if field is None:
            if number + 1 == len(lines):  # it may be cut
                break
            return None
        found.add(field[1].lower())
    return kind if len(found & _OF_MAIL) >= _ENOUGH else None
