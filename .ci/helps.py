"""Print the commands' help into the documents that show it.

Typed as `python .ci/helps.py DOCUMENT…`.
A document shows a help between the line `<!-- output of: safelight … --help -->` and the end of the block below it.
"""

import re
import sys
from pathlib import Path

from click.testing import CliRunner

from safelight.cli import safelight_commands

_SHOWN = re.compile(r"(<!-- output of: safelight ?(.*?)--help -->\n```text\n)(.*?)(```)", re.DOTALL)
_WIDTH = 100


def current(words: str) -> str:
    """Return the help of a command, such as "known import", as a terminal of 100 columns shows it."""
    asked = [*words.split(), "--help"]
    return CliRunner().invoke(safelight_commands, asked, prog_name="safelight", terminal_width=_WIDTH).output


def renew(document: str) -> str:
    """Return a document with every help in it current."""
    return _SHOWN.sub(lambda shown: shown[1] + current(shown[2]) + shown[4], document)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(renew(path.read_text(encoding="utf-8")), encoding="utf-8")
