"""The report as one self-contained HTML page: nothing is fetched, nothing runs, foreign text stays text.

Three walls keep hostile names harmless: Django's template engine escapes every value; the content security policy
allows no script and no style but the page's own sheet (by its SHA-256); and the page is written without scripts at all.
"""

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TextIO

from django.template import Context, Engine

from safelight.casework.report.model import Report
from safelight.casework.report.page import page_of

_STYLE = "style.css"


def write_html(report: Report, out: TextIO, *, pictures: bool = False) -> None:
    """Write a report as an HTML page. `pictures` adds small, grey, masked tiles of what a person still has to judge."""
    # use_l10n and use_tz are off so that the engine asks no settings: the page holds text only.
    context = Context(
        {"page": page_of(report, pictures=pictures), "policy": _policy()}, autoescape=True, use_l10n=False, use_tz=False
    )
    out.write(_engine().get_template("page.html").render(context))


def _templates() -> Path:
    return Path(str(files("safelight.casework.report"))) / "templates"


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine(dirs=[str(_templates())], autoescape=True)


@lru_cache(maxsize=1)
def _policy() -> str:
    sheet = hashlib.sha256((_templates() / _STYLE).read_bytes()).digest()
    style = base64.b64encode(sheet).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{style}'; img-src data:; base-uri 'none'; form-action 'none'"
