"""What is asked of texts, and what is shown of one that answers.

Rules kept here:
- words are compared whole, without case and in one spelling (NFKC); a text is found by all words asked for, in any
  order;
- no index is made: each text is looked at once and let go, so that what is sealed in the database is nowhere else in
  clear, however many texts there are.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from safelight.evidence.names import line_of
from safelight.writing.addresses import refang

_WORD = re.compile(r"\w+")
_SHOWN = 300
"""Characters of a text that is shown as a whole; of a longer one only what stands around the words."""
_BEFORE = 80


class Only(StrEnum):
    """Which texts are searched, where not all are."""

    TEXT = "text"
    URL = "url"
    ACCOUNT = "account"


@dataclass(frozen=True)
class TextOf:
    """A text: the item's number, what kind of text it is, and the text; the sighting's number where it is of one."""

    item: int
    where: str
    text: str
    only: Only | None = None
    sighting: int | None = None


class Asked:
    """Words that are asked for, all of them; addresses made harmless count as what they stand for."""

    def __init__(self, asked: str, only: Only | None = None) -> None:
        self.words = words_of_text(refang(asked))
        self._only = only

    def finds(self, text: TextOf) -> bool:
        """Whether it is a text that is searched and holds all of the words; none where no word is asked."""
        if not self.words or (self._only is not None and text.only is not self._only):
            return False
        return self.words <= words_of_text(text.text)

    def shown(self, text: str) -> str:
        """The text, of a long one what stands around the first of the words, on a line that moves no cursor."""
        if len(text) <= _SHOWN:
            return line_of(" ".join(text.split()))
        found = (one.start() for one in _WORD.finditer(text) if words_of_text(one[0]) & self.words)
        begin = max(0, next(found, 0) - _BEFORE)
        end = begin + _SHOWN
        piece = line_of(" ".join(text[begin:end].split()))
        return "…" * (begin > 0) + piece + "…" * (end < len(text))


def words_of_text(text: str) -> set[str]:
    """The words of a text as they are compared."""
    return set(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
