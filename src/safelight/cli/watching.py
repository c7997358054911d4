"""Shows a running check: a live line on a terminal, JSON lines when captured. Each failure is named on one line."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from safelight.casework.check.progress import Tally
from safelight.casework.report.model import Failure
from safelight.casework.rules import Verdict
from safelight.cli.showing import for_people, line, say, size_text, visible

_LINE_SECONDS = 1.0
_SHORT = {
    Verdict.KNOWN: ("known", "red"),
    Verdict.COPY: ("copies", "magenta"),
    Verdict.NEW: ("new", "yellow"),
    Verdict.KNOWN_GOOD: ("good", "green"),
    Verdict.UNREADABLE: ("unreadable", "bright_black"),
    Verdict.LOCKED: ("locked", "bright_black"),
}


class Terminal:
    """One line that is redrawn on standard error: files, bytes, rate, time left, verdicts, failures."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, refresh_per_second=8, transient=True)
        self._began = time.monotonic()
        self._stage = "checking"
        self._tally = Tally()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def warn(self, text: str) -> None:
        """Show a warning above the line."""
        self._console.print(Text(visible(f"note: {text}"), style="yellow"))

    def fail(self, failure: Failure) -> None:
        """Name a failure above the line."""
        self._console.print(Text(visible(f"{failure.kind}: {failure.path}: {failure.reason}"), style="bright_black"))

    def stage(self, text: str) -> None:
        """Show another stage."""
        self._stage = text
        self.advance(self._tally)

    def advance(self, tally: Tally) -> None:
        """Redraw the line."""
        self._tally = tally
        seconds = max(time.monotonic() - self._began, 0.001)
        shown = Text(f"{self._stage}  {tally.files} files  {size_text(tally.bytes)}  {tally.files / seconds:.0f}/s")
        if tally.skipped:
            shown.append(f"  {tally.skipped} answered before")
        shown.append(f"  {_left(tally, seconds)}")
        for verdict, (word, colour) in _SHORT.items():
            if tally.verdicts[verdict.value]:
                shown.append(f"  {tally.verdicts[verdict.value]} {word}", style=colour)
        if tally.failures:
            shown.append(f"  {tally.failures} failures", style="bold")
        self._live.update(shown)


class Lines:
    """One JSON line an event on standard output; failures on standard error as well."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._tally = Tally()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""

    def warn(self, text: str) -> None:
        """Tell a warning."""
        line(event="note", text=text)
        say(f"note: {text}", err=True)

    def fail(self, failure: Failure) -> None:
        """Name a failure."""
        line(event="failure", kind=failure.kind, path=failure.path, reason=failure.reason)
        say(f"{failure.kind}: {failure.path}: {failure.reason}", err=True)

    def stage(self, text: str) -> None:
        """Tell another stage."""
        line(event="stage", text=text)

    def advance(self, tally: Tally) -> None:
        """Tell how far it is, at most once a second."""
        now = time.monotonic()
        if now - self._last < _LINE_SECONDS:
            return
        self._last = now
        line(
            event="progress",
            files=tally.files,
            bytes=tally.bytes,
            skipped=tally.skipped,
            met=tally.met,
            met_bytes=tally.met_bytes,
            walked=tally.walked,
            verdicts=dict(tally.verdicts),
            failures=tally.failures,
            seconds=round(now - self._began, 1),
        )


def watcher() -> Terminal | Lines:
    """The watcher that fits where output goes."""
    return Terminal() if for_people() and sys.stderr.isatty() else Lines()


def _left(tally: Tally, seconds: float) -> str:
    if not tally.walked or not tally.bytes:
        return f"{tally.met} met"
    left = (tally.met_bytes - tally.bytes) / (tally.bytes / seconds)
    return f"about {int(left // 60)}:{int(left % 60):02d} left" if left > 0 else "nearly done"
