"""The task that walks one archive inside the sandbox, whatever its kind. How much may unfold, its receiver decides."""

import bz2
import encodings.cp437
import encodings.latin_1
import encodings.utf_8
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from safelight.evidence.archives import mail, pdf, seven_zip, tar, zip  # noqa: A004 - an archive's name is its kind
from safelight.evidence.archives.copying import copy, say
from safelight.evidence.archives.messages import Entry, Message, Problem, WalkOrder, decode_order, encode
from safelight.evidence.archives.passwords import Passwords

PRELOADED = (encodings.cp437, encodings.latin_1, encodings.utf_8, gzip, bz2, lzma, zlib)
"""Everything that the standard library would otherwise open lazily, when no file can be opened any more."""
_LOCKABLE: dict[str, Callable[[BinaryIO, Passwords], Iterator[Message]]] = {"zip": zip.walk, "7z": seven_zip.walk}
_OPEN: dict[str, Callable[[BinaryIO], Iterator[Message]]] = {
    "tar": tar.walk,
    "mail": mail.walk,
    "mailbox": mail.walk_mailbox,
}
_OPENERS: dict[str, Any] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}


def read(content: BinaryIO, argument: bytes) -> Iterator[bytes]:
    """Walk an archive as `argument`, a `WalkOrder`, says; yield encoded messages. A broken one ends in a `Problem`."""
    order = decode_order(argument)
    try:
        yield from map(encode, _walk(content, order))
    except (*seven_zip.FAULTS, *pdf.FAULTS) as error:
        yield encode(Problem(f"broken {order.kind} archive: {say(error)}"))


def _walk(content: BinaryIO, order: WalkOrder) -> Iterator[Message]:
    passwords = Passwords(order.passwords)
    if order.kind == "pdf":
        return pdf.walk(content, passwords, order.skip)
    if order.kind in _LOCKABLE:
        return _LOCKABLE[order.kind](content, passwords)
    if order.kind in _OPEN:
        return _OPEN[order.kind](content)
    return _compressed(content, order.kind)


def _compressed(content: BinaryIO, kind: str) -> Iterator[Message]:
    """One compressed stream: a tar inside is walked, anything else is one entry of the same name."""
    opener = _OPENERS[kind]
    with opener(content) as stream:
        head = stream.read(512)
    content.seek(0)
    with opener(content) as stream:
        if head[257:262] == b"ustar":
            yield from tar.walk(stream)
            return
        yield Entry(0, b"content", None, None)
        yield from copy(stream)
