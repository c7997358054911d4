"""Searches the texts of a case: paths, what files say of themselves, what lists and statements say of them."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from safelight.access.permissions import Permission
from safelight.casework.access import Acting, access_case
from safelight.casework.finding.index import TextIndex, words_of_text
from safelight.casework.finding.queries import as_recorded, texts_of_case
from safelight.errors import UsageError
from safelight.known.statements import reader_of
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.walls import for_case


@dataclass(frozen=True)
class Found:
    """An item of the case (SHA-256) and its texts that were found: what kind of text, and the text."""

    sha256: bytes
    texts: tuple[tuple[str, str], ...]


def do_search_case(name: str, asked: str, *, why: str, acting: Acting, now: datetime) -> list[Found]:
    """The items of a case with a text that holds all words asked for, once the log holds who asked and why.

    They come in the order in which the case met them.

    Statements are those that this node may read to identify persons and objects, and that stand.

    Raises:
        RefusedError: the officer may not work on it, or there is no such case.
        UsageError: no word is asked for, or `why` says nothing.
        InputError: something sealed was altered.
    """
    if not words_of_text(asked):
        raise UsageError(f"{asked[:80]!r} holds no word to search for")
    case = access_case(name, Permission.CASE_WORK, acting, now=now)
    with for_case(case.pk):
        with transaction.atomic():
            entry = Entry(Event.CASE_SEARCHED, acting.by, now, why, {"case": name, "asked": asked})
            do_add_entry(entry, acting.node.log_sealer)
        digests: dict[int, bytes] = {}
        index = TextIndex()
        for hit in texts_of_case(case, acting.node, reader_of(acting.node, now), digests):
            index.add(hit)
    found: dict[int, list[tuple[str, str]]] = {}
    for hit in index.find(asked):
        found.setdefault(hit.item, []).append((hit.where, hit.text))
    return [Found(digests[item], tuple(found[item])) for item in as_recorded(case, found)]
