"""The task of the sandbox's reader of texts: many small ones in one call, since most of a call's time is the call."""

import mmap
from collections.abc import Callable
from typing import Annotated

import msgspec

from safelight.sandbox import reply_decoder
from safelight.writing.reading import read_writing
from safelight.writing.types import Written

MOST_TEXTS = 256
READER = "safelight.writing.batch:read_batch"
_WARM = ("text", "<html><p>page</p></html>", "<?xml version='1.0'?><a>b</a>", "<a>&b;</a>", '{"user": "x"}', "[")


class Part(msgspec.Struct, frozen=True, array_like=True):
    """One of the texts in a row: how many bytes it has, whether its file is longer, what a mail says of it."""

    size: int
    cut: bool
    charset: str = ""


encode_parts = msgspec.msgpack.Encoder().encode
_decode_parts = msgspec.msgpack.Decoder(list[Part]).decode
decode_batch: Callable[[bytes], list[Written]] = reply_decoder(
    Annotated[list[Written], msgspec.Meta(max_length=MOST_TEXTS)]
)


def read_batch(content: mmap.mmap | bytes, argument: bytes) -> bytes:
    """Read the texts in `content` that `argument`, encoded `Part`s, tells; the reply is a `Written` for each."""
    read: list[Written] = []
    at = 0
    for part in _decode_parts(argument):
        read.append(read_writing(bytes(content[at : at + part.size]), cut=part.cut, charset=part.charset))
        at += part.size
    return msgspec.msgpack.encode(read)


def warm_up() -> None:
    """Load what the parsers load on first use: when texts come, no file can be opened any more."""
    for text in _WARM:
        for encoding in ("utf-8", "utf-16", "cp1252"):
            read_writing(text.encode(encoding))
