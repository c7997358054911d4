"""What the parent asks of the tasks that read a disk image, and what they answer beside the messages of archives."""

from typing import Annotated

import msgspec

from safelight.sandbox import reply_decoder

WALKER = "safelight.evidence.images.reader:read"
VERIFIER = "safelight.evidence.images.stored:verify"
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32,40}$")]
Text = Annotated[str, msgspec.Meta(max_length=600)]


class ImageOrder(msgspec.Struct, frozen=True):
    """Which image it is ("ewf", "raw-image"); entries with numbers below `skip` were told before and are left out."""

    kind: str
    skip: int = 0


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """The medium was digested up to here, in bytes: whoever waits knows that nothing hangs."""

    at: Annotated[int, msgspec.Meta(ge=0)]


class Stored(msgspec.Struct, frozen=True, tag="stored"):
    """The digests of the medium that an image has stored, and those that its bytes have; `problem` is why not."""

    claimed: dict[Annotated[str, msgspec.Meta(max_length=8)], Digest] = {}
    computed: dict[Annotated[str, msgspec.Meta(max_length=8)], Digest] = {}
    problem: Text | None = None


encode = msgspec.msgpack.Encoder().encode
decode_order = msgspec.msgpack.Decoder(ImageOrder).decode
decode_stored = reply_decoder(Progress | Stored)
