"""A list in, its messages out, without a sandbox around the reader."""

import io
from collections.abc import Mapping

from safelight.known.formats.reader import ReadOptions, messages
from safelight.known.formats.text import UnreadableListError, UntoldColumnsError
from safelight.known.rows import BadRow, FileEnd, FileHead, KnownRow, Message


def everything(content: bytes | str, mapping: Mapping[str, str] | None = None) -> list[Message]:
    raw = content.encode() if isinstance(content, str) else content
    return list(messages(io.BytesIO(raw), ReadOptions(dict(mapping or {}))))


def parts(
    content: bytes | str, mapping: Mapping[str, str] | None = None
) -> tuple[FileHead, list[KnownRow | BadRow], FileEnd]:
    head, *between, end = everything(content, mapping)
    assert isinstance(head, FileHead)
    assert isinstance(end, FileEnd)
    assert all(isinstance(message, KnownRow | BadRow) for message in between)
    return head, between, end  # type: ignore[return-value]  # asserted just above


def refusal(content: bytes) -> str | None:
    """The sentence with which a file is refused as a whole; None where it is read."""
    try:
        everything(content)
    except (UnreadableListError, UntoldColumnsError) as error:
        return str(error)
    return None
