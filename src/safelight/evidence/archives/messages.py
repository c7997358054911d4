"""What an archive walker says, one message at a time. The parent checks each against these types and its own limits."""

from typing import Annotated

import msgspec

DATA_BYTES = 1 << 20
Name = Annotated[bytes, msgspec.Meta(max_length=1 << 16)]
Reason = Annotated[str, msgspec.Meta(max_length=600)]


class ArchiveLimits(msgspec.Struct, frozen=True):
    """How far an archive may unfold: entries, bytes in all, and its output as a multiple of its own size.

    The ratio counts only beyond `free_bytes`: small archives of text compress well.
    """

    entries: int = 2_000_000
    total_bytes: int = 4 << 40
    ratio: int = 200
    free_bytes: int = 256 << 20
    depth: int = 8


class Task(msgspec.Struct, frozen=True):
    """What a walker is asked: the kind of archive, its size, and how many bytes it may unfold to."""

    kind: str
    size: int
    allowance: int
    entries: int


class Entry(msgspec.Struct, frozen=True, tag="entry"):
    """An entry begins. `modified` is nanoseconds since 1970, or None; `what` "file", "link" or "special"."""

    number: int
    name: Name
    size: int | None
    modified: int | None
    what: Annotated[str, msgspec.Meta(max_length=16)] = "file"
    locked: bool = False
    reason: Reason | None = None


class Data(msgspec.Struct, frozen=True, tag="data"):
    """The next bytes of the entry."""

    content: Annotated[bytes, msgspec.Meta(max_length=DATA_BYTES)]


class End(msgspec.Struct, frozen=True, tag="end"):
    """The entry is over; `problem` says what is wrong with it."""

    problem: Reason | None = None


class Problem(msgspec.Struct, frozen=True, tag="problem"):
    """The archive itself is wrong from here on: nothing more comes."""

    reason: Reason


Message = Entry | Data | End | Problem
encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Message).decode
