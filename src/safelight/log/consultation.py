"""Consultation: who looks at content says why, it is on the disk of the log first, and only then is anything shown.

Every function that hands out content takes a `Consultation` and calls its `require` with the item. There is no way
to one but `do_consult_items` and `resumed_consultation`, so that no content is shown without an entry.

Rules kept here:
- a page is one entry, which lists all its items: also those that nobody scrolled to;
- the entry is committed, and on the disk, before the consultation exists;
- a consultation is one person's, for the listed items, for a quarter of an hour. It cannot be made, changed or copied;
- whoever asks for what is not listed learns only that it is not listed, not whether it is there.
"""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NoReturn, final

from django.db import connection, transaction

from safelight.errors import UsageError
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.log.ports import Sealer
from safelight.log.queries import recorded_row

MOST_ITEMS = 1000
"""Items on one page. A page that nobody can look through is no consultation."""

LASTS = timedelta(minutes=15)
"""How long what is listed may be handed out; after that the page is asked for anew."""

_DIGEST_BYTES = 32


class NotConsultedError(UsageError):
    """This content was not asked for: open the page that shows it, and say why."""


@final
class Consultation:
    """The receipt of a look that is in the log: which entry, whose, and which items (by SHA-256) it covers."""

    __slots__ = ("_at", "_items", "acting_user", "row")
    _at: datetime
    _items: frozenset[bytes]
    acting_user: str
    row: int

    def __init__(self) -> None:
        raise TypeError("a consultation is made by do_consult_items, with its entry in the log")

    def __setattr__(self, name: str, _value: object) -> NoReturn:
        raise AttributeError(f"a consultation stays as it was logged: {name} cannot be set")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a consultation is not copied or stored: keep its row, and resume it")

    def require(self, item: bytes, *, acting_user: str, now: datetime) -> None:
        """Pass only if this person may be handed this item (its SHA-256) now.

        Raises:
            NotConsultedError: the item is not listed, the look is somebody else's, or it is over.
        """
        if item not in self._items or acting_user != self.acting_user or not self._at <= now < self._at + LASTS:
            raise NotConsultedError


def do_consult_items(
    items: Collection[bytes], *, why: str, case: str | None, acting_user: str, sealer: Sealer, now: datetime
) -> Consultation:
    """Log that a page with these items (by SHA-256) is shown, and return what it is handed out on.

    The entry is committed when this returns, so it is called outside any transaction. Whether the person may see the
    items is for the caller to have decided; refused ones are never listed.

    Args:
        items: what the page shows, each named once or more.
        why: the reason, in the person's words.
        case: the case that it is done for, if any.
        acting_user: who looks.
        sealer: seals the log's records.
        now: when.

    Raises:
        UsageError: there is no reason, there are no items or too many for one page, or one is named by no SHA-256.
        RuntimeError: called inside a transaction, which could still take the entry back.
    """
    listed = frozenset(items)
    if not 0 < len(listed) <= MOST_ITEMS:
        raise UsageError(f"A page shows 1 to {MOST_ITEMS} items, and not {len(listed)}: divide it.")
    if any(len(item) != _DIGEST_BYTES for item in listed):
        raise UsageError("An item is named by its SHA-256: 32 bytes.")
    about: dict[str, object] = {"items": sorted(item.hex() for item in listed)}
    if case is not None:
        about["case"] = case
    entry = Entry(Event.CONSULTED, acting_user, now, why, about)
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = on")  # whatever the server does elsewhere
        row = do_add_entry(entry, sealer)
    return _receipt(row, acting_user, now, listed)


def resumed_consultation(row: int, *, acting_user: str, sealer: Sealer, now: datetime) -> Consultation:
    """The consultation of a page that was opened a moment ago, for the requests that fetch its pictures one by one.

    Raises:
        NotConsultedError: there is none under this row, it is somebody else's, it is over, or it was erased.
        InputError: its sealed record was altered or moved.
    """
    found = recorded_row(row, sealer)
    if found is None or found.record is None or found.event != Event.CONSULTED:
        raise NotConsultedError
    said = json.loads(found.record)
    at = datetime.fromisoformat(said["at"])
    if said["by"] != acting_user or not at <= now < at + LASTS:
        raise NotConsultedError
    return _receipt(row, acting_user, at, frozenset(map(bytes.fromhex, said["about"]["items"])))


def _receipt(row: int, acting_user: str, at: datetime, items: frozenset[bytes]) -> Consultation:
    made = object.__new__(Consultation)
    for name, value in (("row", row), ("acting_user", acting_user), ("_at", at), ("_items", items)):
        object.__setattr__(made, name, value)
    return made
