"""Files named on the command line, read in the sandbox without a database."""

import os
import stat
from typing import TYPE_CHECKING

from safelight.errors import InputError

if TYPE_CHECKING:
    from safelight.evidence.reading import Reading
    from safelight.sandbox import Nursery
    from safelight.signatures.film_reading import Film
    from safelight.signatures.types import Examination

TASK = "safelight.signatures.family:examine_family"


def watch(nursery: "Nursery", path: bytes) -> "Film":
    """Read a video's frames.

    Raises:
        SandboxError: it is none that can be read.
    """
    from safelight.signatures.film_reading import read_film

    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return read_film(nursery, fd)
    finally:
        os.close(fd)


def examine(nursery: "Nursery", path: bytes) -> "tuple[Reading, Examination | InputError | None]":
    """Read a file and examine it in the sandbox; None where it is no picture, the error where it cannot be decoded."""
    from safelight.evidence.errors import ReadingError
    from safelight.evidence.reading import read_file
    from safelight.evidence.walk import reason_of
    from safelight.sandbox import SandboxError
    from safelight.signatures.family import decode_family

    try:
        listed = os.lstat(path)
    except OSError as error:
        raise ReadingError(reason_of(error)) from error
    if not stat.S_ISREG(listed.st_mode):
        raise ReadingError(_other_than_file(listed.st_mode))
    reading = read_file(path, listed)
    if reading.fd is not None:
        os.close(reading.fd)
    if reading.content is None:
        return reading, None
    with reading.content as content:
        try:
            return reading, decode_family(nursery.call(content, reading.kind.value.encode())).picture
        except SandboxError as error:
            return reading, error


def _other_than_file(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "is a folder: name files"
    if stat.S_ISLNK(mode):
        return "is a link, which is not followed: name the file that it leads to"
    return "is a device, pipe or socket, which is not opened: name files"
