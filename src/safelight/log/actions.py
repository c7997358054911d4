"""The ways to write the log: add an entry, publish those that wait, hand out checkpoints, erase what an entry said.

Rules kept here:
- an entry is added in the transaction of what it tells: both are there, or neither is;
- numbers are given in the database first, and tiles and checkpoint are written from there. Killed in between, the next
  publication goes on; a leaf is never published twice, nor under two numbers;
- a database that was put back to an earlier state publishes nothing: whoever holds a later checkpoint would see the
  history change;
- a checkpoint that leaves the machine is noted, so that it can be said what nothing outside protects yet. It says
  nothing of any entry, and is no entry itself: it covers all there are;
- erasing destroys record and salt, and by which digests the entry was found. The leaf stays, and proves only that
  something was there;
- an entry that named an erased content goes whole, since its leaf commits to all of it. Where it named other digests, a
  new one in the same transaction goes on answering for those.
"""

from datetime import datetime

from django.db import connection, transaction

from safelight.errors import CannotRunError, InputError, UsageError
from safelight.log.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from safelight.log.entries import Entry, commitment, named_digests, new_salt, redacted
from safelight.log.growth import grow
from safelight.log.merkle import EMPTY_ROOT, root
from safelight.log.models import EntryDigest, LogEntry, OutsideCheckpoint
from safelight.log.notes import Note, Signer, VerifierKey
from safelight.log.policy import Endorsed, Policy
from safelight.log.ports import Sealer
from safelight.log.queries import leaves, waiting
from safelight.log.reading import entries, subtree_reader
from safelight.log.tile_store import TileStore
from safelight.platform.copying import reserve_ids
from safelight.platform.database import advisory_lock

_AT_A_TIME = 10_000
_PUBLISHING = "log: publish"
# One statement, and so both or neither: every act of this node waits for its entry.
_ADD = """
WITH added AS (
    INSERT INTO log_entry (id, event, record, salt, commitment)
    VALUES (%(id)s, %(event)s, %(record)s, %(salt)s, %(commitment)s)
    RETURNING id
)
INSERT INTO log_entry_digest (entry_id, digest_index) SELECT added.id, unnest(%(indexes)s::bytea[]) FROM added
"""
# Rows are named, so that the planner knows how few they are and goes to each by its id.
_GIVE_NUMBERS = """
UPDATE log_entry SET number = next.number + given.place - 1
FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (id, place),
    (SELECT coalesce(max(number) + 1, 0) AS number FROM log_entry) AS next
WHERE log_entry.id = given.id
"""


class RewoundError(CannotRunError):
    """The database holds less of the log than was published: restore it whole, or begin a new log."""


class ForkedError(InputError):
    """The log tells another history than its witnesses saw."""


def do_add_entry(entry: Entry, sealer: Sealer) -> int:
    """Add an entry in the caller's transaction; return the id under which its record is sealed."""
    record, salt = entry.encoded(), new_salt()
    [row] = reserve_ids(LogEntry, 1)
    values = {
        "id": row,
        "event": entry.event.value,
        "record": sealer.seal(record, row),
        "salt": salt,
        "commitment": commitment(record, salt),
        "indexes": [sealer.index(one) for one in sorted(named_digests(record))],
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD, values)
    return row


def do_publish_entries(store: TileStore, signer: Signer) -> Checkpoint:
    """Publish every entry whose transaction has ended, and a checkpoint over them; return the checkpoint that stands.

    Raises:
        BusyError: another process is publishing.
        RewoundError: the database lacks entries that are published, or holds others in their place.
        DamagedLogError, CannotRunError: as `growth.grow`; what was added waits for the next publication.
    """
    with advisory_lock(_PUBLISHING):
        _give_numbers()
        published = _published(store, signer.key)
        _refuse_rewound(store, published)
        size, reached = published.size, published.root
        while fresh := leaves(size, _AT_A_TIME):
            size, reached = grow(store, size, reached, fresh)
        checkpoint = Checkpoint(published.origin, size, reached)
        if checkpoint != published:
            store.replace_checkpoint(sign_checkpoint(checkpoint, signer).encode())
        return checkpoint


def do_hand_out_checkpoint(store: TileStore, signer: Signer, *, now: datetime) -> bytes:
    """Publish what waits and return the signed checkpoint, to be kept where nobody on this machine can change it.

    Raises:
        UsageError: there is no entry yet.
        BusyError, RewoundError, DamagedLogError, CannotRunError: as `do_publish_entries`.
    """
    checkpoint = do_publish_entries(store, signer)
    if not checkpoint.size:
        raise UsageError("The log has no entry yet, and so no checkpoint: `safelight node create` makes the first.")
    _note_outside(checkpoint, now, witnesses=0)
    return sign_checkpoint(checkpoint, signer).encode()


def do_note_cosigned(
    store: TileStore, key: VerifierKey, untrusted_note: bytes, policy: Policy, *, now: datetime
) -> Endorsed:
    """Note that witnesses saw a checkpoint of this log, which they cosigned and gave back; return what they endorse.

    Raises:
        BadNoteError, BadSignatureError, PolicyNotMetError, BadCheckpointError: it is not signed as the policy asks.
        UsageError: it is another log's.
        ForkedError: the log here does not go on from it.
        DamagedLogError: a tile is missing or cut off.
    """
    endorsed = policy.check(Note.parse(untrusted_note))
    seen = endorsed.checkpoint
    if key not in endorsed.logs:
        raise UsageError(f"The checkpoint is of {seen.origin}, and not of this log under its key.")
    size = _published(store, key).size
    if not 0 < seen.size <= size or root(subtree_reader(store, size), seen.size) != seen.root:
        raise ForkedError(
            f"The log here does not go on from the checkpoint over {seen.size} entries that witnesses saw: it was "
            "written anew or put back. Keep that checkpoint, and call whoever answers for this node."
        )
    _note_outside(seen, now, witnesses=len(endorsed.witnesses))
    return endorsed


def do_erase_entry(row: int) -> None:
    """Destroy what an entry said, and by what it was found; its leaf stays in the log."""
    with transaction.atomic():
        LogEntry.objects.filter(pk=row).update(record=None, salt=None)
        EntryDigest.objects.filter(entry=row).delete()


def do_forget_content(sha256: bytes, sealer: Sealer, *, acting_user: str, now: datetime) -> int:
    """Erase every entry that names a content, in the caller's transaction; return how many there were.

    Where one named other digests too, a new entry names those, with who, when and why (`entries.redacted`).

    Raises:
        InputError: a sealed record was altered or moved; nothing is erased.
    """
    with transaction.atomic():
        naming = LogEntry.objects.filter(digests__digest_index=sealer.index(sha256)).order_by("id")
        rows = list(naming.select_for_update(of=("self",)).values_list("id", "number", "record"))
        for row, number, sealed in rows:
            assert sealed is not None, "an erased entry names nothing"
            record = sealer.open(bytes(sealed), row)
            do_erase_entry(row)
            if named_digests(record) != {sha256}:
                do_add_entry(redacted(record, row, number, sha256, acting_user=acting_user, now=now), sealer)
    return len(rows)


def _give_numbers() -> None:
    """Number what waits, in the order of writing; the caller sees to it that nobody else does."""
    while rows := waiting(_AT_A_TIME):
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_NUMBERS, [rows])


def _note_outside(checkpoint: Checkpoint, now: datetime, *, witnesses: int) -> None:
    OutsideCheckpoint.objects.create(size=checkpoint.size, root=checkpoint.root, at=now, witnesses=witnesses)


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
