"""Copies what a stream inside an archive holds into messages, however it ends."""

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

import pyzipper

from safelight.evidence.archives.messages import DATA_BYTES, Data, End, Message

BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError,
    NotImplementedError, RuntimeError, IndexError, KeyError, OverflowError, MemoryError, struct.error, TypeError,
    AttributeError, pyzipper.BadZipFile,
)  # fmt: skip
"""What the standard library's readers, and pyzipper, are known to throw on broken archives."""


def copy(stream: IO[bytes] | io.BufferedIOBase) -> Iterator[Message]:
    """Yield what a stream holds as data, and its end; a stream that breaks off ends with what was wrong."""
    while True:
        try:
            chunk = stream.read(DATA_BYTES)
        except BROKEN as error:
            yield End(f"broken off: {say(error)}")
            return
        if not chunk:
            yield End()
            return
        yield Data(chunk)


def say(error: Exception) -> str:
    """An exception's text on one bounded line that can be sent."""
    text = str(error).encode("utf-8", "backslashreplace").decode()
    return (" ".join(text.split()) or type(error).__name__)[:300]
