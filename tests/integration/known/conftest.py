"""A data folder for lists, marked as a demonstration or not, and a short way to import into it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from safelight.known.actions import do_import_list
from safelight.known.importing import ImportOptions, ImportResult
from safelight.platform.settings import Settings, mark_demo, read_settings
from tests.nodes import NODE

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
Importer = Callable[..., ImportResult]


@pytest.fixture
def folder(tmp_path: Path) -> Settings:
    """A real (not demonstration) data folder; the database is that of the session, whatever folder is named."""
    (tmp_path / "data").mkdir()
    return read_settings(data=tmp_path / "data")


@pytest.fixture
def demo_folder(tmp_path: Path) -> Settings:
    mark_demo(tmp_path / "demo")
    return read_settings(data=tmp_path / "demo")


@pytest.fixture
def bring(tmp_path: Path, folder: Settings) -> Importer:
    """Write a list and import it: `bring("md5\\n...", name="alpha")`; options by keyword."""

    def run(content: str | bytes, *, name: str = "alpha", settings: Settings = folder, **options: Any) -> ImportResult:
        path = tmp_path / f"{name}.list"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        settings.data.mkdir(parents=True, exist_ok=True)
        chosen = ImportOptions(name=name, **options)
        return do_import_list(path, options=chosen, settings=settings, node=NODE, acting_user="officer", now=NOW)

    return run
