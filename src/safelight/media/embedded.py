"""The sandbox's task that takes pictures and videos out of a picture, as they are, without decoding its pixels."""

import mmap
from typing import Annotated

import msgspec

from safelight.media.compiled import warm_up
from safelight.media.picture import open_picture
from safelight.media.types import Kind
from safelight.sandbox import reply_decoder

__all__ = ["EXTRACTOR", "decode_embedded", "extract", "warm_up"]
EXTRACTOR = "safelight.media.embedded:extract"
_MOST = 16
_encode = msgspec.msgpack.Encoder().encode
_decode = reply_decoder(Annotated[list[bytes], msgspec.Meta(max_length=_MOST)])


def extract(content: mmap.mmap | bytes, argument: bytes) -> bytes:
    """The bytes of each picture and video inside `content`, of the kind that `argument` names, as one encoded list.

    Raises:
        UnreadablePictureError: the picture's header cannot be read.
    """
    picture = open_picture(content, Kind(argument.decode()))
    clips = [bytes(memoryview(content)[one.offset : one.offset + one.size]) for one in picture.clips]
    return _encode([*([inside for _what, inside in picture.thumbnails][: _MOST - len(clips)]), *clips])


def decode_embedded(untrusted_reply: bytes) -> list[bytes]:
    """What `extract` answered, checked.

    Raises:
        BadReplyError: it is no such answer.
    """
    found: list[bytes] = _decode(untrusted_reply)
    return found
