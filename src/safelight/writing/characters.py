"""Bytes into characters: whether a content is text at all, and in which encoding, told from what it holds.

Rules kept here:
- text holds no control characters but those of lines, pages and terminals; other content is told by the first of them;
- the encoding is told by a mark, by where the zeros of UTF-16 stand, by UTF-8's own redundancy; only then by what a
  page or a mail says of itself, which is often wrong; what is left is taken for Windows-1252, in which every byte is
  some character.
"""

import codecs
import re

HEAD = 4096
_NAMES = (
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"),
    *(f"cp{number}" for number in (866, 874, 932, 936, 949, 950, *range(1250, 1259))),
    *(f"iso8859-{number}" for number in (*range(1, 12), *range(13, 17))),
    *("koi8-r", "koi8-u", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc_jp", "iso2022_jp", "euc_kr"),
)
_KNOWN = frozenset(codecs.lookup(name).name for name in _NAMES)
"""No file can be opened any more when a text asks for one of them, so that each is looked up here."""
_SAYS = re.compile(rb"(?:charset|encoding)\s{0,4}=\s{0,4}[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_SAYS_WITHIN = 1024
_ESCAPE = b"\x1b"
"""ISO 2022 escapes to other characters within what is ASCII, and so UTF-8, by its bytes."""
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r\f\x08\x1b"))
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NO_TEXT = (b"%PDF-", b"%!PS")
"""They may begin with lines of text, and are programs that draw."""
_SHARE = 3
"""Of the characters of a text in UTF-16 without a mark, one in so many is Latin at least: its other byte is 0."""


def has_controls(raw: bytes) -> bool:
    """Whether there are control characters that no text has."""
    return _controls(raw) > 0


def is_writing(head: bytes) -> bool:
    """Whether a content that begins with `head` (`HEAD` bytes of it are enough) is text."""
    if not head or head.startswith(_NO_TEXT):
        return False
    return not has_controls(head) or _wide(head) is not None


def characters_of(raw: bytes, *, cut: bool = False, charset: str = "") -> str:
    """The characters of a text, `cut` off anywhere or whole; what cannot be read stands as U+FFFD.

    `charset` is what the mail that it came with says of it.
    """
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), None) or _wide(raw[:HEAD])
    if encoding is not None:
        return raw.decode(encoding, "replace")
    said = _said(raw, charset)
    if said is not None and _ESCAPE in raw:
        return raw.decode(said, "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        if cut and error.start >= len(raw) - 3 and error.reason == "unexpected end of data":
            return raw[: error.start].decode()
        return raw.decode(said or "cp1252", "replace")


def _said(raw: bytes, charset: str) -> str | None:
    """The encoding that the mail, or the text itself, says it has, if it is one that is known here."""
    inside = _SAYS.search(raw[:_SAYS_WITHIN])
    for name in (charset, inside[1].decode() if inside else ""):
        try:
            known = codecs.lookup(name).name if name.isascii() and name.isprintable() else ""
        except (LookupError, ValueError, OSError, ImportError):
            continue
        if known in _KNOWN and not known.startswith("utf"):
            return known
    return None


def _controls(raw: bytes) -> int:
    return len(raw) - len(raw.translate(None, _CONTROLS))


def _wide(head: bytes) -> str | None:
    """The encoding where this is UTF-16: the zeros stand at every other place, and the rest is text.

    Half of a character that is not Latin may look like a control: a few are let pass.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    even, odd = head[0::2], head[1::2]
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros.count(0) * _SHARE >= len(zeros) > 0 and _controls(others) <= 1 + len(others) // 20:
            return name
    return None
