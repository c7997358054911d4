"""MD5, SHA-1 and SHA-256 of a content, in one pass.

Digests read bytes and parse nothing, so they are taken outside the sandbox.
MD5 and SHA-1 are broken as proofs and stay the words in which hash lists speak; who may trust which
is decided elsewhere.
"""

import hashlib
import mmap

from safelight.signatures.types import Digests

Readable = bytes | bytearray | memoryview | mmap.mmap


class Digester:
    """The three digests of a content that comes in pieces."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self._size = 0

    def update(self, piece: Readable) -> None:
        """Take the next piece of the content."""
        self._md5.update(piece)
        self._sha1.update(piece)
        self._sha256.update(piece)
        self._size += memoryview(piece).nbytes

    def finish(self) -> Digests:
        """The digests of all pieces so far."""
        return Digests(md5=self._md5.digest(), sha1=self._sha1.digest(), sha256=self._sha256.digest(), size=self._size)


def digest(content: Readable) -> Digests:
    """The digests of a whole content."""
    digester = Digester()
    digester.update(content)
    return digester.finish()
