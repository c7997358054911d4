"""Tables and plain digest lists: columns found by name, by `--map`, or by the length of their digests.

ICSE's export is a table of its own kind (b1 of the collected facts; IPED issue 1136 and pull request 1169): `;`, up to
16 columns, one more, empty, in every data row, three spellings of yes and no, and digests of 33 characters.
Sources of the rules for plain lists: none is written down anywhere; a bare list of 64 hex characters may hold SHA-256
or PDQ, and guessing wrong would find nothing for ever, so it is refused until a header or `--map` tells.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NoReturn

from safelight.known.formats import values
from safelight.known.formats.columns import RowBuilder, field_of
from safelight.known.formats.records import Record, records, sniff_delimiter
from safelight.known.formats.text import Lines, UnreadableListError, UntoldColumnsError
from safelight.known.formats.values import BadValueError
from safelight.known.rows import BadRow, FileEnd, FileHead, KnownRow, Message

_ICSE_COLUMNS = frozenset({"imageid", "isdistributed", "victimidentified", "baseline"})
_DIGEST_LENGTHS = {32: "md5", 40: "sha1"}
ICSE_SCHEME = "ICSE-BASELINE"
RDS_FORMAT = "NSRL RDS"
_RDS_COLUMNS = frozenset({"sha-1", "md5", "crc32", "filename", "filesize", "productcode", "specialcode"})


def read_table(content: BinaryIO, mapping: Mapping[str, str]) -> Iterator[Message]:
    """Read a table: head first, then a row or a refusal for each record, then the end.

    Args:
        content: the file, seekable.
        mapping: column name (or number from 1) to field name; goes before what the names say.

    Yields:
        The messages of `known.rows`.

    Raises:
        UnreadableListError: there is no table in it.
        UntoldColumnsError: there is one, and `mapping` has to say what its columns mean.
    """
    lines = Lines(content)
    try:
        yield from _read(lines, mapping)
    finally:
        lines.close()


def _read(lines: Lines, mapping: Mapping[str, str]) -> Iterator[Message]:
    first = lines.take()
    while first is not None and (not first.text.strip() or first.text.startswith("#")):
        first = lines.take()
    if first is None:
        raise UnreadableListError("the file is empty: nothing to import")
    if first.cut:
        raise UnreadableListError("the first line is longer than 1 MiB: this is no table")
    delimiter = sniff_delimiter(first.text) or "\0"
    lines.give_back([first])
    rest = records(lines, delimiter)
    head = next(rest)
    names = [values.clean(cell.strip('"'), 200) for cell in head.cells]
    fields = _by_name(names, mapping)
    if any(fields):
        yield from _with_header(names, fields, rest, delimiter)
    else:
        yield from _without_header(head, rest, mapping)
    yield FileEnd(complete=True)


def _by_name(names: Sequence[str], mapping: Mapping[str, str]) -> list[str | None]:
    """The field of each column; a field named twice belongs to the first column that names it."""
    wanted = {column.strip().lower(): name for column, name in mapping.items()}
    mapped = set(wanted.values())
    fields: list[str | None] = []
    for name in names:
        chosen = wanted.get(name.lower())
        by_spelling = field_of(name)
        if chosen is None and by_spelling not in mapped:
            chosen = by_spelling
        fields.append(chosen if chosen not in fields else None)
    return fields


def _with_header(
    names: list[str], fields: list[str | None], rest: Iterator[Record], delimiter: str
) -> Iterator[Message]:
    if not set(fields) & {"md5", "sha1", "sha256", "pdq", "path"}:
        raise UntoldColumnsError(
            f"no column holds a digest, a PDQ hash or a path (columns: {', '.join(names)[:300]}); "
            "name one with --map column=field"
        )
    plain = {name.replace(" ", "").replace("_", "").lower() for name in names}
    icse = delimiter == ";" and plain >= _ICSE_COLUMNS
    rds = plain >= _RDS_COLUMNS
    passed_over = [name for name, field in zip(names, fields, strict=True) if field is None and name]
    notes = [f"columns not taken: {', '.join(passed_over)}"[:2000]] if passed_over else []
    first = next(rest, None)
    scheme = ICSE_SCHEME if icse else _scheme_of(first, fields)
    yield FileHead(
        format="ICSE CSV" if icse else RDS_FORMAT if rds else "CSV",
        version="2" if rds else None,
        scheme=scheme,
        columns=names[:100],
        notes=notes,
        published=rds,
    )
    if first is not None:
        reader = _TableReader(
            RowBuilder([None if f == "scheme" else f for f in fields]), len(names), fields, scheme, icse
        )
        if rds:
            reader.malicious_at = [name.lower() for name in names].index("specialcode")
        yield from map(reader.row, itertools.chain([first], rest))


def _scheme_of(first: Record | None, fields: Sequence[str | None]) -> str | None:
    if first is None or "scheme" not in fields:
        return None
    index = fields.index("scheme")
    return values.text_or_none(first.cells[index]) if index < len(first.cells) else None


class _TableReader:
    """Records of one table into messages."""

    def __init__(
        self, builder: RowBuilder, width: int, fields: Sequence[str | None], scheme: str | None, icse: bool
    ) -> None:
        self._builder = builder
        self._width = width
        self._scheme_at = fields.index("scheme") if "scheme" in fields else None
        self._baseline_at = fields.index("baseline") if icse and "baseline" in fields else None
        self._scheme = scheme
        self.malicious_at: int | None = None
        """Where NSRL's RDS 2 says M of what is no harmless file."""

    def row(self, record: Record) -> KnownRow | BadRow:
        """The message of one record."""
        try:
            self._check(record)
            return self._builder.build(record.line, record.cells, **self._fixed(record.cells))
        except BadValueError as error:
            return BadRow(record.line, error.message, values.spelled(record.text))

    def _check(self, record: Record) -> None:
        if record.problem is not None:
            raise BadValueError(record.problem)
        if len(record.cells) > self._width and any(cell.strip() for cell in record.cells[self._width :]):
            raise BadValueError(f"{len(record.cells)} cells where the header has {self._width}")
        if self.malicious_at is not None and record.cells[self.malicious_at : self.malicious_at + 1] == ["M"]:
            raise BadValueError("NSRL marks it as malicious (special code M): it is not taken as known good")
        at = self._scheme_at
        if at is None:
            return
        scheme = values.text_or_none(record.cells[at]) if at < len(record.cells) else self._scheme
        if scheme is not None and scheme != self._scheme:
            raise BadValueError(f"scheme {scheme!r} in a list that began with {self._scheme!r}: one list, one scheme")

    def _fixed(self, cells: Sequence[str]) -> dict[str, str | None]:
        """In ICSE's export the grade is the Baseline column as it is spelled."""
        if self._baseline_at is None or self._baseline_at >= len(cells):
            return {}
        return {"category": values.text_or_none(cells[self._baseline_at])}


def _without_header(first: Record, rest: Iterator[Record], mapping: Mapping[str, str]) -> Iterator[Message]:
    second = next(rest, None)
    fields = _by_number(first, mapping)
    if not any(fields):
        _refuse_untold(first, second)
    yield FileHead(format="digest list", columns=[field or "" for field in fields])
    reader = _TableReader(RowBuilder(fields), len(fields), fields, None, icse=False)
    yield from map(reader.row, itertools.chain([first] if second is None else [first, second], rest))


def _refuse_untold(first: Record, second: Record | None) -> NoReturn:
    """Say which of two it is: a table whose columns nobody named, or no table at all."""
    is_text = all(cell.isprintable() for cell in first.cells)
    if is_text and (len(first.cells) > 1 or (second is not None and _is_hex(_digits("".join(second.cells))))):
        raise UntoldColumnsError(
            f"nothing tells what its columns mean (first line: {', '.join(first.cells)[:300]}): "
            "name one that holds a digest, a PDQ hash or a path with --map column=field"
        )
    raise UnreadableListError(
        "neither a header with column names nor a digest in the first line: this is no list that Safelight reads "
        "(where its one column is meant to be read, name it with --map column=field)"
    )


def _by_number(first: Record, mapping: Mapping[str, str]) -> list[str | None]:
    """The field of each column where no header names them: by `--map NUMBER=field`, else by digest length."""
    fields = [mapping.get(str(number)) for number in range(1, len(first.cells) + 1)]
    for index, cell in enumerate(first.cells):
        text = _digits(cell)
        if fields[index] is not None or not _is_hex(text):
            continue
        if len(text) == 64 and not any(fields):
            raise UntoldColumnsError(
                "64 hexadecimal characters may be SHA-256 or PDQ, and no header says which: "
                f"give --map {index + 1}=sha256 or --map {index + 1}=pdq"
            )
        name = _DIGEST_LENGTHS.get(len(text))
        fields[index] = name if name not in fields else None
    return fields


def _digits(cell: str) -> str:
    return cell.strip().strip('"').lower()


def _is_hex(text: str) -> bool:
    return len(text) in {32, 40, 64} and all(character in "0123456789abcdef" for character in text)
