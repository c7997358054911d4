"""Names that a person gives to a case, an exhibit or a list, and the one that a folder lends."""

import os

import click

from safelight.evidence.names import line_of


def checked_name(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    r"""Take the name that an option gives: one that can be read and typed again. Other bytes than UTF-8 become \xNN.

    Raises:
        click.BadParameter: it is empty, or holds a character that cannot be seen.
    """
    if given is None:
        return None
    text = os.fsencode(given).decode("utf-8", "backslashreplace")
    if not text.strip():
        raise click.BadParameter("a name cannot be empty")
    if (shown := line_of(text)) != text:
        raise click.BadParameter(f"'{shown}' holds a character that cannot be seen: leave it out")
    return text


def name_from(path: bytes) -> str:
    """Return the name that a file or folder lends, with what cannot be seen spelt out, so that it can be typed."""
    own = os.path.basename(os.path.realpath(path)) or b"/"
    return line_of(own.decode("utf-8", "backslashreplace"))
