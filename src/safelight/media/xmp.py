"""XMP (ISO 16684-1) flattened to paths: "xmpMM:DocumentID", "dc:subject[2]", "xmpMM:History[1]/stEvt:action".

Parsed as a stream with defusedxml: no document type, no entity, no reference to the outside, bounded depth and number,
so that no XML bomb can grow.
"""

from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from safelight.media.text import MAX_FIELDS, Problems, put

_MAX_DEPTH = 40
_MAX_BYTES = 1 << 20
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_CONTAINERS = {f"{{{_RDF}}}{name}" for name in ("Bag", "Seq", "Alt", "Description", "RDF")} | {
    "{adobe:ns:meta/}xmpmeta",
    "{adobe:ns:meta/}xapmeta",
}
_ITEM = f"{{{_RDF}}}li"
_SKIPPED = {f"{{{_RDF}}}about", f"{{{_RDF}}}parseType", f"{{{_RDF}}}resource"} | {"{adobe:ns:meta/}xmptk"}
_PREFIXES = {
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#": "stEvt",
    "http://ns.adobe.com/xap/1.0/sType/ResourceRef#": "stRef",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://www.w3.org/XML/1998/namespace": "xml",
    _RDF: "rdf",
}


class _TooMuchError(ValueError):
    """The packet is deeper than any real one."""


class _Flattener:
    """Receives the parser's events and keeps path and value of each leaf."""

    def __init__(self, problems: Problems) -> None:
        self.fields: dict[str, str] = {}
        self._problems = problems
        self._prefixes: dict[str, str] = {}
        self._path: list[str] = []
        self._items: list[int] = []
        self._text: list[str] = []

    def start_ns(self, prefix: str, uri: str) -> None:
        """Remember the prefix that the file itself uses for a namespace that we do not know."""
        if len(self._prefixes) < MAX_FIELDS:
            self._prefixes.setdefault(uri, prefix)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins: its attributes are leaves of their own."""
        if len(self._path) >= _MAX_DEPTH:
            raise _TooMuchError(f"nested deeper than {_MAX_DEPTH}")
        self._text.clear()
        if tag == _ITEM and self._items:
            self._items[-1] += 1
            self._path.append(f"[{self._items[-1]}]")
        else:
            self._path.append("" if tag in _CONTAINERS or tag == _ITEM else "/" + self._name(tag))
        self._items.append(0)
        for name, value in attributes.items():
            if name not in _SKIPPED and not name.endswith("}lang"):
                self._put("/" + self._name(name), value)

    def end(self, _tag: str) -> None:
        """An element ends: the text inside it is its value."""
        value = "".join(self._text).strip()
        self._text.clear()
        if value:
            self._put("", value)
        self._path.pop()
        self._items.pop()

    def data(self, text: str) -> None:
        """A piece of text."""
        self._text.append(text)

    def close(self) -> dict[str, str]:
        """The document is complete."""
        return self.fields

    def _put(self, leaf: str, value: str) -> None:
        path = ("".join(self._path) + leaf).removeprefix("/")
        put(self.fields, path or "text", value, self._problems)

    def _name(self, tag: str) -> str:
        uri, _, name = tag.removeprefix("{").rpartition("}")
        prefix = _PREFIXES.get(uri) or self._prefixes.get(uri) or uri.rstrip("/#").rpartition("/")[2]
        return f"{prefix}:{name}" if prefix else name


def read_xmp(packet: bytes, problems: Problems) -> dict[str, str]:
    """Flatten a packet; what was read before a fault is kept, and the fault is named in `problems`."""
    flattener = _Flattener(problems)
    parser = DefusedXMLParser(target=flattener, forbid_dtd=True)
    start = max(packet.find(b"<"), 0)
    end = packet.rfind(b">") + 1
    if end - start > _MAX_BYTES:
        problems.add(f"XMP of {len(packet)} bytes: only the first {_MAX_BYTES} were parsed")
    try:
        parser.feed(packet[start : min(end, start + _MAX_BYTES)])
        parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        problems.add(f"XMP could not be parsed to its end: {error}")
    return flattener.fields
