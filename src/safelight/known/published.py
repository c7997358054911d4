"""The published sets of the base, as the database counts on them and as they lie on the disk.

Rules kept here:
- a set answers where all its files are what was written; one that does not is named, and is asked nothing;
- a set that was replaced while it was being opened is looked for again: what is current then answers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from safelight.known.models import KnownSet, KnownSource
from safelight.known.public.places import set_folder
from safelight.known.public.sets import DigestSet, Seals
from safelight.known.public.tables import DamagedTableError
from safelight.known.queries import current_sets

LOCK = "known: public sets"
"""Whoever writes into the folder of sets holds this name."""


@dataclass(frozen=True)
class SetState:
    """A current set: its source, what each file holds, what it is held to, and what is wrong with it, if anything.

    `rows` tells of each kind of digest how many rows there are; `fault` is a sentence, None where its files open.
    """

    source: KnownSource
    folder: Path
    entries: int
    rows: dict[str, int]
    index: dict[str, str]
    opened: DigestSet | None
    fault: str | None


def open_sets(data: Path, *, source: KnownSource | None = None) -> list[SetState]:
    """Every current set, or that of one source, open where it can be opened."""
    states = _states(data, source)
    return _states(data, source) if any(state.fault for state in states) else states


def check_sets(data: Path) -> Iterator[tuple[str, str]]:
    """Read every row of every current set; yield what is wrong: where, and a sentence."""
    for state in open_sets(data):
        if state.opened is None:
            yield str(state.folder), state.fault or ""
        else:
            yield from ((str(state.folder), sentence) for sentence in state.opened.check())


def _states(data: Path, source: KnownSource | None) -> list[SetState]:
    return [_state(data, one) for one in current_sets(source)]


def _state(data: Path, stored: KnownSet) -> SetState:
    seals, folder = msgspec.json.decode(stored.seals, type=Seals), set_folder(data, stored.folder)
    opened, fault = None, None
    try:
        opened = DigestSet.open(folder, seals)
    except DamagedTableError as error:
        fault = error.message
    rows = {name: seal.rows for name, seal in seals.tables.items()}
    index = {name: seal.index for name, seal in seals.tables.items()}
    return SetState(stored.source, folder, seals.entries, rows, index, opened, fault)


def silent(states: Sequence[SetState]) -> list[str]:
    """What is to be said of the sets that cannot answer, a sentence each."""
    return [f"{state.source.name} answers nothing: {state.fault}" for state in states if state.opened is None]
