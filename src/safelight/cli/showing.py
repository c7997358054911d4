"""How commands show things: tables for a terminal, JSON lines when captured.

Names of files, folders, cases and lists are foreign text. What is shown to people goes through `visible`, to rich as a
`Text`, which it never reads as markup; JSON says each name exactly, by its own escapes.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from safelight.errors import CannotRunError
from safelight.evidence.names import line_of

_FOREIGN_BYTE = re.compile("[\udc80-\udcff]")
_ESCAPED_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What a terminal may obey, or UTF-8 cannot carry, and JSON would let stand as it is."""


def for_people() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def line(**values: Any) -> None:
    """Print one JSON line.

    Raises:
        CannotRunError: nobody reads the lines any more.
    """
    try:
        click.echo(json_text(values))
    except BrokenPipeError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered has somewhere to go
        raise CannotRunError("nobody reads the output: stopped; the same command goes on from here") from error


def json_text(value: object) -> str:
    """A value as JSON on one line, which gives every text back exactly."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return _ESCAPED_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def visible(value: object) -> str:
    r"""Foreign text for a terminal: on one line, control characters escaped, bytes that are no UTF-8 as \xNN."""
    text = "" if value is None else str(value)
    return line_of(_FOREIGN_BYTE.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", text))


def say(value: object, *, err: bool = False) -> None:
    """Print one line for people, made visible."""
    click.echo(visible(value), err=err)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; text is shown as it is, never read as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(header_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        shown.add_column(column, justify="left" if number == 0 else "right", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(visible(cell)) for cell in row))
    console = Console(highlight=False)
    console.print(Text(visible(title), style="table.title"), soft_wrap=True)  # a name is not broken to fit the table
    console.print(shown)


def size_text(size: float) -> str:
    """A number of bytes for people."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
