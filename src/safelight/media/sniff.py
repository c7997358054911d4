"""What a content is, told from its first bytes and nothing else: 4,096 for all but a few magic numbers further in.

Names lie: a web page named .jpg is a document, and a film named .txt is a film. Each rule here is a published magic
number, or, where a format has none (old tar, MP3, text), a check strict enough that ordinary data does not pass it.
"""

from collections.abc import Callable

from safelight.media.bmff import kind_of_bmff
from safelight.media.jpeg2000 import kind_of_jpeg2000
from safelight.media.magic import AT_OFFSET, PREFIXES
from safelight.media.mail import kind_of_mail
from safelight.media.raw_camera import is_camera_raw
from safelight.media.types import Kind

HEAD = 4096
FAR_HEAD = 32776
"""What a disc (ISO 9660, UDF) is told from. Before that it may hold anything, or nothing."""

_RIFF = {b"WEBP": Kind.WEBP, b"AVI ": Kind.VIDEO, b"WAVE": Kind.SOUND, b"RMID": Kind.SOUND, b"ACON": Kind.OTHER_PICTURE}
_FORM = {b"AIFF": Kind.SOUND, b"AIFC": Kind.SOUND, b"8SVX": Kind.SOUND, b"ILBM": Kind.OTHER_PICTURE}
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<script")
_BITMAP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_NO_TEXT = bytes(set(range(0x20)) - set(b"\t\n\r\f\x08\x1b"))
_TRANSPORT_PACKETS = (188, 192, 204)
_MP3_RATES = (
    (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),  # layer I
    (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),  # layer II
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # layer III
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG-2, layers II and III
    (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),  # MPEG-2, layer I
)


def sniff(head: bytes | memoryview) -> Kind:
    """Return the kind of the content that begins with `head`; more than `FAR_HEAD` bytes are not looked at."""
    start = bytes(head[:HEAD])
    if not start:
        return Kind.EMPTY
    for rule in _RULES:
        kind = rule(start)
        if kind is not None:
            return kind
    return (_by_offset(bytes(head[:FAR_HEAD])) if len(head) >= FAR_HEAD else None) or Kind.UNKNOWN


def _by_prefix(head: bytes) -> Kind | None:
    for prefix, kind in PREFIXES:
        if head.startswith(prefix):
            return kind
    return None


def _by_offset(head: bytes) -> Kind | None:
    for offset, magic, kind in AT_OFFSET:
        if head[offset : offset + len(magic)] == magic:
            return kind
    return None


def _tiff(head: bytes) -> Kind | None:
    if head[:4] not in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return None
    return Kind.CAMERA_RAW if is_camera_raw(head) else Kind.TIFF


def _riff(head: bytes) -> Kind | None:
    if head[:4] in (b"RIFF", b"RIFX"):
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM":
        return _FORM.get(head[8:12])
    return None


def _bitmap(head: bytes) -> Kind | None:
    """`BM` alone begins many texts: the size of the header that follows must be one that exists."""
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS:
        return Kind.BMP
    return None


def _icon(head: bytes) -> Kind | None:
    """Icons and cursors: at least one picture, and its directory's reserved byte is 0."""
    begins = head[:4] in (b"\x00\x00\x01\x00", b"\x00\x00\x02\x00")
    return Kind.OTHER_PICTURE if begins and any(head[4:6]) and head[9:10] == b"\x00" else None


def _ogg(head: bytes) -> Kind | None:
    if head[:4] != b"OggS":
        return None
    return Kind.VIDEO if b"theora" in head[:512] or b"BBCD" in head[:512] else Kind.SOUND


def _tar(head: bytes) -> Kind | None:
    """A tar of before 1988 has no magic: its first header's checksum must hold (POSIX.1 ustar)."""
    if head[257:262] == b"ustar":
        return Kind.TAR
    if len(head) < 512 or not head[0]:
        return None
    claimed = head[148:156].strip(b" \x00")
    if not claimed or any(digit not in b"01234567" for digit in claimed):
        return None
    total = sum(head[:148]) + 8 * 32 + sum(head[156:512])
    return Kind.TAR if int(claimed, 8) == total else None


def _transport_stream(head: bytes) -> Kind | None:
    """MPEG transport stream: the sync byte at the head of four packets running, with or without a time code before."""
    for size in _TRANSPORT_PACKETS:
        lead = 4 if size == 192 else 0
        if len(head) > lead + 3 * size and all(head[lead + size * number] == 0x47 for number in range(4)):
            return Kind.VIDEO
    return None


def _mpeg_audio(head: bytes) -> Kind | None:
    """MP3 and its like: a valid frame header, and a second one exactly where the first frame ends."""
    size = _mpeg_audio_frame(head[:4])
    if size and _mpeg_audio_frame(head[size : size + 4]):
        return Kind.SOUND
    return None


def _mpeg_audio_frame(header: bytes) -> int:
    """Length of the audio frame that begins with these 4 bytes, 0 where they are no frame header (ISO 11172-3)."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    rate, sampling = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or rate in (0, 15) or sampling == 3:
        return 0
    row = layer - 1 if version == 3 else (4 if layer == 1 else 3)
    bits = _MP3_RATES[row][rate] * 1000
    hertz = (44100, 48000, 32000)[sampling] // {3: 1, 2: 2, 0: 4}[version]
    padding = header[2] >> 1 & 1
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    return (72 if layer == 3 and version != 3 else 144) * bits // hertz + padding


def _boot_sector(head: bytes) -> Kind | None:
    """A disk or volume: boot signature, and four partition entries whose status is 0 or active, one of them used."""
    if head[510:512] != b"\x55\xaa":
        return None
    entries = [head[at : at + 16] for at in range(446, 510, 16)]
    valid = all(entry[0] in (0x00, 0x80) for entry in entries)
    return Kind.RAW_IMAGE if valid and any(entry[4] and any(entry[12:16]) for entry in entries) else None


def _late_pdf(head: bytes) -> Kind | None:
    """A PDF behind blank bytes: readers allow for 1,024 of any kind before its header (ISO 32000-1, annex H.3.4.1)."""
    begin = head[:1024].removeprefix(b"\xef\xbb\xbf").lstrip(b"\x00\t\n\f\r ")
    return Kind.PDF if begin.startswith(b"%PDF-") else None


def _text(head: bytes) -> Kind | None:
    """Markup, or text of any kind: no control characters, and valid UTF-8 (the last character may be cut)."""
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:512].lower()
    if b"<svg" in begin and begin.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")):
        return Kind.OTHER_PICTURE
    if begin.startswith(_MARKUP) or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Kind.DOCUMENT
    if len(head.translate(None, _NO_TEXT)) != len(head):
        return None
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or error.reason != "unexpected end of data":
            return None
    return Kind.DOCUMENT


_RULES: tuple[Callable[[bytes], Kind | None], ...] = (
    _by_prefix,
    _tiff,
    _riff,
    kind_of_jpeg2000,
    kind_of_bmff,
    _bitmap,
    _icon,
    _ogg,
    _tar,
    _by_offset,
    _transport_stream,
    _boot_sector,
    _mpeg_audio,
    _late_pdf,
    kind_of_mail,
    _text,
)
