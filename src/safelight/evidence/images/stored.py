"""The task that digests the medium of an EnCase image inside the sandbox and says what the image has stored of it."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from safelight.evidence.archives.copying import BROKEN, say
from safelight.evidence.images.medium import EWF, Ewf, NoMediumError, open_medium
from safelight.evidence.images.order import Progress, Stored, encode

_CHUNK = 1 << 20
_TELL_EVERY = 64


def verify(parts: Sequence[BinaryIO], _argument: bytes) -> Iterator[bytes]:
    """Yield progress, and last the digests stored and computed; where none are stored, only the end is read."""
    try:
        image = open_medium(parts, EWF)
        assert isinstance(image, Ewf)
        claimed = image.stored()
        hashers = {name: hashlib.new(name, usedforsecurity=False) for name in claimed}
        at, count = 0 if hashers else max(0, image.size - 1), 0
        while at < image.size:
            data = image.read(at, _CHUNK)
            if not data:
                yield encode(Stored(claimed, {}, f"the medium cannot be read beyond byte {at} of {image.size}"))
                return
            for hasher in hashers.values():
                hasher.update(data)
            at += len(data)
            count += 1
            if not count % _TELL_EVERY:
                yield encode(Progress(at))
        yield encode(Stored(claimed, {name: hasher.hexdigest() for name, hasher in hashers.items()}))
    except NoMediumError as error:
        yield encode(Stored(problem=error.message[:600]))
    except BROKEN as error:
        yield encode(Stored(problem=f"the medium cannot be read to its end: {say(error)}"))
