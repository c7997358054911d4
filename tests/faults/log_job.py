"""The log as a job: entries are added and published, again and again, with checkpoints kept outside."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from safelight.access.node import LogSealer
from safelight.errors import CannotRunError
from safelight.log.actions import do_add_entry, do_publish_entries
from safelight.log.checkpoints import Checkpoint
from safelight.log.entries import Entry, Event
from safelight.log.models import LogEntry
from safelight.log.notes import Signer
from safelight.log.queries import leaves, misfits
from safelight.log.reading import entries
from safelight.log.stores.folder import FolderTileStore
from safelight.log.verify import verify_log
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from safelight.platform.walls import NOBODY_ENROLLED, acting
from safelight.vault.keys import RootKey
from tests.faults.harness import Left, acknowledge, python

BATCHES = (1, 3, 4, 250, 1, 2)
"""Entries added before each publication: few in a tile, over the edge of one, and few again."""

STARTS = (0, 2, 255, 256, 300)
"""How many entries are published before."""

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
SIGNER = Signer("agency-alpha.example/log", bytes(range(32)))
SEALER = LogSealer(RootKey(bytes(range(32))))


@dataclass(frozen=True)
class LogJob:
    """Rounds over the log, on the database that this process has open in a data folder."""

    data: Path
    variants: int = len(STARTS)

    def prepare(self, folder: Path, variant: int) -> Checkpoint:
        """An empty table, and so many entries published; the checkpoint over them, which an outsider keeps."""
        LogEntry.objects.all().delete()
        add(STARTS[variant])
        return do_publish_entries(FolderTileStore(folder / "log"), SIGNER)

    def command(self, folder: Path, _prepared: Checkpoint) -> list[str]:
        """What this module's `main` does."""
        return python("tests.faults.child", "tests.faults.log_job", self.data, folder / "log")

    def judge(self, folder: Path, prepared: Checkpoint, left: Left) -> None:
        """Verify a copy with the public key alone, hold it against the database, and go on."""
        assert left.killed or left.status in {0, CannotRunError.exit_code}
        assert left.killed or len(left.said.splitlines()) == bool(left.status), "an error is one sentence"
        kept = [prepared] if prepared.size else []
        published = [int(line.split()[1]) for line in left.lines if line.startswith("published")]
        if kept or published:
            copy = FolderTileStore(shutil.copytree(folder / "log", folder / "copy"))
            findings = verify_log(copy, SIGNER.key, kept)
            assert findings.faults == ()
            assert findings.checkpoint.size >= max([prepared.size, *published])
            self._fits_the_database(copy, findings.checkpoint.size)
        added = {int(line.split()[1]) for line in left.lines if line.startswith("added")}
        assert added <= set(LogEntry.objects.values_list("id", flat=True)), "an acknowledged entry is lost"
        assert list(misfits(SEALER)) == []
        self._goes_on(FolderTileStore(folder / "log"), kept)

    def _goes_on(self, store: FolderTileStore, kept: list[Checkpoint]) -> None:
        [mine] = add(1)
        after = do_publish_entries(store, SIGNER)
        assert after.size == LogEntry.objects.count()
        assert LogEntry.objects.get(pk=mine).number == after.size - 1
        assert verify_log(store, SIGNER.key, kept).faults == ()
        self._fits_the_database(store, after.size)
        assert list((store.root / ".incoming").iterdir()) == []

    def _fits_the_database(self, store: FolderTileStore, size: int) -> None:
        assert list(entries(store, size, 0, size)) == leaves(0, size)


def add(count: int) -> list[int]:
    """Add so many entries, each in a transaction of its own."""
    return [do_add_entry(Entry(Event.CHECKED, "officer-1", NOW, about={"number": n}), SEALER) for n in range(count)]


def main(data: str, log: str) -> None:
    """Add and publish; acknowledge each entry once its transaction has ended, and each checkpoint."""
    with open_database(read_settings(data=Path(data))), acting(NOBODY_ENROLLED):
        for batch in BATCHES:
            for _ in range(batch):
                acknowledge("added", *add(1))
            acknowledge("published", do_publish_entries(FolderTileStore(Path(log)), SIGNER).size)
