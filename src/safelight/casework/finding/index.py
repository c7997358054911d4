"""Words of a case's items, found by an index in memory.

Rules kept here:
- it is made for one search of one case and is gone with it: what is sealed in the database is nowhere else in clear;
- words are compared whole, without case and in one spelling (NFKC); a text is found by all words asked for, in any
  order.
"""

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class TextOf:
    """A text: the item's number, what kind of text it is, and the text."""

    item: int
    where: str
    text: str


class TextIndex:
    """Texts of items by their words."""

    def __init__(self) -> None:
        self._texts: list[TextOf] = []
        self._by_word: dict[str, list[int]] = defaultdict(list)

    def add(self, text: TextOf) -> None:
        """Take a text of an item in."""
        for word in words_of_text(text.text):
            self._by_word[word].append(len(self._texts))
        self._texts.append(text)

    def find(self, asked: str) -> list[TextOf]:
        """Every text that holds all of these words, in the order in which they came; none where no word is asked."""
        places = [self._by_word.get(word, []) for word in words_of_text(asked)]
        if not places:
            return []
        return [self._texts[at] for at in sorted(set(places[0]).intersection(*places[1:]))]


def words_of_text(text: str) -> set[str]:
    """The words of a text as they are compared."""
    return set(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
