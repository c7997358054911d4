"""The sequencer: a thread that publishes what waits in the log, beside the work of whoever has the node open.

Rules kept here:
- an entry is published within a second of its commit while anybody has the node open, whoever added it;
- of many processes one publishes at a time, and takes the others' entries along: who finds it at work tries later;
- where nothing waits it asks one question of the database and sleeps; after a failure it sleeps longer each time;
- it never undoes or stops the work. That the log could not be published is told at the end, in one sentence;
- what waits when a process is killed is published by the next that opens the node.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import psycopg
from django.db import Error as DatabaseError
from django.db import connection

from safelight.errors import CannotRunError, SafelightError
from safelight.log.actions import do_publish_entries
from safelight.log.checkpoints import open_checkpoint
from safelight.log.notes import Signer
from safelight.log.queries import count_unpublished
from safelight.log.tile_store import TileStore
from safelight.platform.database import BusyError

EVERY = 0.4
"""Seconds between two looks for what waits."""

_LONGEST = 30.0
"""Seconds between two tries at the most, after failures."""

_LAST_TRIES = 5
"""How often the end of the work waits for another process that is publishing; each try takes two seconds."""


class UnpublishedWorkError(CannotRunError):
    """The work is done and kept, and its entries wait in the log: the next command publishes them."""


@contextmanager
def publishing(store: TileStore, signer: Signer, *, every: float = EVERY) -> Iterator[None]:
    """Publish what waits as long as the block lasts, each `every` seconds, and once more at its end, however it ends.

    The thread has a database connection of its own, and closes it. Enter and leave the block outside any transaction:
    what is not committed at its end is not published.

    Raises:
        UnpublishedWorkError: the work was done, and the log could not be published at the end; the sentence says why.
            Where the work itself failed, its own error leaves the block, with this one as a note.
    """
    over = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="sequencer") as pool:
        running = pool.submit(_run, store, signer, every, over)
        try:
            yield
        except BaseException as error:
            over.set()
            if (met := running.exception()) is not None:
                error.add_note(str(met))
            raise
        over.set()
        running.result()


def _run(store: TileStore, signer: Signer, every: float, over: Event) -> None:
    """Publish until told that it is over, then once more."""
    try:
        pause = every
        while True:
            failed = _try_to_publish(store, signer)
            pause = every if failed is None else min(2 * pause, _LONGEST)
            if over.wait(pause):
                break
        _publish_last(store, signer)
    finally:
        connection.close()


def _publish_last(store: TileStore, signer: Signer) -> None:
    """Publish what waits at the end; what another process is publishing is waited for."""
    for _ in range(_LAST_TRIES):
        failed = _try_to_publish(store, signer)
        if not isinstance(failed, BusyError):
            break
    if failed is not None:
        reason = failed.message if isinstance(failed, SafelightError) else str(failed)
        raise UnpublishedWorkError(
            f"The work is done and kept, and its entries wait in the log, since they cannot be published ({reason}): "
            "the next command publishes them."
        ) from failed


def _try_to_publish(store: TileStore, signer: Signer) -> Exception | None:
    """Publish if anything waits; return what hindered it."""
    try:
        note = store.checkpoint()
        if count_unpublished(open_checkpoint(note, signer.key).size if note is not None else 0):
            do_publish_entries(store, signer)
    except (SafelightError, DatabaseError, psycopg.Error, OSError) as error:
        connection.close()  # a connection that broke is not used again
        return error
    return None
