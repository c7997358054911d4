"""The end of a run: what its policy wants kept and is not is read again from the source, and kept.

Content is kept as it is recorded. It is missing where an earlier run kept less, or where an item was known then and is
new now; videos, which are not held in memory meanwhile, and pictures embedded in others are always kept here. Nothing
is kept whose SHA-256 is not the recorded one.
"""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, groupby, islice
from pathlib import Path
from sys import intern
from types import TracebackType
from typing import BinaryIO, Self

from django.db import transaction

from safelight.casework.check.progress import Watcher
from safelight.casework.check.queries import Place, Unkept
from safelight.casework.kept_reviews.queries import kept_for
from safelight.casework.models import Case, Kept
from safelight.casework.report.model import Failure
from safelight.casework.stacking import lock_kept
from safelight.evidence.archives.messages import ArchiveLimits
from safelight.evidence.errors import ChangedError, ReadingError
from safelight.evidence.queries import NO_DIGEST
from safelight.evidence.reading import Reading, read_again, read_content
from safelight.evidence.recording import ERASED_BEFORE
from safelight.evidence.unpacking import Allowance, Unpacking
from safelight.media.embedded import EXTRACTOR, decode_embedded
from safelight.media.types import CONTAINERS, VIDEOS
from safelight.sandbox import Limits, Nursery, SandboxError, SealedContent, Worker, WorkerCrashedError
from safelight.signatures.film import FilmOrder
from safelight.signatures.film_reading import read_film
from safelight.signatures.types import Digests
from safelight.vault.actions.keeping import do_keep_contents, do_release_contents
from safelight.vault.content import Vault
from safelight.vault.queries import erased, has

BATCH = 400
BATCH_BYTES = 96 << 20
_CHUNK = 200_000
"""Items looked for at a time: an archive that holds more of them is walked more than once."""
_HOLDER_ERASED = "what held it was erased from this node"
_NOT_FOUND = "it was not found again where it was seen"
_CHANGED = "it changed while it was read"
_LET_GO = "another run let go of it meanwhile, run the same command again"


@dataclass(frozen=True)
class Shelf:
    """What keeping works with: case and vault, the sandbox, a folder for spooled archives, watcher and clock."""

    case: Case
    vault: Vault
    nursery: Nursery
    limits: Limits
    archives: ArchiveLimits
    spool: Path
    watcher: Watcher
    clock: Callable[[], datetime]
    passwords: tuple[bytes, ...] = ()


def do_keep_missing(unkept: Unkept, shelf: Shelf) -> int:
    """Read again and keep what is wanted and missing; what cannot be had is named, and how much that is comes back.

    A run that is stopped or killed in between has kept what it had committed; the next one goes on from there.
    """
    items = unkept.items()
    named = elsewhere = 0
    while chunk := list(islice(items, _CHUNK)):
        shelf.watcher.stage("keeping content that is not kept yet")
        reasons = _fetch(unkept.places(chunk), shelf)
        for item, path in unkept.left(chunk):
            if path is None:
                elsewhere += 1
                continue
            named += 1
            shelf.watcher.fail(Failure(path, "not kept", f"its content was to be kept: {reasons.get(item, _LET_GO)}"))
    if elsewhere:
        shelf.watcher.warn(
            f"content of {elsewhere} items could not be kept: they were seen only in sources that this run was not"
            " given; check those again"
        )
    return named + elsewhere


def _fetch(places: Iterator[Place], shelf: Shelf) -> dict[int, str]:
    """Keep what is found at these places; the reasons come back why the other items are not."""
    with _Hand(shelf) as hand:
        for _file, seen in groupby(places, key=lambda place: place.outermost):
            hand.fetch(seen)
        hand.flush()
    return hand.reasons


class _OpenVideo:
    """A video on its way into the store, read from its open file."""

    def __init__(self, fd: int, digests: Digests) -> None:
        self.file = os.fdopen(fd, "rb", buffering=0)
        self.sha256, self.size = digests.sha256, digests.size
        self.file.seek(0)

    def close(self) -> None:
        """Close the file."""
        self.file.close()


_Content = SealedContent | _OpenVideo


@dataclass
class _Search:
    """What is looked for in one file: items by their SHA-256, and the holders worth looking into."""

    wanted: dict[bytes, int] = field(default_factory=dict)
    holders: set[bytes] = field(default_factory=set)
    problem: str | None = None


class _Hand:
    """Reads files again and puts what is found into the store, in batches; remembers what it could not do, and why."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._extractor = _Extractor(shelf.limits)
        self._done: set[int] = set()
        self._batch: dict[int, _Content | bytes] = {}
        self._vault, self._owner = shelf.vault, shelf.vault.keys.node
        self._bytes = 0
        self.reasons: dict[int, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go()
        self._extractor.close()

    def fetch(self, places: Iterator[Place]) -> None:
        """Look for everything that was seen in one file."""
        file = next(places)
        search = _Search()
        seen = [place for place in chain([file], places) if place.item not in self._done]
        digests = {place.chain[-1] for place in seen}
        there = has(self._vault, digests, self._owner)  # another case keeps it
        gone = erased(self._vault, digests, self._owner)
        for place in seen:
            digest = place.chain[-1]
            if digest in gone:
                self.reasons[place.item] = ERASED_BEFORE
            elif digest in there:
                if place.item not in self._done:
                    self._add(place.item, digest)
            elif NO_DIGEST in place.chain:
                self.reasons[place.item] = _HOLDER_ERASED
            else:
                search.wanted[digest] = place.item
                search.holders.update(place.chain[:-1])
        if search.wanted:
            self._search(file, search)

    def flush(self) -> None:
        """Keep the batch as one transaction."""
        if not self._batch:
            return
        with transaction.atomic():
            lock_kept(shared=True)
            read = {item: one for item, one in self._batch.items() if not isinstance(one, bytes)}
            done = do_keep_contents(self._vault, map(_bytes_of, read.values()), self._owner)
            told = {item: one for item, one in self._batch.items() if isinstance(one, bytes)}
            there = has(self._vault, set(told.values()), self._owner) if told else set()
            kept = [item for item, one in told.items() if one in there]
            for (item, one), what in zip(read.items(), done, strict=True):
                if isinstance(one, _OpenVideo) and what.sha256 != one.sha256:
                    self.reasons[item] = _CHANGED
                    do_release_contents(self._vault, [what.sha256] if what.is_new else [], self._owner)
                else:
                    kept.append(item)
            rows = kept_for(self._shelf.case, kept, self._shelf.clock())
            Kept.objects.bulk_create(rows, ignore_conflicts=True)
        self._let_go()

    def _let_go(self) -> None:
        for content in self._batch.values():
            if not isinstance(content, bytes):
                content.close()
        self._batch.clear()
        self._bytes = 0

    def _add(self, item: int, content: _Content | bytes) -> None:
        self._done.add(item)
        self.reasons.pop(item, None)
        self._batch[item] = content
        self._bytes += 0 if isinstance(content, bytes) else content.size
        if len(self._batch) >= BATCH or self._bytes >= BATCH_BYTES:
            self.flush()

    def _search(self, file: Place, search: _Search) -> None:
        try:
            reading = read_again(file.root, file.name, file.size)
            try:
                if reading.digests.sha256 != file.chain[0]:
                    raise ChangedError("it changed since it was recorded: its SHA-256 is another")
                self._look(reading, search, Allowance.of(self._shelf.archives, reading.whole_size))
            finally:
                reading.close()
        except ReadingError as error:
            search.problem = error.message
        for item in search.wanted.values():
            self.reasons[item] = intern(search.problem or _NOT_FOUND)

    def _look(self, reading: Reading, search: _Search, allowance: Allowance) -> None:
        """Look into what holds something, then take the content itself where it is wanted."""
        sha256 = reading.digests.sha256
        if sha256 in search.holders:
            with closing(self._inside(reading, search, allowance)) as inside:
                for inner in inside:
                    try:
                        self._look(inner, search, allowance)
                    finally:
                        inner.close()
                    if not search.wanted:
                        break
        if sha256 in search.wanted and reading.content is not None:
            content, reading.content = reading.content, None
            self._add(search.wanted.pop(sha256), content)
        elif sha256 in search.wanted and reading.kind in VIDEOS and reading.fd is not None:
            fd, reading.fd = reading.fd, None
            self._add(search.wanted.pop(sha256), _OpenVideo(fd, reading.digests))

    def _inside(self, reading: Reading, search: _Search, allowance: Allowance) -> Generator[Reading]:
        if reading.content is not None:
            try:
                yield from map(_read_bytes, self._extractor.extract(reading.content, reading.kind.value))
            except SandboxError as error:
                search.problem = error.message
        elif reading.kind in VIDEOS and reading.fd is not None:
            try:
                covers = read_film(self._shelf.nursery, reading.fd, FilmOrder(covers=True)).covers
            except SandboxError as error:
                search.problem = error.message
            else:
                yield from map(_read_bytes, covers)
        elif reading.kind in CONTAINERS and reading.fd is not None:
            shelf, fds = self._shelf, [reading.fd, *reading.segments.further]
            unpacking = Unpacking(shelf.nursery, fds, reading.kind, allowance, shelf.spool, shelf.passwords)
            for unpacked in unpacking:
                if unpacked.reading is not None:
                    yield unpacked.reading
            search.problem = unpacking.problem or search.problem


def _bytes_of(content: _Content) -> bytes | BinaryIO:
    return content.read(content.size) if isinstance(content, SealedContent) else content.file


def _read_bytes(content: bytes) -> Reading:
    """An embedded picture as a reading; kept whatever it is, as it was recorded whatever it is."""
    reading = read_content([content])
    if reading.content is None:
        reading.content = SealedContent.of([content])
    return reading


class _Extractor:
    """Takes embedded pictures out of pictures, in a sandbox of its own that starts when the first one comes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open = ExitStack()
        self._nursery: Nursery | None = None
        self._worker: Worker | None = None

    def extract(self, content: SealedContent, kind: str) -> list[bytes]:
        """The bytes of each embedded picture.

        Raises:
            SandboxError: the picture cannot be read, or the worker crashed, hung or gave no sensible answer.
        """
        try:
            return self._ask(content, kind)
        except WorkerCrashedError:  # it may be an earlier file's doing: a fresh worker is asked once
            return self._ask(content, kind)

    def _ask(self, content: SealedContent, kind: str) -> list[bytes]:
        if self._nursery is None:
            self._nursery = self._open.enter_context(Nursery(EXTRACTOR, limits=self._limits))
        if self._worker is not None and (self._worker.spent or not self._worker.alive):
            self._worker.end()
            self._worker = None
        self._worker = self._worker or self._nursery.spawn()
        return decode_embedded(self._worker.call(content, kind.encode()))

    def close(self) -> None:
        """End the sandbox, where it was started."""
        self._open.close()
