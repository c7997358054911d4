"""Foreign text made safe to store and to show: bounded, no NUL, no lone surrogate, no control character.

PostgreSQL refuses NUL and lone surrogates, and a terminal obeys control characters, so each is replaced *visibly*:
an investigator must see that something stood there.
"""

from collections.abc import Mapping

MAX_TEXT = 4000
MAX_FIELDS = 1000
_MAX_PROBLEMS = 50

_VISIBLE: Mapping[int, int] = (
    {code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A, 0x0D)}  # control pictures, ␀ to ␟
    | {0x7F: 0x2421}
    | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
    | dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
)


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """Return `text` with unsafe characters replaced visibly and at most `limit` characters, cut with an ellipsis."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return cut.translate(_VISIBLE)


def decode(raw: bytes, limit: int = MAX_TEXT) -> str:
    """Read `raw` as UTF-8 or else Latin-1, without the NULs and blanks that pad fields at their end."""
    cut = raw.rstrip(b"\x00 ")[: limit * 4]
    try:
        return clean(cut.decode("utf-8"), limit)
    except UnicodeDecodeError:
        return clean(cut.decode("latin-1"), limit)


class Problems:
    """What was odd about a file's metadata: one sentence each, no sentence twice, bounded in number."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def add(self, sentence: str) -> None:
        """Note `sentence` unless it is known already; the last place says that there is more."""
        line = clean(" ".join(sentence.split()), 300)
        if line in self.sentences or len(self.sentences) >= _MAX_PROBLEMS:
            return
        full = len(self.sentences) == _MAX_PROBLEMS - 1
        self.sentences.append("further problems are not listed" if full else line)


def put(fields: dict[str, str], name: str, value: str, problems: Problems) -> None:
    """Add a field; a name that is taken gets a number ("Keywords", "Keywords[2]"). What does not fit is a problem."""
    if len(fields) >= MAX_FIELDS:
        problems.add(f"more than {MAX_FIELDS} fields: the rest was left out")
        return
    shown = clean(name, 200)
    key, number = shown, 2
    while key in fields and number <= MAX_FIELDS:
        key, number = f"{shown}[{number}]", number + 1
    fields[key] = clean(value)
