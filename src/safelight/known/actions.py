"""What changes the known base: importing a list, removing a source. Each is one transaction, whole or not at all."""

import hashlib
import os
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import msgspec
from django.db import transaction

from safelight.access.node import Node
from safelight.assertions.actions import BatchSaid, do_destroy_rows, do_make_batch
from safelight.assertions.batches import BatchRow
from safelight.errors import UsageError
from safelight.known.formats.columns import FIELDS
from safelight.known.formats.reader import ReadOptions
from safelight.known.formats.table import ICSE_SCHEME
from safelight.known.formats.text import UnreadableListError, UntoldColumnsError
from safelight.known.intake import Counts, Intake
from safelight.known.models import KnownEntry, KnownImport, KnownSource
from safelight.known.pictures import OwnPictures
from safelight.known.quarantine import Quarantine
from safelight.known.rows import BadRow, FileEnd, FileHead, KnownRow, Message, PackedRows
from safelight.known.rules import Role, Trust, check_demo, check_name, choose_scheme, is_demo_name
from safelight.known.schemes import require_scheme
from safelight.known.screening import Screen
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.behind import Behind
from safelight.platform.database import advisory_lock
from safelight.platform.settings import Settings, is_demo
from safelight.sandbox import Limits, Nursery, SandboxError, TaskFailedError, reply_decoder
from safelight.sandbox.ahead import read_ahead

_READER = "safelight.known.formats.reader:read"
_LIMITS = Limits(wall_seconds=300.0, cpu_seconds=24 * 3600, memory_bytes=1 << 30, reply_bytes=8 << 20)
_AHEAD = 16
"""Replies of the reader that are kept ready: what it parses while some thousand rows are sealed and indexed."""
_PIECE = 1 << 20
_REMOVE_ROWS = 20_000

decode_rows: Callable[[bytes], list[Message]] = reply_decoder(list[Message])


@dataclass(frozen=True)
class ImportOptions:
    """What the person who imports says of a list.

    `name` defaults to the file's name without its ending; `trust`, `list_date` and `scheme` to what the source had
    before (a new source is unverified). `mapping` leads from column name or number to field.
    """

    name: str | None = None
    trust: Trust | None = None
    list_date: date | None = None
    scheme: str | None = None
    role: Role = Role.KNOWN
    mapping: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False


@dataclass(frozen=True)
class ImportResult:
    """What an import did: the source as it is now, the file as it was found, and what became of its rows."""

    source: str
    role: str
    trust: str
    scheme: str | None
    file: str
    format: str
    version: str | None
    counts: Counts
    complete: bool
    problem: str | None
    quarantine: Path | None
    notes: tuple[str, ...]
    dry_run: bool

    @property
    def clean(self) -> bool:
        """Whether every row was taken and the file read to its end."""
        return self.complete and not self.counts.refused


@dataclass(frozen=True)
class RemovalResult:
    """What a removal did."""

    source: str
    entries: int


@dataclass(frozen=True)
class _File:
    """The list as it lies on the disk."""

    fd: int
    path: Path
    size: int
    sha256: str


def do_import_list(
    path: Path,
    *,
    options: ImportOptions,
    settings: Settings,
    node: Node,
    acting_user: str,
    now: datetime,
    on_rows: Callable[[int], None] | None = None,
) -> ImportResult:
    """Import one list: read in the sandbox, checked, screened, and taken whole or not at all.

    Args:
        path: the list.
        options: what is said of it.
        settings: names the data folder (schemes, screening, quarantine, whether it is a demonstration).
        node: seals and signs what the list says, and the log's entry.
        acting_user: who imports.
        now: the moment that is recorded.
        on_rows: called with the number of rows read so far.

    Returns:
        What was read, taken, refused and held back. A file that breaks off keeps the rows before the break.

    Raises:
        UsageError: the options do not fit the list, the source or the data folder; nothing was imported.
        InputError: the file is no list that can be read; nothing was imported.
        BusyError: another command imports into or removes the same source.
    """
    name = check_name(options.name or path.stem)
    _check_mapping(options.mapping)
    data = settings.data.expanduser().absolute()
    with _opened(path) as file, _alone(name), Nursery(_READER, limits=_LIMITS) as nursery:
        quarantine = Quarantine(data, name, now, node.vault)
        try:
            with transaction.atomic(), closing(_Reading(nursery, file, options.mapping)) as reply:
                done = _Import(file, name, options, data, node, acting_user, now).run(reply, quarantine, on_rows)
                if options.dry_run:
                    transaction.set_rollback(True)
                else:
                    quarantine.finish()
        finally:
            quarantine.discard()
    return done


def _check_mapping(mapping: dict[str, str]) -> None:
    for column, name in mapping.items():
        if name not in FIELDS:
            raise UsageError(
                f"--map {column}={name}: there is no field {name!r}; fields are {', '.join(sorted(FIELDS))}"
            )


def do_remove_source(name: str, *, node: Node, acting_user: str, now: datetime) -> RemovalResult:
    """Remove a source: it answers no more, and its digests and hashes are destroyed. What it said stays as history.

    Raises:
        UsageError: there is no source of this name.
        BusyError: another command imports into or removes the same source.
    """
    with _alone(name), transaction.atomic():
        source = KnownSource.objects.filter(name=name, removed_at__isnull=True).first()
        if source is None:
            raise UsageError(f"there is no source {name!r} in the known base: `safelight known list` shows all")
        current = KnownEntry.objects.filter(source=source, superseded_at__isnull=True)
        entries = current.update(superseded_at=now)
        for held in _holding(source):
            node.vault.signatures.remove(held.values())
            KnownEntry.objects.filter(id__in=held).update(signature=None)
        for batch in KnownImport.objects.filter(source=source, batch__isnull=False).values_list("batch", flat=True):
            do_destroy_rows(batch or 0)
        source.removed_at, source.removed_by = now, acting_user
        source.save(update_fields=["removed_at", "removed_by"])
        entry = Entry(Event.LIST_REMOVED, acting_user, now, about={"source": name, "entries": entries})
        do_add_entry(entry, node.log_sealer)
    return RemovalResult(name, entries)


def _holding(source: KnownSource) -> Iterator[dict[int, int]]:
    """Entry to signature, for every entry of a source that still has one, some thousands at a time."""
    entries = KnownEntry.objects.filter(source=source, signature__isnull=False).order_by("id")
    last = 0
    while some := list(entries.filter(id__gt=last).values_list("id", "signature")[:_REMOVE_ROWS]):
        last = some[-1][0]
        yield {number: signature for number, signature in some if signature is not None}


@contextmanager
def _alone(name: str) -> Iterator[None]:
    with advisory_lock(f"known: source {name}"):
        yield


@contextmanager
def _opened(path: Path) -> Iterator[_File]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be opened: {getattr(error, 'strerror', None) or error}") from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"{path} is no file: name the list itself")
        digest = hashlib.sha256()
        at = 0
        while piece := os.pread(fd, _PIECE, at):
            digest.update(piece)
            at += len(piece)
        yield _File(fd, path, found.st_size, digest.hexdigest())
    finally:
        os.close(fd)


class _Reading:
    """The messages of one file as they come out of the sandbox, each checked against its type, and how it ended."""

    def __init__(self, nursery: Nursery, file: _File, mapping: dict[str, str]) -> None:
        self._file = file
        self._batches = self._read(nursery, msgspec.msgpack.encode(ReadOptions(mapping)))
        self.end = FileEnd(complete=False, reason="the reader ended without a word")
        first = next(self._batches, [])
        if not first or not isinstance(first[0], FileHead):
            raise UnreadableListError(f"{file.path}: {self.end.reason}")
        self.head = first[0]
        self._first = first[1:]

    def close(self) -> None:
        """Read no further."""
        self._batches.close()

    def rows(self) -> Iterator[list[KnownRow | BadRow]]:
        """The rows and refusals, batch by batch; `end` is right when they are through."""
        yield self._plain(self._first)
        for batch in self._batches:
            yield self._plain(batch)

    def _plain(self, batch: list[Message]) -> list[KnownRow | BadRow]:
        plain: list[KnownRow | BadRow] = []
        for message in batch:
            if isinstance(message, FileEnd):
                self.end = message
            elif not isinstance(message, FileHead | PackedRows):
                plain.append(message)
        return plain

    def _read(self, nursery: Nursery, argument: bytes) -> Generator[list[Message], None, None]:
        try:
            with closing(read_ahead(nursery.stream(self._file.fd, argument), _AHEAD)) as replies:
                for untrusted in replies:
                    yield decode_rows(untrusted)
        except TaskFailedError as error:
            fault = UntoldColumnsError if error.code == UntoldColumnsError.__name__ else UnreadableListError
            raise fault(f"{self._file.path}: {error.message}") from error
        except SandboxError as error:
            self.end = FileEnd(complete=False, reason=f"reading broke off: {error.message}")


@dataclass
class _Import:
    """One import from its head to its last row, inside the caller's transaction and the source's lock."""

    file: _File
    name: str
    options: ImportOptions
    data: Path
    node: Node
    acting_user: str
    now: datetime

    def run(self, reading: _Reading, quarantine: Quarantine, on_rows: Callable[[int], None] | None) -> ImportResult:
        """Take every row and record what became of them."""
        demo_folder = is_demo(self.data)
        source = self._source(reading.head, demo_folder=demo_folder)
        edition = self._edition(source, reading.head)
        with OwnPictures(self.file.path.resolve().parent) as pictures, Behind() as behind:
            intake = Intake(
                source,
                edition,
                screen=Screen.load(self.data),
                quarantine=quarantine,
                pictures=pictures,
                demo_folder=demo_folder,
                vault=self.node.vault,
                behind=behind,
            )
            batch = self._sign(source, self._taken(intake, behind, reading, on_rows))
            counts = intake.finish(self.now)
        self._record(edition, counts, reading.end, quarantine, batch)
        return ImportResult(
            source=source.name,
            role=source.role,
            trust=source.trust,
            scheme=source.scheme,
            file=str(self.file.path),
            format=reading.head.format,
            version=reading.head.version,
            counts=counts,
            complete=reading.end.complete,
            problem=reading.end.reason,
            quarantine=quarantine.path if quarantine.used and not self.options.dry_run else None,
            notes=tuple(reading.head.notes),
            dry_run=self.options.dry_run,
        )

    @staticmethod
    def _taken(
        intake: Intake, behind: Behind, reading: _Reading, on_rows: Callable[[int], None] | None
    ) -> Iterator[BatchRow]:
        """Every statement that is new; once this ends, all are in the tables."""
        for rows in reading.rows():
            yield from intake.take(rows)
            if on_rows is not None:
                on_rows(intake.counts.read)
        yield from intake.flush()
        behind.settle()

    def _sign(self, source: KnownSource, rows: Iterator[BatchRow]) -> int:
        """Take the statements as one batch under this node's signature; the number of the batch."""
        said = BatchSaid(self.acting_user[:200], source.name, source.scheme or "", source.trust)
        return do_make_batch(said, rows, self.node, acting_user=self.acting_user, now=self.now).row

    def _source(self, head: FileHead, *, demo_folder: bool) -> KnownSource:
        """The source, made or found; what it was is kept, what is newly said of it is taken over."""
        source = KnownSource.objects.filter(name=self.name, removed_at__isnull=True).first()
        # That a table is ICSE's export is our conclusion from its shape, which a demonstration may have too.
        shaped = head.scheme == ICSE_SCHEME and is_demo_name(self.name)
        said = None if shaped else head.scheme
        scheme = choose_scheme(
            asked=self.options.scheme,
            said=said,
            before=source.scheme if source is not None else None,
            name=self.name,
        )
        if self.options.role is Role.KNOWN_GOOD and self.options.scheme is None and said is None:
            scheme = source.scheme if source is not None else None
        check_demo(demo_folder=demo_folder, name=self.name, scheme=scheme, role=self.options.role)
        if scheme is not None:
            require_scheme(scheme, self.data)
        if source is None:
            source = KnownSource(name=self.name, role=self.options.role, trust=Trust.UNVERIFIED, added_at=self.now)
        elif source.role != self.options.role:
            raise UsageError(
                f"source {self.name!r} is {source.role} and cannot become {self.options.role}: use another --name"
            )
        source.scheme = scheme
        source.trust = self.options.trust or source.trust
        source.list_date = self.options.list_date or source.list_date
        source.save()
        return source

    def _edition(self, source: KnownSource, head: FileHead) -> KnownImport:
        return KnownImport.objects.create(
            source=source,
            file_name=os.fsencode(self.file.path.name).decode("utf-8", "backslashreplace"),
            file_sha256=self.file.sha256,
            file_size=self.file.size,
            format=head.format[:100],
            version=head.version[:40] if head.version else None,
            list_date=self.options.list_date,
            trust=source.trust,
            imported_at=self.now,
            imported_by=self.acting_user[:200],
            read=0,
            new=0,
            repeated=0,
            superseded=0,
            refused=0,
            quarantined_hashes=0,
            complete=False,
        )

    def _record(self, edition: KnownImport, counts: Counts, end: FileEnd, quarantine: Quarantine, batch: int) -> None:
        edition.read, edition.new, edition.repeated = counts.read, counts.new, counts.repeated
        edition.superseded, edition.refused = counts.superseded, counts.refused
        edition.quarantined_hashes = counts.quarantined_hashes
        edition.complete, edition.problem = end.complete, end.reason
        edition.quarantine_file = quarantine.path.name if quarantine.used else None
        edition.batch = batch
        edition.save()
        about = {
            "source": self.name,
            "import": edition.pk,
            "file": edition.file_name,
            "sha256": self.file.sha256,
            "batch": batch,
        }
        counted = {"read": counts.read, "new": counts.new, "refused": counts.refused}
        entry = Entry(Event.LIST_IMPORTED, self.acting_user, self.now, about=about | counted)
        do_add_entry(entry, self.node.log_sealer)
