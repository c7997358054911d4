"""The files that one disk image lies in: NAME.E01, NAME.E02 … of EnCase, NAME.001, NAME.002 … of a raw image.

The first of them stands for the image, and is walked; the others are parts of it, each digested as the file it is.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from safelight.errors import CannotRunError
from safelight.evidence.names import text_of
from safelight.media.sniff import FAR_HEAD, sniff
from safelight.media.types import Kind

MOST = 4000
"""Segments of one image: each is an open file."""
_NUMBERED = re.compile(rb"(?s)(.+\.)(\d{2,6})")
_EWF = re.compile(rb"(?s)(.+\.)([EeSs])(\d\d|[A-Za-z]{2})")
_EWF_SECTION = 76
"""The last section of a segment says "next" where another follows, "done" where none does (EWF-E01, section header)."""
_LOOK_ON = 50
_MANY = 100
"""Where so many are open and no more may be, it is this image that has too many."""
Open = Callable[[bytes], int]


@dataclass
class Segments:
    """The other files of an image, open; `missing` names what is not there, `part_of` the image this is a part of.

    `lone` says that this is a part, and its image's first segment is not beside it.
    """

    further: list[int] = field(default_factory=list)
    missing: str | None = None
    part_of: str | None = None
    lone: str | None = None

    def close(self) -> None:
        """Let go of the files; harmless when done twice."""
        while self.further:
            os.close(self.further.pop())

    def size(self) -> int:
        """Bytes in the other files."""
        return sum(os.fstat(fd).st_size for fd in self.further)


def segments_of(path: bytes, kind: Kind, fd: int, open_file: Open) -> Segments:
    """What belongs together with the file at `path`, opened as `fd`; `open_file` opens its siblings by their paths."""
    if kind is Kind.EWF:
        return _ewf(path, fd, open_file)
    found = _NUMBERED.fullmatch(path)
    if found is None:
        return Segments()
    stem, digits = found.groups()
    number = int(digits)
    if kind is Kind.RAW_IMAGE and number <= 1:
        return _collect(_counted(stem, digits), open_file, lambda _fd: False)
    if number > 1 and (first := _first_raw(stem, len(digits), open_file)) is not None:
        return Segments(part_of=_said(first))
    return Segments()


def segments_in_archive(kind: Kind, fd: int) -> Segments:
    """What can be said of an image in an archive, where no other segments are looked for; `fd` is its open file."""
    if kind is not Kind.EWF:
        return Segments()
    if _ewf_number(fd) > 1:
        return Segments(lone=f"segment {_ewf_number(fd)} of an EnCase image in an archive: unpack all into one folder")
    if _ewf_goes_on(fd):
        return Segments(missing="its other segments are not looked for in an archive: unpack all into one folder")
    return Segments()


def ewf_names(first: bytes) -> Iterator[bytes]:
    """The names that follow NAME.E01, in order: E02 to E99, EAA to EZZ, FAA to ZZZ."""
    found = _EWF.fullmatch(first)
    if found is None:
        return
    stem, letter, _number = found.groups()
    for number in range(2, 100):
        yield stem + letter + b"%02d" % number
    last, base = (b"Z", b"A") if letter.isupper() else (b"z", b"a")
    letters = [bytes([code]) for code in range(base[0], last[0] + 1)]
    for one in range(letter[0], last[0] + 1):
        yield from (stem + bytes([one]) + second + third for second in letters for third in letters)


def _ewf(path: bytes, fd: int, open_file: Open) -> Segments:
    number = _ewf_number(fd)
    if number <= 1:
        return _collect(ewf_names(path), open_file, _ewf_goes_on, said_at_first=_ewf_goes_on(fd))
    found = re.fullmatch(rb"(?s)(.+\.)([A-Za-z])\w\w", path)
    if found is not None:
        for letter in (found[2], *(b"ESes")):
            first = found[1] + (letter if isinstance(letter, bytes) else bytes([letter])) + b"01"
            if first != path and _is_there(first, open_file):
                return Segments(part_of=_said(first))
    return Segments(lone=f"segment {number} of an EnCase image, whose first one is not beside it")


def _collect(
    names: Iterator[bytes], open_file: Open, goes_on: Callable[[int], bool], *, said_at_first: bool = False
) -> Segments:
    found = Segments()
    expected = said_at_first
    try:
        for name in names:
            try:
                fd = open_file(name)
            except OSError:
                if expected or any(_is_there(one, open_file) for one, _ in zip(names, range(_LOOK_ON), strict=False)):
                    found.missing = f"{_said(name)} is missing: what lies behind it was not read"
                return found
            except CannotRunError:
                if len(found.further) < _MANY:
                    raise
                found.close()
                found.missing = (
                    "its segments are more files than may be open here: raise that limit (ulimit -n), run again"
                )
                return found
            found.further.append(fd)
            expected = goes_on(fd)
            if len(found.further) >= MOST:
                found.missing = f"of its segments only {MOST} are read"
                return found
    except BaseException:
        found.close()
        raise
    if expected:
        found.missing = "others follow it, and its name does not say how they are called: it was read alone"
    return found


def _counted(stem: bytes, digits: bytes) -> Iterator[bytes]:
    return (stem + b"%0*d" % (len(digits), number) for number in range(int(digits) + 1, MOST + 2))


def _first_raw(stem: bytes, width: int, open_file: Open) -> bytes | None:
    """The first file of a raw image in parts, where it is one by its content."""
    for number in (0, 1):
        name = stem + b"%0*d" % (width, number)
        try:
            fd = open_file(name)
        except OSError:
            continue
        try:
            if sniff(os.pread(fd, FAR_HEAD, 0)) is Kind.RAW_IMAGE:
                return name
        finally:
            os.close(fd)
    return None


def _ewf_number(fd: int) -> int:
    head = os.pread(fd, 11, 0)
    return int.from_bytes(head[9:11], "little")


def _ewf_goes_on(fd: int) -> bool:
    last = os.pread(fd, 4, max(0, os.fstat(fd).st_size - _EWF_SECTION))
    return last == b"next"


def _is_there(name: bytes, open_file: Open) -> bool:
    try:
        fd = open_file(name)
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(fd).st_mode)
    finally:
        os.close(fd)


def _said(path: bytes) -> str:
    return text_of(os.path.basename(path))
