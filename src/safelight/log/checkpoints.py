"""Checkpoints: what a log says of itself at one size, as a signed note (c2sp.org/tlog-checkpoint).

Rules kept here:
- a checkpoint of ours has three lines; extension lines of other logs are read past, as nobody can audit them;
- a checkpoint is believed under the key of its own origin only.
"""

from dataclasses import dataclass
from typing import Self

from safelight.errors import InputError
from safelight.log.encodings import read_base64, read_decimal, write_base64
from safelight.log.merkle import HASH_BYTES
from safelight.log.notes import Note, Signer, VerifierKey, sign, verify


class BadCheckpointError(InputError):
    """The note is no checkpoint, or one of another log."""


@dataclass(frozen=True)
class Checkpoint:
    """The root over the first `size` entries of the log `origin`."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin:
            raise BadCheckpointError(f"{self.origin[:100]!r} cannot be a log's origin: it is one line, and not empty.")
        if not 0 <= self.size < 1 << 64 or len(self.root) != HASH_BYTES:
            raise BadCheckpointError(f"A checkpoint of {self.origin!r} has no possible size or no SHA-256 as its root.")

    @classmethod
    def parse(cls, untrusted_text: str) -> Self:
        """The checkpoint in a note's text; extension lines are left out.

        Raises:
            BadCheckpointError: it is none.
        """
        *lines, rest = untrusted_text.split("\n")
        if rest or len(lines) < 3 or not all(lines):
            raise BadCheckpointError("A checkpoint is three lines or more, none of them empty.")
        try:
            return cls(lines[0], read_decimal(lines[1]), read_base64(lines[2]))
        except ValueError as error:
            raise BadCheckpointError(
                f"The checkpoint of {lines[0][:100]!r} has no decimal size in line 2 or no base64 in line 3."
            ) from error

    @property
    def text(self) -> str:
        """The text of its note."""
        return f"{self.origin}\n{self.size}\n{write_base64(self.root)}\n"


def sign_checkpoint(checkpoint: Checkpoint, *signers: Signer) -> Note:
    """A checkpoint, signed by its log.

    Raises:
        ValueError: a signer's name is not the origin.
        BadNoteError: nobody signs it, or its origin has a control character in it.
    """
    if any(signer.key.name != checkpoint.origin for signer in signers):
        raise ValueError(f"the log {checkpoint.origin!r} signs under its own name")
    return sign(checkpoint.text, *signers)


def open_checkpoint(untrusted_bytes: bytes, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a note that the log of this key (Ed25519) signed.

    Raises:
        BadNoteError: it is no note.
        BadSignatureError: the note was altered.
        UnsignedError: the key did not sign it.
        BadKeyError: the key is one of a witness.
        BadCheckpointError: it is signed, and no checkpoint, or of another origin than the key's name.
    """
    note = Note.parse(untrusted_bytes)
    verify(note, [key])
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != key.name:
        raise BadCheckpointError(f"The checkpoint is of {checkpoint.origin!r}, the key of {key.name!r}.")
    return checkpoint
