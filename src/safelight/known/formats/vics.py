"""VICS JSON (Project VIC) 1.1, 1.2, 1.3 and 2.0: case files and hash sets, streamed.

The formal specification is under agreement; fields and traps come from open readers and writers of the format (b3 of
the collected facts): GLEAPP `projectvic.py`, IPED `HashDBTool`, X-Ways `VICS.cpp`. Rules it keeps:

- `IsPrecategorized` is not read: exporters set it on entries whose `Category` is null. Only `Category` grades.
- `Category` null or 0 is "uncategorised": the entry is a row without a grade.
- Flags and numbers may be text; a byte-order mark, `/Date(...)/` and unknown fields are ordinary.
- `AlternativeHashes` named SHA256 or PDQ are taken as such, others carried. PhotoDNA is carried in its spelling.
- A file that breaks off keeps what was read before, and says that it broke off.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import ijson

from safelight.known.formats import values
from safelight.known.formats.text import TooLongStringError, UnreadableListError, Utf8Stream
from safelight.known.formats.values import BadValueError
from safelight.known.formats.walk import Found, TooDeepError, Walk
from safelight.known.rows import BadRow, FileEnd, FileHead, KnownRow, LeftOut, Message
from safelight.known.rules import BENIGN

_VERSION = re.compile(r"/DataModels/([0-9]{1,2}\.[0-9x]{1,4})\.xml")
_COUNTRY = re.compile(r"\.xml/([A-Za-z0-9_-]{1,20})/\$metadata")
_SCHEMES = {"US": "VIC-US", "UK": "VIC-UK", "CA": "VIC-CA", "CANADA": "VIC-CA", "DEMO": "DEMO"}
_FLAGS = {
    "VictimIdentified": "victim_identified",
    "OffenderIdentified": "offender_identified",
    "IsDistributed": "distributed",
    "SelfGenerated": "self_generated",
    "IsSuspected": "suspected",
}
_TEXTS = {"Series": "series", "MimeType": "media_type", "Comments": "comment", "ContactOrganization": "agency"}
_CASE_NOTES = ("CaseNumber", "ContactOrganization", "SourceApplicationName", "SourceApplicationVersion")


def read_vics(content: BinaryIO) -> Iterator[Message]:
    """Read a VICS file: head first, then a row or refusal for each media entry (`line` counts entries), then the end.

    Args:
        content: the file, seekable.

    Yields:
        The messages of `known.rows`.

    Raises:
        UnreadableListError: it is not JSON at all, or holds no media entry anywhere.
    """
    walk = Walk(Utf8Stream(content))
    number = 0
    broken: str | None = None
    try:
        for number, found in enumerate(walk, start=1):
            if number == 1:
                yield _head(walk, found)
            yield _row(number, found)
    except (ijson.JSONError, TooLongStringError, TooDeepError, ValueError, ArithmeticError) as error:
        broken = values.clean(" ".join(str(error).split()), 200)
    if number == 0:
        if broken is not None or not walk.context:
            raise UnreadableListError(f"no media entry in it: {broken or 'this is JSON, but no VICS file'}")
        yield _head(walk, Found(None))
    reason = None if broken is None else f"broke off after entry {number}: {broken}"
    yield FileEnd(complete=broken is None, reason=reason)


def _head(walk: Walk, first: Found) -> FileHead:
    """What the file is; NSRL in VICS form is of version 1.2, and its first entry says that it is benign."""
    version = _VERSION.search(walk.context)
    country = _COUNTRY.search(walk.context)
    shape = "case file" if walk.case or walk.context.endswith("#Cases") else "hash set"
    benign = first.entry is not None and values.category(first.entry.get("Category")) == BENIGN
    return FileHead(
        format=f"VICS {shape}",
        published=benign and version is not None and version[1] == "1.2",
        version=version[1] if version else None,
        scheme=_SCHEMES.get(country[1].upper()) if country else None,
        notes=[f"{name}: {values.clean(walk.case[name], 300)}" for name in _CASE_NOTES if walk.case.get(name)],
    )


def _row(number: int, found: Found) -> KnownRow | BadRow:
    if found.entry is None:
        return BadRow(number, "the entry is no object with a digest", values.spelled(found.stray))
    try:
        return _media(number, found.entry)
    except BadValueError as error:
        return BadRow(number, error.message, values.spelled(found.entry))


@dataclass(slots=True)
class _Aside:
    """What is said of an entry beside its fields: notes, and the values that were left out."""

    notes: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def leave(self, name: str, value: object, error: BadValueError, *, where: str = "left out") -> None:
        self.notes.append(f"{where}: {error.message}")
        self.left_out.append(values.left_out(name, value, error))


def _media(number: int, entry: Mapping[str, Any]) -> KnownRow:
    aside = _Aside()
    opaque: dict[str, str] = {}
    hashes: dict[str, Any] = {
        "md5": values.digest(entry.get("MD5"), 16, "MD5"),
        "sha1": values.digest(entry.get("SHA1"), 20, "SHA-1"),
        "sha256": values.digest(entry.get("SHA256"), 32, "SHA-256"),
        "pdq": values.pdq(entry.get("PDQ")),
    }
    if "AlternativeHashes" in entry:
        _take_alternatives(entry["AlternativeHashes"], hashes, opaque, aside)
    if not any(hashes.values()):
        raise BadValueError("no digest or hash in it")
    spelled = values.photodna(entry.get("PhotoDNA"))
    if spelled is not None:
        opaque[spelled[0]] = spelled[1]
    _note_dates(entry, aside.notes)
    told: dict[str, Any] = {name: _flag(entry, key, name, aside) for key, name in _FLAGS.items() if key in entry}
    for key, name in _TEXTS.items():
        if entry.get(key) is not None:
            told[name] = values.text_or_none(entry[key])
    return KnownRow(
        line=number,
        size=_size(entry.get("MediaSize"), aside),
        category=values.category(entry.get("Category")),
        external_id=values.text_or_none(entry.get("MediaID")),
        tags=values.tags(entry.get("Tags")),
        opaque=opaque,
        notes=aside.notes,
        left_out=aside.left_out,
        **hashes,
        **told,
    )


def _take_alternatives(listed: object, hashes: dict[str, Any], opaque: dict[str, str], aside: _Aside) -> None:
    """`AlternativeHashes`: a SHA-256 or PDQ fills its gap, anything else is carried under its own name."""
    for alternative in listed if isinstance(listed, list) else []:
        if not isinstance(alternative, dict):
            continue
        name = values.clean(alternative.get("HashName") or "", 40)
        text = values.clean(alternative.get("HashValue") or "", values.OPAQUE_LIMIT)
        plain = re.sub(r"[\W_]+", "", name).lower()
        if not text:
            continue
        if plain in {"sha256", "pdq", "sha1"}:
            _fill(hashes, plain, text, aside)
        elif plain == "photodna":
            spelled = values.photodna(text)
            if spelled is not None:
                opaque[spelled[0]] = spelled[1]
        else:
            opaque[f"alternative.{name or 'unnamed'}"] = text


def _fill(hashes: dict[str, Any], name: str, text: str, aside: _Aside) -> None:
    length = {"sha1": 20, "sha256": 32}
    try:
        value = values.pdq(text) if name == "pdq" else values.digest(text, length[name], name.upper())
    except BadValueError as error:
        aside.leave(name, text, error, where="left out of AlternativeHashes")
        return
    if hashes[name] is None:
        hashes[name] = value
    elif hashes[name] != value:
        raise BadValueError(f"two different {name.upper()} values in one entry")


def _flag(entry: Mapping[str, Any], key: str, name: str, aside: _Aside) -> bool | None:
    value = entry[key]
    if value is True or value is False:
        return value
    try:
        return values.boolean(value, key)
    except BadValueError as error:
        aside.leave(name, value, error)
        return None


def _size(value: object, aside: _Aside) -> int | None:
    try:
        return values.integer(value, "MediaSize")
    except BadValueError as error:
        aside.leave("size", value, error)
        return None


def _note_dates(entry: Mapping[str, Any], notes: list[str]) -> None:
    for key, title in (("DateUpdated", "Date updated"), ("PrecategorizationSource", "Categorised by")):
        text = values.date_text(entry[key]) if key in entry else None
        if text is not None:
            notes.append(f"{title}: {text}")
