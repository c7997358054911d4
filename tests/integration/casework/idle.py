"""Examiners that decode nothing, so that their sandbox starts in a moment: for tests of custody, not of pictures."""

import hashlib
import os

import msgspec

from safelight.media.types import Metadata
from safelight.signatures.types import Examination, Pdq, Still


def refuse(content, argument):
    """Examine nothing: for runs that must not decode."""
    os._exit(9)


def sketch(content, argument):
    """Answer with signatures made of the content's digest: equal content looks equal, other content does not."""
    digest = hashlib.sha256(content).digest()
    still = Still(
        index=0,
        listed=Pdq(b"".join(hashlib.sha256(digest + bytes([turn])).digest() for turn in range(8)), 100, usable=True),
        shown=None,
        tile=digest * 128,
        shown_size=(100, 100),
        pixels=digest[:16],
    )
    seen = Examination(argument.decode(), (100, 100), 1, 1, "RGB", [still], [], Metadata())
    return msgspec.msgpack.encode({"picture": seen, "embedded": []})
