"""What changes the known base: importing a list, removing a source. Each is one transaction, whole or not at all."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec
from django.db import transaction

from safelight.access.node import Node
from safelight.assertions.actions import BatchSaid, do_destroy_rows, do_make_batch
from safelight.assertions.batches import BatchRow
from safelight.assertions.signing import Envelope
from safelight.errors import UsageError
from safelight.known.formats.columns import FIELDS
from safelight.known.formats.reader import ReadOptions
from safelight.known.formats.table import ICSE_SCHEME
from safelight.known.importing import ImportOptions, ImportResult, RemovalResult
from safelight.known.intake import Counts, Intake
from safelight.known.listing import LIMITS, READER, ListFile, Reading, opened
from safelight.known.models import KnownEntry, KnownImport, KnownSet, KnownSource
from safelight.known.pictures import OwnPictures
from safelight.known.public.places import set_folder
from safelight.known.public.sets import Seals
from safelight.known.published import open_sets
from safelight.known.publishing import LARGE_BYTES, Published, Publishing
from safelight.known.quarantine import Quarantine
from safelight.known.queries import held_signatures
from safelight.known.rows import BadRow, FileEnd, FileHead, KnownRow, PackedRows, Told
from safelight.known.rules import Role, Trust, check_demo, check_name, choose_scheme, is_demo_name
from safelight.known.schemes import require_scheme
from safelight.known.screening import Screen
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.behind import Behind
from safelight.platform.database import advisory_lock
from safelight.platform.settings import Settings, is_demo
from safelight.sandbox import Nursery


def do_import_list(
    path: Path,
    *,
    options: ImportOptions,
    settings: Settings,
    node: Node,
    countersign: Callable[[Envelope], Envelope] | None = None,
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
        countersign: adds the signature of who imports (`assertions.stating.countersigning`).
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
    with opened(path) as file, _alone(name), Nursery(READER, limits=LIMITS) as nursery, ExitStack() as after:
        quarantine = Quarantine(data, name, now, node.vault)
        try:
            with transaction.atomic(), closing(Reading(nursery, file, _read_options(file, options))) as reply:
                importing = _Import(file, name, options, data, node, countersign, acting_user, now, after)
                done = importing.run(reply, quarantine, on_rows)
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


def _read_options(file: ListFile, options: ImportOptions) -> ReadOptions:
    """A public list of known good that is large becomes a set of files whatever its form; one of NSRL's form always."""
    good = options.role is Role.KNOWN_GOOD
    return ReadOptions(
        options.mapping, known_good=good, packed=good and options.trust is Trust.PUBLIC and file.size >= LARGE_BYTES
    )


def do_remove_source(
    name: str, *, node: Node, acting_user: str, now: datetime, data: Path | None = None
) -> RemovalResult:
    """Remove a source: it answers no more, and its digests and hashes are destroyed. What it said stays as history.

    The files of a published list lie in the folder `data`; where none is named, they go with the next such import.

    Raises:
        UsageError: there is no source of this name.
        BusyError: another command imports into or removes the same source.
    """
    with _alone(name), transaction.atomic():
        source = KnownSource.objects.filter(name=name, removed_at__isnull=True).first()
        if source is None:
            raise UsageError(f"there is no source {name!r} in the known base: `safelight known list` shows all")
        current = KnownEntry.objects.filter(source=source, superseded_at__isnull=True)
        entries = current.update(superseded_at=now) + _end_sets(source, data, now)
        for held in held_signatures(source):
            node.vault.signatures.remove(held.values())
            KnownEntry.objects.filter(id__in=held).update(signature=None)
        for batch in KnownImport.objects.filter(source=source, batch__isnull=False).values_list("batch", flat=True):
            do_destroy_rows(batch or 0)
        source.removed_at, source.removed_by = now, acting_user
        source.save(update_fields=["removed_at", "removed_by"])
        entry = Entry(Event.LIST_REMOVED, acting_user, now, about={"source": name, "entries": entries})
        do_add_entry(entry, node.log_sealer)
    return RemovalResult(name, entries)


def _end_sets(source: KnownSource, data: Path | None, now: datetime) -> int:
    """Let the files of a source answer no more, and remove them once that is sure; of how many contents they told."""
    entries = 0
    for one in KnownSet.objects.filter(source=source, ended_at__isnull=True):
        one.ended_at = now
        one.save(update_fields=["ended_at"])
        entries += one.entries
        if data is not None:
            transaction.on_commit(partial(shutil.rmtree, set_folder(data, one.folder), ignore_errors=True))
    return entries


@contextmanager
def _alone(name: str) -> Iterator[None]:
    with advisory_lock(f"known: source {name}"):
        yield


@dataclass
class _Import:
    """One import from its head to its last row, inside the caller's transaction and the source's lock."""

    file: ListFile
    name: str
    options: ImportOptions
    data: Path
    node: Node
    countersign: Callable[[Envelope], Envelope] | None
    acting_user: str
    now: datetime
    after: ExitStack

    def run(self, reading: Reading, quarantine: Quarantine, on_rows: Callable[[int], None] | None) -> ImportResult:
        """Take every row and record what became of them."""
        demo_folder = is_demo(self.data)
        source = self._source(reading.head, demo_folder=demo_folder)
        edition = self._edition(source, reading.head)
        seals, batch, notes = None, None, list(reading.head.notes)
        if reading.head.published and self.options.role is Role.KNOWN_GOOD:
            way = Publishing(source, self.data, quarantine, demo_folder, self.after)
            made = way.take(reading.rows(), on_rows, dry_run=self.options.dry_run)
            self._count_on(made, source, edition)
            counts, seals = made.counts, made.seals
            notes += made.notes
        else:
            counts, batch = self._into_tables(source, edition, reading, quarantine, on_rows)
        self._record(edition, counts, reading.end, quarantine, batch, seals)
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
            notes=(*notes, *reading.end.notes, *counts.contradictions()),
            dry_run=self.options.dry_run,
        )

    def _count_on(self, made: Published, source: KnownSource, edition: KnownImport) -> None:
        """Let the files of a published list answer for its source, and those before them no more."""
        if made.folder is None:
            return
        KnownSet.objects.filter(source=source, ended_at__isnull=True).update(ended_at=self.now)
        seals = msgspec.json.encode(made.seals).decode()
        KnownSet.objects.create(
            source=source,
            edition=edition,
            folder=made.folder,
            seals=seals,
            entries=made.seals.entries,
            made_at=self.now,
        )

    def _into_tables(
        self,
        source: KnownSource,
        edition: KnownImport,
        reading: Reading,
        quarantine: Quarantine,
        on_rows: Callable[[int], None] | None,
    ) -> tuple[Counts, int]:
        """Take every row as an entry of its own; what became of them, and the number of their signed batch."""
        good = [(one.source.name, one.opened) for one in open_sets(self.data) if one.opened is not None]
        with OwnPictures(self.file.path.resolve().parent) as pictures, Behind() as behind:
            intake = Intake(
                source,
                edition,
                screen=Screen.load(self.data),
                quarantine=quarantine,
                pictures=pictures,
                demo_folder=is_demo(self.data),
                vault=self.node.vault,
                behind=behind,
            )
            intake.harmless = good if self.options.role is Role.KNOWN else ()
            batch = self._sign(source, self._taken(intake, behind, reading, on_rows))
            return intake.finish(self.now), batch

    @staticmethod
    def _taken(
        intake: Intake, behind: Behind, reading: Reading, on_rows: Callable[[int], None] | None
    ) -> Iterator[BatchRow]:
        """Every statement that is new; once this ends, all are in the tables."""
        for rows in reading.rows():
            yield from intake.take(list(_unpacked(rows)))
            if on_rows is not None:
                on_rows(intake.counts.read)
        yield from intake.flush()
        behind.settle()

    def _sign(self, source: KnownSource, rows: Iterator[BatchRow]) -> int:
        """Take the statements as one batch under this node's signature and the officer's; the number of the batch."""
        said = BatchSaid(self.acting_user[:200], source.name, source.scheme or "", source.trust)
        by = self.acting_user
        return do_make_batch(said, rows, self.node, countersign=self.countersign, acting_user=by, now=self.now).row

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
            published = head.published and self.options.role is Role.KNOWN_GOOD
            trust = Trust.PUBLIC if published else Trust.UNVERIFIED
            source = KnownSource(name=self.name, role=self.options.role, trust=trust, added_at=self.now)
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

    def _record(
        self,
        edition: KnownImport,
        counts: Counts,
        end: FileEnd,
        quarantine: Quarantine,
        batch: int | None,
        seals: Seals | None,
    ) -> None:
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
        }
        if batch is not None:
            about["batch"] = batch
        if seals is not None:
            about |= {f"index of {name}": seal.index for name, seal in seals.tables.items()}
        counted = {"read": counts.read, "new": counts.new, "refused": counts.refused}
        entry = Entry(Event.LIST_IMPORTED, self.acting_user, self.now, about=about | counted)
        do_add_entry(entry, self.node.log_sealer)


def _unpacked(rows: Iterable[Told]) -> Iterator[KnownRow | BadRow]:
    """The rows of a list that is no published one: a reader packs none of it."""
    for row in rows:
        if isinstance(row, PackedRows):
            raise UsageError("the list's rows came packed, as those of a published list only do; nothing was imported")
        yield row
