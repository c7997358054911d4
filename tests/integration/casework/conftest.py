"""One check, run in this process on the session's database, with the real sandbox."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from safelight.access.rules import FOUNDER, Officer
from safelight.casework.access import Acting
from safelight.casework.check.actions import CheckResult, Surroundings, do_check
from safelight.casework.check.options import CheckOptions
from safelight.casework.report.model import Failure
from safelight.known.actions import do_import_list
from safelight.known.importing import ImportOptions, ImportResult
from safelight.known.rules import Role, Trust
from safelight.platform.settings import mark_demo, read_settings
from safelight.samples.archives import ZipEntry, write_zip
from safelight.vault.content import Vault
from tests.integration.casework.outcome import Outcome, outcome
from tests.nodes import node_in, vault_in

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@dataclass
class Watching:
    """Remembers what a check tells."""

    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    on_advance: Callable[[], None] = lambda: None

    def warn(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, _tally: Any) -> None:
        self.on_advance()

    def fail(self, failure: Failure) -> None:
        self.failures.append(failure)

    def stage(self, text: str) -> None:
        pass


@dataclass
class Bench:
    """A data folder and a source folder; `check()` checks the source, `outcome()` is everything that is recorded then."""

    data: Path
    source: Path
    watching: Watching = field(default_factory=Watching)
    officer: Officer = FOUNDER
    """Who checks; the walls are told apart from this, by `walls.acting`."""

    def check(self, *paths: Path | bytes, case: str = "Case", exhibit: str = "Exhibit", **options: Any) -> CheckResult:
        self.watching = Watching(on_advance=self.watching.on_advance)
        chosen = CheckOptions(tuple(os.fsencode(path) for path in paths or (self.source,)), case, exhibit, **options)
        acting = Acting(node_in(self.data), self.officer, "officer")
        around = Surroundings(acting, self.data, lambda: NOW, self.watching)
        return do_check(chosen, around)

    @property
    def vault(self) -> Vault:
        return vault_in(self.data)

    def outcome(self) -> Outcome:
        return outcome(self.vault)

    def failures(self) -> dict[str, str]:
        """The last check's named failures: the place below the source, and what it is."""
        prefix = f"{self.source}/"
        return {failure.path.removeprefix(prefix): failure.kind for failure in self.watching.failures}

    def put(self, name: str, content: bytes) -> Path:
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def put_zip(self, name: str, entries: dict[str, bytes]) -> Path:
        return self.put(name, zipped(entries))

    def learn(
        self, path: Path, *, trust: Trust = Trust.PARTNER, role: Role = Role.KNOWN, scheme: str = "DEMO"
    ) -> ImportResult:
        """Import a made-up list."""
        options = ImportOptions(trust=trust, role=role, scheme=None if role is Role.KNOWN_GOOD else scheme)
        settings = read_settings(data=self.data)
        made = {"settings": settings, "node": node_in(self.data), "acting_user": "officer", "now": NOW}
        return do_import_list(path, options=options, **made)


def zipped(entries: dict[str, bytes]) -> bytes:
    return write_zip(ZipEntry(name.encode(), content) for name, content in entries.items())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    mark_demo(tmp_path / "data")
    (tmp_path / "source").mkdir()
    return Bench(tmp_path / "data", tmp_path / "source")
