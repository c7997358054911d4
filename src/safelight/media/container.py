"""What a file carries besides its pixels, and how that becomes `Metadata`: the same way for every format."""

from dataclasses import dataclass, field

from safelight.media.exif import Exif, read_exif
from safelight.media.photoshop import read_iptc, read_resources
from safelight.media.text import Problems, clean
from safelight.media.types import JpegStructure, Metadata, PictureLimits
from safelight.media.xmp import read_xmp

_MAX_RAW = 1 << 20
_SERIALS = (
    "BodySerialNumber",
    "CameraSerialNumber",
    "LensSerialNumber",
    "ImageUniqueID",
    "RawDataUniqueID",
    "OriginalRawFileName",
)
_XMP_SERIALS = {
    "xmpMM:DocumentID": "DocumentID",
    "xmpMM:InstanceID": "InstanceID",
    "xmpMM:OriginalDocumentID": "OriginalDocumentID",
    "aux:SerialNumber": "BodySerialNumber",
    "aux:LensSerialNumber": "LensSerialNumber",
    "aux:ImageUniqueID": "ImageUniqueID",
    "exifEX:BodySerialNumber": "BodySerialNumber",
    "exifEX:LensSerialNumber": "LensSerialNumber",
    "exif:ImageUniqueID": "ImageUniqueID",
}
_TAKEN = ("DateTimeOriginal", "DateTimeDigitized")
_XMP_TAKEN = ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate")


@dataclass
class Found:
    """The blocks found while walking a container, not yet read.

    `exif` is the TIFF block without its "Exif" prefix; `exif_is_file` is set for TIFF files, whose tags lie scattered
    over the file itself. `shot` and `place` are blocks of their own where a file keeps those directories apart (CR3).
    `raw` has further blocks to keep as they are; `embedded` pairs what a picture is with its
    bytes.
    `multi_picture` is where a JPEG's MPF block begins in the file.
    """

    exif: memoryview | None = None
    exif_is_file: bool = False
    shot: memoryview | None = None
    place: memoryview | None = None
    xmp: bytes = b""
    iptc: bytes = b""
    photoshop: bytes = b""
    icc: bytes = b""
    raw: dict[str, bytes] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)
    embedded: list[tuple[str, bytes]] = field(default_factory=list)
    jpeg: JpegStructure | None = None
    multi_picture: int | None = None
    problems: Problems = field(default_factory=Problems)


@dataclass(frozen=True)
class Described:
    """A container's metadata, its EXIF orientation and its embedded pictures."""

    metadata: Metadata
    orientation: int
    thumbnails: tuple[tuple[str, bytes], ...]


def describe(found: Found, limits: PictureLimits) -> Described:
    """Parse all that was found. Never raises on foreign bytes: what is wrong stands in `metadata.problems`."""
    problems = found.problems
    exif = Exif()
    if found.exif is not None:
        exif = read_exif(found.exif, problems, shot=found.shot, place=found.place)
    iptc, irb_thumbnails = read_resources(found.photoshop, problems) if found.photoshop else (b"", [])
    records = found.iptc or iptc
    xmp = _xmp(found, problems)
    embedded = [("exif-thumbnail", exif.thumbnail)] if exif.thumbnail else []
    embedded += [("photoshop-thumbnail", content) for content in irb_thumbnails]
    thumbnails = _bounded([*embedded, *found.embedded], limits, problems)
    raw = {
        "exif": b"" if found.exif_is_file or found.exif is None else bytes(found.exif[: _MAX_RAW + 1]),
        "xmp": found.xmp,
        "iptc": records,
        "photoshop": found.photoshop,
        "icc": found.icc,
        **found.raw,
    }
    metadata = Metadata(
        raw=_kept(raw, problems),
        exif=exif.fields,
        xmp=xmp,
        iptc=read_iptc(records, problems) if records else {},
        text=found.text,
        serials=_serials(exif.fields, xmp),
        make=exif.fields.get("Make") or xmp.get("tiff:Make"),
        model=exif.fields.get("Model") or xmp.get("tiff:Model"),
        software=exif.fields.get("Software") or xmp.get("xmp:CreatorTool") or found.text.get("Software"),
        taken=_taken(exif.fields, xmp),
        gps=exif.gps,
        jpeg=found.jpeg,
        problems=problems.sentences,
    )
    return Described(metadata, exif.orientation, thumbnails)


def _xmp(found: Found, problems: Problems) -> dict[str, str]:
    fields = read_xmp(found.xmp, problems) if found.xmp else {}
    more = found.raw.get("xmp-extended")
    return {**read_xmp(more, problems), **fields} if more else fields


def _kept(raw: dict[str, bytes], problems: Problems) -> dict[str, bytes]:
    for name, content in raw.items():
        if len(content) > _MAX_RAW:
            problems.add(f"raw {name} is larger than {_MAX_RAW} bytes: only its beginning is kept")
    return {clean(name, 100): content[:_MAX_RAW] for name, content in raw.items() if content}


def _bounded(
    embedded: list[tuple[str, bytes]], limits: PictureLimits, problems: Problems
) -> tuple[tuple[str, bytes], ...]:
    kept: list[tuple[str, bytes]] = []
    for kind, content in embedded:
        if len(content) > limits.max_embedded_bytes:
            problems.add(f"embedded picture ({kind}) of {len(content)} bytes is above the limit: left out")
        elif len(kept) >= limits.max_embedded:
            problems.add(f"more than {limits.max_embedded} embedded pictures: the rest was left out")
        elif sum(len(one) for _, one in kept) + len(content) > limits.max_embedded_total:
            problems.add(f"embedded picture ({kind}) left out: those before it hold {limits.max_embedded_total} bytes")
        elif all(content != other for _, other in kept):
            kept.append((kind, content))
    return tuple(kept)


def _serials(exif: dict[str, str], xmp: dict[str, str]) -> dict[str, str]:
    serials = {name: exif[name] for name in _SERIALS if exif.get(name, "").strip()}
    for path, name in _XMP_SERIALS.items():
        if xmp.get(path):
            serials.setdefault(name, xmp[path])
    return serials


def _taken(exif: dict[str, str], xmp: dict[str, str]) -> str | None:
    for name in _TAKEN:
        if exif.get(name, "").strip(" :"):
            return exif[name] + exif.get(name.replace("DateTime", "OffsetTime"), "")
    return next((xmp[path] for path in _XMP_TAKEN if xmp.get(path)), None)
