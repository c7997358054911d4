"""A unit's own graded pictures and videos: a table with a `path` column, each file digested and examined on the way in.

Paths are taken inside the folder of the list only: a list that names any other file of the machine is refused row by
row, so that a foreign table cannot be used to find out what lies elsewhere.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from safelight.errors import InputError
from safelight.known.rows import KnownRow
from safelight.media.sniff import sniff
from safelight.media.types import PICTURES, VIDEOS, Kind
from safelight.sandbox import Nursery, SandboxError, SealedContent, Worker
from safelight.signatures.digests import Digester
from safelight.signatures.family import decode_family
from safelight.signatures.film import FILM
from safelight.signatures.film_reading import Film, read_film
from safelight.signatures.types import Digests, Examination
from safelight.vault.film_hashes import known_hashes
from safelight.vault.signatures import NewPdq, Which

_TASK = "safelight.signatures.family:examine_family"
_PIECE = 1 << 20
_LARGEST = 1 << 30


class OwnPictureError(InputError):
    """A picture that a list names could not be taken."""


class OwnPictures:
    """Digests and examines the files that a list names; starts the sandbox when the first one comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._nursery: Nursery | None = None
        self._worker: Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._nursery is not None:
            self._nursery.close()

    def fill(self, row: KnownRow) -> tuple[KnownRow, tuple[NewPdq, ...]]:
        """The row with the digests, size and hashes of the file it names.

        Where the file is missing and the row has digests of its own, it stays as it is, with a note.

        Raises:
            OwnPictureError: the file lies elsewhere, cannot be read, or is not the one that the row's digests name.
        """
        if row.path is None:
            return row, ()
        try:
            content, digests = self._read(row.path)
        except OwnPictureError as error:
            if row.md5 is None and row.sha1 is None and row.sha256 is None:
                raise
            return _noted(row, f"not hashed: {error.message}"), ()
        with content:
            examined = self._examine(content)
        _compare(row, digests)
        filled = msgspec.structs.replace(
            row,
            md5=digests.md5,
            sha1=digests.sha1,
            sha256=digests.sha256,
            size=digests.size,
            external_id=row.external_id or row.path,
        )
        if isinstance(examined, str):
            return _noted(filled, f"no hash of what it shows: {examined}"), ()
        if isinstance(examined, Film):
            noted = _noted(filled, f"damaged: {examined.damaged}") if examined.damaged else filled
            return noted, tuple(known_hashes(examined))
        return filled, tuple(_hashes(examined))

    def _read(self, path: str) -> tuple[SealedContent, Digests]:
        digester = Digester()
        try:
            place = (self._folder / path).resolve(strict=True)
            if not place.is_relative_to(self._folder):
                raise OwnPictureError(f"{path!r} lies outside the list's own folder")
            handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb", buffering=0) as file:
                found = os.fstat(handle)
                if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
                    raise OwnPictureError(f"{path!r} is no file of at most 1 GiB")
                content = SealedContent.of(_pieces(iter(lambda: file.read(_PIECE), b""), digester))
        except (OSError, ValueError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "it cannot be a path"
            raise OwnPictureError(f"{path!r} could not be read: {reason}") from error
        return content, digester.finish()

    def _examine(self, content: SealedContent) -> Examination | Film | str:
        kind = sniff(content.read(4096, 0))
        if kind not in PICTURES | VIDEOS:
            return f"the file is {kind.value}"
        if self._nursery is None:
            self._nursery = Nursery(_TASK, FILM)
        try:
            if kind in VIDEOS:
                return read_film(self._nursery, content.fd)
            return self._picture(self._nursery, content, kind)
        except SandboxError as error:
            return error.message

    def _picture(self, nursery: Nursery, content: SealedContent, kind: Kind) -> Examination:
        if self._worker is None or not self._worker.alive or self._worker.spent:
            if self._worker is not None:
                self._worker.end()
            self._worker = nursery.spawn()
        return decode_family(self._worker.call(content, kind.value.encode())).picture


def _pieces(source: Iterator[bytes], digester: Digester) -> Iterator[bytes]:
    for piece in source:
        digester.update(piece)
        yield piece


def _compare(row: KnownRow, digests: Digests) -> None:
    said = ((row.md5, digests.md5, "MD5"), (row.sha1, digests.sha1, "SHA-1"), (row.sha256, digests.sha256, "SHA-256"))
    for given, found, name in said:
        if given is not None and given != found:
            raise OwnPictureError(
                f"{row.path!r} has another {name} than the list says: it is not the file that was graded"
            )


def _hashes(examination: Examination) -> Iterator[NewPdq]:
    """The usable hashes of every frame, as listed and where it differs as shown."""
    for still in examination.stills:
        for which, pdq in ((Which.LISTED, still.listed), (Which.SHOWN, still.shown)):
            if pdq is not None and pdq.usable:
                yield NewPdq(which, still.index, pdq.bits, pdq.quality)


def _noted(row: KnownRow, note: str) -> KnownRow:
    return msgspec.structs.replace(row, notes=[*row.notes, note])
