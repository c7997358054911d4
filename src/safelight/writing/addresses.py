r"""Addresses and accounts in a text, each in one spelling: URLs, mail addresses, account names, telephone numbers.

Rules kept here:
- each pattern takes time in proportion to the text, whatever it is: what repeats is bounded and gives nothing back
  (`{1,64}+`), and each begins with what is rare (a mark, an at sign, a line), from which a bounded way back is looked;
- an address that was made harmless (`hxxp://example[.]org`) counts as what it stands for;
- scheme and host are lower case, since nobody tells them apart; a path stays as it is, since servers do;
- what only might be an account or a number is none: it would bury what is.
"""

import re
import string
from collections.abc import Iterable, Iterator

from safelight.writing.types import ADDRESS_CHARACTERS, MOST_NAMED, NAMED_CHARACTERS, Named, Naming

_MARK = re.compile(r"://|\[:\]//|\[://\]|:\\/\\/")
_REST = re.compile(r"[^\s<>\"`{}|^\x00-\x20]{1,1980}+")
_SCHEMES = frozenset({"http", "https", "hxxp", "hxxps", "ftp", "sftp", "fxp", "sfxp"})
_LONGEST_SCHEME = 6
"""One letter more than the longest has: a word that only ends like one is none."""
_WWW = re.compile(r"[wW]{3}(?:\.|\[\.\])(?<![a-zA-Z0-9./@-][wW]{3}\.)[^\s<>\"`{}|^\x00-\x20]{1,1980}+")
_ONION = re.compile(r"(?<![a-z2-7./])(?:[a-z2-7]{56}|[a-z2-7]{16})\.onion(?![a-z0-9])(?:/[^\s<>\"]{0,500}+)?")
_AT = re.compile(r"(?:@|\[at\])[a-z0-9-]{1,63}+(?:(?:\.|\[\.\])[a-z0-9-]{1,63}+){1,8}+", re.IGNORECASE)
_LOCAL = string.ascii_letters + string.digits + ".!#$%&'*+-/=?^_`{|}~"
_LOCAL_CHARACTERS = 64
_AROUND = "!#$%&'*+-/=?^`{|}~."
"""What may stand in a name, and stands before it more often."""
_HANDLE = re.compile(r"@(?<![\w.@/+:-]@)([^\W\d]\w{1,31}+)(?![\w@])(?!\.\w)")
_FIELD = re.compile(
    r"^[ \t\"']{0,8}+(?:user|user[ _]?name|user[ _]?id|screen[ _]?name|nick|nick[ _]?name|account|login|handle"
    r"|skype|snapchat|telegram|instagram|tiktok|kik|discord|wickr|threema|signal|icq)"
    r"[\"']?[ \t]{0,4}+[:=][ \t]{0,4}+[\"']?([^\s,;\"'<>]{2,64}+)(?![^\s,;\"'<>])",
    re.IGNORECASE | re.MULTILINE,
)
_CHAT_LINE = re.compile(
    "^\u200e?\\[?\\d{1,4}[./-]\\d{1,2}[./-]\\d{1,4},?[ \u202f]{1,2}\\d{1,2}[:.]\\d{2}(?:[:.]\\d{2})?"
    "(?:[ \u202f]?[AaPp]\\.?[Mm]\\.?)?(?:\\]| -)[ \u200e]{1,2}([^:\r\n]{1,80}+): ",
    re.MULTILINE,
)
_PHONE = re.compile(r"\+(?<![\w+.@/=-]\+)[1-9]\d{0,2}+(?:[ ()./-]{0,2}\d){6,13}(?![\d\w])")
_NO_HANDLES = frozenset({
    "media", "import", "charset", "keyframes", "supports", "page", "namespace", "font", "layer", "property", "override",
    "param", "return", "returns", "author", "deprecated", "see", "since", "throws", "version", "interface",
    "implementation", "end", "class", "protocol", "selector", "staticmethod", "classmethod", "dataclass", "pytest",
})  # fmt: skip
"""What stands behind an at sign in style sheets and programs."""
_TAIL = ".,;:!?'*_~…\\"
_HARMLESS = re.compile(r"\[\.\]|\(\.\)|\[dot\]|\(dot\)|\[:\]|\[://\]|\[at\]|(?<!\\)\\++/", re.IGNORECASE)
_MEANT = {"[.]": ".", "(.)": ".", "[dot]": ".", "(dot)": ".", "[:]": ":", "[://]": "://", "[at]": "@"}
_MEANT_SCHEMES = {"hxxp": "http", "hxxps": "https", "fxp": "ftp", "sfxp": "sftp"}
_OPEN = {")": "(", "]": "["}
_DEFAULT_PORTS = {"http": ":80", "https": ":443", "ftp": ":21"}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}):(?://)?")


def refang(text: str) -> str:
    """The text with addresses that were made harmless as what they stand for."""
    plain = _HARMLESS.sub(lambda found: _MEANT.get(found[0].lower(), "/"), text)
    return re.sub(
        r"\b(?:hxxps?|s?fxp)(?=://)", lambda found: _MEANT_SCHEMES[found[0].lower()], plain, flags=re.IGNORECASE
    )


def url_of(written: str) -> str:
    """A URL in one spelling, which again gives itself."""
    address = _without_tail(refang(written))
    scheme, mark, rest = address.partition("://")
    if not mark:
        host, slash, path = address.partition("/")
        return host.lower() + slash + path
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    login, at, host = rest[:end].rpartition("@")
    scheme, host = scheme.lower(), host.lower()
    host = host.rstrip(".")
    if host.count(":") == 1:
        host = host.removesuffix(_DEFAULT_PORTS.get(scheme, "\n")).rstrip(".")
    return f"{scheme}://{login}{at}{host}{rest[end:]}"


def named_in(text: str, told: Iterable[Named] = ()) -> tuple[list[Named], bool]:
    """What a text names, each once, where it stands first, in order; whether some was left out for want of room.

    `told` is what its form says is an address or account.
    """
    first: dict[tuple[Naming, str], Named] = {}
    for one in sorted((*told, *_found(text)), key=lambda one: one.at):
        first.setdefault((one.what, one.value), one)
    kept: list[Named] = []
    room = NAMED_CHARACTERS
    for one in first.values():
        room -= len(one.value)
        if len(kept) == MOST_NAMED or room < 0:
            return kept, True
        kept.append(one)
    return kept, False


def link_of(address: str, at: int) -> Named | None:
    """What a link of a page leads to, None where it leads nowhere but in the page's own site."""
    address = address.strip()[:ADDRESS_CHARACTERS]
    scheme = _SCHEME.match(address)
    if scheme is None:
        return Named(Naming.URL, url_of("https:" + address), at) if address.startswith("//") else None
    rest = address[scheme.end() :]
    match scheme[1].lower():
        case "http" | "https" | "ftp" | "sftp" | "hxxp" | "hxxps":
            return Named(Naming.URL, url_of(address), at) if rest else None
        case "mailto":
            name, mark, host = rest.partition("?")[0].rpartition("@")
            return Named(Naming.MAIL, f"{name}@{host.lower()}", at) if mark and name and host else None
        case "tel":
            number = _digits(rest)
            return Named(Naming.PHONE, number, at) if 7 < len(number) < 17 else None
        case "tg" | "skype" | "whatsapp" | "magnet" | "ed2k" | "xmpp" | "sip":
            return Named(Naming.URL, address, at)
    return None


def _found(text: str) -> Iterator[Named]:
    """What the patterns find; those that a text has nothing for are not tried: most have nothing for any."""
    yield from _urls(text)
    lower = text.lower()
    if "www" in lower:
        for found in _WWW.finditer(text):
            yield Named(Naming.URL, url_of(found[0]), found.start())
    if ".onion" in lower:
        for found in _ONION.finditer(text):
            yield Named(Naming.URL, _without_tail(found[0]), found.start())
    if "@" in lower or "[at]" in lower:
        yield from _people(text)
    for pattern in (_FIELD, _CHAT_LINE):
        for found in pattern.finditer(text):
            yield Named(Naming.ACCOUNT, found[1].strip(), found.start(1))
    for found in _PHONE.finditer(text):
        yield Named(Naming.PHONE, _digits(found[0]), found.start())


def _urls(text: str) -> Iterator[Named]:
    """Addresses by the mark behind their scheme: marks are rare, letters are not."""
    end = 0
    for mark in _MARK.finditer(text):
        before = text[max(end, mark.start() - _LONGEST_SCHEME) : mark.start()]
        scheme = before[len(before.rstrip(string.ascii_letters)) :]
        if mark.start() < end or scheme.lower() not in _SCHEMES:
            continue
        rest = _REST.match(text, mark.end())
        if rest is not None:
            end = rest.end()
            begin = mark.start() - len(scheme)
            yield Named(Naming.URL, url_of(text[begin:end]), begin)


def _people(text: str) -> Iterator[Named]:
    for found in _AT.finditer(text):
        before = text[max(0, found.start() - _LOCAL_CHARACTERS) : found.start()]
        name = before[len(before.rstrip(_LOCAL)) :].lstrip(_AROUND)
        if name:
            yield Named(Naming.MAIL, f"{name}@{_host(found[0])}", found.start() - len(name))
    for found in _HANDLE.finditer(text):
        if found[1].lower() not in _NO_HANDLES:
            yield Named(Naming.ACCOUNT, found[0], found.start())


def _host(written: str) -> str:
    return refang(written).removeprefix("@").lower()


def _digits(written: str) -> str:
    return "+" * written.startswith("+") + "".join(char for char in written if char in "0123456789")


def _without_tail(address: str) -> str:
    """The address without the end of the sentence that it stands in, or the bracket that was opened before it."""
    end = len(address)
    opened = {close: address.count(close) - address.count(begin) for close, begin in _OPEN.items()}
    while end:
        last = address[end - 1]
        if last in _OPEN and opened[last] > 0:
            opened[last] -= 1
        elif last not in _TAIL:
            break
        end -= 1
    return address[:end]
