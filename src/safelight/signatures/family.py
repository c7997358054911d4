"""The task of the sandbox's picture workers: a picture and the pictures embedded in it, each examined, in one reply."""

import mmap
from collections.abc import Callable
from typing import Annotated

import msgspec

from safelight.media.memory import pixel_memory
from safelight.media.sniff import sniff
from safelight.media.types import PICTURES, Kind, UnreadablePictureError
from safelight.sandbox import reply_decoder
from safelight.signatures.examine import examine, warm_up
from safelight.signatures.types import Embedded, Examination

__all__ = ["EmbeddedPicture", "Family", "decode_family", "examine_family", "warm_up"]
_REFUSED_CHARACTERS = 300


class EmbeddedPicture(msgspec.Struct, frozen=True):
    """A picture found inside a file: its bytes, for the parent to digest, and what examining it yielded."""

    embedded: Embedded
    examination: Examination | None
    refused: Annotated[str, msgspec.Meta(max_length=_REFUSED_CHARACTERS)] | None


class Family(msgspec.Struct, frozen=True):
    """A picture, and those inside it."""

    picture: Examination
    embedded: Annotated[list[EmbeddedPicture], msgspec.Meta(max_length=16)]


_encode = msgspec.msgpack.Encoder().encode
decode_family: Callable[[bytes], Family] = reply_decoder(Family)


def examine_family(content: mmap.mmap | bytes, argument: bytes) -> bytes:
    """Examine `content`, of the kind that `argument` names; the reply is an encoded `Family`.

    Raises:
        UnreadablePictureError: no decoder could read the picture itself.
    """
    try:
        picture = examine(content, Kind(argument.decode()))
        inside = [_inside(embedded) for embedded in picture.embedded]
    finally:
        pixel_memory.wipe()
    return _encode(Family(msgspec.structs.replace(picture, embedded=[]), inside))


def _inside(embedded: Embedded) -> EmbeddedPicture:
    kind = sniff(embedded.content[:4096])
    if kind not in PICTURES:
        return EmbeddedPicture(embedded, None, "it is no picture of a kind that can be read")
    try:
        seen = examine(embedded.content, kind)
    except UnreadablePictureError as error:
        return EmbeddedPicture(embedded, None, error.message[:_REFUSED_CHARACTERS])
    return EmbeddedPicture(embedded, msgspec.structs.replace(seen, embedded=[]), None)
