"""Searches the texts of a case: paths, what files say of themselves, what is written beside them, lists, statements."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from safelight.access.permissions import Permission
from safelight.casework.access import Acting, access_case
from safelight.casework.finding.near.queries import Place, media_near, places_of
from safelight.casework.finding.queries import as_recorded, texts_of_case
from safelight.casework.finding.words import Asked, Only, TextOf
from safelight.casework.models import Case
from safelight.errors import UsageError
from safelight.known.statements import reader_of
from safelight.log.actions import do_add_entry
from safelight.log.entries import Entry, Event
from safelight.platform.walls import for_case


@dataclass(frozen=True)
class Near:
    """A picture or video near a text: its SHA-256 and its path."""

    sha256: bytes
    path: str


@dataclass(frozen=True)
class Found:
    """An item of the case (SHA-256) and its texts that were found: what kind of text, and the text or a piece of it.

    Where something is written in it, or in the fields of the mail that brought it, also where it was met, and what
    media are near.
    """

    sha256: bytes
    texts: tuple[tuple[str, str], ...]
    paths: tuple[str, ...] = ()
    near: tuple[Near, ...] = ()


@dataclass
class _Hits:
    """What was found of an item: its texts, whether something written in it, and in which of its places."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    anywhere: bool = False
    places: set[int] = field(default_factory=set)

    def add(self, hit: TextOf, shown: str) -> None:
        self.texts.append((hit.where, shown))
        if hit.sighting is not None:
            self.places.add(hit.sighting)
        elif hit.only is not None:
            self.anywhere = True

    def of(self, places: list[Place]) -> list[Place]:
        """Those of the item's places at which what was found stands."""
        return [place for place in places if self.anywhere or place.sighting in self.places]


def do_search_case(
    name: str, asked: str, *, why: str, acting: Acting, now: datetime, only: Only | None = None
) -> list[Found]:
    """The items of a case with a text that holds all words asked for, once the log holds who asked and why.

    They come in the order in which the case met them. `only` limits the search to what is written in texts and mails:
    their words, or the addresses or accounts that they name.

    Statements are those that this node may read to identify persons and objects, and that stand.

    Raises:
        RefusedError: the officer may not work on it, or there is no such case.
        UsageError: no word is asked for, or `why` says nothing.
        InputError: something sealed was altered.
    """
    wanted = Asked(asked, only)
    if not wanted.words:
        raise UsageError(f"{asked[:80]!r} holds no word to search for")
    case = access_case(name, Permission.CASE_WORK, acting, now=now)
    with for_case(case.pk):
        with transaction.atomic():
            about = {"case": name, "asked": asked} | ({"only": only.value} if only is not None else {})
            do_add_entry(Entry(Event.CASE_SEARCHED, acting.by, now, why, about), acting.node.log_sealer)
        digests: dict[int, bytes] = {}
        found: dict[int, _Hits] = {}
        for text in texts_of_case(case, acting.node, reader_of(acting.node, now), digests):
            if wanted.finds(text):
                found.setdefault(text.item, _Hits()).add(text, wanted.shown(text.text))
        return _answers(case, found, digests)


def _answers(case: Case, found: dict[int, _Hits], digests: dict[int, bytes]) -> list[Found]:
    written = {item for item, hits in found.items() if hits.anywhere or hits.places}
    met = places_of(case, written)
    near = media_near(case, {place.sighting for item in written for place in found[item].of(met[item])})
    answers = []
    for item in as_recorded(case, found):
        places = found[item].of(met[item]) if item in written else []
        beside = {(digests[one.item], one.path): None for place in places for one in near[place.sighting]}
        paths = tuple(place.path for place in places)
        answers.append(Found(digests[item], tuple(found[item].texts), paths, tuple(Near(*one) for one in beside)))
    return answers
