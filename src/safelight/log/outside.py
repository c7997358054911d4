"""Checkpoints outside this machine: what they protect, and what nothing protects yet.

Rules kept here:
- only a checkpoint that somebody else holds shows that the log was not written anew, cut short or put back;
- the word for it is "handed out": whether it was kept is not known here. A cosigned one was seen by its witnesses;
- what came after it is not protected, and is counted.
"""

from dataclasses import dataclass
from datetime import datetime

_TO_DO = "hand out a checkpoint: `safelight log checkpoint`"


@dataclass(frozen=True)
class HandedOut:
    """A checkpoint of this log that left the machine: over how many entries, when, and cosigned by how many."""

    size: int
    at: datetime
    witnesses: int


@dataclass(frozen=True)
class Protection:
    """What holds the log to its history: how it is, whether anything does, and what follows where something lacks."""

    state: str
    good: bool
    follows: str


def protection(published: int, last: HandedOut | None) -> Protection:
    """What protects a log of `published` entries whose largest checkpoint outside is `last`."""
    if last is None:
        return Protection(
            "no checkpoint was handed out",
            good=False,
            follows=f"not protected: nobody can show that it was written anew, cut short or put back; {_TO_DO}",
        )
    seen = f", cosigned by {last.witnesses}" if last.witnesses else ""
    state = f"{last.size} entries under the checkpoint of {last.at:%Y-%m-%d %H:%M} UTC{seen}"
    since = max(0, published - last.size)
    follows = f"not protected: the {since} entries since; {_TO_DO}" if since else ""
    return Protection(state, good=True, follows=follows)
