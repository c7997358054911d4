"""Columns of tables: which field a column name means, in the spellings that lists use, and how its values are read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from safelight.known.formats import values
from safelight.known.formats.values import BadValueError
from safelight.known.rows import KnownRow, LeftOut

Parser = Callable[[str], object]

_SPELLINGS: dict[str, tuple[str, ...]] = {
    "md5": ("md5", "md5hash", "md5sum", "md5hex", "hashmd5"),
    "sha1": ("sha1", "sha1hash", "sha1sum", "sha1hex", "hashsha1"),
    "sha256": ("sha256", "sha256hash", "sha256sum", "sha256hex", "hashsha256"),
    "size": ("size", "filesize", "mediasize", "bytes", "sizebytes", "length"),
    "pdq": ("pdq", "pdqhash", "pdqhex", "hashpdq"),
    "quality": ("quality", "pdqquality", "hashquality"),
    "category": ("category", "grade", "classification", "cat", "categorisation", "categorization", "viccategory"),
    "scheme": ("scheme", "categoryscheme", "gradescheme"),
    "series": ("series", "seriesname"),
    "victim_identified": ("victimidentified",),
    "offender_identified": ("offenderidentified",),
    "distributed": ("distributed", "isdistributed"),
    "self_generated": ("selfgenerated", "isselfgenerated"),
    "suspected": ("suspected", "issuspected"),
    "baseline": ("baseline", "isbaseline"),
    "media_type": ("mediatype", "mimetype", "type", "contenttype"),
    "external_id": ("externalid", "id", "mediaid", "imageid", "reference"),
    "agency": ("agency", "contactorganization", "contactorganisation", "organisation", "organization"),
    "tags": ("tags", "tag", "keywords"),
    "comment": ("comment", "comments", "note", "notes", "remarks"),
    "path": ("path", "picturepath", "localpath", "picture"),
    "photodna": ("photodna", "pdna"),
    "zz40": ("zz40",),
    "lace": ("lace",),
    "investigation": ("investigation", "investigationname"),
    "submissions": ("numberofsubmissions", "submissions"),
    "available": ("fileavailable",),
}
FIELDS = frozenset(_SPELLINGS)
"""The fields that a column can be mapped to."""

_BY_SPELLING = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings}
_FINDING = frozenset({"md5", "sha1", "sha256", "pdq", "path"})
_NOTE_TITLES = {
    "investigation": "Investigation name",
    "submissions": "Number of submissions",
    "available": "File available",
}
_OPAQUE = frozenset({"zz40", "lace"})

_DECISIVE: dict[str, Parser] = {
    "md5": lambda cell: values.digest(cell, 16, "MD5"),
    "sha1": lambda cell: values.digest(cell, 20, "SHA-1"),
    "sha256": lambda cell: values.digest(cell, 32, "SHA-256"),
    "pdq": values.pdq,
}
"""Fields that find: a value that cannot be read refuses the row."""

_TOLERANT: dict[str, Parser] = {
    "size": lambda cell: values.integer(cell, "size"),
    "quality": lambda cell: values.integer(cell, "quality", 0, 100),
    "category": values.category,
    "series": values.text_or_none,
    "victim_identified": lambda cell: values.boolean(cell, "victim identified"),
    "offender_identified": lambda cell: values.boolean(cell, "offender identified"),
    "distributed": lambda cell: values.boolean(cell, "distributed"),
    "self_generated": lambda cell: values.boolean(cell, "self generated"),
    "suspected": lambda cell: values.boolean(cell, "suspected"),
    "baseline": lambda cell: values.boolean(cell, "baseline"),
    "media_type": values.text_or_none,
    "external_id": values.text_or_none,
    "agency": values.text_or_none,
    "tags": values.tags,
    "comment": values.text_or_none,
    "path": values.text_or_none,
}
"""Fields that tell: a value that cannot be read is left out and named."""
_FEW_VALUES = frozenset({
    "quality", "category", "series", "victim_identified", "offender_identified", "distributed", "self_generated",
    "suspected", "baseline", "media_type", "agency",
})  # fmt: skip
"""Fields whose few values stand in row after row."""
_REMEMBERED = 1000
_REMEMBERED_CHARACTERS = 200


class _Remembering:
    """Reads a column's cells, each spelling once; what cannot be read is asked for again."""

    def __init__(self, parse: Parser) -> None:
        self._parse = parse
        self._read: dict[str, object] = {}

    def __call__(self, cell: str) -> object:
        """The value of a cell."""
        if cell in self._read:
            return self._read[cell]
        value = self._parse(cell)
        if len(self._read) < _REMEMBERED and len(cell) <= _REMEMBERED_CHARACTERS:
            self._read[cell] = value
        return value


def field_of(name: str) -> str | None:
    """The field that a column name means, whatever its case, spaces, dashes and underscores; None where unknown."""
    return _BY_SPELLING.get(re.sub(r"[\W_]+", "", name).lower())


@dataclass
class RowBuilder:
    """Cells of one table into rows; `fields` names the field of each column, None for those that are passed over."""

    fields: Sequence[str | None]
    decisive: list[tuple[int, str, Parser]] = field(init=False)
    others: list[tuple[int, str, Parser | None]] = field(init=False)

    def __post_init__(self) -> None:
        plan = [(index, name) for index, name in enumerate(self.fields) if name is not None]
        self.decisive = [(index, name, _DECISIVE[name]) for index, name in plan if name in _DECISIVE]
        self.others = [(index, name, _reader_of(name)) for index, name in plan if name not in _DECISIVE]

    def build(self, line: int, cells: Sequence[str], **fixed: Any) -> KnownRow:
        """One row.

        Raises:
            BadValueError: a digest or hash in it is not right, or there is nothing in it that could be matched.
        """
        found: dict[str, Any] = {}
        notes: list[str] = []
        left_out: list[LeftOut] = []
        opaque: dict[str, str] = {}
        width = len(cells)
        for index, name, parse in self.decisive:
            if index < width and (cell := cells[index]) and (value := parse(cell)) is not None:
                found[name] = value
        for index, name, tolerant in self.others:
            if index >= width or not (cell := cells[index]) or cell.isspace():
                continue
            if tolerant is None:
                _carry(opaque, notes, name, cell)
                continue
            try:
                if (told := tolerant(cell)) is not None:
                    found[name] = told
            except BadValueError as error:
                notes.append(f"left out: {error.message}")
                left_out.append(values.left_out(name, cell, error))
        found.update(fixed)
        if _FINDING.isdisjoint(found):
            raise BadValueError("no digest, hash or path in it")
        return KnownRow(line=line, notes=notes, left_out=left_out, opaque=opaque, **found)


def _reader_of(name: str) -> Parser | None:
    parse = _TOLERANT.get(name)
    return _Remembering(parse) if parse is not None and name in _FEW_VALUES else parse


def _carry(opaque: dict[str, str], notes: list[str], name: str, cell: str) -> None:
    if name == "photodna":
        spelled = values.photodna(cell)
        if spelled is not None:
            opaque[spelled[0]] = spelled[1]
    elif name in _OPAQUE:
        opaque[name] = values.clean(cell, values.OPAQUE_LIMIT)
    elif name in _NOTE_TITLES:
        notes.append(f"{_NOTE_TITLES[name]}: {values.clean(cell, 1000)}")
