"""Proof bundles: all that shows, offline, that an entry is in a log which others watch (c2sp.org/tlog-proof).

Rules kept here:
- a bundle is read strictly and written back as it was;
- nothing in it is believed: the log and the witnesses are those of the reader's policy, the entry is the reader's own;
- the extra data is not signed by anyone.
"""

from dataclasses import dataclass
from typing import Self

from safelight.errors import InputError
from safelight.log.encodings import read_base64, read_decimal, write_base64
from safelight.log.merkle import HASH_BYTES, check_inclusion
from safelight.log.notes import Note
from safelight.log.policy import Endorsed, Policy

_TITLE = b"c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = "index "
_MAX_HASHES = 64


class BadBundleError(InputError):
    """The proof bundle is malformed."""


@dataclass(frozen=True)
class Bundle:
    """An entry's number, its inclusion proof from its sibling upwards, the checkpoint, and extra data of nobody's.

    No extra data and empty extra data are the same.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes = b""

    @classmethod
    def parse(cls, untrusted_bytes: bytes) -> Self:
        """The bundle that these bytes are; `encode` gives the same bytes.

        Raises:
            BadBundleError: they are none.
            BadNoteError: the checkpoint in them is no note.
        """
        head, separator, note = untrusted_bytes.partition(b"\n\n")
        title, _, body = head.partition(b"\n")
        if title != _TITLE or not separator:
            raise BadBundleError(
                f"This is no proof bundle: it does not begin with {_TITLE.decode()} and a checkpoint after it."
            )
        try:
            extra, index, hashes = _read_body(body.decode("ascii").split("\n"))
        except ValueError as error:
            raise BadBundleError("The proof bundle has a line that is no extra data, no index or no hash.") from error
        return cls(index, hashes, Note.parse(note), extra)

    def encode(self) -> bytes:
        """The bundle as bytes."""
        extra = [_EXTRA + write_base64(self.extra)] if self.extra else []
        hashes = [write_base64(one) for one in self.hashes]
        lines = [_TITLE.decode(), *extra, f"{_INDEX}{self.index}", *hashes, "", ""]
        return "\n".join(lines).encode() + self.checkpoint.encode()

    def verify(self, leaf: bytes, policy: Policy) -> Endorsed:
        """Check that the entry of this leaf hash is in a log that the policy knows, and was seen by its quorum.

        Raises:
            BadSignatureError: a line claims to be by a known key and is not.
            PolicyNotMetError: the checkpoint is not signed as the policy asks.
            BadCheckpointError: the note is no checkpoint.
            BadProofError: the entry is not in the tree.
        """
        endorsed = policy.check(self.checkpoint)
        checkpoint = endorsed.checkpoint
        check_inclusion(leaf, self.index, checkpoint.size, self.hashes, checkpoint.root)
        return endorsed


def _read_body(lines: list[str]) -> tuple[bytes, int, tuple[bytes, ...]]:
    """Extra data, index and hashes; raises `ValueError`."""
    extra = b""
    if lines[0].startswith(_EXTRA):
        extra = read_base64(lines.pop(0).removeprefix(_EXTRA))
        if not extra:
            raise ValueError("extra data that is empty")
    index, *rest = lines or [""]
    if not index.startswith(_INDEX) or len(rest) > _MAX_HASHES:
        raise ValueError("no index, or more hashes than a tree has levels")
    hashes = tuple(read_base64(line) for line in rest)
    if any(len(one) != HASH_BYTES for one in hashes):
        raise ValueError("not a SHA-256")
    return extra, read_decimal(index.removeprefix(_INDEX)), hashes
