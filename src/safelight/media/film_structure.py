"""How a video's container is built: which program wrote it shows in what it holds and in which order.

ISO base media (ISO 14496-12: MP4, MOV, 3GP), Matroska and WebM (RFC 9559), AVI and other RIFF, ASF (WMV). Names of
boxes in file order; what comes again and again is named once with a "+", so that a longer recording of one camera reads
the same. Read by seeking: what a box claims to hold is passed over unread but for what is named here.

Rules kept here:
- nothing raises: what breaks off ends the walk, and what was read until then is told;
- so many boxes, so deep, and no further;
- times are as the container has them, in UTC where the standard says so, and nothing of it is proven;
- what says that pictures are encrypted is told as such (ISO 23001-7, Matroska ContentEncryption, ASF protection).
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final

from safelight.media.text import clean

_MOST_BOXES, _MOST_TIMES, _DEEPEST = 20_000, 100, 10
_CHARACTERS = 4000
_FAMILIES: Final = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"udta", b"mvex", b"moof", b"traf", b"mfra"}
    | {b"sinf", b"schi", b"gmhd", b"tapt", b"wave"}
)
_ENTRY_HEAD: Final = {b"vide": 78, b"soun": 28}
"""Bytes of a sample entry before the boxes in it, by what the track carries."""
_EPOCH_1601: Final = datetime(1601, 1, 1, tzinfo=UTC)
_EPOCH_1904: Final = datetime(1904, 1, 1, tzinfo=UTC)
_EPOCH_2001: Final = datetime(2001, 1, 1, tzinfo=UTC)
_FULL: Final = 0xFFFFFFFFFFFFFF


@dataclass(frozen=True)
class Structure:
    """What was told: the boxes as one line of text, times by what they are times of, and how pictures are encrypted."""

    boxes: str | None
    times: dict[str, str]
    locked: str | None


def read_structure(file: BinaryIO) -> Structure:
    """Read how a container is built; nothing of one that is not known here. The file is left anywhere."""
    walk = _Walk(file)
    try:
        file.seek(0)
        head = file.read(16)
        if head[:4] == b"\x1a\x45\xdf\xa3":
            _matroska(walk)
        elif head[:4] in (b"RIFF", b"RF64"):
            walk.say(_riff(walk, 0, walk.size, 0))
        elif head == _ASF_HEADER:
            _asf(walk)
        elif head[4:8].isalnum() or head[4:8] in (b"free", b"wide"):
            walk.say(_boxes(walk, 0, walk.size, 0, b""))
    except (OSError, ValueError, struct.error):
        pass  # the file is not what it seemed: what was told until then stands
    return Structure(walk.told, walk.times, walk.locked)


@dataclass
class _Walk:
    """A walk through one file: how many boxes may still be met, and what was told."""

    file: BinaryIO
    left: int = _MOST_BOXES
    told: str | None = None
    times: dict[str, str] = field(default_factory=dict)
    locked: str | None = None
    tracks: int = 0
    handler: bytes = b""

    def __post_init__(self) -> None:
        self.size = self.file.seek(0, 2)

    def say(self, boxes: str) -> None:
        self.told = clean(boxes, _CHARACTERS) or None

    def read(self, at: int, size: int) -> bytes:
        self.file.seek(at)
        return self.file.read(size)

    def time(self, of: str, when: datetime | None) -> None:
        if when is not None and len(self.times) < _MOST_TIMES:
            self.times[of] = when.isoformat(timespec="seconds")


class _Names:
    """Names in order; one that was there before is only marked."""

    def __init__(self) -> None:
        self._names: dict[str, bool] = {}

    def add(self, name: str) -> None:
        self._names[name] = name in self._names

    def __str__(self) -> str:
        return " ".join(f"{name}+" if again else name for name, again in self._names.items())


def _boxes(walk: _Walk, at: int, end: int, depth: int, parent: bytes) -> str:
    """The boxes between two places, with those inside them in brackets."""
    names = _Names()
    for name, begin, stop in _each_box(walk, at, end):
        shown = _spelled(name)
        tell = _TOLD.get(name)
        if tell is not None:
            shown += tell(walk, begin, stop)
        if name == b"trak":
            walk.tracks, walk.handler = walk.tracks + 1, b""
        if depth < _DEEPEST and (name in _FAMILIES or (name == b"meta" and parent in (b"udta", b"moov", b""))):
            inner = begin + (4 if name == b"meta" and walk.read(begin + 4, 4) != b"hdlr" else 0)
            shown += f"[{_boxes(walk, inner, stop, depth + 1, name)}]"
        names.add(shown)
    return str(names)


def _each_box(walk: _Walk, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, beginning and end of what each box holds."""
    while at + 8 <= end and walk.left > 0:
        walk.left -= 1
        head = walk.read(at, 16)
        if len(head) < 8:
            return
        size, name, begin = int.from_bytes(head[:4]), head[4:8], at + 8
        if size == 1:
            size, begin = int.from_bytes(head[8:16]), at + 16
        elif size == 0:
            size = end - at
        if size < begin - at:
            return
        yield name, begin, min(at + size, end)
        at += size


def _spelled(name: bytes) -> str:
    """A box's name as text; what is no letter or digit stands as its value."""
    return "".join(chr(one) if chr(one).isalnum() and one < 128 else f"\\{one:02x}" for one in name)


def _brands(walk: _Walk, begin: int, end: int) -> str:
    held = walk.read(begin, min(end - begin, 136))
    brands = ",".join(_spelled(held[at : at + 4]) for at in range(8, len(held) - 3, 4))
    return f"({_spelled(held[:4])}/{int.from_bytes(held[4:8])} {brands})"


def _header(what: str) -> Callable[[_Walk, int, int], str]:
    """Of mvhd, tkhd and mdhd: when the film, track or its media were made and changed, seconds since 1904."""

    def tell(walk: _Walk, begin: int, end: int) -> str:
        held = walk.read(begin, min(end - begin, 20))
        if len(held) < 12:
            return ""
        form = ">QQ" if held[0] == 1 else ">II"
        made, changed = struct.unpack_from(form, held.ljust(20, b"\0"), 4)
        of = what if what == "film" else f"track {walk.tracks}{what}"
        walk.time(f"{of} created", _since(_EPOCH_1904, made))
        walk.time(f"{of} modified", _since(_EPOCH_1904, changed))
        return ""

    return tell


def _handler(walk: _Walk, begin: int, end: int) -> str:
    held = walk.read(begin, min(end - begin, 12))
    walk.handler = held[8:12]
    return f"({_spelled(held[8:12])})"


def _entries(walk: _Walk, begin: int, end: int) -> str:
    """stsd: the formats of a track's samples; an encrypted one is named as such, with the scheme."""
    names = _Names()
    for name, inside, stop in _each_box(walk, begin + 8, end):
        names.add(_spelled(name))
        if name in (b"encv", b"drmi"):
            walk.locked = walk.locked or f"its pictures are encrypted ({_scheme(walk, inside, stop)})"
    return f"({names})"


def _scheme(walk: _Walk, begin: int, end: int) -> str:
    for name, inside, stop in _each_box(walk, begin + _ENTRY_HEAD[b"vide"], end):
        if name == b"sinf":
            for inner, place, _ in _each_box(walk, inside, stop):
                if inner == b"schm":
                    return _spelled(walk.read(place + 4, 4))
    return "of an unnamed scheme"


_TOLD: Final[dict[bytes, Callable[[_Walk, int, int], str]]] = {
    b"ftyp": _brands,
    b"mvhd": _header("film"),
    b"tkhd": _header(""),
    b"mdhd": _header(" media"),
    b"hdlr": _handler,
    b"stsd": _entries,
}


def _riff(walk: _Walk, at: int, end: int, depth: int) -> str:
    names = _Names()
    while at + 8 <= end and walk.left > 0:
        walk.left -= 1
        head = walk.read(at, 12)
        size = int.from_bytes(head[4:8], "little")
        name = _spelled(head[:4])
        if head[:4] in (b"RIFF", b"LIST", b"RF64"):
            name += f"({_spelled(head[8:12])})"
            if head[8:12] not in (b"movi", b"rec ") and depth < _DEEPEST:
                name += f"[{_riff(walk, at + 12, min(at + 8 + size, end), depth + 1)}]"
        names.add(name)
        at += 8 + size + size % 2
    return str(names)


_EBML: Final = {
    0x1A45DFA3: "EBML", 0x4282: "DocType", 0x18538067: "Segment", 0x114D9B74: "SeekHead", 0x1549A966: "Info",
    0x1654AE6B: "Tracks", 0xAE: "TrackEntry", 0x6D80: "ContentEncodings", 0x6240: "ContentEncoding",
    0x5035: "ContentEncryption", 0x1F43B675: "Cluster", 0x1C53BB6B: "Cues", 0x1254C367: "Tags", 0x1043A770: "Chapters",
    0x1941A469: "Attachments", 0xEC: "Void", 0xBF: "CRC-32", 0x4461: "DateUTC", 0x4D80: "MuxingApp",
    0x5741: "WritingApp", 0x86: "CodecID",
}  # fmt: skip
_EBML_FAMILIES: Final = frozenset({
    "EBML", "Segment", "Info", "Tracks", "TrackEntry", "ContentEncodings", "ContentEncoding",
})  # fmt: skip
_EBML_TEXTS: Final = frozenset({"DocType", "MuxingApp", "WritingApp", "CodecID"})


def _matroska(walk: _Walk) -> None:
    walk.say(_elements(walk, 0, walk.size, 0))


def _elements(walk: _Walk, at: int, end: int, depth: int) -> str:
    """Matroska's elements between two places; those without a name here are left out."""
    names = _Names()
    while at < end and walk.left > 0:
        walk.left -= 1
        try:
            number, begin = _vint(walk, at, keep_mark=True)
            size, begin = _vint(walk, begin, keep_mark=False)
        except ValueError:
            break
        stop = end if size == _FULL or size < 0 else min(begin + size, end)
        name = _EBML.get(number)
        if name is not None:
            names.add(name + _element(walk, name, begin, stop, depth))
        at = stop
    return str(names)


def _element(walk: _Walk, name: str, begin: int, end: int, depth: int) -> str:
    if name in _EBML_TEXTS:
        return f"({clean(walk.read(begin, min(end - begin, 200)).decode('utf-8', 'replace'), 200)})"
    if name == "DateUTC":
        nanoseconds = int.from_bytes(walk.read(begin, min(end - begin, 8)), signed=True)
        walk.time("film created", _since(_EPOCH_2001, nanoseconds / 1e9))
    elif name == "ContentEncryption":
        walk.locked = walk.locked or "its pictures are encrypted (Matroska ContentEncryption)"
    elif name in _EBML_FAMILIES and depth < _DEEPEST:
        return f"[{_elements(walk, begin, end, depth + 1)}]"
    return ""


def _vint(walk: _Walk, at: int, *, keep_mark: bool) -> tuple[int, int]:
    """A number of variable length (RFC 8794), and where it ends; -1 for an unknown size."""
    held = walk.read(at, 8)
    if not held or not held[0]:
        raise ValueError("no number")
    length = 9 - held[0].bit_length()
    value = int.from_bytes(held[:length])
    if keep_mark:
        return value, at + length
    mask = (1 << 7 * length) - 1
    return (-1 if value & mask == mask else value & mask), at + length


_ASF_HEADER: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF: Final = {
    "a1dcab8c47a9cf118ee400c00c205365": "File", "9107dcb7b7a9cf118ee600c00c205365": "Stream",
    "b503bf5f2ea9cf118ee300c00c205365": "HeaderExtension", "4052d1861d31d011a3a400a0c90348f6": "CodecList",
    "3326b2758e66cf11a6d900aa0062ce6c": "ContentDescription", "40a4d0d207e3d21197f000a0c95ea850": "ExtendedContent",
    "fbb3112223bdd211b4b700a0c955fc6e": "ContentEncryption", "14e68a292226174cb935dae07ee9289c": "ExtendedEncryption",
    "ce75f87b8d46d1118d82006097c9a2b2": "Bitrates", "74d40618dfca0945a4ba9aabcb96aae8": "Padding",
}  # fmt: skip


def _asf(walk: _Walk) -> None:
    names = _Names()
    end = min(int.from_bytes(walk.read(16, 8), "little"), walk.size)
    at = 30
    while at + 24 <= end and walk.left > 0:
        walk.left -= 1
        head = walk.read(at, 24)
        name = _ASF.get(head[:16].hex(), head[:4].hex())
        size = int.from_bytes(head[16:24], "little")
        if "Encryption" in name:
            walk.locked = walk.locked or f"its pictures are encrypted (ASF {name})"
        elif name == "File":
            made = int.from_bytes(walk.read(at + 48, 8), "little")
            walk.time("film created", _since(_EPOCH_1601, made / 1e7))
        names.add(name)
        if size < 24:
            break
        at += size
    walk.say(f"Header[{names}]")


def _since(epoch: datetime, seconds: float) -> datetime | None:
    """A time so long after an epoch; None where the container gives none, or one that no calendar holds."""
    try:
        return epoch + timedelta(seconds=seconds) if seconds > 0 else None
    except OverflowError:
        return None
