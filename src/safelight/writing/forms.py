"""Texts by their form: pages, XML (also of office documents), JSON and its lines, everything else as it stands.

Each yields the words for people, what its form says is an address or an account, and whether it could be read to its
end. No entity of a document's own is expanded, nothing outside is fetched.
"""

import io
import re
from collections.abc import Callable
from typing import NamedTuple
from xml.etree.ElementTree import ParseError

import ijson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from lxml import etree

from safelight.writing.addresses import link_of
from safelight.writing.types import Named, Naming

_HEAD = 600
_PAGE = re.compile(
    r"<(?:!doctype\s{1,9}html|html|head|body|script|style|meta|title|div|table|font|center|a\s)", re.IGNORECASE
)
_MARKUP = re.compile(r"<[a-z!?/]", re.IGNORECASE)
_JSON = re.compile(r"\{\s{0,200}(?:\"|\}|$)|\[\s{0,200}(?:[\{\[\"\]]|$)")
_UNSEEN = frozenset({"script", "style", "template"})
_INLINE = frozenset({
    "a", "abbr", "b", "big", "code", "em", "font", "i", "img", "ins", "label", "mark", "q", "s", "small", "span",
    "strong", "sub", "sup", "tt", "u", "wbr", "r", "t", "rpr", "hyperlink", "prooferr", "bookmarkstart", "bookmarkend",
    "lastrenderedpagebreak", "h",
})  # fmt: skip
"""Elements, also of office documents, that end no line."""
_LINKS = frozenset({"href", "src", "action", "data-url", "poster", "target", "url", "cite"})
_ACCOUNTS = frozenset({
    "account", "actor", "author", "from", "from_id", "handle", "login", "nick", "nickname", "participant", "recipient",
    "screen_name", "sender", "sender_id", "sender_name", "user", "user_id", "userid", "username", "to_id",
})  # fmt: skip
"""Keys by which exports of chats name who is in them (Telegram, Instagram, Facebook, Discord, Snapchat ...)."""
_ACCOUNT_CHARACTERS = 100
_BREAKS_OFF = ("premature EOF", "Incomplete")
"""What the parser says where only the end is missing; it has one error for all that is wrong."""
_LEAST_EVENTS = 3
"""Of what is JSON: a bracket alone begins many texts."""


class Read(NamedTuple):
    """A text by its form: how it was read, its words, what it tells apart itself, what is wrong with it in words."""

    form: str
    text: str
    told: list[Named]
    problem: str | None = None


class _Lines:
    """Collects words and links as a parser meets them."""

    def __init__(self) -> None:
        self.told: list[Named] = []
        self._pieces: list[str] = []
        self.length = 0
        self._hidden = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = _local(tag)
        self._hidden += name in _UNSEEN
        if name not in _INLINE:
            self._break()
        for key, value in attributes.items():
            if _local(key) in _LINKS and (link := link_of(value, self.length)) is not None:
                self.told.append(link)

    def end(self, tag: str) -> None:
        """An element ends."""
        name = _local(tag)
        self._hidden -= name in _UNSEEN and self._hidden > 0
        if name not in _INLINE:
            self._break()

    def data(self, text: str) -> None:
        """A piece of text."""
        if not self._hidden and text:
            self.put(" " if text.isspace() else text)

    def put(self, text: str) -> None:
        """Add text as it is."""
        self._pieces.append(text)
        self.length += len(text)

    def _break(self) -> None:
        if self._pieces and self._pieces[-1] != "\n":
            self.put("\n")

    def comment(self, _text: str) -> None:
        """Nobody is shown one."""

    def close(self) -> None:
        """The document is over."""

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._pieces)


def read_form(text: str) -> Read:
    """Read a text by the form that it begins in; what is not of that form after all, as it stands."""
    head = text[:_HEAD].lstrip("\ufeff \t\r\n")
    for begins, read in _FORMS:
        if begins(head):
            return read(text)
    return Read("text", text, [])


def read_html(text: str) -> Read:
    """The words of a page, and where its links lead."""
    lines = _Lines()
    parser = etree.HTMLParser(target=lines, encoding="utf-8", no_network=True, huge_tree=False)
    try:
        parser.feed(text.lstrip("\ufeff").encode("utf-8", "replace"))
        parser.close()
    except (etree.LxmlError, AssertionError) as error:
        return Read("html", lines.text, lines.told, f"the page could not be read to its end: {error}")
    if not lines.told and not lines.text.strip():  # as where it is one comment that never ends
        return Read("text", text, [])
    return Read("html", lines.text, lines.told)


def read_xml(text: str) -> Read:
    """The text of an XML document; one that is broken, or declares entities, is read as a page: these expand none."""
    lines = _Lines()
    parser = DefusedXMLParser(target=lines, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(re.sub(r"^(\s{0,9}<\?xml[^>]{0,200}?)encoding=[^\s?>]{1,40}", r"\1", text.lstrip("\ufeff \t\r\n")))
        parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return read_html(text)
    return Read("xml", lines.text, lines.told)


def read_json(text: str) -> Read:
    """Keys and values, a line for each; values of keys that name who speaks are accounts."""
    lines, key = _Lines(), ""
    begun = 0
    problem = None
    try:
        for event, value in ijson.basic_parse(
            io.BytesIO(text.lstrip("\ufeff").encode("utf-8", "replace")), multiple_values=True
        ):
            begun += 1
            if event == "map_key":
                key = value
            elif event in ("string", "number"):
                _put_value(lines, key, str(value), named=event == "string")
    except (ijson.JSONError, ValueError, OverflowError) as error:
        if not any(word in str(error) for word in _BREAKS_OFF):
            return Read("text", text, [])
        problem = "the JSON breaks off"
    if begun < _LEAST_EVENTS:
        return Read("text", text, [])
    return Read("json", lines.text, lines.told, problem)


def _put_value(lines: _Lines, key: str, value: str, *, named: bool) -> None:
    lines.put(f"{key}: " if key else "")
    if named and key.lower() in _ACCOUNTS and 0 < len(value.strip()) <= _ACCOUNT_CHARACTERS and "\n" not in value:
        lines.told.append(Named(Naming.ACCOUNT, value.strip(), lines.length))
    lines.put(value)
    lines.put("\n")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


_FORMS: tuple[tuple[Callable[[str], object], Callable[[str], Read]], ...] = (
    (_PAGE.match, read_html),
    (_MARKUP.match, read_xml),
    (_JSON.match, read_json),
)
