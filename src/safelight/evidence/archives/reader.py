"""The task that walks one archive inside the sandbox, whatever its kind; it holds the limits on what may unfold."""

import bz2
import encodings.cp437
import encodings.latin_1
import encodings.utf_8
import gzip
import lzma
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from safelight.evidence.archives import tar, zip  # noqa: A004 - an archive's name is its kind
from safelight.evidence.archives.copying import BROKEN, copy, say
from safelight.evidence.archives.messages import Data, End, Entry, Message, Problem, Task, encode

PRELOADED = (encodings.cp437, encodings.latin_1, encodings.utf_8, gzip, bz2, lzma, zlib)
"""Everything that the standard library would otherwise open lazily, when no file can be opened any more."""
_OPENERS: dict[str, Any] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}


def read(content: BinaryIO, argument: bytes) -> Iterator[bytes]:
    """Walk the archive and yield encoded messages; a broken or boundless archive ends with a `Problem`."""
    task = msgspec.msgpack.decode(argument, type=Task)
    try:
        for message in _bounded(_walk(content, task), task):
            yield encode(message)
    except BROKEN as error:
        yield encode(Problem(f"broken {task.kind} archive: {say(error)}"))


def _walk(content: BinaryIO, task: Task) -> Iterator[Message]:
    if task.kind == "zip":
        return zip.walk(content)
    if task.kind == "tar":
        return tar.walk(content)
    return _compressed(content, task.kind)


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


def _bounded(messages: Iterator[Message], task: Task) -> Iterator[Message]:
    unfolded = entries = 0
    for message in messages:
        if isinstance(message, Data):
            unfolded += len(message.content)
            if unfolded > task.allowance:
                yield End("cut off: the archive unfolds too far")
                yield Problem(
                    f"unfolds to more than {task.allowance} bytes from {task.size}: taken for a bomb, the rest was not read"
                )
                return
        elif isinstance(message, Entry):
            entries += 1
            if entries > task.entries:
                yield Problem(f"holds more than {task.entries} entries: the rest was not read")
                return
        yield message
