"""What a worker replies is checked against the type that it must have; whatever else it is, is one error."""

from collections.abc import Callable
from typing import Any

import msgspec

from safelight.sandbox.errors import BadReplyError


def reply_decoder(kind: Any) -> Callable[[bytes], Any]:
    """A decoder of msgpack replies of one type, such as a Struct or a union of them.

    What it returns raises `BadReplyError` for anything else, be it noise, broken text, or nested without end.
    """
    decode = msgspec.msgpack.Decoder(kind).decode

    def checked(untrusted_reply: bytes) -> Any:
        try:
            return decode(untrusted_reply)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadReplyError(f"the decoder's answer does not hold: {error}") from error

    return checked
