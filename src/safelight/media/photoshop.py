"""Photoshop image resources ("8BIM" blocks, Adobe's file format specification) and IPTC-IIM 4.2 inside them."""

from collections.abc import Iterator

from safelight.media.text import Problems, clean, put

_IPTC, _THUMBNAIL_OLD, _THUMBNAIL = 0x0404, 0x0409, 0x040C
_THUMBNAIL_HEADER = 28
_MAX_RESOURCES = 2000
_MAX_RECORDS = 2000
_UTF8 = b"\x1b%G"  # ISO 2022: what dataset 1:090 says when text is UTF-8

_NAMES = {
    (1, 0): "EnvelopeRecordVersion",
    (1, 90): "CodedCharacterSet",
    (2, 0): "ApplicationRecordVersion",
    (2, 5): "ObjectName",
    (2, 7): "EditStatus",
    (2, 10): "Urgency",
    (2, 15): "Category",
    (2, 20): "SupplementalCategories",
    (2, 22): "FixtureIdentifier",
    (2, 25): "Keywords",
    (2, 26): "ContentLocationCode",
    (2, 27): "ContentLocationName",
    (2, 30): "ReleaseDate",
    (2, 35): "ReleaseTime",
    (2, 40): "SpecialInstructions",
    (2, 55): "DateCreated",
    (2, 60): "TimeCreated",
    (2, 62): "DigitalCreationDate",
    (2, 63): "DigitalCreationTime",
    (2, 65): "OriginatingProgram",
    (2, 70): "ProgramVersion",
    (2, 80): "Byline",
    (2, 85): "BylineTitle",
    (2, 90): "City",
    (2, 92): "Sublocation",
    (2, 95): "ProvinceState",
    (2, 100): "CountryCode",
    (2, 101): "CountryName",
    (2, 103): "OriginalTransmissionReference",
    (2, 105): "Headline",
    (2, 110): "Credit",
    (2, 115): "Source",
    (2, 116): "CopyrightNotice",
    (2, 118): "Contact",
    (2, 120): "Caption",
    (2, 122): "CaptionWriter",
}


def resources(block: bytes, problems: Problems) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of each image resource; stops at the first that is not one."""
    at = 0
    for _ in range(_MAX_RESOURCES):
        if block[at : at + 4] != b"8BIM" or at + 12 > len(block):
            break
        number = int.from_bytes(block[at + 4 : at + 6], "big")
        name = block[at + 6] + 1
        start = at + 6 + name + name % 2
        size = int.from_bytes(block[start : start + 4], "big")
        if start + 4 + size > len(block):
            problems.add(f"Photoshop resource 0x{number:04x} reaches outside its block: left out")
            return
        yield number, block[start + 4 : start + 4 + size]
        at = start + 4 + size + size % 2
    if block[at:].strip(b"\x00"):
        problems.add("bytes after the last Photoshop resource were not understood")


def read_resources(block: bytes, problems: Problems) -> tuple[bytes, list[bytes]]:
    """Return the IPTC records of an image resource block, and the thumbnails (JPEG files) in it."""
    iptc, thumbnails = b"", []
    for number, content in resources(block, problems):
        if number == _IPTC:
            iptc += content
        elif number in (_THUMBNAIL, _THUMBNAIL_OLD) and content[_THUMBNAIL_HEADER:]:
            thumbnails.append(content[_THUMBNAIL_HEADER:])
    return iptc, thumbnails


def read_iptc(records: bytes, problems: Problems) -> dict[str, str]:
    """Name the datasets of an IPTC-IIM stream as "2:025 Keywords", repeated ones numbered."""
    fields: dict[str, str] = {}
    encoding = "latin-1"
    for record, dataset, value in _datasets(records, problems):
        if (record, dataset) == (1, 90):
            encoding = "utf-8" if value == _UTF8 else encoding
        name = _NAMES.get((record, dataset), "")
        put(fields, f"{record}:{dataset:03d} {name}".rstrip(), _value(dataset, value, encoding), problems)
    return fields


def _datasets(records: bytes, problems: Problems) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    for _ in range(_MAX_RECORDS):
        if at + 5 > len(records) or records[at] != 0x1C:
            break
        record, dataset = records[at + 1], records[at + 2]
        size, start = int.from_bytes(records[at + 3 : at + 5], "big"), at + 5
        if size & 0x8000:  # extended: the low bits say how many bytes hold the length
            width = size & 0x7FFF
            size, start = int.from_bytes(records[start : start + min(width, 8)], "big"), start + width
        if start + size > len(records):
            problems.add(f"IPTC dataset {record}:{dataset:03d} reaches outside its block: left out")
            return
        yield record, dataset, records[start : start + size]
        at = start + size
    if records[at:].strip(b"\x00"):
        problems.add("bytes after the last IPTC dataset were not understood")


def _value(dataset: int, value: bytes, encoding: str) -> str:
    if dataset == 0 and len(value) == 2:
        return str(int.from_bytes(value, "big"))
    try:
        return clean(value[:16000].decode("utf-8"))
    except UnicodeDecodeError:
        return clean(value[:16000].decode(encoding, "replace"))
