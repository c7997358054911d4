"""An import that is killed leaves nothing, and the same command again completes as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from safelight.known.matching import KnownBase
from safelight.known.models import KnownEntry, KnownSource
from safelight.platform.database import BusyError, advisory_lock
from safelight.signatures.types import Digests
from safelight.vault.signatures import NewSignature, Realm, count
from tests.nodes import NODE

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 30_000
CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from safelight.platform.walls import NOBODY_ENROLLED, acting
with open_database(read_settings(data=Path(sys.argv[1]))), acting(NOBODY_ENROLLED):
    from safelight.known.actions import do_import_list
    from safelight.known.importing import ImportOptions
    from tests.nodes import NODE, VAULT
    def seen(rows):
        print(rows, flush=True)
        if rows >= int(sys.argv[3]):
            sys.stdin.readline()
    do_import_list(Path(sys.argv[2]), options=ImportOptions(name="alpha"), settings=read_settings(data=Path(sys.argv[1])),
                   node=NODE, acting_user="officer", now=datetime(2026, 5, 4, tzinfo=UTC), on_rows=seen)
"""


@pytest.fixture
def large_list(tmp_path: Path) -> Path:
    path = tmp_path / "alpha.csv"
    path.write_text("md5,series\n" + "".join(f"{number + 1:032x},Series Harbour\n" for number in range(ROWS)))
    return path


def started(data: Path, path: Path, *, hold: int = ROWS + 1) -> subprocess.Popen[str]:
    """An import of its own; from row `hold` on it stands still until its input is closed."""
    command = [sys.executable, "-c", CHILD, str(data), str(path), str(hold)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def kill_after(child: subprocess.Popen[str], rows: int) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= rows:
            break
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()


def test_a_killed_import_leaves_nothing_and_the_next_completes(embedded_database, large_list):
    for rows in (1, 20_000):
        kill_after(started(embedded_database.data, large_list, hold=rows), rows)
        wait_until_free()
        assert not KnownSource.objects.exists()
        assert count(Realm.KNOWN) == 0
    child = started(embedded_database.data, large_list)
    child.communicate()
    assert child.returncode == 0
    assert KnownEntry.objects.count() == count(Realm.KNOWN) == ROWS


def test_an_import_under_way_answers_nothing_and_shuts_others_out(embedded_database, large_list):
    child = started(embedded_database.data, large_list, hold=1)
    assert child.stdout is not None
    assert int(child.stdout.readline()) > 0
    question = NewSignature.of(Digests((1).to_bytes(16, "big"), b"\1" * 20, b"\1" * 32, 1))
    assert KnownBase.open(NODE, now=datetime(2026, 5, 4, tzinfo=UTC)).match([question]) == [[]]
    with pytest.raises(BusyError), advisory_lock("known: source alpha"):
        pass
    child.communicate()
    assert len(KnownBase.open(NODE, now=datetime(2026, 5, 4, tzinfo=UTC)).match([question])[0]) == 1


def wait_until_free() -> None:
    """The server notices a killed client when it next writes to it; its lock is gone by then."""
    for _ in range(200):
        try:
            with advisory_lock("known: source alpha"):
                break
        except BusyError:
            time.sleep(0.05)
    connection.close()
