"""How commands show things: tables for a terminal, JSON lines when captured."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from safelight.errors import CannotRunError


def for_people() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def line(**values: Any) -> None:
    """Print one JSON line.

    Raises:
        CannotRunError: nobody reads the lines any more.
    """
    text = json.dumps(values, default=str, ensure_ascii=False)
    try:
        click.echo(text.encode("utf-8", "backslashreplace").decode())  # a lone surrogate becomes JSON's own escape
    except BrokenPipeError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered has somewhere to go
        raise CannotRunError("nobody reads the output: stopped; the same command goes on from here") from error


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; text is shown as it is, never read as markup."""
    shown = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        shown.add_column(column, justify="left" if number == 0 else "right", overflow="fold")
    for row in rows:
        shown.add_row(*(_plain(cell) for cell in row))
    Console(highlight=False).print(shown)


def _plain(cell: object) -> str:
    return ("" if cell is None else str(cell)).replace("[", "\\[")


def size_text(size: float) -> str:
    """A number of bytes for people."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
