"""The two encodings inside C2SP's formats, read strictly: a value has one spelling, so nothing hides in another."""

import base64
import re

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}", re.ASCII)


def read_base64(untrusted_text: str) -> bytes:
    """The bytes behind standard base64 (RFC 4648, 4).

    Raises:
        ValueError: it is not standard base64, has wrong padding, or bits in it that no byte takes.
    """
    content = base64.b64decode(untrusted_text, validate=True)
    if write_base64(content) != untrusted_text:
        raise ValueError("base64 with bits that belong to no byte")
    return content


def write_base64(content: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(content).decode("ascii")


def read_decimal(untrusted_text: str) -> int:
    """An ASCII decimal below 2 to the 64.

    Raises:
        ValueError: it is not one, or has a sign, a space or a leading zero.
    """
    if not _DECIMAL.fullmatch(untrusted_text) or int(untrusted_text) >= 1 << 64:
        raise ValueError("not a decimal number below 2^64 without leading zeroes")
    return int(untrusted_text)
