"""Makes the backup that is kept in `tests/data/backup`, as the release of that time takes one.

    python -m tests.acceptance.old_backup FOLDER      # then: tar -cJf tests/data/backup/RELEASE.tar.xz -C FOLDER .

It is dated in 2099, so that its keys never expire, and is of the made-up node of `tests.nodes`.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command

from safelight.platform.database import open_database, set_up_django
from safelight.platform.settings import read_settings

set_up_django()

from safelight.access.backup.actions import do_create_backup  # noqa: E402 - it needs the models, as all below
from safelight.vault.actions.holding import do_hold_content  # noqa: E402
from safelight.vault.actions.keeping import do_keep_contents  # noqa: E402
from safelight.vault.signatures import NewSignature, Realm  # noqa: E402
from tests.nodes import node_in, write_node  # noqa: E402

NOW = datetime(2099, 3, 14, 12, 0, tzinfo=UTC)
HARBOUR, ROOM = b"a benign picture of a harbour", b"a benign picture of a room"


def main(folder: str, *earlier: str) -> None:
    """Make it in this folder; `earlier` is an app and a migration of it, to which its tables are put back before."""
    with TemporaryDirectory() as place:
        data = Path(place) / "data"
        write_node(data)
        (data / "schemes").mkdir()
        (data / "schemes" / "HARBOUR.json").write_text("{}")
        with open_database(read_settings(data=data), as_owner=True):
            node = node_in(data)
            [kept, _] = do_keep_contents(node.vault, [HARBOUR, ROOM], node.name)
            node.vault.signatures.store(Realm.KNOWN, [NewSignature(None, None, kept.sha256, kept.size)])
            do_hold_content(node.vault, kept.sha256, node.name, why="a made-up trial", acting_user="somebody", now=NOW)
            if earlier:
                call_command("migrate", *earlier, verbosity=0)
            do_create_backup(node, Path(folder), acting_user="somebody", now=NOW)


if __name__ == "__main__":
    main(*sys.argv[1:])
