"""Walks an archive in this process and puts together what the walker says, checking that it speaks in turn."""

import io
from dataclasses import dataclass

from safelight.evidence.archives.messages import DATA_BYTES, Data, End, Entry, Problem, WalkOrder, decode, encode
from safelight.evidence.archives.reader import read


@dataclass
class Walked:
    """One entry, what was in it, and what was wrong with it."""

    entry: Entry
    content: bytes
    problem: str | None


def walk_archive(archive: bytes, kind: str, *passwords: bytes) -> tuple[list[Walked], str | None]:
    """Every entry, and what was wrong with the archive; an exception of the walker goes through."""
    entries: list[Walked] = []
    within = False
    order = encode(WalkOrder(kind, passwords))
    for message in map(decode, read(io.BufferedReader(io.BytesIO(archive)), order)):
        if isinstance(message, Problem):
            return entries, message.reason
        if isinstance(message, Entry):
            assert not within
            assert not entries or message.number > entries[-1].entry.number
            entries.append(Walked(message, b"", "never ended"))
            within = True
        elif isinstance(message, Data):
            assert within
            assert 0 < len(message.content) <= DATA_BYTES
            entries[-1].content += message.content
        elif isinstance(message, End):
            assert within
            entries[-1].problem = message.problem
            within = False
    return entries, None


def contents(archive: bytes, kind: str, *passwords: bytes) -> list[tuple[bytes, bytes]]:
    """Names and contents of an archive in which nothing is wrong."""
    entries, problem = walk_archive(archive, kind, *passwords)
    assert problem is None
    assert [one.problem for one in entries] == [None] * len(entries)
    return [(one.entry.name, one.content) for one in entries]
