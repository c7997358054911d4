"""The ways to write the log: add an entry, publish those that wait, erase what one said.

Rules kept here:
- an entry is added in the transaction of what it tells: both are there, or neither is;
- numbers are given in the database first, and tiles and checkpoint are written from there. Killed in between, the next
  publication goes on; a leaf is never published twice, nor under two numbers;
- a database that was put back to an earlier state publishes nothing: whoever holds a later checkpoint would see the
  history change;
- erasing destroys record and salt. The leaf stays, and proves only that something was there.
"""

from django.db import connection, transaction

from safelight.errors import CannotRunError
from safelight.log.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from safelight.log.entries import Entry, commitment, new_salt
from safelight.log.growth import grow
from safelight.log.merkle import EMPTY_ROOT
from safelight.log.models import LogEntry
from safelight.log.notes import Signer, VerifierKey
from safelight.log.ports import Sealer
from safelight.log.queries import leaves
from safelight.log.reading import entries
from safelight.log.tile_store import TileStore
from safelight.platform.copying import reserve_ids
from safelight.platform.database import advisory_lock

_AT_A_TIME = 10_000
_PUBLISHING = "log: publish"
_GIVE_NUMBERS = """
WITH waiting AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM log_entry WHERE number IS NULL
), next AS (
    SELECT coalesce(max(number) + 1, 0) AS number FROM log_entry
)
UPDATE log_entry SET number = next.number + waiting.place FROM waiting, next WHERE log_entry.id = waiting.id
"""


class RewoundError(CannotRunError):
    """The database holds less of the log than was published: restore it whole, or begin a new log."""


def do_add_entry(entry: Entry, sealer: Sealer) -> int:
    """Add an entry in the caller's transaction; return the id under which its record is sealed."""
    record, salt = entry.encoded(), new_salt()
    with transaction.atomic():
        [row] = reserve_ids(LogEntry, 1)
        LogEntry.objects.create(
            id=row,
            event=entry.event.value,
            record=sealer.seal(record, row),
            salt=salt,
            commitment=commitment(record, salt),
        )
    return row


def do_publish_entries(store: TileStore, signer: Signer) -> Checkpoint:
    """Publish every entry whose transaction has ended, and a checkpoint over them; return the checkpoint that stands.

    Raises:
        BusyError: another process is publishing.
        RewoundError: the database lacks entries that are published, or holds others in their place.
        DamagedLogError, CannotRunError: as `growth.grow`; what was added waits for the next publication.
    """
    with advisory_lock(_PUBLISHING):
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_NUMBERS)
        published = _published(store, signer.key)
        _refuse_rewound(store, published)
        size, root = published.size, published.root
        while fresh := leaves(size, _AT_A_TIME):
            size, root = grow(store, size, root, fresh)
        checkpoint = Checkpoint(published.origin, size, root)
        if checkpoint != published:
            store.replace_checkpoint(sign_checkpoint(checkpoint, signer).encode())
        return checkpoint


def do_erase_entry(row: int) -> None:
    """Destroy what an entry said; its leaf stays in the log."""
    LogEntry.objects.filter(pk=row).update(record=None, salt=None)


def _published(store: TileStore, key: VerifierKey) -> Checkpoint:
    """The last checkpoint, believed only if it is ours."""
    note = store.checkpoint()
    return open_checkpoint(note, key) if note is not None else Checkpoint(key.name, 0, EMPTY_ROOT)


def _refuse_rewound(store: TileStore, published: Checkpoint) -> None:
    """Compare the last entry that is published with the database's: its salt makes every leaf another."""
    if not published.size:
        return
    last = published.size - 1
    if leaves(last, 1) != list(entries(store, published.size, last, published.size)):
        raise RewoundError(
            f"The database's log does not hold entry {last} as it was published: it was put back to an earlier state. "
            "Restore the database of the time of the log's checkpoint, or later."
        )
