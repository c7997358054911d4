"""The main job: a made-up known base is imported and a small seizure checked, in a data folder of each round's own."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from safelight.cli import main as safelight
from safelight.errors import CannotRunError
from safelight.log.checkpoints import Checkpoint
from safelight.log.stores.folder import FolderTileStore
from safelight.log.verify import verify_log
from safelight.platform.database import open_database
from safelight.platform.settings import mark_demo, read_settings
from safelight.platform.walls import NOBODY_ENROLLED, acting
from safelight.samples.known_lists import make_known_base
from safelight.samples.seizure import make_seizure
from tests.acceptance.commands import outcome_of
from tests.faults.harness import Left, Strike, acknowledge, python, run
from tests.nodes import NODE, write_key, write_node

ORIGINALS = 3
KEY = "node.key"
DONE_WITH_FAILURES = 1
"""The seizure holds broken files on purpose."""


@dataclass(frozen=True)
class CheckJob:
    """Rounds over `known import` and `check`. The database that this process has open is not touched."""

    data: Path
    variants: int = 1

    def prepare(self, folder: Path, _variant: int) -> Path:
        """The practice material, the same for all rounds, and a demonstration's data folder."""
        material = folder.parent / "material"
        if not material.exists():
            truth = make_seizure(material / "seizure", seed=7, originals=ORIGINALS)
            make_known_base(material / "known", truth)
        mark_demo(folder / "data")
        write_node(folder / "data")
        write_key(folder / KEY)
        return material

    def command(self, folder: Path, prepared: Path) -> list[str]:
        """What this module's `main` does."""
        return python("tests.faults.child", "tests.faults.check_job", folder / "data", prepared)

    def judge(self, folder: Path, prepared: Path, left: Left) -> None:
        """Type the same again: it goes on from what was acknowledged, and ends as if nothing had struck."""
        whole = folder.parent / "check-whole.json"
        if not whole.exists():  # the first that is judged is the one that nothing struck
            whole.write_text(json.dumps(outcome_of(folder / "data")))
        assert left.killed or left.status in {0, CannotRunError.exit_code}
        assert "Traceback" not in left.said
        before = self._log_holds(folder, ())
        again = run(self.command(folder, prepared), folder, Strike("kill"))
        assert again.status == 0, again
        assert _files(again, "skipped") >= min(_files(left, "files"), 1), "what was acknowledged is done again"
        assert list((folder / "data" / "tmp").iterdir()) == []
        assert outcome_of(folder / "data") == json.loads(whole.read_text())
        assert self._log_holds(folder, before), "work was done, and the log says nothing"

    def _log_holds(self, folder: Path, kept: tuple[Checkpoint, ...]) -> tuple[Checkpoint, ...]:
        """Verify the published log, which goes on from what was published before; its checkpoint, if there is one."""
        if not (folder / "data" / "log" / "checkpoint").exists():
            assert not kept, "what was published is gone"
            return ()
        findings = verify_log(FolderTileStore(folder / "data" / "log"), NODE.signer.key, kept)
        assert findings.faults == ()
        assert findings.checkpoint is not None
        return (findings.checkpoint,)


def _files(left: Left, what: str) -> int:
    events = [json.loads(line) for line in left.lines if line.startswith("{")]
    return max((event.get(what, 0) for event in events if event.get("event") in {"progress", "summary"}), default=0)


def main(data: str, material: str) -> None:
    """Import a list and check the seizure, as somebody types it."""
    os.environ["SAFELIGHT_KEY_FILE"] = str(Path(data).with_name(KEY))
    [known] = Path(material, "known").glob("*-alpha.json")
    with open_database(read_settings(data=Path(data))), acting(NOBODY_ENROLLED):
        _type("--data", data, "known", "import", str(known), "--trust", "national")
        acknowledge("imported")
        words = ["--case", "Case Harbour", "--exhibit", "Exhibit 1", "--scheme", "DEMO", "--workers", "2"]
        _type("--data", data, "check", str(Path(material, "seizure")), *words)


def _type(*words: str) -> None:
    """Run a command with all that stands around it; with failures that it named it is done, too."""
    sys.argv = ["safelight", *words]
    try:
        safelight()
    except SystemExit as ended:
        if ended.code not in {0, DONE_WITH_FAILURES}:
            raise
