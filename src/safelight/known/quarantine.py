"""The quarantine file of one import: every row, value and hash that was not taken as it came, with line and reason.

Rules kept here:
- one sealed file in `<data>/quarantine`, named after source and day, which `known quarantine` opens as CSV;
- it appears when the import is done, or not at all;
- it is sealed piece by piece, each bound to file and place: one that lost its end or a piece says so;
- who looks into one says why, and the log holds that before anything of it is shown.
"""

import csv
import io
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from safelight.access.node import Node
from safelight.errors import CannotRunError, InputError, UsageError
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.vault.content import Vault
from safelight.vault.sealing import OVERHEAD_BYTES, ColumnSealer

ENDING = ".csv.sealed"
_TABLE = "quarantine"
_PIECE = 1 << 16
_LENGTH = 4
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class BrokenQuarantineError(InputError):
    """The quarantine file was cut short or altered: restore it from a backup."""


class Quarantine:
    """Collects what was held back; makes no file where nothing was."""

    def __init__(self, data: Path, source: str, now: datetime, vault: Vault) -> None:
        slug = re.sub(r"[^\w.+-]+", "-", source)
        self.path = quarantine_folder(data) / f"{slug}-{now:%Y%m%dT%H%M%S}{ENDING}"
        self._partial = self.path.with_name(f".{self.path.name}.partial")
        self._columns = vault.columns(_TABLE)
        self._file: BinaryIO | None = None
        self._waiting = io.StringIO(newline="")
        self._pieces = 0

    @property
    def used(self) -> bool:
        """Whether anything was held back."""
        return self._file is not None

    def hold(self, line: int, reason: str, text: str) -> None:
        """Write one line: where it stood, why it was held back, and its text (a spreadsheet will not compute it).

        Raises:
            CannotRunError: the file cannot be written.
        """
        try:
            if self._file is None:
                self._file = self._open()
            csv.writer(self._waiting).writerow([line, _harmless(reason), _harmless(text)])
            if self._waiting.tell() >= _PIECE:
                self._write(self._file)
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self) -> None:
        """Put the file in its place, on the disk for good.

        Raises:
            CannotRunError: the file cannot be written.
        """
        if self._file is None:
            return
        try:
            if self._waiting.tell():
                self._write(self._file)
            self._write(self._file)  # an empty piece is the end
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._partial.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise self._unwritable(error) from error

    def discard(self) -> None:
        """Leave no file; harmless after `finish`."""
        if self._file is not None:
            self._file.close()
            self._partial.unlink(missing_ok=True)

    def _open(self) -> BinaryIO:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        csv.writer(self._waiting).writerow(["line", "reason", "text"])
        return os.fdopen(handle, "wb")

    def _write(self, file: BinaryIO) -> None:
        """Seal what waits as one piece."""
        said = self._waiting.getvalue().encode("utf-8", "backslashreplace")
        sealed = self._columns.seal(said, self.path.name, str(self._pieces))
        file.write(len(sealed).to_bytes(_LENGTH, "big") + sealed)
        self._waiting = io.StringIO(newline="")
        self._pieces += 1

    def _unwritable(self, error: OSError) -> CannotRunError:
        return CannotRunError(
            f"the quarantine file {self.path} cannot be written: {error.strerror}; "
            "free space there or make it writable, then import again"
        )


def quarantine_folder(data: Path) -> Path:
    """Where the quarantine files of a data folder lie."""
    return data / "quarantine"


def do_show_quarantine(path: Path, node: Node, *, why: str, acting_user: str, now: datetime) -> Iterator[str]:
    """The text of a quarantine file as `read_quarantine`, for a person, once the log holds who asked and why.

    Raises:
        UsageError: `why` says nothing; or as `read_quarantine`.
        BrokenQuarantineError, SealedValueError: as `read_quarantine`.
    """
    entry = Entry(Event.QUARANTINE_SHOWN, acting_user, now, why, {"file": path.name})
    do_add_entry(entry, node.log_sealer)
    return read_quarantine(path, node.vault)


def read_quarantine(path: Path, vault: Vault) -> Iterator[str]:
    """The text of a quarantine file (CSV with line, reason, text), piece by piece; it is whole when this ends.

    Raises:
        UsageError: there is no such file.
        BrokenQuarantineError, SealedValueError: it was cut short, altered, renamed, or sealed by another node.
    """
    try:
        with path.open("rb") as file:
            yield from _opened(file, path.name, vault.columns(_TABLE))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _opened(file: BinaryIO, name: str, columns: ColumnSealer) -> Iterator[str]:
    number = 0
    while True:
        length = int.from_bytes(file.read(_LENGTH), "big")
        sealed = file.read(length)
        if length < OVERHEAD_BYTES or len(sealed) < length:
            raise BrokenQuarantineError
        if not (said := columns.open(sealed, name, str(number))):
            return
        yield said.decode("utf-8")
        number += 1


def _harmless(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text
