"""What the readers of foreign lists hand out of the sandbox: one row, or one named refusal, at a time."""

from enum import IntFlag
from typing import Annotated

import msgspec

Short = Annotated[str, msgspec.Meta(max_length=4000)]
Opaque = Annotated[str, msgspec.Meta(max_length=20000)]


class LeftOut(msgspec.Struct, frozen=True, gc=False):
    """A value that could not be understood, in a row that is taken all the same: its field, its spelling, and why."""

    field: Short
    value: Short
    reason: Short


class KnownRow(msgspec.Struct, frozen=True, tag="row", omit_defaults=True, gc=False):
    """One statement of a list about one content. Digests are raw bytes; a grade is the source's own value, as text.

    `line` counts lines (CSV) or entries (JSON) from 1. `opaque` carries values that are kept and never computed
    (photodna, zz40, lace). `path` names a file of the unit's own, to be hashed on the way in. What stands in `left_out`
    is told in `notes` too, which stay with the row. Rows come by the million and hold nothing that could lead back to
    them, so the collector of cycles passes them over.
    """

    line: int
    md5: bytes | None = None
    sha1: bytes | None = None
    sha256: bytes | None = None
    size: int | None = None
    pdq: bytes | None = None
    quality: int | None = None
    category: Short | None = None
    series: Short | None = None
    victim_identified: bool | None = None
    offender_identified: bool | None = None
    distributed: bool | None = None
    self_generated: bool | None = None
    suspected: bool | None = None
    baseline: bool | None = None
    media_type: Short | None = None
    external_id: Short | None = None
    agency: Short | None = None
    tags: list[Short] = []
    comment: Short | None = None
    path: Short | None = None
    opaque: dict[Short, Opaque] = {}
    notes: list[Short] = []
    left_out: list[LeftOut] = []


class Given(IntFlag):
    """What a packed row holds, in its first byte."""

    MD5 = 1
    SHA1 = 2
    SHA256 = 4
    SIZE = 8


PACKED_BYTES = 77
"""One of `Given`, MD5 (16), SHA-1 (20), SHA-256 (32), size (8, the highest first); zeros for what is not given."""


class PackedRows(msgspec.Struct, frozen=True, tag="packed", gc=False):
    """Some thousand rows of a published list, `PACKED_BYTES` each, that say no more than digests and size."""

    rows: bytes


class BadRow(msgspec.Struct, frozen=True, tag="bad", gc=False):
    """A row that could not be taken: its line, the reason in words, and the row as far as it is text (bounded)."""

    line: int
    reason: Short
    text: Opaque


class FileHead(msgspec.Struct, frozen=True, tag="head"):
    """What a file turned out to be: its format and version ("vics 2.0", "icse csv", "digest list"), and scheme hint.

    `published` tells that it has the form of a list of known good that everybody may have (NSRL).
    """

    format: Short
    version: Short | None = None
    scheme: Short | None = None
    columns: list[Short] = []
    notes: list[Short] = []
    published: bool = False


class FileEnd(msgspec.Struct, frozen=True, tag="end"):
    """The last message of a file: whether it was read to its end, if not, why not; what else is to be said of it."""

    complete: bool
    reason: Short | None = None
    notes: list[Short] = []


Told = KnownRow | BadRow | PackedRows
"""What stands between the head and the end of a file."""
Message = Told | FileHead | FileEnd
"""Head first, end last, rows and refusals between them in the order of the file."""
