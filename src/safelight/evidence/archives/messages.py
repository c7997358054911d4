"""What an archive walker is asked, and what it says, one message at a time.

The parent checks each message against these types and its own limits.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec

from safelight.sandbox import reply_decoder
from safelight.writing.types import Written

DATA_BYTES = 1 << 20
_LARGEST = (1 << 63) - 1
Name = Annotated[bytes, msgspec.Meta(max_length=1 << 20)]
"""A zip's name has 65,535 bytes at the most; a tar's has no bound of its own."""
Number = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]
Time = Annotated[int, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]
Reason = Annotated[str, msgspec.Meta(max_length=600)]


class ArchiveLimits(msgspec.Struct, frozen=True):
    """How far an archive may unfold with all archives inside it: entries, bytes, bytes as a multiple of its own size.

    The ratio counts only beyond `free_bytes`: small archives of text compress well.
    """

    entries: int = 2_000_000
    total_bytes: int = 4 << 40
    ratio: int = 200
    free_bytes: int = 256 << 20
    depth: int = 8


class WalkOrder(msgspec.Struct, frozen=True):
    """What to walk: the archive's kind (a `media.types.Kind` of `ARCHIVES`), and passwords to try, in their order.

    Entries with numbers below `skip` were told by a walker that then crashed; only documents are taken up there.
    """

    kind: str
    passwords: tuple[bytes, ...] = ()
    skip: int = 0


class Entry(msgspec.Struct, frozen=True, tag="entry"):
    """An entry begins. Numbers only grow; `modified` is nanoseconds since 1970; `what` "file", "link" or "special".

    `letter` is what the fields of the mail say that begins with this part, `charset` what it says of its characters.
    """

    number: Number
    name: Name
    size: Number | None
    modified: Time | None
    what: Annotated[str, msgspec.Meta(max_length=16)] = "file"
    locked: bool = False
    reason: Reason | None = None
    letter: Written | None = None
    charset: Annotated[str, msgspec.Meta(max_length=40)] = ""


class Data(msgspec.Struct, frozen=True, tag="data"):
    """The next bytes of the entry."""

    content: Annotated[bytes, msgspec.Meta(max_length=DATA_BYTES)]


class End(msgspec.Struct, frozen=True, tag="end"):
    """The entry is over; `problem` says what is wrong with it."""

    problem: Reason | None = None


class Working(msgspec.Struct, frozen=True, tag="working"):
    """Nothing to say yet: what is done takes its time. `at` is a number below those of the entries that it is for."""

    at: Number = 0


class Problem(msgspec.Struct, frozen=True, tag="problem"):
    """The archive itself is wrong from here on: nothing more comes."""

    reason: Reason


def told_size(size: int) -> int | None:
    """The size that an entry claims, None where no file can have it."""
    return size if 0 <= size <= _LARGEST else None


Message = Entry | Data | End | Working | Problem
encode = msgspec.msgpack.Encoder().encode
decode_order = msgspec.msgpack.Decoder(WalkOrder).decode
decode: Callable[[bytes], Message] = reply_decoder(Message)
