"""The quarantine file of one import: every row, value and hash that was not taken as it came, with line and reason.

One CSV in `<data>/quarantine`, named after source and day, readable by its owner only. It appears when the import is
done, or not at all.
"""

import csv
import os
import re
from datetime import datetime
from pathlib import Path
from typing import TextIO

from safelight.errors import CannotRunError

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Quarantine:
    """Collects what was held back; makes no file where nothing was."""

    def __init__(self, data: Path, source: str, now: datetime) -> None:
        slug = re.sub(r"[^\w.+-]+", "-", source)
        self.path = data / "quarantine" / f"{slug}-{now:%Y%m%dT%H%M%S}.csv"
        self._partial = self.path.with_name(f".{self.path.name}.partial")
        self._file: TextIO | None = None

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
            csv.writer(self._file).writerow([line, _harmless(reason), _harmless(text)])
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

    def _open(self) -> TextIO:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        file = os.fdopen(handle, "w", encoding="utf-8", newline="")
        csv.writer(file).writerow(["line", "reason", "text"])
        return file

    def _unwritable(self, error: OSError) -> CannotRunError:
        return CannotRunError(
            f"the quarantine file {self.path} cannot be written: {error.strerror}; "
            "free space there or make it writable, then import again"
        )


def _harmless(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text
