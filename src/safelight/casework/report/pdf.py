"""The report as a PDF: PDF/A-2a for keeping, PDF/UA-1 for everybody to read, typeset by Typst. It shows no picture.

Rules kept here:
- foreign text reaches Typst as data, never as its markup: a file's name can say nothing but itself;
- nothing is fetched and no font of the machine is used, so the same report gives the same bytes everywhere;
- characters that the fonts at hand lack are spelt out, since PDF/A admits none that shows nothing;
- its size is bounded as the page's is: what is left out says so, and the JSON report has all of it.
"""

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache, partial
from importlib.resources import files
from typing import Any, BinaryIO

import typst

from safelight.casework.report.model import Report
from safelight.casework.report.page import page_of

_TEMPLATE = "report.typ"
_LONG = re.compile(r"(?![0-9a-f]{32,64}(?:\s|$))\S{30,}")
"""Words that may not fit a line; a digest does."""
_BREAK = "\u200b"
_UNUSUAL = re.compile("[^\x20-\x7e\n]")
_ONE_TEXT = b"""#set document(title: "x")
#set text(lang: "en", font: ("Libertinus Serif", "DejaVu Sans Mono"))
#sys.inputs.text"""


def write_pdf(report: Report, out: BinaryIO) -> None:
    """Write a report as PDF."""
    told = asdict(page_of(report))
    told = _told(told, partial(_spelt, _shown_by_fonts(frozenset(_unusual(told)))))
    made = _typeset(_template(), {"page": json.dumps(told)}, int(report.made.timestamp()))
    out.write(made)


@lru_cache(maxsize=1)
def _template() -> bytes:
    return (files("safelight.casework.report") / "templates" / _TEMPLATE).read_bytes()


def _typeset(source: bytes, inputs: dict[str, str], made: int) -> bytes:
    """A document from its source and its data; `made` is its time, in seconds since 1970."""
    with tempfile.TemporaryDirectory(
        prefix="safelight-pdf-"
    ) as empty:  # all that Typst could read, or put packages into
        compiler = typst.Compiler(
            source,
            root=empty,
            ignore_system_fonts=True,
            sys_inputs=inputs,
            package_path=empty,
            package_cache_path=empty,
        )
        written = compiler.compile(format="pdf", pdf_standards=["a-2a", "ua-1"], timestamp=made)
    assert isinstance(written, bytes)
    return written


def _told(value: Any, tell: Callable[[str], str]) -> Any:
    """Values with all their text told anew."""
    if isinstance(value, str):
        return tell(value)
    if isinstance(value, dict):
        return {name: _told(one, tell) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_told(one, tell) for one in value]
    return value


def _unusual(value: Any) -> set[str]:
    found: set[str] = set()

    def gather(text: str) -> str:
        found.update(_UNUSUAL.findall(text))
        return text

    _told(value, gather)
    return found


def _shown_by_fonts(characters: frozenset[str]) -> frozenset[str]:
    """Those of the characters that the fonts at hand can show."""
    if _can_be_shown("".join(sorted(characters))):
        return characters
    return frozenset(filter(_can_be_shown, characters))


@lru_cache(maxsize=10_000)
def _can_be_shown(text: str) -> bool:
    if re.search("[\ud800-\udfff]", text):
        return False
    try:
        _typeset(_ONE_TEXT, {"text": text}, 0)
    except typst.TypstError:
        return False
    return True


def _spelt(shown: frozenset[str], text: str) -> str:
    """A text in characters that can be shown; a long word, such as a path, may be broken after each of them."""
    told = _UNUSUAL.sub(lambda found: found[0] if found[0] in shown else f"\\u{{{ord(found[0]):x}}}", text)
    return _LONG.sub(lambda found: _BREAK.join(found[0]), told)
