"""The task that walks one disk image inside the sandbox: its volumes, and the file systems on them."""

import os
import time
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from safelight.evidence.archives.copying import BROKEN, say
from safelight.evidence.archives.messages import Message, Problem, encode
from safelight.evidence.images.files import Files
from safelight.evidence.images.foreign import HEAD_BYTES, Foreign, recognise
from safelight.evidence.images.medium import Ewf, Medium, NoMediumError, open_medium
from safelight.evidence.images.order import decode_order
from safelight.evidence.images.telling import Telling
from safelight.evidence.images.volumes import Volume, volumes, whole

try:
    import pytsk3
except ImportError:  # `doctor` says so, and each image says it, too
    pytsk3 = None

_NO_TSK = "no disk image can be read here: The Sleuth Kit is missing, `safelight doctor` says more"
_DISC_AT, _DISC = 32769, b"CD001"
_LEAST_SYSTEM = 64 << 10
"""No file system fits in less."""
_NAMES = {
    0x1: "NTFS", 0x2: "FAT12", 0x4: "FAT16", 0x8: "FAT32", 0xA: "exFAT", 0x80: "ext2", 0x100: "ext3", 0x2000: "ext4",
    0x800: "ISO 9660", 0x1000: "HFS+", 0x10: "UFS1", 0x20: "UFS1b", 0x40: "UFS2", 0x4000: "YAFFS2",
}  # fmt: skip
"""TSK_FS_TYPE_ENUM."""


def read(parts: Sequence[BinaryIO], argument: bytes) -> Iterator[bytes]:
    """Walk the image that lies in `parts`, yield encoded messages; a broken one ends in a `Problem`."""
    os.environ["TZ"] = "UTC0"  # FAT's times have no zone, and The Sleuth Kit would give them the machine's
    time.tzset()
    order = decode_order(argument)
    try:
        yield from map(encode, _walk(parts, order.kind, Telling(order.skip)))
    except NoMediumError as error:
        yield encode(Problem(error.message))
    except BROKEN as error:
        yield encode(Problem(f"broken disk image: {say(error)}"))


def _walk(parts: Sequence[BinaryIO], kind: str, telling: Telling) -> Iterator[Message]:
    if pytsk3 is None:
        yield Problem(_NO_TSK)
        return
    medium = open_medium(parts, kind)
    if isinstance(medium, Ewf):
        yield from telling.note(b"", f"an EnCase image of {medium.size} bytes; {medium.header()}")
    image = _image(medium)
    found = _layout(image, medium)
    for volume in found:
        yield from _volume(image, medium, volume, telling)
    end = max(volume.start + volume.size for volume in found if not volume.gap)
    if end > medium.size:
        yield Problem(f"the image is cut off: it ends at byte {medium.size}, its partitions at byte {end}")


def _layout(image: Any, medium: Medium) -> list[Volume]:
    """The volumes of the medium. What is locked as a whole has bytes that may look like a partition table."""
    try:
        head = medium.read(0, HEAD_BYTES)
    except OSError:
        head = b""
    foreign = recognise(head)
    if foreign is not None and foreign.locked:
        return [whole(medium.size)]
    return volumes(image, medium.size, disc=head[_DISC_AT : _DISC_AT + len(_DISC)] == _DISC)


def _image(medium: Medium) -> Any:
    """The medium as The Sleuth Kit takes it."""

    class Image(pytsk3.Img_Info):  # type: ignore[misc]  # the library has no types
        def __init__(self) -> None:
            super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

        def close(self) -> None:
            pass

        def read(self, offset: int, size: int) -> bytes:
            return medium.read(offset, size)

        def get_size(self) -> int:
            return medium.size

    return Image()


def _volume(image: Any, medium: Medium, volume: Volume, telling: Telling) -> Iterator[Message]:
    where = volume.name or b"/"
    told = f"{volume.kind}, {volume.size} bytes from byte {volume.start}"
    try:
        head = medium.read(volume.start, min(HEAD_BYTES, volume.size))
    except OSError as error:
        yield from telling.unread(where, f"{told}: cannot be read: {say(error)}")
        return
    foreign = recognise(head)
    if foreign is not None and foreign.locked:
        yield from telling.locked(where, f"{told}: {foreign.words}", volume.size)
        return
    if volume.gap:
        yield from telling.note(where, f"{told}: space of no partition, not examined")
        return
    try:
        system = pytsk3.FS_Info(image, offset=volume.start)
    except (OSError, RuntimeError, ValueError, MemoryError) as error:
        if volume.size < _LEAST_SYSTEM:
            yield from telling.note(where, f"{told}: too small to hold files")
        else:
            yield from _no_system(where, told, foreign, str(error), telling)
        return
    files = Files(system, volume.name, medium.size, telling)
    yield from files.walk()
    name = _NAMES.get(int(system.info.ftype), "a file system")
    yield from telling.note(where, f"{told}: {name}, {files.count.words()}")


def _no_system(where: bytes, told: str, foreign: Foreign | None, error: str, telling: Telling) -> Iterator[Message]:
    if foreign is not None and foreign.empty:
        yield from telling.note(where, f"{told}: {foreign.words}, not examined")
    elif foreign is not None:
        yield from telling.unread(where, f"{told}: {foreign.words}, which this version cannot read")
    elif "Encryption detected" in error:
        yield from telling.locked(where, f"{told}: an encrypted volume: a key is needed")
    elif "encryption detected" in error:
        yield from telling.unread(where, f"{told}: looks like noise: encrypted or wiped, which cannot be told apart")
    else:
        yield from telling.unread(where, f"{told}: no file system that this version can read")
