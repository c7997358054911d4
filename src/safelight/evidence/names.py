"""Paths as exact bytes, as places, and as text for people."""

import hashlib
import unicodedata

PLACE_BYTES = 16
ITSELF = "(as a whole)"
"""For people: an archive or a disk image, among what lies in it."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
"""Persian and Indic names and emoji need them."""


def place(source: bytes, *names: bytes) -> bytes:
    """The key of a place: the digest of the source's root and the chain of names below it (path, entry, embedded)."""
    digest = hashlib.blake2b(digest_size=PLACE_BYTES)
    for name in (source, *names):
        digest.update(len(name).to_bytes(8, "big"))
        digest.update(name)
    return digest.digest()


def child_place(parent: bytes, name: bytes, number: int) -> bytes:
    """The key of a place inside another; `number` tells apart entries of one name."""
    return place(parent, name, number.to_bytes(8, "big"))


def text_of(name: bytes) -> str:
    r"""A name as text: valid UTF-8 with what cannot be seen spelt out, other bytes as \xNN; always one line."""
    return line_of(name.decode("utf-8", "backslashreplace"))


def line_of(text: str) -> str:
    r"""Foreign text as one line that deceives no reader, moves no cursor and colours no terminal.

    What cannot be seen (control, line end, direction mark, lone surrogate) is spelt out: `photo\u202egpj.exe`.
    """
    if text.isprintable():
        return text
    return "".join(_spelt(char) if unicodedata.category(char) in _UNSEEN else char for char in text)


def _spelt(char: str) -> str:
    return char if char in _JOINERS else char.encode("unicode_escape").decode()
