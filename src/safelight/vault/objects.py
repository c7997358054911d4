"""The store of objects: the bytes of kept content, each under its SHA-256. The port, and what can go wrong.

Knowing a checksum gives access to nothing by itself: whoever calls this has asked `access` before.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from safelight.errors import SafelightError

Key = str
"""The SHA-256 of an object's bytes, 64 lower-case hexadecimal digits."""

_KEY = re.compile(r"[0-9a-f]{64}\Z")


class NoSuchObjectError(SafelightError):
    """The object is not in the store: it was never kept, or was removed."""


class DamagedObjectError(SafelightError):
    """The object's bytes are not those that were kept: restore it from a backup."""


@dataclass(frozen=True)
class Fault:
    """What `verify` found wrong: where (a key, or a path inside the store), and in words."""

    where: str
    reason: str


class ObjectStore(Protocol):
    """Bytes under their SHA-256, written once.

    A driver MUST:
    - acknowledge (return from `put`, `put_many`) only what survives a power cut at the next instruction;
    - make an object appear whole or not at all, also to other processes;
    - take the same content again, from any number of writers at once, as a success that changes nothing;
    - raise `NoSuchObjectError` for a key it does not hold, and `CannotRunError` for a full or read-only disk, leaving
      every object as it was and no part of the new ones under a key;
    - hand out exactly the bytes that were put in: `get` and `open` raise `DamagedObjectError` where they changed.

    A driver MUST NOT:
    - take a key from its caller when writing: the key is computed from the bytes;
    - change an object, or hand out one after `remove` has returned;
    - interpret content, or let a malformed key reach a path (`ValueError`).
    """

    def put(self, content: bytes | BinaryIO) -> Key:
        """Keep one content (bytes, or a file read from where it stands to its end); return its key."""

    def put_many(self, contents: Iterable[bytes | BinaryIO]) -> list[Key]:
        """Keep many contents, syncing once for all; either each is kept, or an error says that it may not be."""

    def get(self, key: Key) -> bytes:
        """The bytes of an object, checked against its key."""

    def open(self, key: Key) -> AbstractContextManager[BinaryIO]:
        """An object as a file for reading, checked against its key before it is handed out."""

    def exists(self, key: Key) -> bool:
        """Whether the store holds an object."""

    def remove(self, key: Key) -> None:
        """Remove an object for good; one that is not there is no error."""

    def keys(self) -> Iterator[Key]:
        """Every key, in ascending order."""

    def verify(self) -> Iterator[Fault]:
        """Check the whole store from outside: each object's bytes against its key, and what does not belong."""


def checked_key(untrusted_key: str) -> Key:
    """Return a key that has the right form.

    Raises:
        ValueError: It has not; nothing was looked up.
    """
    if not _KEY.match(untrusted_key):
        raise ValueError(f"not a SHA-256 in lower-case hexadecimal: {untrusted_key[:80]!r}")
    return untrusted_key
