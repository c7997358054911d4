"""Paths as exact bytes, as places, and as text for people."""

import hashlib

PLACE_BYTES = 16


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
    r"""A name as text: valid UTF-8 as it is, other bytes as \xNN, control characters escaped; always one line."""
    return line_of(name.decode("utf-8", "backslashreplace"))


def line_of(text: str) -> str:
    """Text from a hostile file as one line that neither moves a cursor nor colours a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
